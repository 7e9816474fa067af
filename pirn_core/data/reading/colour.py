"""The colour image: uint8, three channels, red first; whatever is converted is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pirn_core.data.reading.raster import Raster, read_raster
from pirn_core.data.reading.source import short
from pirn_core.data.sample import ByteArray
from pirn_core.errors import SampleError


def read_colour(path: Path, max_pixels: int, notes: list[str]) -> ByteArray:
    """Reads a colour image.

    Returns:
        uint8, shape (H, W, 3), red, green, blue.

    Raises:
        SampleError: As `read_raster`, and when the pixels are no colours: floating point, or 5 channels and
            more.
    """
    return to_colour(read_raster(path, max_pixels, notes), path, notes)


def to_colour(image: Raster, path: Path, notes: list[str]) -> ByteArray:
    """An image of any kind to uint8 (H, W, 3); see `read_colour`."""
    image = _three_channels(image, path, notes)
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * 255
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    if image.dtype == np.uint16:
        return _from_16_bits(image, path, notes)
    raise SampleError(
        f"{short(path)}: the colour image holds {image.dtype} pixels.",
        "Export it with 8 bits per channel; 3D data belongs beside it, in a folder named xyz.",
    )


def _three_channels(image: Raster, path: Path, notes: list[str]) -> Raster:
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels in (2, 4):
        notes.append(f"The alpha channel of {path.name} was dropped.")
        image = image[..., 0] if channels == 2 else image[..., :3]
    elif channels not in (1, 3):
        raise SampleError(
            f"{short(path)}: has {channels} channels; a colour image has 3.",
            "Export it as red, green and blue.",
        )
    if channels < 3:
        notes.append(f"{path.name} is a grey image; its three channels are equal.")
        image = np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image


def _from_16_bits(image: Raster, path: Path, notes: list[str]) -> ByteArray:
    """Always by the full range, so that a dark part stays dark beside a bright one."""
    notes.append(f"{path.name} has 16 bits per channel; it was converted to 8.")
    if image.max(initial=0) < 1 << 12:
        notes.append(f"{path.name} uses only the lowest 12 of its 16 bits and is very dark.")
    return np.asarray((image.astype(np.uint32) + 128) // 257, dtype=np.uint8)
