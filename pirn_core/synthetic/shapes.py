"""Building blocks of a part: signed distances to outlines, and the height profiles drawn along them.

All lengths are in mm. A distance is negative inside an outline. Heights are above the table. Everything is a
function of the part's own plane (x to the right, y up in the drawing), sampled on one square grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pirn_core.data.sample import FloatArray

PITCH = 0.1
"""Distance of the grid's points, mm."""

HALF = 56.0
"""The grid covers -HALF to HALF in both directions, mm."""

CELLS = round(2 * HALF / PITCH)


@dataclass(frozen=True)
class Plane:
    """Coordinates of points of the part's plane, in mm, both of one shape."""

    x: FloatArray
    y: FloatArray

    def at(self, x: float, y: float, degrees: float = 0.0) -> Plane:
        """The same points in a frame whose origin is at (x, y), turned by `degrees`."""
        turn = np.deg2rad(degrees)
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        return Plane(cos * dx + sin * dy, cos * dy - sin * dx)

    @property
    def radius(self) -> FloatArray:
        """Distance from the origin."""
        return np.asarray(np.hypot(self.x, self.y), np.float32)


def grid() -> Plane:
    """All points of the grid, each array (CELLS, CELLS), rows along y."""
    axis = ((np.arange(CELLS, dtype=np.float32) + 0.5) * PITCH - HALF).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return Plane(x, y)


def to_cells(length: FloatArray) -> FloatArray:
    """Coordinates in mm to fractional grid indices."""
    return ((length + np.float32(HALF)) * np.float32(1 / PITCH) - np.float32(0.5)).astype(np.float32)


def circle(plane: Plane, radius: float) -> FloatArray:
    """Distance to a circle around the origin."""
    return np.asarray(plane.radius - np.float32(radius), np.float32)


def ring(plane: Plane, radius: float, width: float) -> FloatArray:
    """Distance to a ring of this mean radius and width."""
    return np.asarray(np.abs(plane.radius - np.float32(radius)) - np.float32(width / 2), np.float32)


def box(plane: Plane, half_x: float, half_y: float, corner: float = 0.0) -> FloatArray:
    """Distance to a rectangle with rounded corners."""
    qx = np.abs(plane.x) - np.float32(half_x - corner)
    qy = np.abs(plane.y) - np.float32(half_y - corner)
    outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    return outside + np.minimum(np.maximum(qx, qy), 0) - np.float32(corner)


def segment(plane: Plane, start: tuple[float, float], end: tuple[float, float]) -> FloatArray:
    """Distance to a straight line between two points; never negative."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length2 = max(dx * dx + dy * dy, 1e-9)
    along = np.clip(((plane.x - x0) * dx + (plane.y - y0) * dy) / np.float32(length2), 0, 1)
    return np.hypot(plane.x - x0 - along * dx, plane.y - y0 - along * dy)


def body(
    distance: FloatArray,
    top: float,
    base: float = 0.0,
    *,
    rounding: float = 0.5,
    fillet: float = 0.0,
    draft: float = 0.045,
) -> FloatArray:
    """Height of a prism over an outline: `top` inside, `base` outside, with machined edges.

    Args:
        distance: Signed distance to the outline of the upper face.
        top: Height of the upper face.
        base: Height of what the prism stands on.
        rounding: Radius of the convex upper edge.
        fillet: Radius of the concave foot.
        draft: How far the wall leans outwards, mm per mm of height.
    """
    edge = np.sqrt(np.maximum(rounding**2 - np.square(np.clip(distance + rounding, 0, rounding)), 0))
    upper = np.where(distance < 0, top - rounding + edge, -np.inf)
    wall = np.where(distance >= 0, top - rounding - distance / np.float32(draft), -np.inf)
    height = np.maximum(np.maximum(upper, wall), base)
    if fillet > 0:
        foot = draft * (top - rounding - base - fillet)
        into = np.clip(fillet - (distance - foot), 0, fillet)
        height = np.maximum(height, base + fillet - np.sqrt(np.maximum(fillet**2 - np.square(into), 0)))
    return np.asarray(height, np.float32)


def carve(
    height: FloatArray,
    distance: FloatArray,
    floor: float,
    rim: float,
    *,
    rounding: float = 0.4,
    fillet: float = 0.0,
    draft: float = 0.045,
) -> FloatArray:
    """`height` with a recess cut from a face at `rim` down to `floor` inside the outline."""
    recess = body(-distance, rim, floor, rounding=rounding, fillet=fillet, draft=draft)
    return np.where(distance < rounding, np.minimum(height, recess), height).astype(np.float32)


def smooth_step(value: FloatArray, start: float, end: float) -> FloatArray:
    """0 below `start`, 1 above `end`, smooth in between; `start` may exceed `end`."""
    t = np.clip((value - np.float32(start)) / np.float32(end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
