"""The numbers users know, named and ordered as the field prints them, exact and never made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pirn_core.errors import ConfigError
from pirn_core.evaluation.defects import DefectRow, defect_rows
from pirn_core.evaluation.images import image_ranking, scores_of
from pirn_core.evaluation.missing import (
    NEEDS_FOREGROUND,
    NEEDS_THRESHOLD,
    images_missing,
    notes,
    pixels_missing,
)
from pirn_core.evaluation.operating import Confusion, confusion
from pirn_core.evaluation.parts import (
    PartScore,
    Unavailable,
    Value,
    check_shapes,
    resolution_of,
    to_resolution,
)
from pirn_core.evaluation.pro import Pixels, pool
from pirn_core.evaluation.ranking import Curve, Ranking

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
    _check(parts, limits)
    pixels = pool(parts)
    images = image_ranking(scores_of(parts, False), scores_of(parts, True))
    flat, overlap = pixels.ranking(), pixels.overlap()
    verdicts = None if threshold is None else confusion(parts, threshold, sure)
    defective = sum(part.defective for part in parts)
    no_pixels, no_images = pixels_missing(parts, len(pixels.sizes)), images_missing(defective)
    return Metrics(
        values={
            **_areas(flat, overlap, limits, no_pixels),
            "I-AUROC": no_images if images is None else images.area(),
            "I-F1-max": no_images if images is None else images.best_f1(),
            "P-F1-max": no_pixels if flat is None else flat.best_f1(),
            "I-AP": no_images if images is None else images.average_precision(),
            "P-AP": no_pixels if flat is None else flat.average_precision(),
            **_areas_on_part(pixels, limits, no_pixels),
            **_rates(verdicts),
        },
        resolution=resolution_of([part for part in parts if part.has_pixels]),
        good=len(parts) - defective,
        defective=defective,
        pixel_parts=sum(part.has_pixels for part in parts),
        regions=len(pixels.sizes),
        confusion=verdicts,
        defects=defect_rows(parts, pixels, verdicts),
        image_roc=None if images is None else images.curve(),
        pixel_roc=None if flat is None else flat.curve(),
        pro=None if overlap is None else overlap.curve(),
        notes=notes(parts),
    )


def localisation(parts: Sequence[PartScore], limits: Sequence[float] = LIMITS) -> dict[str, Value]:
    """Only AUPRO and P-AUROC, on all pixels and foreground-only; arguments and errors as `evaluate`."""
    _check(parts, limits)
    pixels = pool(parts)
    missing = pixels_missing(parts, len(pixels.sizes))
    whole = _areas(pixels.ranking(), pixels.overlap(), limits, missing)
    return {**whole, **_areas_on_part(pixels, limits, missing)}


def _check(parts: Sequence[PartScore], limits: Sequence[float]) -> None:
    for limit in limits:
        if not 0.0 < limit <= 1.0:
            raise ConfigError(
                f"AUPRO cannot be integrated up to a false-positive rate of {limit}.",
                "Choose limits above 0 and up to 1.",
            )
    for part in parts:
        check_shapes(part)


def _areas(
    flat: Ranking | None, overlap: Ranking | None, limits: Sequence[float], missing: Unavailable
) -> dict[str, Value]:
    values: dict[str, Value] = {
        f"AUPRO@{100 * limit:g}%": missing if overlap is None else overlap.area(limit) for limit in limits
    }
    return {**values, "P-AUROC": missing if flat is None else flat.area()}


def _areas_on_part(pixels: Pixels, limits: Sequence[float], missing: Unavailable) -> dict[str, Value]:
    """The foreground-only variants: false positives are counted on the dilated part mask alone."""
    reason = NEEDS_FOREGROUND if len(pixels.sizes) and pixels.normal_on_part is None else missing
    values = _areas(pixels.ranking(on_part=True), pixels.overlap(on_part=True), limits, reason)
    return {f"fg-{name}": value for name, value in values.items()}


def _rates(verdicts: Confusion | None) -> dict[str, Value]:
    if verdicts is None:
        return dict.fromkeys(("recall", "escape rate", "false reject rate"), NEEDS_THRESHOLD)
    return {
        "recall": verdicts.recall,
        "escape rate": verdicts.escape_rate,
        "false reject rate": verdicts.false_reject_rate,
    }
