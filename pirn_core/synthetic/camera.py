"""A pinhole camera over a table, and where its rays meet a height field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.synthetic.shapes import to_cells

DISTANCE = 500.0
"""From the camera to the table's middle, mm."""

TILT = 17.0
"""Angle between the optical axis and the table's normal, degrees."""

FOCAL = 4.75
"""Focal length as a multiple of the image's side: the picture shows about 105 mm of the table."""

_COARSE_STEPS = 24
_FINE_STEPS = 6
_BISECTIONS = 4
_ROW = 512


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
        return (vector @ np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])).astype(np.float32)


@dataclass(frozen=True)
class Hits:
    """Where rays meet the part or the table; all arrays have the window's (oversampled) shape.

    Attributes:
        depth: Distance along the optical axis, mm.
        height: Above the table, mm.
        column: Fractional column in the part's grid.
        row: Fractional row in the part's grid.
        progress: From 0 at the part's top to 1 on the table, along each ray.
    """

    depth: FloatArray
    height: FloatArray
    column: FloatArray
    row: FloatArray
    progress: FloatArray

    def sampled(self, field: FloatArray, outside: tuple[float, ...] = (0, 0, 0, 0)) -> FloatArray:
        """A field on the part's grid (CELLS, CELLS) or (CELLS, CELLS, C <= 4) at the hits; `outside` beyond it."""
        return np.asarray(
            cv2.remap(
                field, self.column, self.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside
            ),
            np.float32,
        )

    def chosen(self, where: BoolArray) -> Hits:
        """Only the hits at `where`, in rows of `_ROW`, the last one filled up with copies of the last hit."""
        places = np.flatnonzero(where)
        rows = -(-places.size // _ROW)
        places = np.pad(places, (0, rows * _ROW - places.size), mode="edge").reshape(rows, _ROW)
        return Hits(*(field.ravel()[places] for field in vars(self).values()))


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


class Tracer:
    """Rays of one window against height fields of one part in one pose."""

    def __init__(self, camera: Camera, pose: Pose, window: Window, top: float, over: int = 1) -> None:
        right, down = camera.view_rays(window, over)
        axes = pose.to_part(camera.axes)
        origin = pose.to_part(camera.position - np.array([pose.x, pose.y, 0], np.float32))
        rays = [right * axes[0, i] + down * axes[1, i] + axes[2, i] for i in range(3)]
        self._enter = (np.float32(top) - origin[2]) / rays[2]
        self._stretch = -np.float32(top) / rays[2]
        self._top = np.float32(top)
        start = [to_cells(origin[i] + self._enter * rays[i]) for i in range(2)]
        self._column, self._row = start
        self._columns, self._rows = (
            to_cells(origin[i] + (self._enter + self._stretch) * rays[i]) - start[i] for i in range(2)
        )

    def trace(self, height: FloatArray, near: FloatArray | None = None) -> Hits:
        """The first points at which the rays meet the height field, or the table at height 0.

        Args:
            height: The part's height field on the grid, mm, at most `top`.
            near: Progress found at a coarser sampling, by which the search is narrowed; its shape divides the
                window's.
        """
        shape = self._enter.shape
        if near is None:
            low, high = np.zeros(shape, np.float32), np.ones(shape, np.float32)
            steps = _COARSE_STEPS
        else:
            low, high = _bracket(near, shape)
            steps = _FINE_STEPS
        low, high = self._first_crossing(height, low, high, steps)
        for _ in range(_BISECTIONS):
            middle = (low + high) * np.float32(0.5)
            under = self._clearance(height, middle) < 0
            high, low = np.where(under, middle, high), np.where(under, low, middle)
        above, below = self._clearance(height, low), self._clearance(height, high)
        share = np.where(below < 0, above / np.maximum(above - below, 1e-6), 1.0)
        return self._hits(low + np.clip(share, 0, 1) * (high - low))

    def _clearance(self, height: FloatArray, progress: FloatArray) -> FloatArray:
        column = self._column + progress * self._columns
        row = self._row + progress * self._rows
        found = cv2.remap(height, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        return np.asarray(self._top * (1 - progress) - found, np.float32)

    def _first_crossing(
        self, height: FloatArray, low: FloatArray, high: FloatArray, steps: int
    ) -> tuple[FloatArray, FloatArray]:
        step = (high - low) / np.float32(steps)
        hit = np.zeros(low.shape, bool)
        end = high.copy()
        for index in range(1, steps):
            progress = low + index * step
            under = self._clearance(height, progress) < 0
            under &= ~hit
            np.copyto(end, progress, where=under)
            hit |= under
        return np.maximum(end - step, 0), end

    def _hits(self, progress: FloatArray) -> Hits:
        return Hits(
            depth=self._enter + progress * self._stretch,
            height=self._top * (1 - progress),
            column=self._column + progress * self._columns,
            row=self._row + progress * self._rows,
            progress=progress,
        )


def _bracket(near: FloatArray, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Bounds of the progress from a coarser sampling's 3x3 neighbourhoods."""
    kernel = np.ones((3, 3), np.uint8)
    bounds = (cv2.erode(near, kernel) - np.float32(0.02), cv2.dilate(near, kernel) + np.float32(0.02))
    low, high = (cv2.resize(bound, shape[::-1], interpolation=cv2.INTER_NEAREST) for bound in bounds)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
