"""Which maps there are to see, with title, caption and explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pirn_core.data.sample import FloatArray, Modality

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation


@dataclass(frozen=True)
class Stage:
    """One map.

    Attributes:
        name: Short and stable.
        title: Over the map.
        how: What it shows, one or two sentences.
        values: (H, W), NaN outside of what was seen.
        change: Whether it holds differences and not scores.
    """

    name: str
    title: str
    how: str
    values: FloatArray
    change: bool = False


_MODALITIES: Mapping[Modality, tuple[str, str]] = {
    "rgb": ("Colour", "What the colour image alone leaves unexplained."),
    "sn": ("Surface", "What the surface normals alone leave unexplained."),
}


def stages_of(found: OriginExplanation, layer: int, *, refined: bool) -> tuple[Stage, ...]:
    """Maps of a layer, and what refinement changes.

    Args:
        found: The explanation.
        layer: Index; the last one makes the score.
        refined: Off shows colour, surface and fused with the prototypes as trained, of the last layer.
    """
    chosen = found.layers[layer]
    modalities = chosen.modalities if refined else found.steps[0].modalities
    fused = chosen.fused if refined else found.steps[0].map
    tail = "" if refined else " With the prototypes as trained."
    made = [Stage(m, *_with(_MODALITIES[m], tail), values) for m, values in modalities.items()]
    how = f"Power mean of both modalities; its highest value is the score.{tail}"
    made.append(Stage("fused", "Fused", how, fused))
    made.append(Stage("bpa", "Z_bpa only", _BPA, chosen.bpa))
    if chosen.silent is not None:
        made.append(Stage("silent", "Before communication", _SILENT, chosen.silent))
        made.append(Stage("spoken", "After communication", _SPOKEN, chosen.fused))
    if found.refines:
        made.append(Stage("plain", "Without refinement", _PLAIN, found.steps[0].map))
        made.append(Stage("change", "Change by refinement", _CHANGE, found.difference(), change=True))
    return tuple(made)


def _with(words: tuple[str, str], tail: str) -> tuple[str, str]:
    return words[0], words[1] + tail


_BPA = (
    "Reconstruction from prototypes alone (Z_bpa of the paper): without communication between the modalities and "
    "without the feed-forward step."
)
_SILENT = "The layer without what the modalities tell each other."
_SPOKEN = "The whole layer, with what the modalities tell each other: the same as Fused."
_PLAIN = "The whole inspection with the prototypes as trained, not refined for this part."
_CHANGE = (
    "The map with refinement minus the map without: blue where refinement lowers the score, orange where it raises it."
)
