"""The results of an inspection as a table, as counts and as values for JSON."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from pirn_core.cli.command import FAILED, SOME_NG
from pirn_core.cli.voice import Voice

if TYPE_CHECKING:
    from pirn_core.batch import Failed, Inspected
    from pirn_core.inspector import Inspector
    from pirn_core.results import InspectionResult

_FIRED = {"rgb": "colour", "sn": "3D", None: ""}


@dataclass
class Report:
    """Results without their large arrays.

    Attributes:
        inspector: With the model.
        path: The model file.
        results: With whether each part is a shot of the model.
        failed: Parts that could not be inspected.
    """

    inspector: Inspector
    path: Path
    results: list[tuple[InspectionResult, bool]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)

    def add(self, found: Inspected) -> None:
        """Keeps all but the maps."""
        nothing = found.result.map[:0, :0]
        lean = replace(found.result, map=nothing, maps={}, seen=found.result.seen[:0, :0])
        self.results.append((lean, found.shot))

    @property
    def counts(self) -> dict[str, int]:
        """Parts per verdict."""
        verdicts = [result.verdict for result, _ in self.results]
        known = {verdict: verdicts.count(verdict) for verdict in ("OK", "unsure", "NG")}
        return known | {"error": len(self.failed)}

    @property
    def code(self) -> int:
        """The exit code."""
        if self.failed:
            return FAILED
        return SOME_NG if self.counts["NG"] else 0

    def values(self) -> dict[str, Any]:
        """Everything for JSON."""
        from pirn_core.export import result_values

        sure, threshold = self.inspector.model.verdict_limits
        return {
            "model": {"path": str(self.path), "id": self.inspector.model.id},
            "backbone": self.inspector.backbone.name,
            "device": str(self.inspector.backbone.device),
            "threshold": threshold,
            "sure": sure,
            "counts": self.counts,
            "parts": [result_values(result, shot=shot) for result, shot in self.results],
            "failed": [{"part": f.ref.id, "error": f.error.message, "advice": f.error.advice} for f in self.failed],
        }


def show_report(voice: Voice, report: Report) -> None:
    """Prints a row per part, the counts, and the times where they are wanted."""
    rows = [_row(voice, result, shot) for result, shot in report.results]
    rows += [(voice.icon("error"), escape(f.ref.id), "", "", "", escape(f.error.message)) for f in report.failed]
    columns = ("verdict", "part", "score", "threshold", "fired", "regions and notes")
    voice.table(columns, rows, right=("score", "threshold"))
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items() if count)
    name = report.inspector.backbone.name
    voice.say(f"\n{counts}. Model {report.inspector.model.id}, backbone {escape(name)}.")
    if voice.verbose and report.results:
        stages = dict.fromkeys(stage for result, _ in report.results for stage in result.seconds)
        for stage in stages:
            times = [result.seconds[stage] for result, _ in report.results if stage in result.seconds]
            voice.say(f"  {stage:10} {1000 * statistics.median(times):8.1f} ms, median of {len(times)} parts")


def _row(voice: Voice, result: InspectionResult, shot: bool) -> tuple[str, ...]:
    from pirn_core.export import fired

    areas = [f"{r.area_mm2:.1f} mm²" if r.area_mm2 is not None else f"{r.pixels} px" for r in result.regions]
    found = [f"{len(areas)} regions, largest score in {areas[0]}" if len(areas) > 1 else areas[0]] if areas else []
    notes = [*found, *(["is a shot of this model"] if shot else []), *result.warnings]
    return (
        voice.icon(result.verdict),
        escape(result.ref.id),
        f"{result.score:.3f}",
        f"{result.threshold:.3f}",
        _FIRED[fired(result)],
        escape("; ".join(notes)),
    )
