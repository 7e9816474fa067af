"""`pirn inspect`: verdicts, maps and tables for parts."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from pirn_core.cli.command import FAILED, SOME_NG
from pirn_core.cli.options import (
    Category,
    Device,
    Layout,
    Lighting,
    ModelFile,
    NoCache,
    PartPaths,
    UnitOption,
    Weights,
    length_unit,
)
from pirn_core.cli.voice import Voice
from pirn_core.errors import ConfigError

if TYPE_CHECKING:
    from pirn_core.batch import Failed, Inspected
    from pirn_core.inspector import Inspector
    from pirn_core.model import TrainedModel
    from pirn_core.results import InspectionResult

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for a picture per part.")
]
Maps = Annotated[bool, typer.Option("--maps", help="Also maps: 32-bit tiff and 8-bit png, original size.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="A table with a row per part.")]
RegionsCsv = Annotated[
    Path | None, typer.Option("--regions-csv", metavar="FILE", help="A table with a row per region.")
]
Threshold = Annotated[
    float | None, typer.Option("--threshold", metavar="X", help="Instead of the model's threshold.")
]

_FIRED = {"rgb": "colour", "sn": "3D", None: ""}


def run(
    voice: Voice,
    *,
    model: ModelFile,
    parts: PartPaths,
    out: Out = None,
    maps: Maps = False,
    csv: Csv = None,
    regions_csv: RegionsCsv = None,
    threshold: Threshold = None,
    device: Device = "auto",
    weights: Weights = None,
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    unit: UnitOption = None,
    no_cache: NoCache = False,
) -> int:
    """Inspect parts: verdict, score, regions, and pictures with the anomaly map.

    Of a data set the test parts of all classes are inspected. Exit code: 0 all OK (unsure counts as OK), 2
    some are NG, 1 an error, also when a single part could not be read; the others are inspected all the same.
    """
    if maps and out is None:
        raise ConfigError("--maps needs a folder.", "Give it with --out DIR.")
    from pirn_core import checkpoint, picking
    from pirn_core.batch import Failed, inspect_parts
    from pirn_core.cli.session import open_inspector

    refs = picking.parts_at(parts, layout=layout, category=category, lighting=lighting)
    trained = _with_threshold(checkpoint.load(model), threshold)
    inspector = open_inspector(voice, trained, device=device, weights=weights, no_cache=no_cache)
    report = _Report(inspector, model)
    with voice.track() as track:
        track.begin("Inspecting parts")
        for number, found in enumerate(inspect_parts(inspector, refs, unit=length_unit(unit)), start=1):
            if isinstance(found, Failed):
                report.failed.append(found)
                voice.error(found.error)
            else:
                _write_pictures(inspector, found, out, maps)
                report.add(found)
            track.count(number, len(refs))
    _write_tables(report, csv, regions_csv)
    _show(voice, report)
    voice.emit(report.values())
    return report.code


def _with_threshold(model: TrainedModel, threshold: float | None) -> TrainedModel:
    """The model keeps its id: scores are the same, and every result states the threshold in force."""
    if threshold is None:
        return model
    if not 0.0 < threshold < float("inf"):
        raise ConfigError(f"--threshold {threshold}: is no threshold.", "Give a positive number.")
    return replace(model, threshold=threshold)


@dataclass
class _Report:
    """Results without their large arrays."""

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
            "failed": [
                {"part": f.ref.id, "error": f.error.message, "advice": f.error.advice} for f in self.failed
            ],
        }


def _write_pictures(inspector: Inspector, found: Inspected, out: Path | None, maps: bool) -> None:
    if out is None:
        return
    from pirn_core.export import part_path, write_maps, write_picture
    from pirn_core.overlay import overlay

    colours = inspector.model.calibration.colour_range
    picture = overlay(found.prepared.planes, found.result, colours)
    write_picture(part_path(out, found.result.ref.id, "_overlay.png"), picture)
    if maps:
        write_maps(out, found.result, colours)


def _write_tables(report: _Report, csv: Path | None, regions_csv: Path | None) -> None:
    from pirn_core.export import PART_COLUMNS, REGION_COLUMNS, failure_row, part_row, region_rows, write_table

    if csv is not None:
        rows = [part_row(result, shot=shot) for result, shot in report.results]
        failures = [failure_row(f.ref.id, str(f.error)) for f in report.failed]
        write_table(csv, PART_COLUMNS, rows + failures)
    if regions_csv is not None:
        write_table(regions_csv, REGION_COLUMNS, [row for r, _ in report.results for row in region_rows(r)])


def _show(voice: Voice, report: _Report) -> None:
    rows = [_row(voice, result, shot) for result, shot in report.results]
    rows += [
        (voice.icon("error"), escape(f.ref.id), "", "", "", escape(f.error.message)) for f in report.failed
    ]
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
    found = (
        [f"{len(areas)} regions, largest score in {areas[0]}" if len(areas) > 1 else areas[0]]
        if areas
        else []
    )
    notes = [*found, *(["is a shot of this model"] if shot else []), *result.warnings]
    return (
        voice.icon(result.verdict),
        escape(result.ref.id),
        f"{result.score:.3f}",
        f"{result.threshold:.3f}",
        _FIRED[fired(result)],
        escape("; ".join(notes)),
    )
