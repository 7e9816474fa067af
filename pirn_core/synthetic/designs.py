"""The parts of the sample set as drawings: undamaged height, working marks and where the part is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.lettering import bent, text_distance
from pirn_core.synthetic.lighting import ambient_occlusion
from pirn_core.synthetic.shapes import (
    HALF,
    PITCH,
    Plane,
    body,
    box,
    carve,
    circle,
    grid,
    ring,
    segment,
    smooth_step,
)


@dataclass(frozen=True)
class Design:
    """One type of part, sampled on the grid; arrays (CELLS, CELLS), read-only.

    Attributes:
        kind: Name of the type.
        height: Height above the table, mm.
        relief: Channels: slope along x, slope along y, share of the sky that is open.
        marks: Channels: direction of the working marks (x, y), and the coordinate across them, mm.
        room: Distance to the nearest edge or slope, mm; 0 off the part.
        edge: 1 where a chip can break out: flat, and beside a drop of several mm; else 0.
        outline: Corners of the convex hull seen from above, mm, (n, 2).
    """

    kind: str
    height: FloatArray
    relief: FloatArray
    marks: FloatArray
    room: FloatArray
    edge: FloatArray
    outline: FloatArray

    @property
    def top(self) -> float:
        """Largest height, mm."""
        return float(self.height.max())


def slopes(height: FloatArray) -> FloatArray:
    """Slopes along x and y by central differences, mm per mm, shape (..., 2)."""
    along_y, along_x = np.gradient(height, np.float32(PITCH))
    return np.stack([along_x, along_y], axis=-1).astype(np.float32)


def _flange(plane: Plane) -> tuple[FloatArray, FloatArray]:
    """A turned hub flange: bolt circle with counterbores, groove, keyway, engraved rating."""
    radius = plane.radius
    height = body(circle(plane, 37.0), 8.0, rounding=0.9)
    height = np.maximum(height, body(circle(plane, 17.5), 18.0, 8.0, rounding=0.9, fillet=3.5) * (radius < 30))
    height = carve(height, ring(plane, 23.2, 1.6), 6.6, 8.0, rounding=0.25, fillet=0.3)
    height = carve(height, circle(plane, 11.2), 16.4, 18.0, rounding=0.3)
    height = carve(height, circle(plane, 10.0), 0.0, 16.4, rounding=0.5)
    height = carve(height, box(plane.at(11.0, 0.0), 3.0, 2.6, 0.3), 0.0, 18.0, rounding=0.3)
    across, centre_x, centre_y = radius, np.zeros_like(radius), np.zeros_like(radius)
    for step in range(6):
        turn = np.deg2rad(60.0 * step)
        x, y = 30.0 * float(np.cos(turn)), 30.0 * float(np.sin(turn))
        hole = plane.at(x, y)
        height = carve(height, circle(hole, 4.7), 5.2, 8.0, rounding=0.35)
        height = carve(height, circle(hole, 2.9), 0.0, 5.2, rounding=0.3)
        inside = hole.radius < 4.9
        across = np.where(inside, hole.radius + 50.0 + 7.0 * step, across)
        centre_x, centre_y = np.where(inside, x, centre_x), np.where(inside, y, centre_y)
    height = carve(height, circle(plane.at(0.0, -30.0), 1.5), 0.0, 8.0, rounding=0.3)
    for text, degrees in (("DN25", 90.0), ("PN16", 210.0), ("G3-106", 330.0)):
        distance = text_distance(text, bent(plane, 30.0, degrees), 3.4)
        height = height - 0.35 * smooth_step(distance, 0.38, 0.08)
    dx, dy = plane.x - centre_x, plane.y - centre_y
    length = np.maximum(np.hypot(dx, dy), 1e-3)
    marks = np.stack([-dy / length, dx / length, across], axis=-1)
    return np.maximum(height, 0).astype(np.float32), marks.astype(np.float32)


def _housing(plane: Plane) -> tuple[FloatArray, FloatArray]:
    """A moulded polymer housing: shiplap rim, screw bosses, ribs, port, vents, ears, material code."""
    fold = Plane(np.abs(plane.x), np.abs(plane.y))
    ears = np.minimum(circle(fold.at(34.5, 0.0), 5.0), box(fold.at(31.0, 0.0), 3.5, 5.0))
    height = body(ears, 3.2, rounding=0.5)
    height = np.maximum(height, body(box(plane, 31.0, 23.0, 6.0), 13.8, rounding=0.4, fillet=0.6))
    height = np.maximum(height, body(box(plane, 30.0, 22.0, 5.0), 15.0, rounding=0.35))
    height = np.maximum(height, body(box(fold.at(13.0, 23.2), 4.0, 1.5, 0.5), 9.0, rounding=0.6, draft=0.1))
    height = carve(height, box(plane, 28.8, 20.8, 4.0), 2.5, 15.0, rounding=0.35, fillet=0.8, draft=0.04)
    inside = box(plane, 29.5, 21.5, 4.5) < 0
    ribs = np.minimum(np.abs(fold.y - 8.5), np.abs(fold.x - 13.0)) - 0.6
    ribs = np.minimum(ribs, np.minimum(segment(fold, (24.0, 16.0), (30, 16)), segment(fold, (24, 16), (24, 22))) - 0.6)
    height = np.maximum(height, body(ribs, 6.5, 2.5, rounding=0.3, fillet=0.5) * inside)
    height = np.maximum(height, body(circle(fold.at(24.0, 16.0), 3.4), 12.5, 2.5, rounding=0.4, fillet=0.6) * inside)
    height = np.maximum(height, body(circle(plane, 9.0), 11.0, 2.5, rounding=0.5, fillet=0.8) * inside)
    height = carve(height, circle(plane, 6.8), 3.4, 11.0, rounding=0.5, fillet=0.6)
    height = np.maximum(height, body(circle(plane, 1.7), 9.0, 3.4, rounding=0.5, fillet=0.5) * (plane.radius < 6))
    height = carve(height, circle(fold.at(24.0, 16.0), 1.3), 4.0, 12.5, rounding=0.3)
    for x in (17.0, 20.0, 23.0, 26.0):
        slot = segment(plane, (x, -5.0), (x, 5.0)) - 0.75
        height = carve(height, slot, 0.0, 2.5, rounding=0.3)
    height = carve(height, box(plane.at(-31.0, 0.0), 6.0, 5.5, 0.5), 8.0, 15.0, rounding=0.3)
    height = carve(height, circle(fold.at(35.0, 0.0), 2.2), 0.0, 3.2, rounding=0.4)
    distance = text_distance(">PA66-GF30<", plane.at(0.0, -14.6), 2.05)
    height = height + 0.35 * smooth_step(distance, 0.28, 0.1)
    marks = np.stack([np.ones_like(plane.x), np.zeros_like(plane.x), plane.y], axis=-1)
    return np.maximum(height, 0).astype(np.float32), marks.astype(np.float32)


DRAWINGS: dict[str, Callable[[Plane], tuple[FloatArray, FloatArray]]] = {
    "flange": _flange,
    "housing": _housing,
}
"""Every type of part that can be rendered."""


@cache
def design(kind: str) -> Design:
    """The drawing of a type, computed once per process (about a second and 40 MB each)."""
    height, marks = DRAWINGS[kind](grid())
    height = cv2.GaussianBlur(height, (0, 0), 0.8)
    height[height < 0.02] = 0
    slope = slopes(height)
    relief = np.dstack([slope, ambient_occlusion(height)])
    flat = (height > 1.0) & (np.hypot(slope[..., 0], slope[..., 1]) < 0.3)
    room = cv2.distanceTransform(flat.astype(np.uint8), cv2.DIST_L2, 5) * np.float32(PITCH)
    lowest = cv2.erode(height, np.ones((31, 31), np.uint8))
    edge = (flat & (height - lowest > 3.0)).astype(np.float32)
    hull = cv2.convexHull(cv2.findNonZero((height > 0).astype(np.uint8)))[:, 0]
    outline = ((hull + 0.5) * PITCH - HALF).astype(np.float32)
    for array in (height, relief, marks, room, edge, outline):
        array.setflags(write=False)
    return Design(kind, height, relief, marks, room, edge, outline)
