"""Areas above the threshold, measured on the part's surface."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.results import Region

SMALLEST = 4
"""Pixels; smaller specks are the threshold's grain, not regions, unless they are all there is."""

_LEAST_POINTS = 8
_JUMP = 10.0
_RING = 0.75
"""Width of the surroundings, as a fraction of the region's own radius."""


def find_regions(
    fused: FloatArray, maps: Mapping[Modality, FloatArray], threshold: float, xyz: FloatArray | None
) -> tuple[Region, ...]:
    """8-connected areas whose fused score is at or above the threshold, by falling peak.

    Args:
        fused: (H, W), NaN outside what was seen.
        maps: Per modality, (H, W).
        threshold: Of the verdict.
        xyz: Organised points in mm, NaN where none; None without 3D.
    """
    above = np.nan_to_num(fused, nan=-np.inf) >= threshold
    if not above.any():
        return ()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    kept = [k for k in range(1, count) if sizes[k - 1] >= SMALLEST] or [int(np.argmax(sizes)) + 1]
    found = [_region(labels, k, stats[k], fused, maps, xyz) for k in kept]
    found.sort(key=lambda region: -region.peak)
    return tuple(_numbered(region, number) for number, region in enumerate(found, start=1))


def _region(
    labels: NDArray[np.int32],
    number: int,
    stats: NDArray[np.int32],
    fused: FloatArray,
    maps: Mapping[Modality, FloatArray],
    xyz: FloatArray | None,
) -> Region:
    left, top, width, height = (int(v) for v in stats[:4])
    # Only the box and the ring around it are looked at: a map may hold hundreds of regions.
    margin = _ring_radius(int(stats[cv2.CC_STAT_AREA])) + 1
    up, back = max(0, top - margin), max(0, left - margin)
    window = np.s_[up : top + height + margin, back : left + width + margin]
    mask = labels[window] == number
    inside = np.where(mask, fused[window], -np.inf)
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    peak_at = int(row) + up, int(column) + back
    sums = {m: float(np.nansum(values[window][mask])) for m, values in maps.items()}
    total = max(sum(sums.values()), 1e-12)
    area, extent, offset = _measured(mask, xyz[window]) if xyz is not None else (None, None, None)
    return Region(
        label=0,
        box=(top, left, top + height, left + width),
        pixels=int(stats[cv2.CC_STAT_AREA]),
        peak=float(fused[peak_at]),
        peak_at=peak_at,
        share={m: value / total for m, value in sums.items()},
        area_mm2=area,
        extent_mm=extent,
        height_mm=offset,
    )


def _numbered(region: Region, label: int) -> Region:
    return replace(region, label=label)


def _measured(mask: BoolArray, xyz: FloatArray) -> tuple[float | None, tuple[float, float] | None, float | None]:
    """Area, extents and height of a region, None each where too few of its pixels have a point."""
    points = _finite(xyz[mask])
    if len(points) < _LEAST_POINTS:
        return None, None, None
    return _area(mask, xyz, len(points)), _extent(points), _height(mask, xyz, points)


def _finite(points: FloatArray) -> NDArray[np.float64]:
    known: NDArray[np.float64] = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    return known


def _area(mask: BoolArray, xyz: FloatArray, points: int) -> float | None:
    """Sum of the surface cells' areas, extrapolated to the region's pixels without a point."""
    rows, columns = np.nonzero(mask)
    top, bottom, left, right = rows.min(), rows.max() + 2, columns.min(), columns.max() + 2
    patch, inside = xyz[top:bottom, left:right].astype(np.float64), mask[top:bottom, left:right]
    if patch.shape[0] < 2 or patch.shape[1] < 2:
        return None
    right_edge = patch[:-1, 1:] - patch[:-1, :-1]
    down_edge = patch[1:, :-1] - patch[:-1, :-1]
    cells = np.linalg.norm(np.cross(right_edge, down_edge), axis=-1)
    # Cells on the region's rim may climb the wall of a dent; they count only where a thin region has no others.
    within = inside[:-1, :-1] & inside[:-1, 1:] & inside[1:, :-1] & np.isfinite(cells)
    cells = cells[within if within.any() else inside[:-1, :-1] & np.isfinite(cells)]
    if not len(cells):
        return None
    # The median stands for cells at jumps of depth, whose edges span empty space.
    typical = float(np.median(cells))
    return float(np.where(cells > _JUMP * typical, typical, cells).mean() * mask.sum())


def _extent(points: NDArray[np.float64]) -> tuple[float, float]:
    """Longest extent and the one across it, along the principal axes, 1st to 99th percentile."""
    centred = points - points.mean(axis=0)
    along = centred @ _axes(centred)[:2].T
    low, high = np.percentile(along, [1.0, 99.0], axis=0)
    return float(high[0] - low[0]), float(high[1] - low[1])


def _height(mask: BoolArray, xyz: FloatArray, points: NDArray[np.float64]) -> float | None:
    """Median offset from a plane through the surroundings, positive towards the camera."""
    radius = _ring_radius(int(mask.sum()))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    near = cv2.dilate(mask.astype(np.uint8), kernel).astype(bool) & ~mask
    ring = _finite(xyz[near])
    if len(ring) < _LEAST_POINTS:
        return None
    centre = np.median(ring, axis=0)
    third = _axes(ring - centre)[2]
    normal = third if third @ centre < 0 else -third
    return float(np.median((points - centre) @ normal))


def _ring_radius(pixels: int) -> int:
    return max(3, round(_RING * math.sqrt(pixels / math.pi)))


def _axes(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Principal axes as rows, by falling extent."""
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes: NDArray[np.float64] = vectors[:, ::-1].T
    return axes
