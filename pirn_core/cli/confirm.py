"""`pirn confirm`: parts that the user knows to be good sharpen the threshold, without training."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
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
from pirn_core.cli.voice import Voice

if TYPE_CHECKING:
    from pirn_core.confirmation import Confirmation

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write here instead of changing the model.")
]
Remove = Annotated[bool, typer.Option("--remove", help="Take confirmed parts (paths or ids) back.")]
Anyway = Annotated[bool, typer.Option("--any-label", help="Also parts whose folder says that they are not good.")]


def run(
    voice: Voice,
    *,
    model: ModelFile,
    parts: PartPaths,
    out: Out = None,
    remove: Remove = False,
    any_label: Anyway = False,
    device: Device = "auto",
    weights: Weights = None,
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    unit: UnitOption = None,
    no_cache: NoCache = False,
) -> None:
    """Confirm parts as good: what they show counts as normal from now on.

    Nothing is trained; only the expected residuals and the threshold change, and --remove gives the former
    model back. The model is replaced whole, the former one stays beside it as MODEL.bak. If one of the parts
    cannot be read, nothing is changed.
    """
    from pirn_core import checkpoint, picking
    from pirn_core.cli.session import open_inspector
    from pirn_core.confirmation import confirm, names_to_remove, remove_confirmed

    trained = checkpoint.load(model)
    if remove:
        done = remove_confirmed(trained, names_to_remove(trained, parts, layout=layout, category=category))
    else:
        refs = picking.parts_at(parts, layout=layout, category=category, lighting=lighting)
        inspector = open_inspector(voice, trained, device=device, weights=weights, no_cache=no_cache)
        with voice.track() as track:
            track.begin("Reading parts")
            done = confirm(inspector, refs, unit=length_unit(unit), any_label=any_label, tell=track.count)
    target = out or model
    if out is None:
        _back_up(model)
    saved = checkpoint.save(done.after, target)
    _show(voice, done, saved.id, target)


def _back_up(model: Path) -> None:
    from pirn_core.export import writing

    with writing(model.with_name(model.name + ".bak")) as temporary:
        shutil.copyfile(model, temporary)


def _show(voice: Voice, done: Confirmation, name: str, target: Path) -> None:
    (_, old), (_, new) = done.before.verdict_limits, done.after.verdict_limits
    voice.say(f"Threshold {old:.4g} -> {new:.4g}{_own(done)}")
    if done.changes:
        rows: Sequence[Sequence[str]] = [
            (
                escape(c.part),
                f"{c.score_before:.3f}",
                voice.icon(c.verdict_before),
                f"{c.score_after:.3f}",
                voice.icon(c.verdict_after),
            )
            for c in done.changes
        ]
        columns = ("part", "score", "verdict", "score now", "verdict now")
        voice.table(columns, rows, right=("score", "score now"))
    if done.removed:
        voice.say(f"Taken back: {escape(', '.join(done.removed))}.")
    voice.say(f"Model {name} written to {escape(str(target))}.")
    voice.emit({"model": str(target), "id": name, **done.to_dict()})


def _own(done: Confirmation) -> str:
    return " (set by the user; calibration does not move it)" if done.after.threshold is not None else ""
