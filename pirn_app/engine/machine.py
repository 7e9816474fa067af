"""Arrangements with the machine: who waits for whom, and GPU memory."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

from pirn_app.messages.events import Event, Note

NICENESS = 10
"""Of the compute thread and the threads that it starts: the window comes first where cores are few."""


def prepare_process() -> None:
    """Before torch is imported: its threads sleep while they wait, instead of holding the core that the window needs.

    Their number stays as it is, since scores depend on it and are those of the command line.

    Triton, a compiler that nothing here uses, brings an LLVM of its own. Where the 3D view draws in software, with the
    graphics driver's LLVM, loading it in another thread crashed the process; torch does without it where it is absent.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "triton" not in sys.modules:
        sys.modules["triton"] = None  # type: ignore[assignment]  # the documented way to make an import fail


def step_back() -> None:
    """Lowers the priority of the calling thread; threads that it starts inherit it. Elsewhere Qt's priority does it."""
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else NICENESS
    if own < NICENESS:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def free_gpu_memory() -> Iterator[Event]:
    """Gives cached GPU memory back, and says so; nothing happens where CUDA was not used."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return
    before = torch.cuda.memory_reserved()
    torch.cuda.empty_cache()
    after = torch.cuda.memory_reserved()
    if before > after:
        yield Note("info", f"{(before - after) / 1e6:.0f} MB of GPU memory given back, {after / 1e6:.0f} MB in use.")
