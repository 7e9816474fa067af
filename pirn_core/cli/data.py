"""`pirn data`: what a folder holds and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pirn_core.cli.command import FAILED
from pirn_core.cli.options import Category, DataFolder, Layout, Lighting, UnitOption, length_unit
from pirn_core.cli.voice import Voice

if TYPE_CHECKING:
    from pirn_core.data.report import DataReport

Names = Annotated[bool, typer.Option("--names-only", help="List the files without opening them.")]

_MOST = 30
"""Rows of problems that are shown; `--verbose` and `--json` show all."""


def run(
    voice: Voice,
    *,
    data: DataFolder,
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    unit: UnitOption = None,
    names_only: Names = False,
) -> int | None:
    """Say what a folder of parts holds and what is missing, mismatched or damaged, file by file.

    Nothing is changed. The exit code is 1 when a part cannot be read.
    """
    from pirn_core.data.layouts import open_parts
    from pirn_core.data.report import data_report

    parts = open_parts(data, layout=layout, category=category, lighting=lighting)
    with voice.track() as track:
        track.begin("Reading parts")
        report = data_report(parts, check_files=not names_only, progress=track.count, unit=length_unit(unit))
    _show(voice, report)
    voice.emit(report.to_dict())
    return FAILED if report.unusable else None


def _show(voice: Voice, report: DataReport) -> None:
    facts = [("folder", str(report.root)), ("layout", f"{report.layout}: {report.reason}")]
    facts.append(("category", report.category))
    for name, found in (("image size", report.sizes), ("unit", report.units)):
        if found:
            facts.append((name, ", ".join(f"{key} ({count} parts)" for key, count in found.items())))
    voice.facts(facts)
    voice.say()
    _rows(voice, report.count_rows(), right=("parts", "colour", "3D", "masks"))
    voice.say()
    problems = report.problem_rows()
    if len(problems) == 1:
        read = "every file was read" if report.checked else "files were not opened"
        voice.say(f"[green]No problem found[/green] ({read}).")
    else:
        _rows(voice, problems if voice.verbose else problems[: _MOST + 1])
        _more(voice, len(problems) - 1)
    for part, warning in report.warnings if voice.verbose else ():
        voice.say(f"[yellow]Note:[/yellow] {escape(part)}: {escape(warning)}")
    if report.warnings and not voice.verbose:
        voice.say(f"{len(report.warnings)} notes of the reader; --verbose lists them.")


def _more(voice: Voice, count: int) -> None:
    if count > _MOST and not voice.verbose:
        voice.say(f"... and {count - _MOST} more; --verbose lists them.")


def _rows(voice: Voice, rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    voice.table(rows[0], [[escape(cell) for cell in row] for row in rows[1:]], right=right)
