"""Brightness and background of the planes, so that a dim session is no defect."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.data.surface import unit_normals

_SOFT_EDGE = 0.01
_LARGEST_GAIN = 4.0


def part_median(rgb: ByteArray, part: BoolArray) -> NDArray[np.float64] | None:
    """Median red, green and blue (0 to 255) inside the part; None where the part is empty."""
    if not part.any():
        return None
    return np.asarray(np.median(rgb[part], axis=0), np.float64)


def gain_normalised(rgb: ByteArray, part: BoolArray, reference: tuple[float, float, float]) -> ByteArray:
    """Scales each channel so that the part's median becomes the reference; gains stay within 1/4 to 4."""
    median = part_median(rgb, part)
    if median is None:
        return rgb
    gain = np.clip(np.asarray(reference) / np.maximum(median, 1.0), 1.0 / _LARGEST_GAIN, _LARGEST_GAIN)
    table = np.clip(np.round(np.arange(256)[:, None] * gain), 0, 255).astype(np.uint8)
    scaled: ByteArray = cv2.LUT(rgb, table.reshape(1, 256, 3))
    return scaled


def blank_rgb(rgb: ByteArray, mask: BoolArray, colour: tuple[float, float, float]) -> ByteArray:
    """Replaces what is outside the mask by one colour, fading over 1 % of the image's shorter side."""
    keep = _keep(mask)[..., None]
    mixed = rgb.astype(np.float32) * keep + np.asarray(colour, np.float32) * (1.0 - keep)
    return np.round(mixed).astype(np.uint8)


def blank_normals(normals: FloatArray, mask: BoolArray, flat: tuple[float, float, float]) -> FloatArray:
    """Replaces normals outside the mask by the flat one, fading likewise; unit length everywhere."""
    keep = _keep(mask)[..., None]
    mixed = normals * keep + np.asarray(flat, np.float32) * (np.float32(1.0) - keep)
    return unit_normals(mixed)


def _keep(mask: BoolArray) -> FloatArray:
    """1 inside the mask, falling to 0 outside it: the mask itself stays untouched."""
    width = max(1.0, _SOFT_EDGE * min(mask.shape))
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    keep: FloatArray = np.clip(1.0 - outside / np.float32(width + 1.0), 0.0, 1.0).astype(np.float32)
    return keep
