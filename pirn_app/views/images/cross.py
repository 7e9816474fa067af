"""The cross at the cursor: a sheet of its own over the picture, so that moving it paints two thin strips anew."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

_GAP = 7
_RIM = QColor(0, 0, 0, 150)


class Cross(QWidget):
    """A thin light line with a dark rim, legible on dark and bright, with a gap that leaves the pixel free."""

    def __init__(self, colour: str, accent: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._at: QPoint | None = None
        self._gap, self._pinned = _GAP, False
        self.colour(colour, accent)

    @property
    def at(self) -> QPoint | None:
        """Where the cross is in this widget; None: nowhere."""
        return self._at

    @property
    def pinned(self) -> bool:
        """Whether the ring is drawn that marks a pinned cursor."""
        return self._pinned

    def colour(self, line: str, accent: str) -> None:
        """The colours of the theme."""
        self._line, self._accent = QColor(line), QColor(accent)
        self.update()

    def place(self, at: QPointF | None, scale: float = 1.0, pinned: bool = False) -> None:
        """Moves the cross.

        Args:
            at: In pixels of this widget; None takes it away.
            scale: Widget pixels per image pixel; the gap leaves a whole image pixel free.
            pinned: Draws a ring.
        """
        to = None if at is None else QPoint(int(at.x()), int(at.y()))
        gap = max(_GAP, min(int(scale / 2) + 3, 60))
        if (to, gap, pinned) == (self._at, self._gap, self._pinned):
            return
        region = self._covered()
        self._at, self._gap, self._pinned = to, gap, pinned
        self.update(region.united(self._covered()))

    def _covered(self) -> QRegion:
        if self._at is None:
            return QRegion()
        x, y, reach = self._at.x(), self._at.y(), self._gap + 3
        strips = QRegion(QRect(x - 2, 0, 5, self.height())).united(QRect(0, y - 2, self.width(), 5))
        return strips.united(QRect(x - reach, y - reach, 2 * reach + 1, 2 * reach + 1))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Four lines and, while pinned, a ring."""
        if self._at is None:
            return
        painter = QPainter(self)
        x, y, gap = self._at.x(), self._at.y(), self._gap
        arms = (
            QRect(x, 0, 1, y - gap),
            QRect(x, y + gap + 1, 1, self.height()),
            QRect(0, y, x - gap, 1),
            QRect(x + gap + 1, y, self.width(), 1),
        )
        for arm in arms:
            painter.fillRect(arm.adjusted(-1, -1, 1, 1), _RIM)
        for arm in arms:
            painter.fillRect(arm, self._line)
        if self._pinned:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for pen in (QPen(_RIM, 4), QPen(self._accent, 2)):
                painter.setPen(pen)
                painter.drawEllipse(QPointF(x + 0.5, y + 0.5), gap, gap)
        painter.end()
