"""A region in one plain sentence, made from its numbers and with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pirn_core.data.sample import MODALITIES, Modality
from pirn_core.results import Region

ALONE, MOSTLY = 0.75, 0.6
"""Shares from which on one modality fired alone, or mostly. A map is about 1 where a modality looks normal: next to
it, a modality that takes the fused map to 2 or 3 times that has a share of about 0.75."""

_LEVEL_MM = 0.05
_NAMES: Mapping[Modality, str] = {"rgb": "Colour", "sn": "Surface"}


@dataclass(frozen=True)
class NearestPattern:
    """The patch of a shot that is nearest to something.

    Attributes:
        shot: Id of the shot.
        row: Pixel at the patch's centre in the shot's image.
        column: Likewise.
        cosine: Similarity of the standardised tokens, -1 to 1.
    """

    shot: str
    row: int
    column: int
    cosine: float


def region_sentences(
    regions: Sequence[Region], threshold: float, patterns: Sequence[NearestPattern | None] = ()
) -> tuple[str, ...]:
    """One sentence per region.

    Args:
        regions: Of one part.
        threshold: In force, > 0.
        patterns: Nearest normal pattern of each region; fewer, or None, where unknown.
    """
    known = [*patterns, *[None] * len(regions)]
    return tuple(region_sentence(region, threshold, known[k]) for k, region in enumerate(regions))


def region_sentence(region: Region, threshold: float, pattern: NearestPattern | None = None) -> str:
    """What fired, how far it is off, how large it is, how high it scores, and which normal pattern is nearest.

    Args:
        region: Above the threshold.
        threshold: In force, > 0.
        pattern: Nearest normal pattern; None leaves it out.
    """
    measures = [text for text in (height_words(region.height_mm), _size(region)) if text]
    pieces = [", ".join(measures), f"peak {times(region.peak / threshold)} the threshold"]
    if pattern is not None:
        where = f"row {pattern.row}, column {pattern.column}"
        pieces.append(f"nearest normal pattern: shot {pattern.shot} at {where}")
    return f"{fired_words(region.share)}: {'; '.join(piece for piece in pieces if piece)}."


def fired_words(share: Mapping[Modality, float]) -> str:
    """`Surface only (92 %)`, `Mostly colour (68 %)`, `Colour and surface (55 % and 45 %)`, `Colour (no surface data)`.

    Args:
        share: Of each modality, sums to 1; a modality that the part or the model lacks is not in it.
    """
    known = [m for m in MODALITIES if m in share]
    if not known:
        return "Unknown origin"
    if len(known) == 1:
        (other,) = (m for m in MODALITIES if m != known[0])
        return f"{_NAMES[known[0]]} (no {_NAMES[other].lower()} data)"
    leading = max(known, key=lambda m: share[m])
    if share[leading] >= ALONE:
        return f"{_NAMES[leading]} only ({percent(share[leading])})"
    if share[leading] >= MOSTLY:
        return f"Mostly {_NAMES[leading].lower()} ({percent(share[leading])})"
    first, second = (f"{round(100 * share[m])}" for m in known)
    return f"Colour and surface ({first} and {second} %)"


def height_words(height: float | None) -> str:
    """`2.3 mm below its surroundings`; `` where it was not measured."""
    if height is None:
        return ""
    if abs(height) < _LEVEL_MM:
        return "level with its surroundings"
    return f"{figure(abs(height))} mm {'above' if height > 0 else 'below'} its surroundings"


def percent(share: float) -> str:
    """`92 %`; 100 only where there is nothing else."""
    return f"{100 if share >= 1.0 else min(round(100 * share), 99)} %"


def times(ratio: float) -> str:
    """`1.8 times`; never rounded down to the threshold itself where it is above it."""
    if ratio >= 10:
        return f"{ratio:.0f} times"
    return f"{ratio:.1f} times" if ratio >= 1.05 else f"{max(ratio, 1.0):.2f} times"


def figure(value: float) -> str:
    """A length or an area: 0.34, 2.3, 14, 140."""
    places = 2 if value < 0.995 else 1 if value < 9.95 else 0
    return f"{value:.{places}f}"


def _size(region: Region) -> str:
    if region.area_mm2 is None:
        return f"{region.pixels:,} pixel{'' if region.pixels == 1 else 's'} (not measured in mm)"
    area = f"{figure(region.area_mm2)} mm\N{SUPERSCRIPT TWO}"
    if region.extent_mm is None:
        return area
    longest, across = region.extent_mm
    places = 1 if longest < 9.95 else 0
    return f"{area}, {longest:.{places}f} x {across:.{places}f} mm"
