"""Small sheets that lie over a canvas and let the mouse through: notice, badge, colour bar, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from pirn_app.render.colormap import lut
from pirn_app.render.overlay import decimals, figure
from pirn_app.theme import STEP, TEXT, Palette

_VEIL = 225
"""Opacity of the plates, of 255."""
_WIDE_ROOM, _HIGH_ROOM = 420, 360
"""Pixels of a picture from which on the colour bar has its full size."""
_TINY = (200, 132)
"""Pixels of a picture below which sheets would cover the part."""
_LEGEND_ROOM = (264, 200)


def plate_colour(palette: Palette) -> QColor:
    """Behind words over a picture: nearly opaque, so that they are legible on any picture."""
    colour = QColor(palette.panel)
    colour.setAlpha(_VEIL)
    return colour


class Notice(QLabel):
    """A sentence over the picture; `amber` marks one that warns."""

    def __init__(self, name: str, parent: QWidget, *, amber: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(not amber)
        self._amber = amber
        self.hide()

    def recolour(self, palette: Palette) -> None:
        """Takes the colours of a theme."""
        back = plate_colour(palette)
        ink = palette.unsure if self._amber else palette.text
        edge = palette.unsure if self._amber else palette.border
        self.setStyleSheet(
            f"background: rgba({back.red()}, {back.green()}, {back.blue()}, {back.alpha()}); color: {ink};"
            f"border: 1px solid {edge}; border-radius: 4px; padding: {STEP // 2}px {STEP}px;"
            f"font-weight: {600 if self._amber else 400};"
        )

    def tell(self, text: str, width: int) -> None:
        """Shows a sentence, at most `width` pixels wide; `` hides the plate."""
        self.setText(text)
        self.setVisible(bool(text))
        if text:
            wide = min(QFontMetrics(self.font()).horizontalAdvance(text) + 4 * STEP, max(width, 10 * STEP))
            self.resize(wide, max(self.heightForWidth(wide), self.sizeHint().height() if not self.wordWrap() else 0))


class _Sheet(QWidget):
    """Base of the painted ones."""

    def __init__(self, name: str, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._palette = palette
        self.hide()

    def recolour(self, palette: Palette) -> None:
        """Takes the colours of a theme."""
        self._palette = palette
        self.update()

    def _plate(self) -> QPainter:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._palette.border), 1))
        painter.setBrush(plate_colour(self._palette))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        return painter


@dataclass(frozen=True)
class Scale:
    """What a colour bar shows.

    Attributes:
        low: Score at the lower end.
        high: Score at the upper end.
        colour_map: Name.
        threshold: Marked where it lies within; None: no mark.
    """

    low: float
    high: float
    colour_map: str
    threshold: float | None


class ColourBar(_Sheet):
    """Which colour is which score, with the threshold."""

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__("colour-bar", palette, parent)
        self._scale: Scale | None = None
        self._room, self._slim = QSize(), False

    @property
    def scale(self) -> Scale | None:
        """What it shows."""
        return self._scale

    def show_scale(self, scale: Scale | None) -> None:
        """Another scale; None hides the bar."""
        self._scale = scale
        self.place(self._room)
        self.update()

    def place(self, room: QSize) -> None:
        """Stands at the upper right of a picture of some size: slim over a small one, absent over a tiny one."""
        self._room = room
        self._slim = room.width() < _WIDE_ROOM or room.height() < _HIGH_ROOM
        tiny = room.width() < _TINY[0] or room.height() < _TINY[1]
        self.setVisible(self._scale is not None and not tiny)
        if self._scale is None or tiny:
            return
        metrics = QFontMetrics(self._figures())
        words = max(metrics.horizontalAdvance(word) for word in self.words)
        edge = STEP // 2 if self._slim else STEP
        wide = words + self._strip + 2 * edge + STEP
        high = max(room.height() * 2 // 5, _TINY[1] - 4 * STEP) if self._slim else 26 * STEP
        self.setGeometry(room.width() - wide - edge, edge, wide, min(high, room.height() - 2 * edge))

    @property
    def _strip(self) -> int:
        """Width of the colours."""
        return 6 if self._slim else 10

    def _figures(self) -> QFont:
        font = _font(self)
        font.setPixelSize(TEXT - 2 if self._slim else TEXT - 1)
        return font

    @property
    def words(self) -> tuple[str, str, str]:
        """Figures at the low end, at the high end and at the threshold (`` where it is outside)."""
        if self._scale is None:
            return ("", "", "")
        low, high, threshold = self._scale.low, self._scale.high, self._scale.threshold
        places = decimals(high)
        marked = "" if threshold is None or not low <= threshold <= high else figure(threshold, places)
        return (figure(low, places), figure(high, places), marked)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The colours from top to bottom, the figures to their left."""
        if self._scale is None:
            return
        painter = self._plate()
        painter.setFont(self._figures())
        colours = lut(self._scale.colour_map)[::-1].copy()
        strip = QImage(colours.data, 1, 256, 3, QImage.Format.Format_RGB888)
        edge = STEP // 2 if self._slim else STEP
        bar = QRectF(self.width() - edge - self._strip, edge + 4, self._strip, self.height() - 2 * edge - 8)
        painter.drawImage(bar, strip)
        low, high, marked = self.words
        self._figure(painter, bar, bar.bottom(), low, self._palette.muted)
        self._figure(painter, bar, bar.top(), high, self._palette.muted)
        if marked and self._scale.threshold is not None:
            span = max(self._scale.high - self._scale.low, 1e-12)
            at = bar.bottom() - (self._scale.threshold - self._scale.low) / span * bar.height()
            self._mark(painter, bar, at)
            if min(abs(at - bar.top()), abs(at - bar.bottom())) >= TEXT + 2:
                self._figure(painter, bar, at, marked, self._palette.text)
        painter.end()

    def _figure(self, painter: QPainter, bar: QRectF, at: float, text: str, colour: str) -> None:
        painter.setPen(QColor(colour))
        place = QRectF(0, at - TEXT, bar.left() - (6 if self._slim else STEP), 2 * TEXT)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _mark(self, painter: QPainter, bar: QRectF, at: float) -> None:
        painter.fillRect(QRectF(bar.left() - 1, at - 1.5, bar.width() + 2, 3), QColor(0, 0, 0))
        painter.fillRect(QRectF(bar.left(), at - 0.5, bar.width(), 1), QColor(255, 255, 255))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._palette.text))
        tip = QPointF(bar.left() - 2, at)
        size = 3 if self._slim else 5
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-size, 1 - size), tip + QPointF(-size, size - 1)]))


@dataclass(frozen=True)
class Entry:
    """A line of the legend: words, colour, whether dashed."""

    text: str
    colour: str
    dashed: bool = False


class Legend(_Sheet):
    """What the lines over a picture are."""

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__("legend", palette, parent)
        self.entries: tuple[Entry, ...] = ()
        self._room = QSize()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Another legend; an empty one is hidden."""
        self.entries = tuple(entries)
        self.resize(self.sizeHint())
        self.place(self._room)
        self.update()

    def place(self, room: QSize) -> None:
        """Stands at the lower left of a picture of some size; absent where it would cover much of it."""
        self._room = room
        fits = room.width() >= _LEGEND_ROOM[0] and room.height() >= _LEGEND_ROOM[1]
        self.setVisible(bool(self.entries) and fits)
        edge = STEP if room.width() >= _WIDE_ROOM else STEP // 2
        self.move(edge, room.height() - self.height() - edge)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as its longest words."""
        metrics = QFontMetrics(_font(self))
        words = max((metrics.horizontalAdvance(entry.text) for entry in self.entries), default=0)
        return QSize(words + 6 * STEP, 2 * STEP * len(self.entries) + STEP)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A piece of every line and its words."""
        painter = self._plate()
        painter.setFont(_font(self))
        for row, entry in enumerate(self.entries):
            middle = STEP // 2 + 2 * STEP * row + STEP
            pen = QPen(QColor(entry.colour), 1.5)
            if entry.dashed:
                pen.setDashPattern([4.0, 3.0])
            painter.setPen(QPen(QColor(0, 0, 0, 170), 3.5))
            painter.drawLine(STEP, middle, 4 * STEP, middle)
            painter.setPen(pen)
            painter.drawLine(STEP, middle, 4 * STEP, middle)
            painter.setPen(QColor(self._palette.text))
            place = QRectF(5 * STEP, middle - STEP, self.width(), 2 * STEP)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, entry.text)
        painter.end()


def _font(widget: QWidget) -> QFont:
    font = QFont(widget.font())
    font.setPixelSize(TEXT - 1)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
