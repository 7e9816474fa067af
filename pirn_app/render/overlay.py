"""What lies over a picture: figures of scores and the regions that a click hits."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pirn_core.results import Region

_MINUS = "\N{MINUS SIGN}"


def decimals(high: float) -> int:
    """Decimals that show scores up to `high`: two, more for a model whose scores are small."""
    return 2 if high <= 0 or not math.isfinite(high) else max(2, 1 - math.floor(math.log10(high)))


def figure(value: float, places: int = 2) -> str:
    """A number for reading, with a true minus and never `-0.00`; an en dash for NaN."""
    if not math.isfinite(value):
        return "\N{EN DASH}"
    text = f"{abs(value):.{places}f}"
    return _MINUS + text if value < 0 and float(text) != 0.0 else text


def region_at(regions: Iterable[Region], pixel: tuple[int, int], margin: int = 2) -> Region | None:
    """The region at a pixel: of those whose box (with a margin, as fingers are not exact) holds it, the smallest."""
    row, column = pixel
    hit = [
        region
        for region in regions
        if region.box[0] - margin <= row < region.box[2] + margin
        and region.box[1] - margin <= column < region.box[3] + margin
    ]
    return min(hit, key=_box_area, default=None)


def _box_area(region: Region) -> int:
    top, left, bottom, right = region.box
    return (bottom - top) * (right - left)
