"""Letters as an engraving cutter draws them: round-ended strokes, given by their distance field."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.shapes import Plane, segment

Stroke = tuple[tuple[float, float], ...]

# Strokes on a grid 4 wide and 6 high, origin at the lower left.
_GLYPHS: dict[str, tuple[Stroke, ...]] = {
    "0": (((1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 1), (3, 0), (1, 0)),),
    "1": (((0.8, 4.8), (2, 6), (2, 0)), ((0.8, 0), (3.2, 0))),
    "2": (((0, 5), (1, 6), (3, 6), (4, 5), (4, 3.8), (0, 0), (4, 0)),),
    "3": (((0, 5), (1, 6), (3, 6), (4, 5), (4, 4), (3, 3.2), (4, 2.4), (4, 1), (3, 0), (1, 0), (0, 1)),),
    "5": (((4, 6), (0, 6), (0, 3.5), (3, 3.5), (4, 2.5), (4, 1), (3, 0), (0, 0)),),
    "6": (((3.6, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1), (4, 2.4), (3, 3.4), (0, 3.4)),),
    "A": (((0, 0), (2, 6), (4, 0)), ((0.7, 2), (3.3, 2))),
    "D": (((0, 0), (0, 6), (2.6, 6), (4, 4.6), (4, 1.4), (2.6, 0), (0, 0)),),
    "F": (((4, 6), (0, 6), (0, 0)), ((0, 3.2), (3, 3.2))),
    "G": (((4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1), (4, 2.8), (2.4, 2.8)),),
    "N": (((0, 0), (0, 6), (4, 0), (4, 6)),),
    "P": (((0, 0), (0, 6), (3, 6), (4, 5), (4, 3.8), (3, 2.8), (0, 2.8)),),
    "-": (((0.6, 3), (3.4, 3)),),
    ">": (((0.6, 5), (3.4, 3), (0.6, 1)),),
    "<": (((3.4, 5), (0.6, 3), (3.4, 1)),),
}

_ADVANCE = 5.8


def text_distance(text: str, plane: Plane, height: float) -> FloatArray:
    """Distance in mm to the strokes of `text`, centred on the origin.

    Args:
        text: Only the letters that a part bears are drawn; any other is an error of the program.
        plane: Points, in mm; bent coordinates give bent lettering.
        height: Height of the letters, mm.

    Returns:
        Distances, of the plane's shape; `height` where a point is far from the text.
    """
    scale = height / 6.0
    width = (_ADVANCE * (len(text) - 1) + 4.0) * scale
    near = (np.abs(plane.x) < width / 2 + scale) & (np.abs(plane.y) < height / 2 + scale)
    local = Plane(plane.x[near], plane.y[near])
    closest = np.full(local.x.shape, height, np.float32)
    for place, letter in enumerate(text):
        left = place * _ADVANCE * scale - width / 2
        for stroke in _GLYPHS[letter]:
            points = [(left + x * scale, y * scale - height / 2) for x, y in stroke]
            for start, end in pairwise(points):
                np.minimum(closest, segment(local, start, end), out=closest)
    distance = np.full(plane.x.shape, height, np.float32)
    distance[near] = closest
    return distance


def bent(plane: Plane, radius: float, degrees: float) -> Plane:
    """Coordinates along and across a circle, for lettering that is read from outside the circle's centre."""
    turn = np.deg2rad(degrees)
    angle = np.arctan2(plane.y, plane.x) - np.float32(turn)
    angle = (angle + np.float32(np.pi)) % np.float32(2 * np.pi) - np.float32(np.pi)
    return Plane((-angle * radius).astype(np.float32), plane.radius - np.float32(radius))
