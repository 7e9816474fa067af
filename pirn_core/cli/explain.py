"""`pirn explain`: why a part scored as it did, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pirn_core.cli.options import (
    Category,
    Device,
    Layout,
    Lighting,
    ModelFile,
    NoCache,
    UnitOption,
    Weights,
    length_unit,
)
from pirn_core.cli.voice import Voice
from pirn_core.errors import SampleError

if TYPE_CHECKING:
    from pirn_core.explain import Displacement, PartExplanation

PartPath = Annotated[Path, typer.Argument(metavar="PART", help="A file of the part, or its folder.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the numbers, as json and npz.")
]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, help="Prototypes to list for the worst patch.")]

_WORDS = {"rgb": "colour", "sn": "3D"}


def run(
    voice: Voice,
    *,
    model: ModelFile,
    part: PartPath,
    out: Out = None,
    top: Top = 5,
    device: Device = "auto",
    weights: Weights = None,
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    unit: UnitOption = None,
    no_cache: NoCache = False,
) -> None:
    """Explain one part: its worst patch, its prototypes, each modality's share, and what refinement did."""
    from pirn_core import checkpoint, picking
    from pirn_core.batch import prepare_part
    from pirn_core.cli.session import open_inspector
    from pirn_core.explain import explain_part

    refs = picking.parts_at([part], layout=layout, category=category, lighting=lighting)
    if len(refs) != 1:
        raise SampleError(f"{part}: holds {len(refs)} parts.", "Give one of them, e.g. its colour image.")
    inspector = open_inspector(voice, checkpoint.load(model), device=device, weights=weights, no_cache=no_cache)
    found = explain_part(inspector, prepare_part(inspector, refs[0], length_unit(unit)), top=top)
    _show(voice, found)
    if out is not None:
        _write(out, found)
        voice.say(f"\nNumbers are in {out}.")
    voice.emit(found.to_dict())


def _write(out: Path, found: PartExplanation) -> None:
    import json

    import numpy as np

    from pirn_core.export import part_path, writing

    with writing(part_path(out, found.result.ref.id, "_explanation.json")) as temporary:
        temporary.write_text(json.dumps(found.to_dict(), indent=2, ensure_ascii=False), encoding="utf-8")
    with (
        writing(part_path(out, found.result.ref.id, "_explanation.npz")) as temporary,
        temporary.open("wb") as stream,
    ):
        np.savez_compressed(stream, **found.arrays())  # type: ignore[arg-type]


def _show(voice: Voice, found: PartExplanation) -> None:
    from pirn_core.explain.summary import region_sentences

    result, patch, effect = found.result, found.patch, found.refinement
    voice.say(f"{voice.icon(result.verdict)}  score {result.score:.3f}, threshold {result.threshold:.3f}")
    share = ", ".join(f"{_WORDS[m]} {value:.0%}" for m, value in patch.share.items())
    lost = "".join(
        f" It took a region of {pixels} px from {before:.2f} to {after:.2f}, below the threshold."
        for pixels, before, after in effect.lowered
    )
    moved = ", ".join(f"{count} {_WORDS[m]} by {effect.mean_move[m]:.3f}" for m, count in effect.moved.items())
    facts = [
        (
            "worst patch",
            f"row {patch.row}, column {patch.column}; peak at pixel {patch.peak_at} (row, column)",
        ),
        ("modalities", share),
        ("refinement", f"score {effect.score_without:.3f} without, {effect.score:.3f} with it.{lost}"),
        ("moved prototypes", moved or "none"),
        (
            "gates",
            ", ".join(f"{name} {gate:.3f}" for name, gate in found.gates.items()) or "no communication",
        ),
    ]
    for modality, use in found.use.items():
        text = f"{use.shown} of {use.prototypes} shown, as many as {use.effective:.0f} used alike"
        facts.append((f"{_WORDS[modality]} prototypes", text))
    for modality, lengths in found.displacement.items():
        facts.append((f"{_WORDS[modality]} displacement", _lengths(lengths)))
    voice.facts(facts)
    for region, sentence in zip(result.regions, region_sentences(result.regions, result.threshold), strict=True):
        voice.say(f"Region {region.label}: {sentence}")
    voice.say()
    rows = [
        (_WORDS[m], str(p.index), f"{p.weight:.3f}", f"{p.cosine:.3f}", f"{p.expected:.4f}", f"{p.use:.4f}")
        for m, prototypes in patch.prototypes.items()
        for p in prototypes
    ]
    columns = ("modality", "prototype", "weight", "cosine", "expected residual", "share of tokens")
    voice.table(columns, rows, right=columns[1:])


def _lengths(found: Displacement) -> str:

    pieces = []
    for figures, count, where in (
        (found.inside, found.tokens_inside, "in"),
        (found.outside, found.tokens_outside, "outside"),
    ):
        if figures is not None:
            median, high = figures["median"], figures["p95"]
            pieces.append(f"{where} regions median {median:.3f}, 95 % below {high:.3f} ({count} tokens)")
    return "; ".join(pieces) or "no token on the part"
