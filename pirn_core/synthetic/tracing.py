"""Where the camera's rays meet a height field."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.camera import Camera, Pose, Window
from pirn_core.synthetic.shapes import to_cells

_COARSE_STEPS = 20
_FINE_STEPS = 6
_BISECTIONS = 4
_MARGIN = 0.02
_NARROW = 0.08
_ROW = 512


@dataclass(frozen=True)
class Hits:
    """Where rays meet the part or the table; all arrays of one two-dimensional shape.

    Attributes:
        depth: Distance along the optical axis, mm.
        height: Above the table, mm; 0 on the table.
        column: Fractional column in the part's grid.
        row: Fractional row in the part's grid.
        progress: From 0 at the level where rays enter to 1 on the table, along each ray.
    """

    depth: FloatArray
    height: FloatArray
    column: FloatArray
    row: FloatArray
    progress: FloatArray

    def sampled(self, field: FloatArray, outside: tuple[float, ...] = (0, 0, 0, 0)) -> FloatArray:
        """A field on the part's grid, with up to 4 channels, at the hits; `outside` where the grid ends."""
        return looked_up(field, self.column, self.row, outside)

    def chosen(self, places: NDArray[np.intp]) -> Hits:
        """The hits at these flat indices, as `in_rows` lays them out."""
        places = in_rows(places)
        return Hits(*(field.ravel()[places] for field in vars(self).values()))


def in_rows(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Flat indices in rows of `_ROW` (OpenCV takes no long rows), filled up with the last index."""
    rows = -(-places.size // _ROW)
    return np.pad(places, (0, rows * _ROW - places.size), mode="edge").reshape(rows, _ROW)


def looked_up(
    field: FloatArray, column: FloatArray, row: FloatArray, outside: tuple[float, ...] = (0, 0, 0, 0)
) -> FloatArray:
    """Bilinear interpolation in a field at fractional columns and rows."""
    found = cv2.remap(field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    return np.asarray(found, np.float32)


@dataclass(frozen=True)
class Rays:
    """Rays between the level `top` (progress 0) and the table (progress 1), in the part's grid.

    Attributes:
        column: Where each ray enters.
        row: Where each ray enters.
        columns: How far it goes until the table, in columns.
        rows: How far it goes until the table, in rows.
        top: Height at which rays enter, mm; nothing is higher.
    """

    column: FloatArray
    row: FloatArray
    columns: FloatArray
    rows: FloatArray
    top: np.float32

    def clearance(self, height: FloatArray, progress: FloatArray) -> FloatArray:
        """How far above the height field the rays are at this progress, mm; negative below it."""
        column = self.column + progress * self.columns
        row = self.row + progress * self.rows
        return np.asarray(self.top * (1 - progress) - looked_up(height, column, row), np.float32)

    def chosen(self, places: NDArray[np.intp]) -> Rays:
        """The rays at these flat indices."""
        column, row = self.column.ravel()[places], self.row.ravel()[places]
        return Rays(column, row, self.columns.ravel()[places], self.rows.ravel()[places], self.top)

    def search(self, height: FloatArray, low: FloatArray, high: FloatArray, steps: int) -> FloatArray:
        """Progress of the first crossing between two bounds: steps, then bisection, then one secant."""
        low, high = self._first_crossing(height, low, high, steps)
        for _ in range(_BISECTIONS):
            middle = (low + high) * np.float32(0.5)
            under = self.clearance(height, middle) < 0
            high, low = np.where(under, middle, high), np.where(under, low, middle)
        return self.secant(height, low, high)

    def secant(self, height: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Where the line between the clearances at both bounds is 0; `high` if there is no crossing."""
        above, below = self.clearance(height, low), self.clearance(height, high)
        share = np.where(below < 0, above / np.maximum(above - below, np.float32(1e-6)), np.float32(1))
        return np.asarray(low + np.clip(share, 0, 1) * (high - low), np.float32)

    def _first_crossing(
        self, height: FloatArray, low: FloatArray, high: FloatArray, steps: int
    ) -> tuple[FloatArray, FloatArray]:
        step = (high - low) / np.float32(steps)
        hit = np.zeros(low.shape, bool)
        end = high.copy()
        for index in range(1, steps):
            progress = low + index * step
            under = self.clearance(height, progress) < 0
            under &= ~hit
            np.copyto(end, progress, where=under)
            hit |= under
        return np.maximum(end - step, 0), end


class Tracer:
    """The rays of one window in one pose, `over` times per pixel and direction."""

    def __init__(self, camera: Camera, pose: Pose, window: Window, top: float, over: int = 1) -> None:
        right, down = camera.view_rays(window, over)
        axes = pose.to_part(camera.axes)
        origin = pose.to_part(camera.position - np.array([pose.x, pose.y, 0], np.float32))
        ray = [right * axes[0, i] + down * axes[1, i] + axes[2, i] for i in range(3)]
        self._enter = (np.float32(top) - origin[2]) / ray[2]
        self._stretch = -np.float32(top) / ray[2]
        column, row = (to_cells(origin[i] + self._enter * ray[i]) for i in range(2))
        last_column, last_row = (to_cells(origin[i] + (self._enter + self._stretch) * ray[i]) for i in range(2))
        self._rays = Rays(column, row, last_column - column, last_row - row, np.float32(top))

    def trace(self, height: FloatArray) -> FloatArray:
        """Progress at which each ray first meets the height field (mm, on the grid), or the table."""
        low = np.zeros(self._enter.shape, np.float32)
        return self._rays.search(height, low, np.ones_like(low), _COARSE_STEPS)

    def refine(self, height: FloatArray, near: FloatArray) -> FloatArray:
        """As `trace`, near the progress found at a coarser sampling, whose shape divides this one's."""
        kernel, shape = np.ones((3, 3), np.uint8), self._enter.shape[::-1]
        bounds = (
            cv2.erode(near, kernel) - np.float32(_MARGIN),
            cv2.dilate(near, kernel) + np.float32(_MARGIN),
        )
        low, high = (np.clip(cv2.resize(bound, shape, interpolation=cv2.INTER_NEAREST), 0, 1) for bound in bounds)
        progress = self._rays.secant(height, low, high)
        steep = np.flatnonzero(high - low > _NARROW)
        if steep.size:
            rows = in_rows(steep)
            found = self._rays.chosen(rows).search(height, low.ravel()[rows], high.ravel()[rows], _FINE_STEPS)
            progress.ravel()[steep] = found.ravel()[: steep.size]
        return progress

    def hits(self, progress: FloatArray) -> Hits:
        """The points at this progress of each ray."""
        return Hits(
            depth=self._enter + progress * self._stretch,
            height=self._rays.top * (1 - progress),
            column=self._rays.column + progress * self._rays.columns,
            row=self._rays.row + progress * self._rays.rows,
            progress=progress,
        )
