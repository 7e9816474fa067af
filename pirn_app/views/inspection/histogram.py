"""Scores of all inspected parts as stacked bars over an axis on which the threshold can be dragged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from pirn_app.state.statistics import Group
from pirn_app.theme import Theme
from pirn_app.views.inspection.bars import WORDS, Frame, paint

HEIGHT = 152
_GRAB = 10
"""Pixels on both sides of the line in which a press takes hold of it."""
_INTERVAL = 16
"""Milliseconds between two told moves: a mouse may report a thousand a second."""


@dataclass(frozen=True)
class Shown:
    """What is drawn.

    Attributes:
        groups: Numbers per bin, by group, bottom first.
        edges: (B + 1,) of the bins, from zero to the axis's end.
        sure: Lower end of the unsure band.
        threshold: The line.
        calibrated: Where the line was before the user moved it.
        score: Of the part in view; None: no mark.
        places: Decimals of scores.
    """

    groups: tuple[tuple[Group, NDArray[np.int64]], ...]
    edges: NDArray[np.float64]
    sure: float
    threshold: float
    calibrated: float
    score: float | None
    places: int


class Histogram(QWidget):
    """Drawn by hand: a plot library's own zoom, menus and margins are in the way of a slider."""

    moved = Signal(float)
    """The user moved the threshold to here."""
    settled = Signal()
    """The move is over."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("score-histogram")
        self.setAccessibleName("Score histogram with threshold")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.shown: Shown | None = None
        self._grip: float | None = None
        self._wanted: float | None = None
        self._timer = QTimer(self, interval=_INTERVAL, singleShot=True)
        self._timer.timeout.connect(self._tell)

    @property
    def dragging(self) -> bool:
        """Whether the user holds the line."""
        return self._grip is not None

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(320, HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(200, HEIGHT)

    def show_scores(self, shown: Shown) -> None:
        """Draws these from now on; the line stays under the mouse while it is dragged."""
        self.shown = shown
        self.update()

    def frame(self) -> Frame:
        """Where the axes are."""
        return Frame.of(self.rect(), self.shown, self.fontMetrics())

    def x_of(self, value: float) -> float:
        """Position of a score, in pixels."""
        return self.frame().x(value)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        painter = QPainter(self)
        if self.shown is not None:
            line = self.shown.threshold if self._wanted is None else self._wanted
            paint(painter, self.frame(), self.shown, line, self._theme.palette, focus=self.hasFocus())

    # The mouse ------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self.shown is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self.settled.emit()  # what the keyboard moved before is a step of its own
        line = self.x_of(self.shown.threshold)
        if abs(event.position().x() - line) <= _GRAB:
            self._grip = event.position().x() - line
        elif self.frame().on_axis(event.position()):
            self._grip = 0.0
            self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self._grip is not None:
            self._drag(event.position())
        elif self.shown is not None:
            near = abs(event.position().x() - self.x_of(self.shown.threshold)) <= _GRAB
            axis = self.frame().on_axis(event.position())
            shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.PointingHandCursor
            self.setCursor(shape if near or axis else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self._grip is not None and event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def _drag(self, at: QPointF) -> None:
        assert self.shown is not None and self._grip is not None
        value = self.frame().value(at.x() - self._grip)
        self._wanted = round(min(max(value, 0.0), float(self.shown.edges[-1])), self.shown.places + 1)
        self.update()
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        if self._wanted is not None:
            self.moved.emit(self._wanted)

    def _let_go(self) -> None:
        self._timer.stop()
        self._tell()
        self._grip = self._wanted = None
        self.settled.emit()
        self.update()

    # The keyboard ---------------------------------------------------------------------------------------------------

    def _steps(self, event: QKeyEvent) -> int:
        key = Qt.Key
        table = {key.Key_Left: -1, key.Key_Right: 1, key.Key_PageDown: -10, key.Key_PageUp: 10}
        return table.get(key(event.key()), 0) if not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier else 0

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if self.shown is None or not (steps := self._steps(event)):
            super().keyPressEvent(event)
            return
        value = self.shown.threshold + steps * 10.0**-self.shown.places
        self.moved.emit(round(max(value, 0.0), self.shown.places + 1))

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._steps(event):
            event.accept()  # or the arrows would go to the next part
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(event.pos().x()), self)
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self.settled.emit()
        super().focusOutEvent(event)

    def told_at(self, x: float) -> str:
        """What stands at a position, in words."""
        if self.shown is None:
            return ""
        edges = self.shown.edges
        value = self.frame().value(x)
        if not edges[0] <= value <= edges[-1]:
            return ""
        k = min(int(np.searchsorted(edges, value, side="right")) - 1, len(edges) - 2)
        found = [
            f"{WORDS[name]}{' (held out)' * (name == 'shots')}: {counts[k]}"
            for name, counts in self.shown.groups
            if counts[k]
        ]
        places = self.shown.places
        return "\n".join([f"Score {edges[k]:.{places}f} to {edges[k + 1]:.{places}f}", *(found or ["no part"])])
