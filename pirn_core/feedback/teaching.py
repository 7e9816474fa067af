"""A model after a lesson: confirmed parts and regions in, others out, and what becomes of the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pirn_core.calibration import NormalRecord, record_map
from pirn_core.confirmation import record_name, require_no_shot
from pirn_core.errors import SampleError
from pirn_core.feedback.lesson import Fine, Lesson
from pirn_core.feedback.region import region_box, region_mask, region_name, region_record
from pirn_core.scoring import part_score

if TYPE_CHECKING:
    from pirn_core.model import TrainedModel

_BELOW = 0.95
"""Share of the threshold that a confirmed region may reach: not NG, but others like it are looked at."""


def taught(
    model: TrainedModel, lesson: Lesson, records: Sequence[NormalRecord], threshold: float | None = None
) -> TrainedModel:
    """The model after a lesson, not yet saved.

    The user's own threshold stays, unless a part that was confirmed as a whole would still be NG at it: then the
    calibrated one takes its place, since a part that the user called good must not be NG.

    Args:
        model: As it is.
        lesson: What to teach.
        records: What the model makes of the lesson's parts, one for each of `lesson.fine`.
        threshold: The user's; None: the calibrated one. In place of the model's own.

    Raises:
        SampleError: When a part is a shot, when a region is not above the threshold, or when something was not
            confirmed that is to be taken back.
    """
    confirmed = {r.part for r in model.records if r.source != "held-out shot"}
    if unknown := [name for name in lesson.forget if name not in confirmed]:
        raise SampleError(f"{unknown[0]}: was not confirmed.", "Choose one of the confirmed parts.")
    before = replace(model, threshold=threshold, id="")
    made = [_record(before, fine, record) for fine, record in zip(lesson.fine, records, strict=True)]
    after = before.without(lesson.forget).confirmed(made)
    whole = [record for record in made if record.source == "confirmed"]
    if threshold is not None and any(_score(after, record) >= threshold for record in whole):
        return after.with_threshold(None)
    return after


def _record(model: TrainedModel, fine: Fine, record: NormalRecord) -> NormalRecord:
    require_no_shot(model, fine.ref)
    name = record_name(model, fine.ref)
    if fine.peak is None:
        return replace(record, part=name, source="confirmed")
    fused = record_map(record, model.calibration.expected, model.config.scoring)
    threshold = model.verdict_limits[1]
    mask = region_mask(fused, threshold, fine.peak)
    return region_record(record, mask, region_name(name, region_box(mask)), _BELOW * threshold)


def _score(model: TrainedModel, record: NormalRecord) -> float:
    return part_score(record_map(record, model.calibration.expected, model.config.scoring))
