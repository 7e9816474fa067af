"""`pirn demo`: the procedural sample set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pirn_core.cli.voice import Voice

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]
Kinds = Annotated[str, typer.Option("--parts", metavar="NAMES", help="Part types, separated by commas.")]
Train = Annotated[int, typer.Option("--train", metavar="N", help="Good parts to learn from, per part type.")]
Good = Annotated[int, typer.Option("--good", metavar="N", help="Good test parts, per part type.")]
Defective = Annotated[int, typer.Option("--defective", metavar="N", help="Test parts per kind of defect.")]
Size = Annotated[int, typer.Option("--size", metavar="PX", help="Side of the images.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of everything that is drawn.")]


def run(
    voice: Voice,
    *,
    folder: Folder,
    parts: Kinds = "flange,housing",
    train: Train = 16,
    good: Good = 6,
    defective: Defective = 4,
    size: Size = 400,
    seed: Seed = 0,
) -> None:
    """Write a sample set: drawn parts with colour, 3D and exact ground truth.

    It has the layout of MVTec 3D-AD. The same command finishes an interrupted set.
    """
    from pirn_core.synthetic import generate

    with voice.track() as track:
        track.begin("Rendering parts")
        summary = generate(
            folder,
            parts=tuple(name.strip() for name in parts.split(",") if name.strip()),
            train=train,
            good=good,
            defective_per_kind=defective,
            size=size,
            seed=seed,
            progress=track.count,
        )
    kinds = ", ".join(summary.part_types)
    voice.say(f"{summary.folder}: {summary.parts} parts ({kinds}), {summary.written} of them written now.")
    first = next(iter(summary.part_types))
    voice.say(f"Next: [cyan]pirn train {summary.folder} --category {first} --shots 5 --out {first}.pirn[/cyan]")
    voice.emit(
        {
            "folder": str(summary.folder),
            "part_types": {name: str(path) for name, path in summary.part_types.items()},
            "parts": summary.parts,
            "written": summary.written,
            "seconds": summary.seconds,
        }
    )
