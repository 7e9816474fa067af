"""Getting ready while the user looks at the window."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Generator

from pirn_app.engine.machine import step_back
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import DevicesFound, Event
from pirn_app.messages.jobs import WarmUp


def warm_up(job: WarmUp, tools: Tools) -> Generator[Event, None, str]:
    """Imports all that training and inspection need, starts torch's threads, and names the devices."""
    del job
    import torch

    tools.check()
    import pirn_core.inspector
    import pirn_core.learn

    tools.check()
    # What training and reading would import on their first use, in the middle of the work.
    for name in ("timm", "sklearn.cluster", "pirn_core.checkpoint", "pirn_core.batch", "pirn_core.data.reading"):
        importlib.import_module(name)
        tools.check()
    step_back()  # before torch starts its threads, which inherit it
    torch.ones(256, 256) @ torch.ones(256, 256)
    # Half a million objects of the libraries live as long as the program: collections need not look at them, which
    # would hold the window for a good part of a second each time.
    gc.freeze()
    yield DevicesFound(_devices(), pirn_core.learn.versions())
    return ""


def _devices() -> tuple[tuple[str, str], ...]:
    import torch

    from pirn_core.devices import device_label

    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{k}" for k in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return tuple((name, device_label(torch.device(name))) for name in names)
