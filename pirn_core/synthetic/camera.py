"""A pinhole camera over a table on which a part lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pirn_core.data.sample import FloatArray

DISTANCE = 500.0
"""From the camera to the table's middle, mm."""

TILT = 17.0
"""Angle between the optical axis and the table's normal, degrees."""

FOCAL = 4.75
"""Focal length as a multiple of the image's side: the picture shows about 105 mm of the table."""


@dataclass(frozen=True)
class Window:
    """A part of the image, half open, in pixels."""

    row0: int
    row1: int
    col0: int
    col1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing an image."""
        return slice(self.row0, self.row1), slice(self.col0, self.col1)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.row1 - self.row0, self.col1 - self.col0


@dataclass(frozen=True)
class Pose:
    """How a part lies on the table: turned by `degrees`, then moved to (x, y) mm."""

    degrees: float
    x: float
    y: float

    def to_part(self, vector: FloatArray) -> FloatArray:
        """Directions (..., 3) of the table's frame in the part's frame."""
        turn = np.deg2rad(self.degrees)
        cos, sin = np.cos(turn), np.sin(turn)
        return np.asarray(vector @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]), np.float32)


@dataclass(frozen=True)
class Camera:
    """Looks at the table's middle from `DISTANCE`, tilted by `TILT`; square images of `size` pixels."""

    size: int

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return FOCAL * self.size

    @property
    def centre(self) -> float:
        """Principal point in pixels, the same for rows and columns."""
        return (self.size - 1) / 2

    @cached_property
    def position(self) -> FloatArray:
        """In the table's frame (x right, y away from the viewer, z up), mm."""
        tilt = np.deg2rad(TILT)
        return np.array([0.0, -DISTANCE * np.sin(tilt), DISTANCE * np.cos(tilt)], np.float32)

    @cached_property
    def axes(self) -> FloatArray:
        """Rows: right, down and forward of the camera, in the table's frame."""
        cos, sin = np.cos(np.deg2rad(TILT)), np.sin(np.deg2rad(TILT))
        return np.array([[1, 0, 0], [0, -cos, -sin], [0, sin, -cos]], np.float32)

    def whole(self) -> Window:
        """The whole image."""
        return Window(0, self.size, 0, self.size)

    def view_rays(self, window: Window, over: int = 1) -> tuple[FloatArray, FloatArray]:
        """Right and down components of the rays whose forward component is 1, as a row and a column."""
        u = np.arange(window.col0 * over, window.col1 * over)
        v = np.arange(window.row0 * over, window.row1 * over)
        right = ((u + 0.5) / over - 0.5 - self.centre) / self.focal
        down = ((v + 0.5) / over - 0.5 - self.centre) / self.focal
        return right.astype(np.float32)[None, :], down.astype(np.float32)[:, None]

    def project(self, points: FloatArray) -> FloatArray:
        """Pixels (..., 2) as (row, column) of points (..., 3) of the table's frame."""
        seen = (points - self.position) @ self.axes.T
        scaled = seen[..., :2] / seen[..., 2:] * self.focal + self.centre
        return np.asarray(scaled[..., ::-1], np.float32)
