"""`pirn inspect`: verdicts, maps and tables for parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

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
from pirn_core.cli.verdicts import Report, show_report
from pirn_core.cli.voice import Voice
from pirn_core.errors import ConfigError, PirnError

if TYPE_CHECKING:
    from pirn_core.batch import Failed, Inspected
    from pirn_core.inspector import Inspector
    from pirn_core.model import TrainedModel

Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for a picture per part.")]
Maps = Annotated[bool, typer.Option("--maps", help="Also maps: 32-bit tiff and 8-bit png, original size.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="A table with a row per part.")]
RegionsCsv = Annotated[
    Path | None, typer.Option("--regions-csv", metavar="FILE", help="A table with a row per region.")
]
Threshold = Annotated[float | None, typer.Option("--threshold", metavar="X", help="Instead of the model's threshold.")]


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
    from pirn_core.data.sample import PartRef

    refs, gaps = picking.parts_and_gaps(parts, layout=layout, category=category, lighting=lighting)
    if not refs:
        raise next(iter(gaps.values()))
    trained = _with_threshold(checkpoint.load(model), threshold)
    inspector = open_inspector(voice, trained, device=device, weights=weights, no_cache=no_cache)
    report = Report(inspector, model)
    for path, error in gaps.items():
        _report_failure(voice, report, Failed(PartRef(str(path)), error))
    with voice.track() as track:
        track.begin("Inspecting parts")
        for number, found in enumerate(inspect_parts(inspector, refs, unit=length_unit(unit)), start=1):
            if isinstance(found, Failed):
                _report_failure(voice, report, found)
            else:
                _write_pictures(inspector, found, out, maps)
                report.add(found)
            track.count(number, len(refs))
    _write_tables(report, csv, regions_csv)
    show_report(voice, report)
    if out is not None and report.results:
        voice.say(f"Pictures are in {escape(str(out))}.")
    voice.emit(report.values())
    return report.code


def _report_failure(voice: Voice, report: Report, failed: Failed) -> None:
    report.failed.append(failed)
    error = failed.error
    named = failed.ref.id in error.message
    voice.error(error if named else PirnError(f"{failed.ref.id}: {error.message}", error.advice))


def _with_threshold(model: TrainedModel, threshold: float | None) -> TrainedModel:
    """The model keeps its id: scores are the same, and every result states the threshold in force."""
    if threshold is None:
        return model
    if not 0.0 < threshold < float("inf"):
        raise ConfigError(f"--threshold {threshold}: is no threshold.", "Give a positive number.")
    return replace(model, threshold=threshold)


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


def _write_tables(report: Report, csv: Path | None, regions_csv: Path | None) -> None:
    from pirn_core.export import PART_COLUMNS, REGION_COLUMNS, failure_row, part_row, region_rows, write_table

    if csv is not None:
        rows = [part_row(result, shot=shot) for result, shot in report.results]
        failures = [failure_row(f.ref.id, str(f.error)) for f in report.failed]
        write_table(csv, PART_COLUMNS, rows + failures)
    if regions_csv is not None:
        write_table(regions_csv, REGION_COLUMNS, [row for r, _ in report.results for row in region_rows(r)])
