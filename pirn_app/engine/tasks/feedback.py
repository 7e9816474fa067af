"""Teaching without training: preview, apply, and going back to a former model."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pirn_app.engine.bench import key_of
from pirn_app.engine.tasks.inspection import traced
from pirn_app.engine.tasks.models import opened, token_cache
from pirn_app.engine.tasks.training import check_folder
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, Note
from pirn_app.messages.feedback import (
    ApplyLesson,
    CurveDrawn,
    DrawCurve,
    LessonApplied,
    LessonPreviewed,
    ModelUsed,
    PartRejudged,
    PreviewLesson,
    UseModel,
)
from pirn_core.data.sample import FloatArray, LengthUnit, PartRef
from pirn_core.errors import PirnError

if TYPE_CHECKING:
    from pirn_core.feedback.lesson import Lesson
    from pirn_core.feedback.trace import Trace
    from pirn_core.model import TrainedModel


def preview_lesson(job: PreviewLesson, tools: Tools) -> Generator[Event, None, str]:
    """Scores of all inspected parts after a lesson that is not taught yet."""
    from pirn_core.scoring import part_score

    began, scores, failed = time.perf_counter(), {}, []
    inspector = tools.bench.inspector
    after = _taught(job.lesson, job.threshold, job.unit, tools)
    for number, ref in enumerate(job.refs):
        yield tools.progress(number / len(job.refs), f"{number} of {len(job.refs)} parts")
        tools.check()
        if tools.bench.inspector is not inspector:  # undo went to another model meanwhile
            return ""
        try:
            scores[ref.id] = part_score(_map(_trace(ref, job.unit, tools), after))
        except PirnError:
            failed.append(ref.id)
    sure, threshold = after.verdict_limits
    took, name = time.perf_counter() - began, inspector.model.id
    yield LessonPreviewed(name, job.lesson, scores, sure, threshold, after.threshold, tuple(failed), took)
    return ""


def apply_lesson(job: ApplyLesson, tools: Tools) -> Generator[Event, None, str]:
    """Saves the taught model and judges all inspected parts with what is read back; only then it is in force."""
    from pirn_core import checkpoint

    former, folder = tools.bench.inspector, job.path.parent
    check_folder(folder)
    after = _taught(job.lesson, job.threshold, job.unit, tools)
    temporary = folder / f".{uuid.uuid4().hex}.pirn"
    try:
        saved = checkpoint.save(after, temporary)
        inspector, shown = opened(temporary, former.backbone)
        yield from _judged_anew(job.refs, job.unit, inspector.model, tools)
        path = folder / f"{stem_of(job.path, former.model.id)}-{saved.id}.pirn"
        tools.settle()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    tools.bench.put(inspector, alike=True)
    yield LessonApplied(former.model.id, replace(shown, path=path), job.lesson)
    return f"Model {saved.id} written to {path}."


def use_model(job: UseModel, tools: Tools) -> Generator[Event, None, str]:
    """Quick where the model was in force in this session or shares the backbone with the one that is."""
    from pirn_core import checkpoint
    from pirn_core.devices import memory_advice
    from pirn_core.inspector import Inspector, backbone_of

    now, inspector = tools.bench.inspector, tools.bench.former(job.id)
    if inspector is None:
        model = checkpoint.load(job.path)
        with memory_advice("Choose the CPU as device."):
            same = model.backbone == now.model.backbone
            backbone = now.backbone if same else backbone_of(model, now.backbone.device)
            inspector = Inspector(model, backbone, token_cache())
    one, other = now.model, inspector.model
    alike = (one.fitted, one.modalities, one.backbone) == (other.fitted, other.modalities, other.backbone)
    tools.settle()
    tools.bench.put(inspector, alike=alike and now.backbone is inspector.backbone)
    yield ModelUsed(inspector.model.id)
    return ""


def draw_curve(job: DrawCurve, tools: Tools) -> Generator[Event, None, str]:
    """Calibrations from fewer parts."""
    from pirn_core.feedback.curve import curve_steps, worth_another

    model, points = tools.bench.inspector.model, []
    for point in curve_steps(model.records, model.pirn.prototypes, model.config.scoring):
        points.append(point)
        tools.check()
        yield tools.progress(None, f"{point.parts} parts")
    yield CurveDrawn(model.id, tuple(points), worth_another(points))
    return ""


def stem_of(path: Path, model: str) -> str:
    """A model file's name without the model's id, so that names do not grow."""
    return re.sub(rf"-{re.escape(model)}$", "", path.stem) or "model"


def _taught(lesson: Lesson, threshold: float | None, unit: LengthUnit | None, tools: Tools) -> TrainedModel:
    from pirn_core.feedback.teaching import taught

    records = [_trace(fine.ref, unit, tools).record() for fine in lesson.fine]
    return taught(tools.bench.inspector.model, lesson, records, threshold)


def _judged_anew(
    refs: Sequence[PartRef], unit: LengthUnit | None, model: TrainedModel, tools: Tools
) -> Generator[Event, None, None]:
    for number, ref in enumerate(refs):
        yield tools.progress(number / len(refs), f"{number} of {len(refs)} parts judged anew")
        tools.check()
        try:
            trace = _trace(ref, unit, tools)
            yield PartRejudged(trace.judged(model, lambda ref=ref: _points(ref, unit)), trace.shot)  # type: ignore[misc]
        except PirnError as error:
            yield Note("warning", f"{ref.id}: is not judged anew. {error.message}")


def _points(ref: PartRef, unit: LengthUnit | None) -> FloatArray | None:
    from pirn_core.data.reading import read_sample

    return read_sample(ref, unit=unit).xyz


def _trace(ref: PartRef, unit: LengthUnit | None, tools: Tools) -> Trace:
    """What was kept of a part's inspection; else it is inspected again, from cached tokens where they are."""
    from pirn_core.batch import Failed, inspect_parts

    if (held := tools.bench.trace(key_of(ref, unit))) is not None:
        return held
    (found,) = inspect_parts(tools.bench.inspector, [ref], unit=unit)
    if isinstance(found, Failed):
        raise found.error
    return traced(found, unit, tools)


def _map(trace: Trace, model: TrainedModel) -> FloatArray:
    from pirn_core.calibration import record_map

    return record_map(trace.record(), model.calibration.expected, model.config.scoring)
