"""A defect put on a part: new heights, slopes, occlusion and colours on the part's grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.synthetic.defects import DEFECTS, HIDDEN
from pirn_core.synthetic.designs import Design, slopes
from pirn_core.synthetic.patch import REACH, Patch
from pirn_core.synthetic.shading import Paint
from pirn_core.synthetic.shapes import CELLS, HALF, PITCH, Plane

_SKIN = 0.5
"""A defect changes only what is higher than this, and leaves at least this much; holes stay holes. mm."""


_CONTACT = 1.5
"""Width of the soft shadow around what was added, mm."""


@dataclass(frozen=True)
class Damaged:
    """A part after a defect, on the whole grid.

    Attributes:
        height: As `Design.height`.
        relief: As `Design.relief`.
        paint: Colour that was added; None for geometry-only defects.
        shows: False when the camera sees the undamaged geometry.
        box: Lower and upper corner of what may have changed, mm, (2, 2).
    """

    height: FloatArray
    relief: FloatArray
    paint: Paint | None
    shows: bool
    box: FloatArray


def apply(name: str, design: Design, middle: tuple[float, float], scale: float, rng: np.random.Generator) -> Damaged:
    """The part with a defect around `middle` (x, y in mm of the part's plane)."""
    half = round(REACH / PITCH)
    column, row = (int(np.clip(round((v + HALF) / PITCH), half, CELLS - half)) for v in middle)
    window = slice(row - half, row + half), slice(column - half, column + half)
    axis = ((np.arange(2 * half, dtype=np.float32) + 0.5) * PITCH - REACH).astype(np.float32)
    plane = Plane(*np.meshgrid(axis, axis)).at(0, 0, rng.uniform(0, 360))
    damage = DEFECTS[name](Patch(plane, design.height[window], rng, scale, design.kind))
    height, relief = design.height, design.relief
    if damage.height is not None:
        height = design.height.copy()
        height[window] = np.where(height[window] > _SKIN, np.maximum(damage.height, _SKIN), height[window])
        relief = _relief(design, height, window)
    paint = None
    if damage.cover is not None and damage.colour is not None:
        layer = np.zeros((CELLS, CELLS, 4), np.float32)
        layer[(*window, slice(0, 3))] = damage.colour
        layer[(*window, 3)] = np.where(design.height[window] > _SKIN, damage.cover, 0)
        paint = Paint(layer, damage.mirror)
    box = _box(window, height[window] != design.height[window], paint)
    return Damaged(height, relief, paint, name not in HIDDEN, box)


def _box(window: tuple[slice, slice], moved: BoolArray, paint: Paint | None) -> FloatArray:
    """Corners (2, 2) of what changed, mm, with the surroundings that it darkens."""
    touched = moved if paint is None else moved | (paint.layer[(*window, 3)] > 0)
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not rows.size:
        return np.zeros((2, 2), np.float32)
    cells = [[window[1].start + columns[0], window[0].start + rows[0]]]
    cells.append([window[1].start + columns[-1], window[0].start + rows[-1]])
    corners = np.array(cells, np.float32) * np.float32(PITCH) - np.float32(HALF)
    return np.asarray(corners + np.array([[-_CONTACT], [_CONTACT]], np.float32), np.float32)


def _relief(design: Design, height: FloatArray, window: tuple[slice, slice]) -> FloatArray:
    """Slopes of the damaged part, and the sky that new hollows and new walls take away."""
    relief = design.relief.copy()
    relief[(*window, slice(0, 2))] = slopes(height[window])
    new, old = height[window], design.height[window]
    sunk = (cv2.GaussianBlur(new, (0, 0), 5) - new) - (cv2.GaussianBlur(old, (0, 0), 5) - old)
    relief[(*window, 2)] *= np.exp(-np.maximum(sunk, 0) / np.float32(0.9))
    return relief
