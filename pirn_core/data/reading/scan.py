"""A part's 3D file to organised points in mm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.arrays import read_arrays
from pirn_core.data.reading.camera import read_intrinsics
from pirn_core.data.reading.cloud import Cloud
from pirn_core.data.reading.colour import to_colour
from pirn_core.data.reading.depth import from_depth
from pirn_core.data.reading.organised import (
    FEWEST_POINTS,
    Grid,
    constant_plane,
    to_camera_frame,
    without_missing,
)
from pirn_core.data.reading.pcd import read_pcd
from pirn_core.data.reading.placeholders import plane_from_grid
from pirn_core.data.reading.ply import read_ply
from pirn_core.data.reading.projection import orthographic, pinhole
from pirn_core.data.reading.raster import read_raster
from pirn_core.data.reading.source import check_name, short, sniff
from pirn_core.data.reading.units import FACTORS, check_extent, extent_of, resolve_unit
from pirn_core.data.sample import ByteArray, FloatArray, LengthUnit, PartRef
from pirn_core.errors import SampleError

Points = NDArray[np.float64]

_KNOWN_FRAMES = ("mvtec3d", "eyecandies")
"""Layouts whose points are known to be in the camera's frame."""


@dataclass(frozen=True)
class Scan:
    """Organised points.

    Attributes:
        xyz: In mm, float32, shape (H, W, 3), NaN where there is no point.
        colours: Colours that came with the points, uint8 (H, W, 3), if any.
        unit: The unit of the file and how it was found.
    """

    xyz: FloatArray
    colours: ByteArray | None
    unit: str


def read_scan(
    ref: PartRef,
    path: Path,
    *,
    size: tuple[int, int] | None,
    unit: LengthUnit | None,
    max_pixels: int,
    notes: list[str],
) -> Scan:
    """Reads organised points, a depth image, or a cloud that a virtual camera makes organised.

    Args:
        ref: The part; its layout and its extra files say how to read the file.
        path: The 3D file.
        size: Height and width of the colour image, if there is one.
        unit: Unit of the file; None: stated, known from the layout, or guessed.
        max_pixels: As in `read_raster`; also the largest number of points of a cloud.
        notes: Takes a sentence about anything unexpected.

    Raises:
        SampleError: When the file is damaged, holds no usable points, or its unit makes no sense.
    """
    grid = _read(ref, path, size, max_pixels, notes)
    extent = extent_of(grid.xyz)
    name, text = resolve_unit(unit, grid.stated, ref.layout, extent)
    check_extent(path, extent * FACTORS[name], name)
    xyz = (grid.xyz * FACTORS[name]).astype(np.float32)
    return Scan(xyz, grid.colours, text)


def _read(ref: PartRef, path: Path, size: tuple[int, int] | None, max_pixels: int, notes: list[str]) -> Grid:
    kind = sniff(path)
    if kind in ("ply", "pcd"):
        check_name(path, kind, notes)
        cloud = read_ply(path, max_pixels) if kind == "ply" else read_pcd(path, max_pixels)
        return _from_cloud(ref, path, cloud, size, notes)
    if kind in ("npy", "npz"):
        check_name(path, kind, notes)
        arrays = read_arrays(path, kind, max_pixels)
        if arrays.points.ndim == 2 and arrays.points.shape[1] == 3:
            return _from_cloud(ref, path, _list_cloud(path, arrays.points, arrays.colours, notes), size, notes)
        grid = _from_array(ref, path, arrays.points, notes)
        colours = None if arrays.colours is None else to_colour(arrays.colours, path, notes)
        return Grid(grid.xyz, colours, grid.stated)
    if kind in ("jpeg", "bmp"):
        raise SampleError(f"{short(path)}: is a {kind} image and holds no 3D data.", "Give the 3D file of the part.")
    if kind == "unknown":
        raise SampleError(
            f"{short(path)}: is no 3D file that is known here.",
            "Give xyz as tiff, npy, npz, ply or pcd, or 16-bit depth.",
        )
    return _from_array(ref, path, read_raster(path, max_pixels, notes), notes)


def _list_cloud(path: Path, points: NDArray[Any], colours: NDArray[Any] | None, notes: list[str]) -> Cloud:
    _check_float(path, points)
    if colours is not None and colours.shape == points.shape:
        image = to_colour(colours.reshape(-1, 1, 3), path, notes)
        return Cloud(points.astype(np.float64), image.reshape(-1, 3))
    return Cloud(points.astype(np.float64))


def _from_array(ref: PartRef, path: Path, array: NDArray[Any], notes: list[str]) -> Grid:
    if array.ndim == 3 and array.shape[0] == 3 and array.shape[2] != 3:
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 2:
        return from_depth(ref, path, array, notes)
    if array.shape[2] != 3:
        raise SampleError(
            f"{short(path)}: has {array.shape[2]} channels; points have 3 (x, y, z) and depth has 1.",
            "Export x, y and z.",
        )
    _check_float(path, array)
    xyz = without_missing(path, array, notes)
    if constant_plane(xyz):
        return Grid(plane_from_grid(ref, path, xyz, notes))
    return Grid(_in_camera_frame(ref, xyz, notes))


def _check_float(path: Path, array: NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        raise SampleError(
            f"{short(path)}: holds {array.dtype} values with 3 channels; points are floating-point numbers.",
            "If it is a colour image, put it into a folder named rgb; otherwise export float32.",
        )


def _in_camera_frame(ref: PartRef, xyz: Points, notes: list[str]) -> Points:
    if ref.layout in _KNOWN_FRAMES:
        return xyz
    turned, note = to_camera_frame(xyz)
    if note:
        notes.append(note)
    return turned


def _from_cloud(ref: PartRef, path: Path, cloud: Cloud, size: tuple[int, int] | None, notes: list[str]) -> Grid:
    points = without_missing(path, cloud.points, notes)
    grid = cloud.size
    if grid is None and size is not None and size[0] * size[1] == len(points):
        notes.append(f"{path.name} has as many points as the image has pixels; they were taken row by row.")
        grid = size
    if grid is not None:
        xyz = _in_camera_frame(ref, points.reshape(*grid, 3), notes)
        colours = None if cloud.colours is None else cloud.colours.reshape(*grid, 3)
        return Grid(xyz, colours)
    unordered = Cloud(points, cloud.colours, viewpoint=cloud.viewpoint)
    if size is None:
        view = orthographic(unordered)
    elif "intrinsics" in ref.extra:
        view = pinhole(unordered, read_intrinsics(ref.extra["intrinsics"]), size)
    else:
        raise SampleError(
            f"{short(path)}: {len(points)} points without image order cannot be matched with the colour "
            f"image ({size[1]}x{size[0]}).",
            "Export organised points, put the camera's intrinsics.json beside them, or give the cloud alone.",
        )
    if np.isfinite(view.xyz[..., 2]).sum() < FEWEST_POINTS:
        raise SampleError(
            f"{short(path)}: its points do not fall into the image.", "Check the camera file and the unit."
        )
    notes.append(view.note)
    return Grid(view.xyz, view.colours)
