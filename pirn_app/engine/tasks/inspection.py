"""Inspecting parts with the model in force: the part in view, or many."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from pirn_app.engine.bench import key_of
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, PartFailed, PartInspected
from pirn_app.messages.jobs import InspectPart, InspectParts

if TYPE_CHECKING:
    from pirn_core.batch import Failed, Inspected
    from pirn_core.calibration import NormalRecord
    from pirn_core.data.sample import LengthUnit
    from pirn_core.feedback.trace import Trace
    from pirn_core.results import InspectionResult


def inspect_part(job: InspectPart, tools: Tools) -> Generator[Event, None, str]:
    """One part; prepared anew only where it was not among the last ones."""
    from pirn_core.batch import Failed, inspect_parts
    from pirn_core.devices import memory_advice

    inspector, key = tools.bench.at(job.threshold), key_of(job.ref, job.unit)
    kept = tools.bench.kept(key)
    if kept is not None:
        with memory_advice("Choose the CPU as device."):
            result, record = inspector.inspect_recorded(kept[0])
        _keep(result, record, kept[1], job.unit, tools)
        yield PartInspected(result, kept[1])
        return ""
    for found in inspect_parts(inspector, [job.ref], unit=job.unit):
        if not isinstance(found, Failed):
            tools.bench.keep(key, found.prepared, found.shot)
            traced(found, job.unit, tools)
        yield _told(found)
    return ""


def inspect_many(job: InspectParts, tools: Tools) -> Generator[Event, None, str]:
    """Many parts in their order; one that fails does not stop the others."""
    from pirn_core.batch import Failed, inspect_parts

    total, failed, began = len(job.refs), 0, time.perf_counter()
    inspector = tools.bench.at(job.threshold)
    yield tools.progress(0.0, f"0 of {total} parts")
    for number, found in enumerate(inspect_parts(inspector, job.refs, unit=job.unit), start=1):
        failed += isinstance(found, Failed)
        if not isinstance(found, Failed) and tools.bench.inspector.model.id == inspector.model.id:
            traced(found, job.unit, tools)
        yield _told(found)
        each = (time.perf_counter() - began) / number
        yield tools.progress(number / total, f"{number} of {total} parts", each * (total - number))
    return f"{total - failed} parts inspected{f', {failed} could not be' if failed else ''}."


def traced(found: Inspected, unit: LengthUnit | None, tools: Tools) -> Trace:
    """Keeps what it takes to judge a part by another calibration later."""
    return _keep(found.result, found.record, found.shot, unit, tools)


def _keep(result: InspectionResult, record: NormalRecord, shot: bool, unit: LengthUnit | None, tools: Tools) -> Trace:
    from pirn_core.feedback.trace import Trace

    return tools.bench.keep_trace(key_of(result.ref, unit), Trace.of(result, record, shot))


def _told(found: Inspected | Failed) -> Event:
    from pirn_core.batch import Failed

    if isinstance(found, Failed):
        return PartFailed(found.ref.id, found.error.message, found.error.advice)
    return PartInspected(found.result, found.shot)
