"""Depth images to points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.camera import eyecandies_camera, read_depth_range, read_intrinsics
from pirn_core.data.reading.organised import Grid, without_missing
from pirn_core.data.reading.source import MismatchError, short
from pirn_core.data.reading.units import Unit
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError


def from_depth(ref: PartRef, path: Path, depth: NDArray[Any], notes: list[str]) -> Grid:
    """Back-projects a depth image with its camera; 0 is missing.

    Args:
        ref: The part; `extra` names the camera (`intrinsics`), or the depth range of Eyecandies.
        path: The file, for messages.
        depth: Depth along the optical axis as stored, shape (H, W).
        notes: Takes a sentence about anything unexpected.

    Raises:
        SampleError: When the values are too coarse, or the camera is unknown or made for another size.
    """
    if "depth_range" in ref.extra or ref.layout == "eyecandies":
        return _from_eyecandies(ref, path, depth)
    if depth.dtype.kind not in "fui" or depth.dtype == np.uint8:
        raise SampleError(
            f"{short(path)}: depth of type {depth.dtype} is too coarse.",
            "Export 16-bit or floating-point depth.",
        )
    if "intrinsics" not in ref.extra:
        raise SampleError(
            f"{short(path)}: is a depth image, and its camera is not known.",
            f"Put an intrinsics.json (fx, fy, cx, cy) beside it, or name it {path.stem}_intrinsics.json.",
        )
    camera = read_intrinsics(ref.extra["intrinsics"])
    size = camera.size or depth.shape
    if size != depth.shape:
        raise MismatchError(
            f"{short(path)}: {depth.shape[1]}x{depth.shape[0]} but its camera file is for {size[1]}x{size[0]}.",
            "Use the camera file of this image size.",
        )
    values = depth.astype(np.float64) * camera.scale
    values[depth == 0] = np.nan
    stated: Unit | None = (camera.unit, "intrinsics") if camera.unit else None
    if stated is None and depth.dtype.kind != "f":
        stated = ("mm", "usual for 16-bit depth")
    return Grid(without_missing(path, camera.points(values), notes), stated=stated)


def _from_eyecandies(ref: PartRef, path: Path, depth: NDArray[Any]) -> Grid:
    """Depth = v / 65535 * (max - min) + min in metres along the optical axis; every pixel has a point."""
    if depth.dtype != np.uint16:
        raise SampleError(
            f"{short(path)}: holds {depth.dtype} depth and not 16 bits.", "Copy it from the data set again."
        )
    if "depth_range" not in ref.extra:
        raise SampleError(f"{short(path)}: its info_depth.yaml is not there.", "Copy it from the data set again.")
    low, high = read_depth_range(ref.extra["depth_range"])
    metres = depth / 65535.0 * (high - low) + low
    return Grid(eyecandies_camera(*depth.shape).points(metres))
