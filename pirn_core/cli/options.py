"""Arguments and options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pirn_core.data.sample import LengthUnit

_DATA = "Data"


class Unit(StrEnum):
    """Units of 3D files."""

    m = "m"
    cm = "cm"
    mm = "mm"
    um = "um"
    inch = "inch"


DataFolder = Annotated[Path, typer.Argument(metavar="DATA", help="Folder of a category, a data set, or of parts.")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A .pirn file.")]
PartPaths = Annotated[
    list[Path],
    typer.Argument(metavar="PARTS...", help="Folders (of a data set: its test parts), part folders or files."),
]
Category = Annotated[
    str | None,
    typer.Option("--category", metavar="NAME", help="Which category of a data set.", rich_help_panel=_DATA),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="mvtec3d, eyecandies, realiad_d3 or plain; otherwise found out.",
        rich_help_panel=_DATA,
    ),
]
Lighting = Annotated[
    str | None,
    typer.Option(
        "--lighting",
        metavar="NAME",
        help="Which lighting, where a data set has several.",
        rich_help_panel=_DATA,
    ),
]
UnitOption = Annotated[
    Unit | None,
    typer.Option("--unit", help="Unit of the 3D files; otherwise found out.", rich_help_panel=_DATA),
]
Device = Annotated[str, typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Weight file of the backbone, instead of the one on record."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor fill the cache of tokens.")]


def length_unit(unit: Unit | None) -> LengthUnit | None:
    """The unit as the reader wants it."""
    return None if unit is None else unit.value
