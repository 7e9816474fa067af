"""How this view says what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pirn_app.state.transport import Split
from pirn_core.data.sample import Modality

if TYPE_CHECKING:
    from pirn_core.explain.displacement import Comparison, LayerTransport

NAMES: dict[Modality, str] = {"rgb": "Colour", "sn": "Surface"}
FEW = 10
"""Fewer tokens than this make rough figures."""


def plural(number: int, one: str) -> str:
    """`1 token`, `2 tokens`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """`12 %`; what is more than nothing is not shown as nothing."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def comparison_words(found: Comparison, split: Split) -> str:
    """What the histogram says, in words."""
    inside, outside = found.figures.inside, found.figures.outside
    if outside is None:
        return "All tokens of the part count as anomalous: there is nothing to compare them with."
    if inside is None or found.ratio is None or found.overlap is None:
        why = (
            "No token reaches the threshold" if split == "threshold" else "The ground truth marks no token of this part"
        )
        return f"{why}, so there is nothing to compare. Tokens move {outside['mean']:.2f} on average."
    far = f"Anomalous tokens move {found.ratio:.1f} times as far as normal ones"
    if abs(found.ratio - 1) < 0.05:
        far = "Anomalous tokens move as far as normal ones"
    shared = f"the histograms share {percent(found.overlap)} of their area"
    rough = f" With {plural(found.figures.tokens_inside, 'anomalous token')}, take both figures as rough."
    blind = " This modality hardly tells them apart." if found.ratio < 1.1 else ""
    return f"{far}; {shared}.{blind}{rough if found.figures.tokens_inside < FEW else ''}"


def plane_words(layer: LayerTransport) -> str:
    """How much of the truth the plane shows."""
    return (
        f"The plane holds {percent(sum(layer.explained))} of the variance of this part's tokens and prototypes: "
        "lengths are measured in all dimensions, see the histogram."
    )


def row_words(needed: int, where: str) -> str:
    """What the bars say."""
    return f"{where}: {plural(needed, 'prototype')} {'holds' if needed == 1 else 'hold'} 90 % of it."


def share_words(prototype: int, weight: float, cosine: float, use: float | None) -> str:
    """One bar, for its tooltip."""
    part = "" if use is None else f" It explains {100 * use:.1f} % of this part."
    return (
        f"Prototype {prototype} makes up {100 * weight:.1f} % of this patch's reconstruction; their similarity "
        f"(cosine) is {cosine:.2f}.{part} Click to choose it."
    )
