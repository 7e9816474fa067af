"""The sample parts, drawn on this machine."""

from __future__ import annotations

import time
from collections.abc import Generator

from pirn_app.engine.tasks.opening import open_folder
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event
from pirn_app.messages.jobs import MakeSamples, OpenFolder
from pirn_core.errors import SampleError

_THERE = 0.005
"""Seconds; a part that took less was there already and says nothing about the others."""


def make_samples(job: MakeSamples, tools: Tools) -> Generator[Event, None, str]:
    """Draws what is missing of the sample set, the same as `pirn demo` does, and opens one category of it."""
    from pirn_core.synthetic import SET_DEFECTS, generate

    if job.category not in SET_DEFECTS:
        raise SampleError(f"There are no sample parts named {job.category!r}.", f"Choose {', '.join(SET_DEFECTS)}.")
    last, drawn, spent = time.perf_counter(), 0, 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last, drawn, spent
        tools.check()
        now = time.perf_counter()
        if done and now - last > _THERE:
            drawn, spent = drawn + 1, spent + now - last
        last = now
        left = spent / drawn * (total - done) if drawn else None
        tools.tell(tools.progress(done / total, f"Drawing part {min(done + 1, total)} of {total}", left))

    yield tools.progress(None, "Looking for the sample parts")
    summary = generate(job.folder, progress=tell)
    tools.check()
    opened = yield from open_folder(OpenFolder(summary.folder, category=job.category), tools)
    return f"{summary.written} sample parts drawn. {opened}" if summary.written else opened
