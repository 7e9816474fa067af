"""Outlines in pixel coordinates: pixel (row, column) covers [column, column + 1] x [row, row + 1]."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray

_KEEP = 0.05
"""Share of a pixel that a line keeps away from pixel centres, so that a peak exactly at the level is not a dot."""
_LONG = 32
"""Corners from which on an outline is simplified."""


def outline(mask: BoolArray) -> FloatArray:
    """Closed outlines of the areas of a mask and of their holes.

    Args:
        mask: (H, W).

    Returns:
        Points (x, y), float32 (N, 2), in order along every outline and a quarter pixel inside its edge (long
        outlines are simplified by up to 0.75 pixels); a row of NaN between two outlines. Empty where the mask is.
    """
    if not mask.any():
        return np.empty((0, 2), np.float32)
    # Pixels of twice the resolution, so that the line does not lie on the middle of the outermost pixels.
    doubled = np.repeat(np.repeat(mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    found, _ = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    gap = np.full((1, 2), np.nan, np.float32)
    pieces: list[FloatArray] = []
    for contour in map(_simplified, found):
        points: FloatArray = contour[:, 0].astype(np.float32) / np.float32(2) + np.float32(0.25)
        pieces += [points, points[:1], gap]
    return np.concatenate(pieces[:-1])


def _simplified(contour: NDArray[np.int32]) -> NDArray[np.int32]:
    """Without the steps of a slanting edge: a fifth of the points, and no more than 0.75 pixels beside it."""
    return contour if len(contour) < _LONG else np.asarray(cv2.approxPolyDP(contour, 1.5, closed=True))


def level_lines(values: FloatArray, level: float) -> FloatArray:
    """Line around all that is at or above a level, by marching squares with linear interpolation.

    Args:
        values: (H, W), given at the middle of every pixel; NaN counts as below.
        level: E.g. the threshold.

    Returns:
        Pairs of points (x, y), float32 (2 S, 2): rows 2 k and 2 k + 1 are the ends of segment k.
    """
    padded = np.pad(values.astype(np.float32, copy=False), 1, constant_values=np.nan)
    inside = np.nan_to_num(padded, nan=-np.inf) >= level
    # Corners of every cell as bits: top left, top right, bottom right, bottom left.
    cells = (
        inside[:-1, :-1].astype(np.uint8)
        | (inside[:-1, 1:].astype(np.uint8) << 1)
        | (inside[1:, 1:].astype(np.uint8) << 2)
        | (inside[1:, :-1].astype(np.uint8) << 3)
    )
    rows, columns = np.nonzero((cells != 0) & (cells != 15))
    kinds = cells[rows, columns]
    edges = np.stack([_crossing(padded, rows, columns, level, *corners) for corners in _EDGES], axis=1)
    pieces: list[FloatArray] = []
    for table in (_FIRST, _SECOND):
        chosen = np.flatnonzero(table[kinds, 0] >= 0)
        ends = table[kinds[chosen]]
        pieces.append(np.stack([edges[chosen, ends[:, 0]], edges[chosen, ends[:, 1]]], axis=1).reshape(-1, 2))
    return np.concatenate(pieces)


_Corner = tuple[int, int]
_EDGES: tuple[tuple[_Corner, _Corner], ...] = (
    ((0, 0), (0, 1)),  # top
    ((0, 1), (1, 1)),  # right
    ((1, 0), (1, 1)),  # bottom
    ((0, 0), (1, 0)),  # left
)

# Edges that the line of a cell joins, by its bits. A saddle (5, 10) has two lines and keeps its corners together,
# as regions are 8-connected.
_FIRST = np.full((16, 2), -1)
_FIRST[1:15] = [
    *((3, 0), (0, 1), (3, 1), (1, 2), (0, 1), (0, 2), (2, 3)),
    *((2, 3), (0, 2), (0, 3), (1, 2), (3, 1), (0, 1), (3, 0)),
]
_SECOND = np.full((16, 2), -1)
_SECOND[[5, 10]] = [(2, 3), (1, 2)]


def _crossing(
    padded: FloatArray, rows: np.ndarray, columns: np.ndarray, level: float, start: _Corner, end: _Corner
) -> FloatArray:
    """Where the line crosses one edge of every cell (meaningless where it does not), (S, 2)."""
    first = padded[rows + start[0], columns + start[1]]
    last = padded[rows + end[0], columns + end[1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        way = (np.float32(level) - first) / (last - first)
    # The padding lies half a pixel outside of the image and unseen pixels have no value: halfway in both cases.
    way = np.where(np.isfinite(way), way, 0.5).clip(_KEEP, 1 - _KEEP)
    x = columns + start[1] + way * (end[1] - start[1]) - 0.5
    y = rows + start[0] + way * (end[0] - start[0]) - 0.5
    return np.stack([x, y], axis=1).astype(np.float32)
