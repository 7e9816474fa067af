"""Unorganised clouds to images: a virtual camera with a z-buffer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.camera import Intrinsics
from pirn_core.data.reading.cloud import Cloud
from pirn_core.data.sample import ByteArray

Points = NDArray[np.float64]

POINTS_PER_PIXEL = 2.0
"""Mean points per pixel of the virtual camera; points at random leave about one pixel in seven empty."""

LARGEST_SIDE = 2048
SNAP_DEGREES = 30.0
"""A view closer than this to an axis of the file becomes that axis, so that all parts are seen alike."""

_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)


@dataclass(frozen=True)
class Projected:
    """An organised view of a cloud.

    Attributes:
        xyz: Points in the virtual camera's frame (x right, y down, z away), shape (H, W, 3), NaN where empty.
        colours: uint8 (H, W, 3), black where empty; None when the cloud has none.
        note: One sentence: what the virtual camera was.
    """

    xyz: Points
    colours: ByteArray | None
    note: str


def orthographic(cloud: Cloud) -> Projected:
    """Projects along the cloud's thin axis, or from the side of the viewpoint that the file states.

    The pixel pitch is a round number (1, 1.5, 2, 3, 5, 7 times a power of ten) and the grid lies on its
    multiples, so that parts of one kind are seen at one scale.
    """
    keep = np.isfinite(cloud.points).all(axis=1) & (cloud.points != 0).any(axis=1)
    points = cloud.points[keep]
    rotation, how = view_of(points, cloud.viewpoint)
    turned = points @ rotation.T
    inside = _without_outliers(turned)
    turned = turned[inside]
    if turned[:, 2].min() <= 0:
        turned[:, 2] += np.ptp(turned, axis=0).max() - turned[:, 2].min()
    pitch = _pitch(turned[:, :2])
    low = np.floor(turned[:, :2].min(axis=0) / pitch)
    cells = np.floor(turned[:, :2] / pitch).astype(np.int64) - low.astype(np.int64)
    width, height = (cells.max(axis=0) + 1).tolist()
    colours = None if cloud.colours is None else cloud.colours[keep][inside]
    xyz, seen = z_buffer(turned, cells[:, ::-1], (height, width), colours)
    note = (
        f"The cloud has no image order: a virtual camera looks {how} and gives {width}x{height} pixels "
        f"of {pitch:g} units."
    )
    return Projected(*fill_pinholes(xyz, seen, 4 * pitch), note)


def pinhole(cloud: Cloud, camera: Intrinsics, size: tuple[int, int]) -> Projected:
    """Projects into the image of a real camera in whose frame the points are."""
    points = cloud.points
    front = np.isfinite(points).all(axis=1) & (points[:, 2] > 0)
    points = points[front]
    cols = np.rint(camera.fx * points[:, 0] / points[:, 2] + camera.cx).astype(np.int64)
    rows = np.rint(camera.fy * points[:, 1] / points[:, 2] + camera.cy).astype(np.int64)
    inside = (rows >= 0) & (rows < size[0]) & (cols >= 0) & (cols < size[1])
    colours = None if cloud.colours is None else cloud.colours[front][inside]
    cells = np.stack((rows, cols), axis=1)[inside]
    xyz, seen = z_buffer(points[inside], cells, size, colours)
    share = inside.mean() if inside.size else 0.0
    note = f"The cloud has no image order: its points were projected into the image; {share:.0%} of them fall into it."
    return Projected(xyz, seen, note)


def view_of(points: Points, viewpoint: Points | None) -> tuple[Points, str]:
    """Rotation into the virtual camera's frame, rows x (right), y (down), z (away), and how it was found."""
    thin = _thin_axis(points)
    nearest = int(np.argmax(np.abs(thin)))
    if np.abs(thin[nearest]) > np.cos(np.radians(SNAP_DEGREES)):
        thin = np.sign(thin[nearest]) * np.eye(3)[nearest]
        axis = f"the file's {'xyz'[nearest]} axis"
    else:
        axis = "its thin axis"
    along = points @ thin
    stated = viewpoint is not None
    sensor = float(viewpoint @ thin) if viewpoint is not None else 0.0
    margin = 0.0 if stated else float(np.ptp(along))
    if along.min() > sensor + margin:
        side = "from the stated viewpoint" if stated else "from the origin"
        z = thin
    elif along.max() < sensor - margin:
        side = "from the stated viewpoint" if stated else "from the origin"
        z = -thin
    else:
        side, z = "from the positive side", -thin * (1.0 if thin[nearest] > 0 else -1.0)
    return _frame(z), f"along {axis} {side}"


def _thin_axis(points: Points) -> Points:
    some = points[:: max(1, len(points) // 100_000)]
    _, vectors = np.linalg.eigh(np.cov((some - some.mean(axis=0)).T))
    return np.asarray(vectors[:, 0])


def _frame(z: Points) -> Points:
    start = np.eye(3)[0] if abs(z[0]) < 0.9 else np.eye(3)[1]
    x = start - (start @ z) * z
    x /= np.linalg.norm(x)
    return np.stack((x, np.cross(z, x), z))


def _without_outliers(points: Points) -> NDArray[np.bool_]:
    """All but what lies far outside the box of 99.8 % of the points; a stray one would shrink the part."""
    low, high = np.percentile(points, (0.1, 99.9), axis=0)
    margin = (high - low).max() / 2
    return np.asarray(((points >= low - margin) & (points <= high + margin)).all(axis=1))


def _pitch(plane: Points) -> float:
    """Pixel size for the wanted number of points per pixel, rounded up to a round number."""
    low, extent = plane.min(axis=0), np.maximum(np.ptp(plane, axis=0), 1e-12)
    coarse = max(extent) / 64
    area = len(np.unique(((plane - low) / coarse).astype(np.int64), axis=0)) * coarse**2
    wanted = max(np.sqrt(POINTS_PER_PIXEL * area / len(plane)), max(extent) / (LARGEST_SIDE - 2))
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(next(step * power for step in _STEPS if step * power >= wanted * (1 - 1e-9)))


def z_buffer(
    points: Points, cells: NDArray[np.int64], size: tuple[int, int], colours: ByteArray | None
) -> tuple[Points, ByteArray | None]:
    """Keeps the nearest point of every pixel; `cells` are its row and column."""
    flat = cells[:, 0] * size[1] + cells[:, 1]
    order = np.lexsort((points[:, 2], flat))
    first = order[np.unique(flat[order], return_index=True)[1]]
    xyz = np.full((size[0] * size[1], 3), np.nan)
    xyz[flat[first]] = points[first]
    if colours is None:
        return xyz.reshape(*size, 3), None
    seen = np.zeros((size[0] * size[1], 3), np.uint8)
    seen[flat[first]] = colours[first]
    return xyz.reshape(*size, 3), seen.reshape(*size, 3)


def fill_pinholes(xyz: Points, colours: ByteArray | None, step: float) -> tuple[Points, ByteArray | None]:
    """Closes single empty pixels by the mean of their neighbours.

    Only where at least 6 of the 8 neighbours have a point and their depths differ by less than `step`: a
    real gap and an edge stay as they are.
    """
    valid = np.isfinite(xyz[..., 2])
    count = _around(valid.astype(np.float64))
    depth = xyz[..., 2]
    square = np.ones((3, 3), np.uint8)
    far = cv2.dilate(np.where(valid, depth, -np.inf), square)
    near = cv2.erode(np.where(valid, depth, np.inf), square)
    with np.errstate(invalid="ignore", over="ignore"):
        holes = ~valid & (count >= 6) & (far - near < step)
    mean = np.stack([_around(np.where(valid, xyz[..., axis], 0.0)) for axis in range(3)], axis=-1)
    xyz[holes] = mean[holes] / count[holes, None]
    if colours is not None:
        shade = np.stack([_around(np.where(valid, colours[..., axis], 0.0)) for axis in range(3)], axis=-1)
        colours[holes] = np.rint(shade[holes] / count[holes, None]).astype(np.uint8)
    return xyz, colours


def _around(values: Points) -> Points:
    """Sum over the 8 neighbours; outside the image counts as 0."""
    kernel = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.float64)
    return np.asarray(cv2.filter2D(values.astype(np.float64), -1, kernel, borderType=cv2.BORDER_CONSTANT))
