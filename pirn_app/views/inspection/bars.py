"""The drawing of the score histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF

from pirn_app.state.statistics import Group, ticks
from pirn_app.theme import STEP, Palette

if TYPE_CHECKING:
    from pirn_app.views.inspection.histogram import Shown

WORDS: dict[Group, str] = {
    "shots": "Shots",
    "good": "Good",
    "unknown": "No label",
    "defective": "Defective",
    "OK": "OK",
    "unsure": "unsure",
    "NG": "NG",
}
_MARK = "This part"
_LINE = STEP * 2
"""Height of a line of the legend, of the words over the plot and of the axis."""


@dataclass(frozen=True)
class Frame:
    """Where things are: the legend's entries, the plot, and how far its axis goes."""

    plot: QRectF
    end: float
    legend: tuple[tuple[Group | None, QPointF], ...]

    @classmethod
    def of(cls, area: QRect, shown: Shown | None, metrics: QFontMetrics) -> Frame:
        """Lays the legend out from left to right in as many lines as it takes."""
        entries = _entries(shown)
        x, y, placed = 0.0, 0.0, []
        for group, text in entries:
            wide = _LINE + metrics.horizontalAdvance(text) + STEP * 1.5
            if x and x + wide - STEP > area.width():
                x, y = 0.0, y + _LINE
            placed.append((group, QPointF(x, y)))
            x += wide
        left = float(metrics.horizontalAdvance("0000")) + STEP / 2
        top = y + 2 * _LINE + STEP / 2
        plot = QRectF(left, top, area.width() - left - STEP, area.height() - top - 2 * _LINE - STEP / 2)
        return cls(plot, 1.0 if shown is None else float(shown.edges[-1]), tuple(placed))

    def x(self, value: float) -> float:
        """Position of a score."""
        return self.plot.left() + value / self.end * self.plot.width()

    def value(self, x: float) -> float:
        """Score at a position."""
        return (x - self.plot.left()) / self.plot.width() * self.end

    def on_axis(self, at: QPointF) -> bool:
        """Whether a point lies on the axis, below the bars."""
        return self.plot.bottom() <= at.y() <= self.plot.bottom() + _LINE + STEP / 2


def _entries(shown: Shown | None) -> list[tuple[Group | None, str]]:
    if shown is None:
        return []
    found: list[tuple[Group | None, str]] = [
        (name, f"{WORDS[name]} {counts.sum():,}") for name, counts in shown.groups if counts.any()
    ]
    return found if shown.score is None else [*found, (None, _MARK)]


def paint(painter: QPainter, frame: Frame, shown: Shown, line: float, colours: Palette, *, focus: bool) -> None:
    """Draws everything; `line` is where the threshold stands under the mouse."""
    sure = min(shown.sure, line)
    painter.save()
    _bands(painter, frame, sure, line, colours)
    _axes(painter, frame, shown, colours)
    _stacks(painter, frame, shown, colours)
    _legend(painter, frame, shown, colours)
    if shown.score is not None:
        _part(painter, frame, shown.score, colours)
    _threshold(painter, frame, shown, line, colours, focus=focus)
    painter.restore()


def _bands(painter: QPainter, frame: Frame, sure: float, line: float, colours: Palette) -> None:
    """The unsure band shaded, and the words of the verdicts over their parts of the axis."""
    plot = frame.plot
    low, high = frame.x(sure), min(frame.x(line), plot.right())
    shade = QColor(colours.unsure)
    shade.setAlphaF(0.2)
    painter.fillRect(QRectF(low, plot.top(), max(high - low, 0.0), plot.height()), shade)
    spans = (("OK", plot.left(), low, colours.ok), ("unsure", low, high, colours.unsure))
    for word, start, stop, colour in (*spans, ("NG", high, plot.right(), colours.ng)):
        if stop - start > painter.fontMetrics().horizontalAdvance(word) + 4:
            painter.setPen(QColor(colour))
            box = QRectF(start, plot.top() - _LINE, stop - start, _LINE)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)


def _axes(painter: QPainter, frame: Frame, shown: Shown, colours: Palette) -> None:
    plot, muted = frame.plot, QColor(colours.muted)
    places = shown.places
    painter.setPen(QColor(colours.border))
    painter.drawLine(plot.bottomLeft(), plot.bottomRight())
    marks = ticks(frame.end)
    if len(marks) > 1:
        while places < 6 and any(abs(round(mark, places) - mark) > 1e-9 * frame.end for mark in marks):
            places += 1
        while places > 0 and all(abs(round(mark, places - 1) - mark) < 1e-9 * frame.end for mark in marks):
            places -= 1
    for mark in marks:
        x = frame.x(mark)
        painter.setPen(QColor(colours.border))
        painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + 3))
        painter.setPen(muted)
        text = f"{mark:.{places}f}"
        half = painter.fontMetrics().horizontalAdvance(text) / 2 + 1
        x = min(x, painter.viewport().width() / painter.device().devicePixelRatioF() - half)
        box = QRectF(x - half, plot.bottom() + STEP / 2, 2 * half, _LINE)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    below = QRectF(plot.left(), plot.bottom() + _LINE + STEP / 2, plot.width(), _LINE)
    painter.setPen(muted)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "Score (no unit)")
    _counts(painter, frame, shown, colours)


def _counts(painter: QPainter, frame: Frame, shown: Shown, colours: Palette) -> None:
    """The axis of counts: its upper end, and its name along it."""
    plot, most = frame.plot, _most(shown)
    painter.setPen(QColor(colours.muted))
    column = QRectF(0, plot.top(), plot.left() - STEP / 2, plot.height())
    if most:
        painter.drawText(column, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, f"{most:,}")
    painter.drawText(column, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, "0")
    painter.save()
    painter.translate(0, plot.bottom())
    painter.rotate(-90)
    box = QRectF(0, 0, plot.height(), painter.fontMetrics().height())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "Parts")
    painter.restore()


def _most(shown: Shown) -> int:
    return int(np.sum([counts for _, counts in shown.groups], axis=0).max()) if shown.groups else 0


def _stacks(painter: QPainter, frame: Frame, shown: Shown, colours: Palette) -> None:
    """One bar per bin; every group that is there has at least two pixels, so that a single defect is seen."""
    most = max(_most(shown), 1)
    painter.save()
    painter.setClipRect(frame.plot.adjusted(0, 0, 1, 0))
    edges = [round(frame.x(edge)) for edge in shown.edges]
    for k in range(len(edges) - 1):
        base = frame.plot.bottom()
        for group, counts in shown.groups:
            if not counts[k]:
                continue
            tall = max(round(counts[k] / most * frame.plot.height()), 2)
            box = QRectF(edges[k], base - tall, max(edges[k + 1] - edges[k] - 1, 1), tall)
            _fill(painter, box, group, colours)
            base -= tall
    painter.restore()


def _fill(painter: QPainter, box: QRectF, group: Group, colours: Palette) -> None:
    """Shots are hollow and defective parts darker than good ones: told apart without hue."""
    if group == "shots":
        painter.setPen(QColor(colours.text))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        return
    inks: dict[Group, tuple[str, float]] = {
        "good": (colours.ok, 0.7),
        "unknown": (colours.muted, 0.5),
        "defective": (colours.ng, 1.0),
        "OK": (colours.ok, 0.7),
        "unsure": (colours.unsure, 0.85),
        "NG": (colours.ng, 1.0),
    }
    ink = QColor(inks[group][0])
    ink.setAlphaF(inks[group][1])
    painter.fillRect(box, ink)


def _legend(painter: QPainter, frame: Frame, shown: Shown, colours: Palette) -> None:
    for (group, text), (_, at) in zip(_entries(shown), frame.legend, strict=True):
        swatch = QRectF(at.x() + 1, at.y() + 3, 10, 10)
        if group is None:
            _triangle(painter, QPointF(swatch.center().x(), swatch.bottom() - 1), colours)
        else:
            _fill(painter, swatch, group, colours)
        painter.setPen(QColor(colours.text))
        box = QRectF(at.x() + _LINE, at.y(), 400, _LINE)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _triangle(painter: QPainter, tip: QPointF, colours: Palette) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.text))
    painter.drawPolygon(QPolygonF([tip, tip + QPointF(-5, -8), tip + QPointF(5, -8)]))
    painter.restore()


def _part(painter: QPainter, frame: Frame, score: float, colours: Palette) -> None:
    """Where the part in view stands: a mark that points down onto the axis."""
    x = min(frame.x(max(score, 0.0)), frame.plot.right())
    pen = QPen(QColor(colours.text), 1, Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.drawLine(QPointF(x, frame.plot.top() + STEP), QPointF(x, frame.plot.bottom()))
    _triangle(painter, QPointF(x, frame.plot.top() + STEP), colours)


def _threshold(painter: QPainter, frame: Frame, shown: Shown, line: float, colours: Palette, *, focus: bool) -> None:
    """The line with its handle on the axis, and a pale mark where calibration had put it."""
    plot = frame.plot
    if shown.calibrated != line:
        x = frame.x(shown.calibrated)
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
    x = min(frame.x(line), plot.right())
    painter.setPen(QPen(QColor(colours.accent), 2))
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colours.accent))
    painter.setPen(QPen(QColor(colours.text if focus else colours.panel), 2))
    painter.drawEllipse(QPointF(x, plot.bottom()), 6, 6)
