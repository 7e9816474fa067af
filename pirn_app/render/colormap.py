"""Scores as colours. The 2D overlay and the point cloud use the same functions, so that one score has one colour."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from pirn_core.data.sample import ByteArray, FloatArray

_TABLES = {
    "inferno": cv2.COLORMAP_INFERNO,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "turbo": cv2.COLORMAP_TURBO,
    "jet": cv2.COLORMAP_JET,
}

NAMES: tuple[str, ...] = (*_TABLES, "grey")
"""Colour maps on offer; the first is the default. Only `turbo` and `jet` are not perceptually uniform."""


@cache
def lut(name: str) -> ByteArray:
    """The colours of a map, low to high, RGB uint8 (256, 3); read-only, shared by all callers."""
    ramp = np.arange(256, dtype=np.uint8)
    if name == "grey":
        table = np.repeat(ramp[:, None], 3, axis=1)
    else:
        table = np.ascontiguousarray(cv2.applyColorMap(ramp[:, None], _TABLES[name])[:, 0, ::-1])
    table.flags.writeable = False
    return table


def shown_range(
    model_range: tuple[float, float], values: FloatArray | None = None, per_image: bool = False
) -> tuple[float, float]:
    """Scores at both ends of the colours.

    Args:
        model_range: Constant of the model, the same for all parts.
        values: Map of the part in view, any shape, NaN where nothing was seen.
        per_image: Whether the user wants the range of this image instead; it has to be marked where it is shown.

    Returns:
        Low and high, low < high. The model's range where the map holds no two different scores.
    """
    if not per_image or values is None:
        return model_range
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.min() == finite.max():
        return model_range
    return (float(finite.min()), float(finite.max()))


def share(values: FloatArray, score_range: tuple[float, float]) -> FloatArray:
    """Where scores lie in a range, clipped to [0, 1], float32 of the same shape; 0 where NaN."""
    low, high = score_range
    placed = (np.nan_to_num(values, nan=low) - np.float32(low)) / np.float32(max(high - low, 1e-12))
    clipped: FloatArray = placed.clip(0.0, 1.0).astype(np.float32, copy=False)
    return clipped


def levels(values: FloatArray, score_range: tuple[float, float]) -> ByteArray:
    """Row of `lut` for every score, uint8 of the same shape; 0 where NaN."""
    rows: ByteArray = (share(values, score_range) * np.float32(255.0)).round().astype(np.uint8)
    return rows


def heat_rgba(values: FloatArray, score_range: tuple[float, float], name: str, opacity: float) -> ByteArray:
    """A map to be laid over a picture: transparent at its low end, so that a good part shows its picture.

    Args:
        values: (H, W), NaN where nothing was seen (transparent).
        score_range: Scores at both ends of the colours.
        name: Of the colour map.
        opacity: At the high end, 0 to 1; it falls linearly to 0 at the low end.

    Returns:
        RGBA uint8 (H, W, 4), not premultiplied.
    """
    table = np.empty((256, 4), np.uint8)
    table[:, :3] = lut(name)
    table[:, 3] = (np.arange(256) * opacity).round()
    # One 32-bit look-up instead of four of 8 bits.
    looked_up: ByteArray = table.view(np.uint32)[:, 0][levels(values, score_range)].view(np.uint8)
    return looked_up.reshape(*values.shape, 4)
