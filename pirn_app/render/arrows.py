"""Movements as lines: many thin ones in one curve, and arrow heads of a size in pixels."""

from __future__ import annotations

import numpy as np

from pirn_core.data.sample import FloatArray


def paired(before: FloatArray, after: FloatArray) -> FloatArray:
    """Starts and ends by turns, for a curve that joins points two by two: (N, 2) twice -> (2 N, 2)."""
    points: FloatArray = np.stack([before, after], axis=1).reshape(-1, 2).astype(np.float32)
    return points


def head(start: tuple[float, float], end: tuple[float, float], length: float, width: float) -> FloatArray:
    """Triangle of an arrow's head with its tip at `end`, closed, (4, 2); none, (0, 2), for an arrow without length.

    Args:
        start: Where the arrow begins.
        end: Where it points to.
        length: Of the head, in the unit of the points; never more than the arrow's own.
        width: Of its back.
    """
    along = np.subtract(end, start, dtype=np.float64)
    reach = float(np.hypot(*along))
    if reach < 1e-9:
        return np.empty((0, 2), np.float32)
    along /= reach
    across = np.array([-along[1], along[0]]) * min(1.0, reach / length) * width / 2
    back = np.asarray(end) - along * min(length, reach)
    return np.array([end, back + across, back - across, end], np.float32)


def nearest(before: FloatArray, after: FloatArray, at: tuple[float, float]) -> tuple[int, float]:
    """The line nearest to a place, and its distance: lines from `before` to `after`, each (N, 2), N >= 1."""
    along = (after - before).astype(np.float64)
    place = np.asarray(at, np.float64) - before
    square = np.maximum((along**2).sum(axis=1), 1e-18)
    share = ((place * along).sum(axis=1) / square).clip(0.0, 1.0)
    away = np.hypot(*(place - share[:, None] * along).T)
    found = int(away.argmin())
    return found, float(away[found])
