"""The numbers users know, named and ordered as the field prints them, exact and never made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pirn_core.errors import ConfigError
from pirn_core.evaluation.operating import Confusion, DefectRow, confusion
from pirn_core.evaluation.parts import (
    NEEDS_DEFECTIVE,
    NEEDS_FOREGROUND,
    NEEDS_GOOD,
    NEEDS_MAPS,
    NEEDS_MASKS,
    NEEDS_NORMAL_PIXELS,
    NEEDS_THRESHOLD,
    PartScore,
    Unavailable,
    Value,
    check_shapes,
    resolution_of,
    to_resolution,
)
from pirn_core.evaluation.pro import Pixels, pool
from pirn_core.evaluation.ranking import Curve, Ranking, Scores, lowest_for_nan, ordered, rank

__all__ = ["LIMITS", "Curve", "Metrics", "PartScore", "Unavailable", "Value", "evaluate", "to_resolution"]

LIMITS = (0.3, 0.1, 0.05, 0.01)
"""False-positive rates up to which AUPRO is integrated."""


@dataclass(frozen=True)
class Metrics:
    """All that is known of a detector on a set of test parts.

    Attributes:
        values: Name to number in [0, 1], or why there is none, in the order in which they are printed.
        resolution: Size of the maps, to be stated with the numbers, e.g. `224x224 px`.
        good: Number of good parts.
        defective: Number of defective parts.
        pixel_parts: Number of parts that entered the pixel metrics.
        regions: Number of ground-truth regions in them.
        confusion: Verdicts against the truth; None without a threshold.
        defects: One row per defect type, by name.
        image_roc: ROC over parts, at most 500 points; None where I-AUROC is unavailable.
        pixel_roc: ROC over pixels, at most 500 points; None where P-AUROC is unavailable.
        pro: Per-region overlap over the false-positive rate, at most 500 points; None likewise.
        notes: What limits these numbers, one sentence each.
    """

    values: dict[str, Value]
    resolution: str
    good: int
    defective: int
    pixel_parts: int
    regions: int
    confusion: Confusion | None = None
    defects: tuple[DefectRow, ...] = ()
    image_roc: Curve | None = None
    pixel_roc: Curve | None = None
    pro: Curve | None = None
    notes: tuple[str, ...] = ()


def evaluate(
    parts: Sequence[PartScore],
    *,
    limits: Sequence[float] = LIMITS,
    threshold: float | None = None,
    sure: float | None = None,
) -> Metrics:
    """Computes all metrics over the test parts, at the resolution that their maps have.

    Args:
        parts: The scored parts; bring their maps to one size with `to_resolution` first.
        limits: False-positive rates up to which AUPRO is integrated, each in (0, 1].
        threshold: Operating threshold: at or above it a part is NG.
        sure: Below it a part is OK; between the two it is unsure. None: no such band.

    Raises:
        SampleError: When a mask and a map differ in size.
        ConfigError: When a limit is not in (0, 1].
    """
    for limit in limits:
        if not 0.0 < limit <= 1.0:
            raise ConfigError(f"AUPRO up to a false-positive rate of {limit} is not possible.", "Use 0 to 1.")
    for part in parts:
        check_shapes(part)
    pixels = pool(parts)
    images = _image_ranking(parts)
    why_not = _images_missing(parts)
    sorted_out = None if threshold is None else confusion(parts, threshold, sure)
    flat, overlap = pixels.ranking(), pixels.overlap()
    return Metrics(
        values={
            **_pixel_values(pixels, parts, overlap, flat, limits),
            "I-AUROC": why_not if images is None else images.area(),
            "I-F1-max": why_not if images is None else images.best_f1(),
            "P-F1-max": _pixels_missing(parts, pixels) if flat is None else flat.best_f1(),
            "I-AP": why_not if images is None else images.average_precision(),
            "P-AP": _pixels_missing(parts, pixels) if flat is None else flat.average_precision(),
            **_part_values(pixels, parts, limits),
            **_operating_values(sorted_out),
        },
        resolution=resolution_of([part for part in parts if part.has_pixels]),
        good=sum(not part.defective for part in parts),
        defective=sum(part.defective for part in parts),
        pixel_parts=sum(part.has_pixels for part in parts),
        regions=len(pixels.sizes),
        confusion=sorted_out,
        defects=_defect_rows(parts, pixels, sorted_out, limits),
        image_roc=None if images is None else images.curve(),
        pixel_roc=None if flat is None else flat.curve(),
        pro=None if overlap is None else overlap.curve(),
        notes=_notes(parts),
    )


def image_auroc(parts: Sequence[PartScore]) -> Value:
    """I-AUROC alone: the chance that a defective part scores above a good one, ties counting half."""
    ranking = _image_ranking(parts)
    return _images_missing(parts) if ranking is None else ranking.area()


def _image_ranking(parts: Sequence[PartScore]) -> Ranking | None:
    def scores(defective: bool) -> Scores:
        return np.array([part.score for part in parts if part.defective == defective], dtype=np.float64)

    return rank(ordered([scores(False)]), lowest_for_nan(scores(True)))


def _pixel_values(
    pixels: Pixels,
    parts: Sequence[PartScore],
    overlap: Ranking | None,
    flat: Ranking | None,
    limits: Sequence[float],
    prefix: str = "",
) -> dict[str, Value]:
    missing = _pixels_missing(parts, pixels)
    values: dict[str, Value] = {
        f"{prefix}AUPRO@{100 * limit:g}%": missing if overlap is None else overlap.area(limit)
        for limit in limits
    }
    return {**values, f"{prefix}P-AUROC": missing if flat is None else flat.area()}


def _part_values(pixels: Pixels, parts: Sequence[PartScore], limits: Sequence[float]) -> dict[str, Value]:
    """The foreground-only variants: false positives counted on the dilated part mask alone."""
    overlap, flat = pixels.overlap(on_part=True), pixels.ranking(on_part=True)
    values = _pixel_values(pixels, parts, overlap, flat, limits, prefix="fg-")
    if pixels.normal_on_part is None and pixels.ranking() is not None:
        return dict.fromkeys(values, NEEDS_FOREGROUND)
    return values


def _operating_values(sorted_out: Confusion | None) -> dict[str, Value]:
    if sorted_out is None:
        return dict.fromkeys(("recall", "escape rate", "false reject rate"), NEEDS_THRESHOLD)
    return {
        "recall": sorted_out.recall,
        "escape rate": sorted_out.escape_rate,
        "false reject rate": sorted_out.false_reject_rate,
    }


def _images_missing(parts: Sequence[PartScore]) -> Unavailable:
    return NEEDS_GOOD if any(part.defective for part in parts) else NEEDS_DEFECTIVE


def _pixels_missing(parts: Sequence[PartScore], pixels: Pixels) -> Unavailable:
    if not any(part.defective for part in parts):
        return NEEDS_DEFECTIVE
    if not any(part.map is not None for part in parts):
        return NEEDS_MAPS
    return NEEDS_NORMAL_PIXELS if len(pixels.sizes) else NEEDS_MASKS


def _defect_rows(
    parts: Sequence[PartScore], pixels: Pixels, sorted_out: Confusion | None, limits: Sequence[float]
) -> tuple[DefectRow, ...]:
    good = [part for part in parts if not part.defective]
    labels = sorted({part.label for part in parts if part.defective})
    return tuple(
        _defect_row(
            label,
            [part for part in parts if part.defective and part.label == label],
            good,
            pixels,
            sorted_out,
            limits,
        )
        for label in labels
    )


def _defect_row(
    label: str,
    bad: list[PartScore],
    good: list[PartScore],
    pixels: Pixels,
    sorted_out: Confusion | None,
    limits: Sequence[float],
) -> DefectRow:
    overlap = pixels.overlap(label=label) if limits else None
    own = None if sorted_out is None else confusion(bad, sorted_out.threshold, sorted_out.sure)
    return DefectRow(
        label=label,
        parts=len(bad),
        regions=pixels.labels.count(label),
        verdicts=None
        if own is None
        else {verdict: own.count(True, verdict) for verdict in ("OK", "unsure", "NG")},
        recall=NEEDS_THRESHOLD if own is None else own.recall,
        image_auroc=image_auroc([*bad, *good]),
        overlap=_pixels_missing(bad, pixels) if overlap is None else overlap.area(limits[0]),
    )


def _notes(parts: Sequence[PartScore]) -> tuple[str, ...]:
    """What a reader of the numbers has to know about the parts behind them."""
    usable = [part for part in parts if part.has_pixels]
    seen = any(part.foreground is not None for part in usable)
    counts = {
        "NG parts without a mask are left out of the pixel metrics": sum(
            part.defective and part.mask is None for part in parts
        ),
        "parts without a map are left out of the pixel metrics": sum(part.map is None for part in parts),
        "NG parts have a mask without any defect pixel": sum(
            part.defective and part.mask is not None and not part.mask.any() for part in usable
        ),
        "good parts have defect pixels in their masks; these count as defects": sum(
            not part.defective and part.mask is not None and bool(part.mask.any()) for part in usable
        ),
        "parts without a foreground mask count as a whole in the fg- metrics": sum(
            seen and part.foreground is None for part in usable
        ),
        "parts have no score (NaN) and rank lowest": sum(bool(np.isnan(part.score)) for part in parts),
    }
    return tuple(f"{count} {text}." for text, count in counts.items() if count)
