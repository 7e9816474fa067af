"""Surface normals that come with a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.arrays import read_arrays
from pirn_core.data.reading.raster import read_raster
from pirn_core.data.reading.source import MismatchError, short, sniff
from pirn_core.data.sample import FloatArray
from pirn_core.errors import SampleError

SHORTEST = 0.5
"""A shorter decoded vector is no direction (a mixture at an edge, or the grey of `nothing here`)."""

_TO_CAMERA = np.array((1.0, -1.0, -1.0), np.float32)
"""Signs from the frame of normal images (y up, z to the camera) to the sample's (y down, z away)."""

_SEEN_BEHIND = 0.05
"""n_z above which a vector points to the back of the surface and is reversed."""

_STEEPEST = -1e-3
"""n_z of a surface seen edge-on; rounding to 8 bits would otherwise turn some away from the camera."""


def read_normals(
    path: Path, size: tuple[int, int], max_pixels: int, notes: list[str], *, fit: bool
) -> FloatArray | None:
    """Reads a normal map.

    Images hold (n + 1) / 2 with x right, y up and z to the camera; verified on Eyecandies, where it means
    the signs (+, -, -) in the frame with y down and z away. Arrays hold the vectors in that latter frame.

    Args:
        path: Image of 8 or 16 bits, or npy / npz of shape (H, W, 3).
        size: Height and width of the sample.
        max_pixels: As in `read_raster`.
        notes: Takes a sentence about anything unexpected.
        fit: Resample a map of another size, and give None for an image that holds no normals; otherwise
            both are errors.

    Returns:
        Unit vectors with n_z < 0, float32, shape (H, W, 3), NaN where unknown.

    Raises:
        SampleError: When it cannot be read, or does not fit.
    """
    kind = sniff(path)
    if kind in ("npy", "npz"):
        vectors = np.asarray(read_arrays(path, kind, max_pixels).points)
    else:
        vectors = _decode(path, read_raster(path, max_pixels, notes))
    if vectors.ndim != 3 or vectors.shape[2] != 3:
        raise SampleError(
            f"{short(path)}: normals have 3 channels, not the shape {vectors.shape}.", "Export x, y and z."
        )
    if not _unit(_lengths(vectors.astype(np.float32))):
        if fit:
            notes.append(f"{path.name} holds no normal vectors; normals are computed from the points.")
            return None
        raise SampleError(f"{short(path)}: its vectors are not of unit length.", "Export a normal map, or remove it.")
    if vectors.shape[:2] != size:
        if not fit:
            raise MismatchError(
                f"{short(path)}: {vectors.shape[1]}x{vectors.shape[0]} but the part is {size[1]}x{size[0]}.",
                "Export both at one size.",
            )
        notes.append(f"{path.name} was brought to {size[1]}x{size[0]} pixels.")
        vectors = cv2.resize(vectors.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return oriented(vectors)


def _unit(lengths: NDArray[Any]) -> bool:
    known = lengths[np.isfinite(lengths) & (lengths > SHORTEST)]
    return bool(known.size >= lengths.size // 10 and known.size and abs(np.median(known) - 1) < 0.1)


def _decode(path: Path, image: NDArray[Any]) -> NDArray[Any]:
    if image.ndim != 3 or image.shape[2] < 3 or image.dtype not in (np.uint8, np.uint16):
        raise SampleError(
            f"{short(path)}: is no normal map of 3 channels with 8 or 16 bits.", "Export one, or remove it."
        )
    largest = np.iinfo(image.dtype).max
    return (image[..., :3].astype(np.float32) / np.float32(largest / 2) - 1) * _TO_CAMERA


def oriented(vectors: NDArray[Any]) -> FloatArray:
    """Vectors of about unit length to unit normals that face the camera (n_z < 0), or NaN."""
    vectors = np.asarray(vectors, dtype=np.float32)
    lengths = _lengths(vectors)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(lengths >= SHORTEST, 1 / lengths, np.nan)
        scale[vectors[..., 2] * scale > _SEEN_BEHIND] *= -1
    unit = vectors * scale[..., None]
    np.minimum(unit[..., 2], _STEEPEST, out=unit[..., 2])
    return np.asarray(unit / _lengths(unit)[..., None], dtype=np.float32)


def _lengths(vectors: FloatArray) -> FloatArray:
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.asarray(np.sqrt(x * x + y * y + z * z), dtype=np.float32)
