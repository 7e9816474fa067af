"""Ground truth. A type of its own, in a module of its own, so that inference cannot look at labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.reading.arrays import read_arrays
from pirn_core.data.reading.part import RESIZED_LAYOUTS
from pirn_core.data.reading.raster import Raster, read_raster
from pirn_core.data.reading.source import MAX_PIXELS, MismatchError, short, sniff
from pirn_core.data.sample import BoolArray, PartRef
from pirn_core.errors import SampleError


@dataclass(frozen=True)
class Truth:
    """What is known about a part's defects.

    Attributes:
        ref: The part.
        defective: True when the part is known to be bad.
        mask: Defect pixels, shape (H, W); all False for a good part; None when a bad part has no mask.
    """

    ref: PartRef
    defective: bool
    mask: BoolArray | None


def read_truth(ref: PartRef, shape: tuple[int, int], *, max_pixels: int = MAX_PIXELS) -> Truth:
    """Reads a part's ground truth.

    The label decides whether the part is defective; without one, the mask does. Every mask value above 0 is
    defective: in MVTec 3D-AD the value is the class id.

    Args:
        ref: The part.
        shape: Height and width of its sample.
        max_pixels: As in `read_sample`.

    Raises:
        SampleError: When nothing is known about the part, the mask cannot be read or has another size, or
            it marks defects on a part labelled good.
    """
    mask = _read_mask(ref, shape, max_pixels)
    if not ref.label and mask is None:
        raise SampleError(
            f"{ref.id}: has no label and no mask, so its truth is unknown.",
            "Put it into a folder named good or after its defect.",
        )
    defective = ref.label != "good" if ref.label else bool(mask is not None and mask.any())
    if not defective:
        if mask is not None and mask.any():
            raise MismatchError(
                f"{ref.id}: is labelled good but its mask marks {int(mask.sum())} pixels.",
                "Correct the one or the other.",
            )
        mask = np.zeros(shape, np.bool_)
    return Truth(ref, defective, mask)


def _read_mask(ref: PartRef, shape: tuple[int, int], max_pixels: int) -> BoolArray | None:
    path = ref.mask
    if path is None:
        return None
    kind = sniff(path)
    image: Raster = (
        read_arrays(path, kind, max_pixels).points if kind in ("npy", "npz") else read_raster(path, max_pixels)
    )
    if image.ndim == 3:
        colours = image.shape[2] - (image.shape[2] in (2, 4))  # an opaque alpha channel marks nothing
        image = image[..., :colours].max(axis=2)
    mask = np.asarray(image > 0)
    if mask.shape == tuple(shape):
        return mask
    if ref.layout in RESIZED_LAYOUTS:
        return _resized(mask, shape)
    raise MismatchError(
        f"{short(path)}: {mask.shape[1]}x{mask.shape[0]} but the part is {shape[1]}x{shape[0]}.",
        "Export both at one size.",
    )


def _resized(mask: BoolArray, shape: tuple[int, int]) -> BoolArray:
    """A pixel is defective when half of it is; a defect too small for that keeps the pixels it touches."""
    share = cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    half = np.asarray(share >= 0.5)
    return half if half.any() else np.asarray(share > 0)
