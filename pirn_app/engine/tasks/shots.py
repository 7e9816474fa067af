"""Whether the chosen shots go together."""

from __future__ import annotations

from collections.abc import Iterator

from pirn_app.engine.bench import key_of
from pirn_app.engine.shelf import Shelf
from pirn_app.engine.tasks.loading import sample_of
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, ShotDoubt, ShotsChecked
from pirn_app.messages.jobs import CheckShots
from pirn_core.data import shot_check
from pirn_core.data.shot_check import Portrait
from pirn_core.errors import SampleError

_PORTRAITS: Shelf[Portrait] = Shelf(500, 64 << 20)


def check_shots(job: CheckShots, tools: Tools) -> Iterator[Event]:
    """Looks for near-duplicates and outliers; a shot that cannot be read is told as one that stands out."""
    portraits: list[Portrait] = []
    unreadable: list[ShotDoubt] = []
    for number, ref in enumerate(job.shots):
        yield tools.progress(number / len(job.shots), f"{number} of {len(job.shots)} shots")
        tools.check()
        key = (key_of(ref, job.unit), job.recipe.foreground, job.recipe.surface)
        try:
            found = _PORTRAITS.get(key) or _PORTRAITS.put(
                key, shot_check.portrait(sample_of(ref, job.unit), job.recipe)
            )
            portraits.append(found)
        except SampleError as error:
            unreadable.append(ShotDoubt(ref.id, "outlier", f"{ref.id} cannot be read: {error.message} Replace it."))
    doubts = [ShotDoubt(d.part, d.kind, d.message) for d in shot_check.check_shots(portraits)]
    yield ShotsChecked(tuple(ref.id for ref in job.shots), (*unreadable, *doubts))
