"""Why a number cannot be given: the reasons, and the choice between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pirn_core.evaluation.parts import PartScore, Unavailable

NEEDS_DEFECTIVE = Unavailable("needs NG parts")
NEEDS_GOOD = Unavailable("needs good parts")
NEEDS_MASKS = Unavailable("needs masks")
NEEDS_MAPS = Unavailable("needs maps")
NEEDS_NORMAL_PIXELS = Unavailable("needs normal pixels")
NEEDS_FOREGROUND = Unavailable("needs foreground masks")
NEEDS_THRESHOLD = Unavailable("needs a threshold")


def images_missing(defective: int) -> Unavailable:
    """Why a metric over parts is unavailable, `defective` being the number of defective parts."""
    return NEEDS_GOOD if defective else NEEDS_DEFECTIVE


def pixels_missing(parts: Sequence[PartScore], regions: int) -> Unavailable:
    """Why a metric over pixels is unavailable, `regions` being the number of known defect regions."""
    bad = [part for part in parts if part.defective]
    if regions:
        return NEEDS_NORMAL_PIXELS
    if not bad:
        return NEEDS_DEFECTIVE
    return NEEDS_MASKS if any(part.map is not None for part in bad) else NEEDS_MAPS


def notes(parts: Sequence[PartScore]) -> tuple[str, ...]:
    """What a reader of the numbers has to know about the parts behind them, one sentence each."""
    usable = [part for part in parts if part.has_pixels]
    part_known = any(part.foreground is not None for part in usable)
    empty = [part for part in usable if part.defective and part.mask is not None and not part.mask.any()]
    odd = [part for part in usable if not part.defective and part.mask is not None and part.mask.any()]
    whole = [part for part in usable if part_known and part.foreground is None]
    counts = {
        "NG without a mask, left out of the pixel metrics": _count(p.defective and p.mask is None for p in parts),
        "without a map, left out of the pixel metrics": _count(p.map is None for p in parts),
        "NG with a mask that has no defect pixel": len(empty),
        "good with defect pixels in the mask, which count as defects": len(odd),
        "without a foreground mask, counted whole in the fg- metrics": len(whole),
        "without a score (NaN), ranked lowest": _count(p.score != p.score for p in parts),
    }
    return tuple(f"{count} of {len(parts)} parts: {text}." for text, count in counts.items() if count)


def _count(tests: Iterable[bool]) -> int:
    return sum(tests)
