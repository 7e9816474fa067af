"""Where the points are looked at from: plain geometry in the camera frame of the scan (x right, y down, z away)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import FloatArray

ANGLE = 24.0
"""Vertical view angle in degrees: a long lens, near to what the scanner sees."""
MARGIN = 1.06
"""Room around what is fitted."""

Vector = NDArray[np.float64]
Preset = Literal["top", "front", "side"]

_PRESETS: dict[Preset, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "top": ((0, 0, 1), (0, -1, 0)),
    "front": ((0, -1, 0), (0, 0, -1)),
    "side": ((-1, 0, 0), (0, 0, -1)),
}
"""Direction of sight and upwards. Top is how the scanner saw the part, so it agrees with the picture."""


@dataclass(frozen=True, eq=False)
class Pose:
    """A camera.

    Attributes:
        position: In mm.
        focal: What it looks at, in mm.
        up: Unit vector, at right angles to the direction of sight.
    """

    position: Vector
    focal: Vector
    up: Vector

    @classmethod
    def preset(cls, name: Preset) -> Pose:
        """A direction; `fitted` finds the distance."""
        sight, up = (np.array(v, float) for v in _PRESETS[name])
        return cls(-sight, np.zeros(3), up)

    @property
    def distance(self) -> float:
        """From the camera to its focal point, in mm."""
        return float(np.linalg.norm(self.focal - self.position))

    @property
    def axes(self) -> Vector:
        """(3, 3) rows: right, up, direction of sight; unit vectors."""
        sight = (self.focal - self.position) / self.distance
        return np.stack([np.cross(sight, self.up), self.up, sight])

    def orbit(self, across: float, down: float, pivot: Vector) -> Pose:
        """Turns about a pivot, as if a ball around it were dragged; angles in degrees."""
        right, up, _ = self.axes
        turn = _rotation(right, -down) @ _rotation(up, -across)
        position = pivot + turn @ (self.position - pivot)
        focal = pivot + turn @ (self.focal - pivot)
        return Pose(position, focal, _upright(focal - position, turn @ self.up))

    def pan(self, right: float, down: float, height: float, depth: float | None = None) -> Pose:
        """Moves with the mouse by pixels of a view of `height` pixels; what is at `depth` keeps under the mouse."""
        scale = 2 * math.tan(math.radians(ANGLE / 2)) * (self.distance if depth is None else depth) / height
        axes = self.axes
        return self.shifted((down * axes[1] - right * axes[0]) * scale)

    def shifted(self, by: Vector) -> Pose:
        """The same direction from another place."""
        return replace(self, position=self.position + by, focal=self.focal + by)

    def zoom(self, factor: float, about: Vector) -> Pose:
        """Comes nearer (factor > 1) to a place, which keeps its place on the screen."""
        return replace(
            self, position=about + (self.position - about) / factor, focal=about + (self.focal - about) / factor
        )

    def fitted(self, points: FloatArray, aspect: float) -> Pose:
        """The same direction, with all points (N, 3), N > 0, just in a view of this width over height."""
        axes = self.axes
        seen = points.astype(float) @ axes.T
        slope = math.tan(math.radians(ANGLE / 2)) / MARGIN
        low, high = seen.min(axis=0), seen.max(axis=0)
        centre = (low + high) / 2
        x, y, z = (seen - centre).T
        distance = max(np.max(np.abs(x) / (slope * aspect) - z), np.max(np.abs(y) / slope - z), 1e-3)
        focal = centre @ axes
        return Pose(focal - distance * axes[2], focal, self.up)

    def lens(self, size: tuple[int, int], exaggeration: float = 1.0, level: float = 0.0) -> Vector:
        """(3, 4) matrix to pixels of a view of `size` (w, h), as `render.cloud.project` takes it.

        Heights are exaggerated before: z is scaled about `level`.
        """
        width, height = size
        focus = height / 2 / math.tan(math.radians(ANGLE / 2))
        axes = self.axes
        screen = np.array([[focus, 0, width / 2], [0, -focus, height / 2], [0, 0, 1]]) @ axes
        stretch = np.diag([1.0, 1.0, exaggeration])
        offset = np.array([0.0, 0.0, level * (1 - exaggeration)]) - self.position
        return np.column_stack([screen @ stretch, screen @ offset])

    def beneath(self, at: tuple[float, float], size: tuple[int, int], depth: float) -> Vector:
        """The place at a depth in mm that a pixel of a view of `size` (w, h) shows."""
        width, height = size
        focus = height / 2 / math.tan(math.radians(ANGLE / 2))
        seen = np.array([(at[0] - width / 2) / focus, (height / 2 - at[1]) / focus, 1.0]) * depth
        place: Vector = self.position + seen @ self.axes
        return place


def stretched(points: FloatArray, exaggeration: float, level: float) -> FloatArray:
    """Points (N, 3) where they are drawn when heights are exaggerated."""
    if exaggeration == 1.0:
        return points
    drawn = points.copy()
    drawn[:, 2] = level + (points[:, 2] - level) * np.float32(exaggeration)
    return drawn


def _rotation(axis: Vector, degrees: float) -> Vector:
    """Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(degrees)
    turn: Vector = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
    return turn


def _upright(sight: Vector, up: Vector) -> Vector:
    """Takes out what rounding adds over thousands of turns."""
    sight = sight / np.linalg.norm(sight)
    up = up - sight * (up @ sight)
    upright: Vector = up / np.linalg.norm(up)
    return upright
