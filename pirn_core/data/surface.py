"""Surface normals from organised points: cross product of differences, or a plane over a window.

Both methods stay on one surface: two neighbouring pixels are *linked* when both have a point and the depth
step between them is one that a surface seen at up to 80 degrees could make (plus four times the sensor's
noise, estimated from second differences). Nothing is smoothed or differenced over a broken link.

Orientation needs no viewpoint: in an organised scan the image's columns run to the right and its rows
downwards over the visible side of every surface, so the cross product of the two tangents points away from
the camera everywhere. This holds for perspective and for orthographic scans, whatever their origin.
"""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.config import SurfaceConfig
from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.data.window_plane import cross, window_normals

_STEEPEST = float(np.tan(np.radians(80.0)))
_NOISE_FACTOR = 4.0

Links = tuple[BoolArray, BoolArray]
"""Right links, shape (H, W - 1), and down links, shape (H - 1, W)."""


def surface_normals(xyz: FloatArray, valid: BoolArray, config: SurfaceConfig) -> FloatArray:
    """Unit normals that look at the camera.

    Args:
        xyz: Organised points in the camera frame (x right, y down, z away), any unit, shape (H, W, 3);
            read only where `valid`.
        valid: Where there is a point, shape (H, W).
        config: Method and its smoothing.

    Returns:
        Normals, shape (H, W, 3), pointing to the camera (n_z < 0 seen frontally). NaN where there is no
        point or where the neighbours do not determine a plane.
    """
    points = _centred_planes(xyz, valid)
    points, known = _bridged(points, valid)
    links = find_links(points, known)
    if config.method == "gradient":
        normals = _gradient_normals(_smooth(points, known, links, config.smoothing_px), links)
    else:
        normals = _pca_normals(points, known, links, config.window_px)
    normals[:, ~valid] = np.nan
    return np.ascontiguousarray(normals.transpose(1, 2, 0))


def pixel_spacing(x: FloatArray, y: FloatArray, valid: BoolArray) -> float:
    """Median lateral distance of horizontally neighbouring points, in the points' unit; 0 if there are none.

    Args:
        x: Shape (H, W).
        y: Shape (H, W).
        valid: Where there is a point, shape (H, W). Every fourth row is looked at.
    """
    both = valid[::4, 1:] & valid[::4, :-1]
    if not both.any():
        return 0.0
    return float(np.median(np.hypot(np.diff(x[::4])[both], np.diff(y[::4])[both])))


def depth_noise(depth: FloatArray, valid: BoolArray) -> float:
    """Robust standard deviation of the depth noise from horizontal second differences; 0 if unknown."""
    three = valid[::4, 2:] & valid[::4, 1:-1] & valid[::4, :-2]
    if not three.any():
        return 0.0
    rows = depth[::4]
    second = (rows[:, 2:] - 2.0 * rows[:, 1:-1] + rows[:, :-2])[three]
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6.0))


def _largest_step(points: FloatArray, valid: BoolArray) -> float:
    """The largest depth step between neighbours of one surface."""
    spacing = pixel_spacing(points[0], points[1], valid)
    return _STEEPEST * spacing + _NOISE_FACTOR * depth_noise(points[2], valid)


def find_links(points: FloatArray, valid: BoolArray) -> Links:
    """Which neighbouring pixels lie on one surface (see the module's description).

    Args:
        points: Shape (3, H, W), finite everywhere.
        valid: Shape (H, W).
    """
    depth, limit = points[2], _largest_step(points, valid)
    right = valid[:, 1:] & valid[:, :-1] & (np.abs(depth[:, 1:] - depth[:, :-1]) <= limit)
    down = valid[1:] & valid[:-1] & (np.abs(depth[1:] - depth[:-1]) <= limit)
    return right, down


def fill_nearest(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Copies the nearest valid pixel's value into every pixel that is not valid.

    Args:
        values: Shape (H, W) or (H, W, C).
        valid: Shape (H, W).

    Returns:
        A new array without holes, or an unchanged copy where no pixel, or every pixel, is valid.
    """
    if valid.all() or not valid.any():
        return values.copy()
    # Distance to the nearest zero pixel, 5x5 chamfer: nearest to within 2 % of the distance.
    _, labels = cv2.distanceTransformWithLabels(
        (~valid).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.empty((int(labels.max()) + 1, *values.shape[2:]), values.dtype)
    table[labels[valid]] = values[valid]
    return np.asarray(np.take(table, labels, axis=0), np.float32)


def unit_normals(normals: FloatArray) -> FloatArray:
    """Scaled to length 1; opposite normals whose mean has no length become zero. Shape (H, W, 3)."""
    length = np.sqrt(np.einsum("hwc,hwc->hw", normals, normals))
    unit: FloatArray = normals / np.maximum(length, np.float32(1e-6))[..., None]
    return unit


def encode_normals(normals: FloatArray) -> FloatArray:
    """From [-1, 1] to the [0, 1] that the network takes: (n + 1) / 2."""
    return (normals + np.float32(1.0)) * np.float32(0.5)


def _centred_planes(xyz: FloatArray, valid: BoolArray) -> FloatArray:
    """The points as (3, H, W), zero where there is none.

    About their middle, since scans lie far from the origin and are thin: float32 stays exact enough.
    """
    planes = np.ascontiguousarray(xyz.transpose(2, 0, 1), np.float32)
    if valid.any():
        planes -= np.median(planes[:, valid][:, ::37], axis=1)[:, None, None]
    planes[:, ~valid] = 0.0
    return planes


def _bridged(points: FloatArray, valid: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Puts the middle of its two opposite neighbours into single missing pixels of one surface.

    Sensors drop single points by the thousand; without this, each of them leaves its neighbours with
    one-sided differences or none.
    """
    limit = 2.0 * _largest_step(points, valid)
    across, along = np.zeros_like(valid), np.zeros_like(valid)
    depth = points[2]
    across[:, 1:-1] = valid[:, 2:] & valid[:, :-2] & (np.abs(depth[:, 2:] - depth[:, :-2]) <= limit)
    along[1:-1] = valid[2:] & valid[:-2] & (np.abs(depth[2:] - depth[:-2]) <= limit)
    across &= ~valid
    along &= ~valid & ~across
    bridged = points.copy()
    for gaps, (down, right) in ((across, (0, 1)), (along, (1, 0))):
        rows, columns = np.nonzero(gaps)
        before, after = points[:, rows - down, columns - right], points[:, rows + down, columns + right]
        bridged[:, rows, columns] = (before + after) * np.float32(0.5)
    return bridged, valid | across | along


def _smooth(points: FloatArray, valid: BoolArray, links: Links, sigma: float) -> FloatArray:
    """Gaussian mean over points that a chain of links joins, along rows and then along columns.

    All three coordinates share their weights, so points of a plane stay in it, at holes and edges too.
    """
    if sigma <= 0.0:
        return points
    weighted = np.concatenate([points, valid[None].astype(np.float32)])
    weighted = _smooth_along(weighted, links[0], sigma, axis=1)
    weighted = _smooth_along(weighted, links[1], sigma, axis=0)
    mean: FloatArray = weighted[:3] / np.maximum(weighted[3], np.float32(1e-12))
    return mean


def _smooth_along(weighted: FloatArray, links: BoolArray, sigma: float, axis: int) -> FloatArray:
    total = weighted.copy()
    length = weighted.shape[1 + axis]
    first = chain = links.astype(np.float32)
    for step in range(1, min(int(np.ceil(2.5 * sigma)), length - 1) + 1):
        if step > 1:  # the chain of one link more
            chain = _cut(chain, axis, 1, None) * _cut(first, axis, None, length - step)
        weight = chain * np.float32(np.exp(-0.5 * (step / sigma) ** 2))
        near, far = _cut(weighted, axis, None, -step), _cut(weighted, axis, step, None)
        _cut(total, axis, step, None)[...] += weight * near
        _cut(total, axis, None, -step)[...] += weight * far
    return total


def _cut(values: FloatArray, axis: int, start: int | None, stop: int | None) -> FloatArray:
    """A slice along the rows (axis 1) or the columns (axis 0) of (..., H, W)."""
    part: FloatArray = values[..., start:stop] if axis == 1 else values[..., start:stop, :]
    return part


def _gradient_normals(points: FloatArray, links: Links) -> FloatArray:
    """Central differences, one-sided beside holes and jumps; their cross product, shape (3, H, W)."""
    across, along = _tangent(points, links[0], 1), _tangent(points, links[1], 0)
    return _unit(cross(along, across))


def _tangent(points: FloatArray, links: BoolArray, axis: int) -> FloatArray:
    """Sum of the linked differences to both sides; zero where neither is linked."""
    step = (_cut(points, axis, 1, None) - _cut(points, axis, None, -1)) * links
    total = np.zeros_like(points)
    _cut(total, axis, None, -1)[...] += step
    _cut(total, axis, 1, None)[...] += step
    return total


def _unit(vectors: FloatArray) -> FloatArray:
    """Of length 1; NaN where the length is 0."""
    length = np.sqrt(np.einsum("chw,chw->hw", vectors, vectors))
    length[length == 0.0] = np.nan
    unit: FloatArray = vectors / length
    return unit


def _pca_normals(points: FloatArray, valid: BoolArray, links: Links, window: int) -> FloatArray:
    """Plane over a window; where the window holds a depth jump, differences smoothed as widely instead."""
    gradient = _gradient_normals(_smooth(points, valid, links, window / 4.0), links)
    normals, determined = window_normals(points, valid, window)
    facing = np.einsum("chw,chw->hw", normals, np.nan_to_num(gradient))
    normals = np.where(facing < 0.0, -normals, normals)
    usable = determined & valid & ~_jump_near(valid, links, window) & np.isfinite(gradient[0])
    return np.where(usable, normals, gradient)


def _jump_near(valid: BoolArray, links: Links, window: int) -> BoolArray:
    """Where the window around a pixel holds two valid neighbours that are not linked."""
    broken = np.zeros(valid.shape, np.uint8)
    broken[:, :-1] |= valid[:, 1:] & valid[:, :-1] & ~links[0]
    broken[:-1] |= valid[1:] & valid[:-1] & ~links[1]
    near: BoolArray = cv2.dilate(broken, np.ones((window, window), np.uint8)) > 0
    return near
