"""What evaluation is given: one scored part with its ground truth, brought to one resolution."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.errors import ConfigError, SampleError

EVALUATION_SIZE = 224
"""Side of the evaluation resolution of the papers, in pixels."""


@dataclass(frozen=True)
class Unavailable:
    """Stands where a number cannot be given, and says why, e.g. `needs masks`. Never 0, never NaN."""

    reason: str

    def __str__(self) -> str:
        return self.reason


Value = float | Unavailable


@dataclass(frozen=True)
class PartScore:
    """One test part, scored, with what is known about it.

    Attributes:
        ref_id: The part's id.
        label: Class folder: `good` or the defect type.
        defective: Whether the part is known to be bad.
        score: The part's score, higher is worse; NaN counts as the lowest score.
        map: Anomaly map, shape (h, w), finite or NaN where the model did not look; NaN counts as the lowest
            score of all, for normal and defect pixels alike. None without a map.
        mask: Defect pixels, shape (h, w). None: all False for a good part, unknown for a defective one, whose
            pixels then enter no pixel metric.
        foreground: The dilated part mask, shape (h, w), for the foreground-only variants; None: unknown, then
            all pixels of the part count.
    """

    ref_id: str
    label: str
    defective: bool
    score: float
    map: FloatArray | None = None
    mask: BoolArray | None = None
    foreground: BoolArray | None = None

    @property
    def has_pixels(self) -> bool:
        """Whether the part can enter a pixel metric: it has a map, and it is known where it is defective."""
        return self.map is not None and (self.mask is not None or not self.defective)


def check_shapes(part: PartScore) -> None:
    """Map, mask and foreground of a part must have one size.

    Raises:
        SampleError: Otherwise.
    """
    if part.map is None:
        return
    for name, other in (("mask", part.mask), ("foreground", part.foreground)):
        if other is not None and other.shape != part.map.shape:
            raise SampleError(
                f"{part.ref_id}: the {name} is {_size(other)} but the anomaly map is {_size(part.map)}.",
                "Bring both to one size before the evaluation.",
            )


def resolution_of(parts: list[PartScore]) -> str:
    """The size of the maps as it is printed beside the numbers, e.g. `224x224 px`."""
    shapes = sorted({part.map.shape for part in parts if part.map is not None})
    if not shapes:
        return "no maps"
    names = [f"{width}x{height}" for height, width in shapes]
    return f"{names[0]} px" if len(names) == 1 else f"{len(names)} sizes, {names[0]} to {names[-1]} px"


def to_resolution(
    map: FloatArray | None,
    mask: BoolArray | None,
    foreground: BoolArray | None,
    size: int | tuple[int, int] | None = EVALUATION_SIZE,
) -> tuple[FloatArray | None, BoolArray | None, BoolArray | None]:
    """Brings a part's map and masks to the resolution of the evaluation. Values are never rescaled.

    Args:
        map: Anomaly map, shape (H, W), NaN where the model did not look.
        mask: Defect pixels, shape (H, W).
        foreground: Dilated part mask, shape (H, W).
        size: Side of a square, or (height, width), in pixels; None keeps the original size.

    Returns:
        The map, bilinear over the seen pixels (NaN only where none of the four neighbours was seen), and both
        masks by nearest neighbour at the pixel centres, as the research code reduces its ground truth.

    Raises:
        ConfigError: When a side is below one pixel.
    """
    if size is None:
        return map, mask, foreground
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ConfigError(f"an evaluation size of {width}x{height} is not possible.", "Give at least 1 pixel.")
    return (
        None if map is None else _bilinear(map, height, width),
        None if mask is None else _nearest(mask, height, width),
        None if foreground is None else _nearest(foreground, height, width),
    )


def _bilinear(map: FloatArray, height: int, width: int) -> FloatArray:
    if map.shape == (height, width):
        return map
    seen = ~np.isnan(map)
    values = _resized(np.where(seen, map, 0.0), height, width)
    if seen.all():
        return values
    weight = _resized(seen, height, width)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 1e-6, values / weight, np.float32(np.nan)).astype(np.float32)


def _resized(image: NDArray[np.generic], height: int, width: int) -> FloatArray:
    single = np.ascontiguousarray(image, dtype=np.float32)
    return np.asarray(cv2.resize(single, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _nearest(mask: BoolArray, height: int, width: int) -> BoolArray:
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(np.intp)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(np.intp)
    picked: BoolArray = np.asarray(mask, dtype=np.bool_)[rows[:, None], columns[None, :]]
    return picked


def _size(array: NDArray[np.generic]) -> str:
    return "x".join(str(side) for side in reversed(array.shape))
