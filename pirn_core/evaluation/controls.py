"""What models blind to defects reach on the same images; a score means something only against these.

In some sets the defective parts were taken on another day: dimmer, or with fewer 3D points. Then a mean
brightness separates them perfectly without seeing one defect. And where a part covers little of the image,
its blurred outline alone reaches a high P-AUROC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.evaluation.images import image_auroc
from pirn_core.evaluation.metrics import LIMITS, localisation
from pirn_core.evaluation.missing import NEEDS_FOREGROUND, images_missing
from pirn_core.evaluation.parts import EVALUATION_SIZE, PartScore, Unavailable, Value, to_resolution

SMOOTHING = 0.018
"""Sigma of the map's Gaussian by default, as a fraction of the map's shorter side."""

_TRIM = 0.1
"""Share of the darkest, and of the brightest, background pixels that is left out of their mean."""


@dataclass(frozen=True)
class ControlInput:
    """What the controls see of one test part, at its original size.

    Attributes:
        ref_id: The part's id.
        defective: Whether the part is known to be bad.
        rgb: Colour image, uint8, shape (H, W, 3); None without one.
        valid: Where there is a 3D point, shape (H, W); None without 3D.
        foreground: The dilated part mask, shape (H, W); None: unknown.
        mask: Defect pixels, shape (H, W); None: all False for a good part, unknown for a defective one.
    """

    ref_id: str
    defective: bool
    rgb: ByteArray | None = None
    valid: BoolArray | None = None
    foreground: BoolArray | None = None
    mask: BoolArray | None = None


def controls(
    parts: Iterable[ControlInput],
    *,
    size: int | tuple[int, int] | None = EVALUATION_SIZE,
    smoothing: float = SMOOTHING,
    limits: Sequence[float] = LIMITS,
) -> dict[str, Value]:
    """Computes all controls, each in the direction that helps it (so an AUROC here is never below 0.5).

    Args:
        parts: The test parts; may be a generator, one part is held at a time.
        size: Evaluation resolution of the blurred mask, as in `to_resolution`.
        smoothing: Sigma of the detector's own smoothing, as a fraction of the map's shorter side.
        limits: False-positive rates up to which AUPRO is integrated.

    Returns:
        Name to number, or why there is none: the image-level controls, then the blurred foreground mask's.
    """
    found: dict[str, list[float]] = {name: [] for name in _IMAGE_CONTROLS}
    truths: list[bool] = []
    outlines: list[PartScore] = []
    for part in parts:
        truths.append(part.defective)
        for name, (_, measure) in _IMAGE_CONTROLS.items():
            found[name].append(measure(part))
        outlines.append(_outline(part, size, smoothing))
    values = {name: _either_way(found[name], truths, _IMAGE_CONTROLS[name][0]) for name in found}
    return {**values, **_outline_values(outlines, limits)}


def _brightness(part: ControlInput) -> float:
    return np.nan if part.rgb is None else float(part.rgb.mean())


def _background_brightness(part: ControlInput) -> float:
    """Trimmed mean: where the mask misses a piece of the part, its bright pixels must not hide a leak."""
    if part.rgb is None or part.foreground is None or part.foreground.all():
        return np.nan
    greys = np.sort(part.rgb[~part.foreground].mean(axis=1))
    cut = int(_TRIM * len(greys))
    return float(greys[cut : len(greys) - cut].mean())


def _part_brightness(part: ControlInput) -> float:
    if part.rgb is None or part.foreground is None or not part.foreground.any():
        return np.nan
    return float(part.rgb[part.foreground].mean())


def _valid_share(part: ControlInput) -> float:
    return np.nan if part.valid is None else float(part.valid.mean())


def _foreground_pixels(part: ControlInput) -> float:
    return np.nan if part.foreground is None else float(part.foreground.sum())


_IMAGE_CONTROLS: dict[str, tuple[str, Callable[[ControlInput], float]]] = {
    "I-AUROC of brightness": ("needs colour images", _brightness),
    "I-AUROC of background brightness": ("needs colour images and foreground masks", _background_brightness),
    "I-AUROC of brightness on the part": ("needs colour images and foreground masks", _part_brightness),
    "I-AUROC of valid 3D share": ("needs 3D data", _valid_share),
    "I-AUROC of foreground pixels": ("needs foreground masks", _foreground_pixels),
}
"""Name, what it needs, and the number that it takes of a part (NaN: the part has none)."""


def _either_way(numbers: list[float], truths: list[bool], need: str) -> Value:
    """AUROC of the number or of its negative, the larger; parts that have no number are left out."""
    if not any(truths) or all(truths):
        return images_missing(sum(truths))
    known = [(number, truth) for number, truth in zip(numbers, truths, strict=True) if not np.isnan(number)]
    good = [number for number, truth in known if not truth]
    area = image_auroc(good, [number for number, truth in known if truth])
    return Unavailable(need) if isinstance(area, Unavailable) else max(area, 1.0 - area)


def _outline(part: ControlInput, size: int | tuple[int, int] | None, smoothing: float) -> PartScore:
    """The part as a detector would score it that knows only where the part is."""
    _, mask, foreground = to_resolution(None, part.mask, part.foreground, size)
    map = None if foreground is None else _blurred(foreground, smoothing)
    label = "defective" if part.defective else "good"
    return PartScore(part.ref_id, label, part.defective, 0.0, map, mask, foreground)


def _blurred(foreground: BoolArray, smoothing: float) -> FloatArray:
    image = np.ascontiguousarray(foreground, dtype=np.float32)
    sigma = smoothing * min(image.shape)
    if sigma <= 0.0:
        return image
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32)


def _outline_values(outlines: list[PartScore], limits: Sequence[float]) -> dict[str, Value]:
    inside = localisation(outlines, limits)
    outside = localisation([_negated(part) for part in outlines], limits)
    no_outline = bool(outlines) and all(part.map is None for part in outlines)
    values = {name: _larger(value, outside[name]) for name, value in inside.items()}
    if no_outline and any(part.defective for part in outlines):
        values = dict.fromkeys(values, NEEDS_FOREGROUND)
    return {f"{name} of the blurred part mask": value for name, value in values.items()}


def _negated(part: PartScore) -> PartScore:
    map = None if part.map is None else -part.map
    return PartScore(part.ref_id, part.label, part.defective, part.score, map, part.mask, part.foreground)


def _larger(one: Value, other: Value) -> Value:
    return one if isinstance(one, Unavailable) or isinstance(other, Unavailable) else max(one, other)
