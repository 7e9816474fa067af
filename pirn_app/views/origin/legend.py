"""Colour bars that name their scale: scores with the threshold marked, and changes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from pirn_app.render.colormap import lut
from pirn_app.theme import STEP, Palette
from pirn_app.views.origin.words import number

_BAR = 8


class Legend(QWidget):
    """One bar with its name over it and its ends below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title, self._ends, self._mark = "", ("", ""), 0.0
        self._stops: list[tuple[float, QColor]] = []
        self._palette: Palette | None = None
        self._marked = ""
        self.setMinimumWidth(1)

    def show_scores(self, score_range: tuple[float, float], threshold: float, name: str, colours: Palette) -> None:
        """Scores in the colours of a map, with the threshold."""
        low, high = score_range
        table, ground = lut(name), QColor(colours.panel)
        self._stops = [(k / 15, _mixed(ground, table[round(k * 17)], 0.95 * k / 15)) for k in range(16)]
        self._title = "Score (no unit), the same range for all maps and parts"
        self._ends = (f"{number(low, threshold)} or less", f"{number(high, threshold)} or more")
        self._mark = (threshold - low) / max(high - low, 1e-12)
        self._marked = f"threshold {number(threshold, threshold)}"
        self._show(colours)

    def show_change(self, span: float, threshold: float, colours: Palette) -> None:
        """Differences from lower to higher."""
        ground = QColor(colours.panel)
        self._stops = [(0.0, QColor(colours.ok)), (0.5, ground), (1.0, QColor(colours.ng))]
        self._title = "Change of the score by refinement"
        minus = "\N{MINUS SIGN}"
        self._ends = (f"{minus}{number(span, threshold)} lower", f"+{number(span, threshold)} higher")
        self._mark, self._marked = 0.5, "0"
        self._show(colours)

    def _show(self, colours: Palette) -> None:
        self._palette = colours
        self.setFixedHeight(2 * self.fontMetrics().height() + _BAR + STEP)
        self.setAccessibleName(f"{self._title}: {self._ends[0]} to {self._ends[1]}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Name, bar, mark, ends."""
        del event
        if self._palette is None:
            return
        painter, line = QPainter(self), self.fontMetrics().height()
        width = min(self.width(), 420)
        painter.setPen(QColor(self._palette.muted))
        title = self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, title)
        bar = QRectF(0, line + STEP / 2, width, _BAR)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for at, colour in self._stops:
            gradient.setColorAt(at, colour)
        painter.fillRect(bar, gradient)
        below = QRectF(0, bar.bottom() + STEP / 2, width, line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._ends[0])
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._ends[1])
        if 0.0 <= self._mark <= 1.0:
            self._paint_mark(painter, bar, below, width)

    def _paint_mark(self, painter: QPainter, bar: QRectF, below: QRectF, width: int) -> None:
        assert self._palette is not None
        x = self._mark * width
        painter.setPen(QColor(self._palette.text))
        painter.drawText(self._place(x, width, below), Qt.AlignmentFlag.AlignCenter, self._marked)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.text))
        tip = QPointF(x, bar.bottom() - 1)
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4, 6), tip + QPointF(4, 6)]))

    def _place(self, x: float, width: int, below: QRectF) -> QRectF:
        """Room for the mark's words between the ends' words."""
        metrics = self.fontMetrics()
        own = metrics.horizontalAdvance(self._marked)
        left = metrics.horizontalAdvance(self._ends[0]) + STEP
        right = width - metrics.horizontalAdvance(self._ends[1]) - STEP
        start = min(max(x - own / 2, left), max(right - own, left))
        return QRectF(start, below.top(), own, below.height())


def _mixed(ground: QColor, colour: object, share: float) -> QColor:
    red, green, blue = (int(v) for v in colour)  # type: ignore[attr-defined]
    parts = ((ground.red(), red), (ground.green(), green), (ground.blue(), blue))
    return QColor(*(round((1 - share) * a + share * b) for a, b in parts))
