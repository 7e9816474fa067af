"""Where tensors are computed: choosing the device, running out of its memory, and repeatable results."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pirn_core.errors import DeviceError

if TYPE_CHECKING:
    import torch

_OUT_OF_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory|bad allocation", re.IGNORECASE)
"""How torch says on the CPU and on MPS, in a plain RuntimeError, that memory does not suffice."""


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    `auto` is the first CUDA device, else the CPU; MPS only by name, since it lacks some double-precision and
    deterministic operations.

    Raises:
        DeviceError: When there is no such device on this machine.
    """
    import torch

    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("mps: this machine has no Apple GPU that torch can use.", "Choose cpu.")
        return torch.device("mps")
    if (match := re.fullmatch(r"cuda(?::(\d+))?", name)) is None:
        raise DeviceError(f"{name!r} is no device.", "Choose auto, cpu, cuda, cuda:N or mps.")
    return torch.device("cuda", _cuda_index(name, int(match[1] or 0)))


def _cuda_index(name: str, index: int) -> int:
    import torch

    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceError(
            f"{name}: this installation of torch is for the CPU only.",
            "Install torch with CUDA, or choose cpu.",
        )
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(f"{name}: torch finds no CUDA device.", "Check the driver (`nvidia-smi`), or choose cpu.")
    if index >= count:
        raise DeviceError(
            f"{name}: this machine has {count} CUDA device(s), counted from 0.", f"Choose cuda:{count - 1}."
        )
    return index


def device_label(device: torch.device) -> str:
    """The device for a status bar, e.g. `NVIDIA L4 (cuda:0)` or `CPU, 4 threads`."""
    import torch

    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (cuda:{device.index or 0})"
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()}, mps)"
    count = torch.get_num_threads()
    return f"CPU, {count} thread{'s' if count > 1 else ''}"


@contextmanager
def memory_advice(setting: str) -> Iterator[None]:
    """Turns running out of memory into an error that names the setting to change.

    Args:
        setting: What to change, e.g. `Lower training.batch.`

    Raises:
        DeviceError: When memory of the device, or of the machine, did not suffice in the block.
    """
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _no_memory(error, setting) from error
    except RuntimeError as error:
        if not _OUT_OF_MEMORY.search(str(error)):
            raise
        raise _no_memory(error, setting) from error


def _no_memory(error: BaseException, setting: str) -> DeviceError:
    wanted = re.search(
        r"(?:allocate|allocating) +(?:memory: you tried to allocate )?([\d.]+ ?\w*B|\d+ bytes)", str(error)
    )
    size = f" ({wanted[1]} more were asked for)" if wanted else ""
    return DeviceError(f"memory does not suffice{size}.", setting)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Repeatable torch: seeds its generators and asks for deterministic operations, then puts all back.

    Operations without a deterministic form warn (once, from torch). Numbers repeat on one machine with one
    number of threads; another CPU, GPU or number of threads may round differently.
    """
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts; cuBLAS is random without
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            torch.backends.cudnn.benchmark = benchmark


def peak_memory_gb() -> float:
    """Most memory that this process has had so far, in GB; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (1e9 if sys.platform == "darwin" else 1e6)
