"""A plot in which a drag can enclose points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal


class LassoBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph is untyped
    """Drags move the plot, or with Shift (or in lasso mode) draw a line around points."""

    enclosed = Signal(object)
    """A closed line in the plot's coordinates, (P, 2)."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.lasso = False
        self._line: list[tuple[float, float]] = []
        self.outline = pg.PlotCurveItem()
        self.outline.setZValue(50)
        self.addItem(self.outline, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802
        """Draws, where that is wanted; else moves."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() != Qt.MouseButton.LeftButton or not (self.lasso or shift or self._line):
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            start = self.mapToView(event.buttonDownPos())
            self._line = [(start.x(), start.y())]
        at = self.mapToView(event.pos())
        self._line.append((at.x(), at.y()))
        line = np.array([*self._line, self._line[0]])
        self.outline.setData(line[:, 0], line[:, 1])
        if event.isFinish():
            self.outline.setData([], [])
            drawn, self._line = np.array(self._line), []
            self.enclosed.emit(drawn)


def inside(points: NDArray[Any], line: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points lie inside a closed line, by the even-odd rule.

    Args:
        points: (M, 2).
        line: (P, 2), the last point joined to the first.
    """
    found = np.zeros(len(points), np.bool_)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(line, np.roll(line, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        found ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found
