"""A part's points to be drawn: which ones, in what order, in which colours, and which one is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pirn_app.render.colormap import heat_rgba
from pirn_app.render.normals import normals_rgb
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray

MANY = 300_000
"""Above this number of points, fewer are drawn while the camera moves."""
MOVING = 150_000
"""About how many are drawn then."""
REACH = 12.0
"""Pixels around the mouse in which a point is looked for."""
_ENOUGH = 50_000
"""Points that suffice to measure extents."""
_LIGHT = np.array([-0.35, -0.45, -0.82], np.float32)
"""Towards the light, in the camera frame: from the upper left, behind the camera."""

IndexArray = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Cloud:
    """The points of one part that have coordinates.

    The first `moving` points are spread evenly over all of them: what is drawn while the camera moves is a prefix.

    Attributes:
        points: (N, 3) in mm, camera frame (x right, y down, z away).
        pixels: (N,) index of each point's pixel in the flattened image.
        part: (N,) whether the point is on the part, not its background.
        shape: Height and width of the image.
        moving: Number of points to draw while the camera moves.
        spacing: Distance of neighbouring points in mm, median.
        level: Median z in mm: the plane that stays in place when heights are exaggerated.
    """

    points: FloatArray
    pixels: IndexArray
    part: BoolArray
    shape: tuple[int, int]
    moving: int
    spacing: float
    level: float

    def __len__(self) -> int:
        return len(self.points)

    @property
    def body(self) -> FloatArray:
        """Points of the part; all points where none is known to be on it."""
        return self.points[self.part] if self.part.any() else self.points

    def pixel(self, index: int) -> tuple[int, int]:
        """Row and column of a point."""
        row, column = divmod(int(self.pixels[index]), self.shape[1])
        return (row, column)

    def within(self, frame: tuple[float, float, float, float]) -> FloatArray:
        """Points in a frame (left, top, right, bottom in pixels), those of the part where there are any."""
        left, top, right, bottom = frame
        rows, columns = np.divmod(self.pixels, self.shape[1])
        inside = (columns + 0.5 >= left) & (columns + 0.5 < right) & (rows + 0.5 >= top) & (rows + 0.5 < bottom)
        on_part = inside & self.part
        return self.points[on_part if on_part.any() else inside]


def make_cloud(xyz: FloatArray, foreground: BoolArray, *, part_only: bool = False) -> Cloud:
    """Points of an organised cloud.

    Args:
        xyz: (H, W, 3) in mm, NaN where there is no point.
        foreground: (H, W), the part.
        part_only: Leaves the background out.

    Returns:
        The cloud; it may be empty.
    """
    there = np.isfinite(xyz).all(axis=-1)
    if part_only and (there & foreground).any():
        there &= foreground
    pixels = _spread(np.flatnonzero(there).astype(np.int32), xyz.shape[1])
    points = np.ascontiguousarray(xyz.reshape(-1, 3)[pixels], dtype=np.float32)
    return Cloud(
        points=points,
        pixels=pixels,
        part=foreground.ravel()[pixels],
        shape=(int(xyz.shape[0]), int(xyz.shape[1])),
        moving=len(points) if len(points) <= MANY else MOVING,
        spacing=_spacing(xyz),
        level=float(np.median(points[:, 2])) if len(points) else 0.0,
    )


def _spread(pixels: IndexArray, width: int) -> IndexArray:
    """Puts an even choice of pixels first where there are many."""
    if len(pixels) <= MANY:
        return pixels
    rows, columns = np.divmod(pixels, width)
    # An additive recurrence in two dimensions (plastic number) covers the image without clumps or stripes.
    order = (columns * 0.7548776662466927 + rows * 0.5698402909980532) % 1.0
    chosen = np.zeros(len(pixels), bool)
    chosen[np.argpartition(order, MOVING)[:MOVING]] = True
    return np.concatenate([pixels[chosen], pixels[~chosen]])


def _spacing(xyz: FloatArray) -> float:
    """Median distance of neighbours in a row, from every fourth row; 1 where there are none."""
    steps = np.linalg.norm(np.diff(xyz[::4], axis=1), axis=-1)
    steps = steps[np.isfinite(steps) & (steps > 0)]
    return float(np.median(steps)) if steps.size else 1.0


def picture_colours(cloud: Cloud, rgb: ByteArray) -> ByteArray:
    """(N, 3) from a colour image (H, W, 3)."""
    return rgb.reshape(-1, 3)[cloud.pixels]


def normal_colours(cloud: Cloud, normals: FloatArray) -> ByteArray:
    """(N, 3) from normals (H, W, 3): the same colours as in the picture of the normals."""
    return normals_rgb(np.nan_to_num(normals.reshape(-1, 3)[cloud.pixels]))


def shaded_colours(cloud: Cloud, normals: FloatArray | None) -> ByteArray:
    """(N, 3) greys: how a lamp at the upper left lights the surface; one grey without normals."""
    if normals is None:
        return np.full((len(cloud), 3), 170, np.uint8)
    light = _LIGHT / np.linalg.norm(_LIGHT)
    lit = np.nan_to_num(normals.reshape(-1, 3)[cloud.pixels] @ light, nan=0.7).clip(0, 1)
    return np.repeat((55 + 175 * lit).astype(np.uint8)[:, None], 3, axis=1)


def heat_colours(
    cloud: Cloud, base: ByteArray, values: FloatArray, score_range: tuple[float, float], name: str, opacity: float
) -> ByteArray:
    """A map (H, W) laid over the points' colours (N, 3), the same colours and transparency as over a picture."""
    heat = heat_rgba(values.ravel()[cloud.pixels][None], score_range, name, opacity)[0]
    alpha = heat[:, 3:].astype(np.uint16)
    mixed = base * (255 - alpha) + heat[:, :3] * alpha
    blended: ByteArray = ((mixed + 127) // 255).astype(np.uint8)
    return blended


class Shown(NamedTuple):
    """Where points are on the screen.

    Attributes:
        x: (N,) device pixels from the left, NaN behind the camera.
        y: (N,) device pixels from the top.
        depth: (N,) mm in front of the camera.
    """

    x: FloatArray
    y: FloatArray
    depth: FloatArray


def project(points: FloatArray, lens: NDArray[np.float64]) -> Shown:
    """Where points (N, 3) are seen.

    Args:
        points: In mm.
        lens: (3, 4): takes a point with a 1 behind it to (x * depth, y * depth, depth) on the screen.
    """
    matrix = lens.astype(np.float32)
    seen = points @ matrix[:, :3].T + matrix[:, 3]
    depth = np.ascontiguousarray(seen[:, 2])
    with np.errstate(divide="ignore", invalid="ignore"):
        over = np.where(depth > 1e-6, np.float32(1.0) / depth, np.float32(np.nan))
    return Shown(seen[:, 0] * over, seen[:, 1] * over, depth)


def pick(shown: Shown, at: tuple[float, float], cover: float, tolerance: float, reach: float = REACH) -> int | None:
    """The point that the user means.

    Where points cover the mouse, the front-most surface wins and on it the point that is nearest to the mouse; where
    none does, the front-most surface around the mouse.

    Args:
        shown: Where the points are.
        at: The mouse, x and y in device pixels.
        cover: Half the side of a drawn point.
        tolerance: How far behind the front-most point one is still on the same surface, in mm.
        reach: How far from the mouse a point may be, in device pixels.

    Returns:
        Its index, None where there is none.
    """
    across = np.abs(shown.x - np.float32(at[0]))
    near = np.flatnonzero(across <= max(reach, cover))
    away = np.maximum(across[near], np.abs(shown.y[near] - np.float32(at[1])))
    for radius in (cover, max(reach, cover)):
        found = near[away <= radius]
        if found.size:
            front = found[shown.depth[found] <= shown.depth[found].min() + tolerance]
            return int(front[np.argmin(np.hypot(shown.x[front] - at[0], shown.y[front] - at[1]))])
    return None


Hiding = Literal["seen", "hidden", "outside"]


def visibility(
    shown: Shown, place: tuple[float, float, float], size: tuple[int, int], cover: float, tolerance: float
) -> Hiding:
    """Whether a place (x, y, depth) can be seen, is behind other points, or is outside the view of `size` (w, h)."""
    x, y, depth = place
    if not (0 <= x < size[0] and 0 <= y < size[1] and depth > 0):
        return "outside"
    over = (np.abs(shown.x - np.float32(x)) <= cover) & (np.abs(shown.y - np.float32(y)) <= cover)
    return "hidden" if (shown.depth[over] < depth - tolerance).any() else "seen"


def steady(points: FloatArray) -> FloatArray:
    """Points (N, 3) without the highest and lowest 2 %, so that a few stray ones do not decide what is fitted.

    Where there are many, an even choice of them.
    """
    points = points[:: max(1, len(points) // _ENOUGH)]
    if len(points) < 50:
        return points
    low, high = np.percentile(points[:, 2], (2, 98))
    kept: FloatArray = points[(points[:, 2] >= low) & (points[:, 2] <= high)]
    return kept


def box_of(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest corner of the box around points (N, 3), N > 0."""
    # Column by column: numpy is ten times slower along a short last axis.
    columns = [points[:, axis] for axis in range(3)]
    return np.array([c.min() for c in columns], np.float32), np.array([c.max() for c in columns], np.float32)


def corners_of(low: FloatArray, high: FloatArray) -> FloatArray:
    """(8, 3) corners of a box: bits 4, 2, 1 of the index choose the high x, y, z."""
    return np.array(list(product(*zip(low, high, strict=True))), np.float32)
