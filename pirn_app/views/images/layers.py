"""Lines and numbers over a picture, in its pixel coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from pirn_app.theme import TEXT, Palette
from pirn_core.data.sample import FloatArray
from pirn_core.results import Region

PAIRS, CHAINS = "pairs", "finite"
"""How points are joined: two by two, or all until a row of NaN."""

_RIM = QColor(0, 0, 0, 170)
_MOST_NUMBERS = 60
"""Numbers that are drawn at most; regions are in the order of falling score."""


class Line:
    """One or many polylines drawn by one item, with a dark rim that keeps them legible on any picture."""

    def __init__(self, colour: str, width: float = 1.5, *, dashed: bool = False) -> None:
        self._width, self._dashed = width, dashed
        self.item = pg.PlotCurveItem(antialias=True, skipFiniteCheck=False)
        self.points = np.empty((0, 2), np.float32)
        self.recolour(colour)

    def recolour(self, colour: str) -> None:
        """Another colour."""
        style = Qt.PenStyle.CustomDashLine if self._dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(colour, width=self._width, style=style)
        if self._dashed:
            pen.setDashPattern([4.0, 3.0])
        self.item.setPen(pen)
        self.item.setShadowPen(pg.mkPen(_RIM, width=self._width + 2.0))

    def show(self, points: FloatArray | None, joined: str = CHAINS) -> None:
        """Draws points (x, y) of shape (N, 2); None or none hides the line."""
        self.points = np.empty((0, 2), np.float32) if points is None else points
        self.item.setVisible(len(self.points) > 0)
        if len(self.points):
            self.item.setData(self.points[:, 0], self.points[:, 1], connect=joined)

    @property
    def shown(self) -> bool:
        """Whether anything is drawn."""
        return bool(self.item.isVisible()) and len(self.points) > 0


def rectangle(left: float, top: float, right: float, bottom: float) -> FloatArray:
    """A closed rectangle as points (x, y)."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], np.float32)


class Numbers(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """The numbers of regions at their boxes, at a constant size on the screen; all drawn by one item."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._regions: tuple[Region, ...] = ()
        self._chosen: int | None = None
        self._places: list[tuple[QRectF, int]] = []
        self._bounds = QRectF()
        self.recolour(palette)

    def recolour(self, palette: Palette) -> None:
        """Takes the colours of a theme."""
        self._fill, self._ink = QColor(palette.accent), QColor(palette.on_accent)
        self.update()

    def show(self, regions: Sequence[Region], shape: tuple[int, int], chosen: int | None) -> None:
        """Draws the numbers of regions of a picture of (height, width)."""
        self.prepareGeometryChange()
        self._bounds = QRectF(0, 0, shape[1], shape[0])
        self._regions, self._chosen = tuple(regions[:_MOST_NUMBERS]), chosen
        self._places = []
        self.update()

    @property
    def labels(self) -> tuple[int, ...]:
        """The numbers that are drawn."""
        return tuple(region.label for region in self._regions)

    def label_at(self, at: QPointF) -> int | None:
        """The number drawn at a point of the viewport."""
        return next((label for place, label in self._places if place.contains(at)), None)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """All of the picture."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Small plates at the upper right corner of every box; the chosen one in the accent colour."""
        if not self._regions:
            return
        to_screen = painter.worldTransform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPixelSize(TEXT)
        font.setBold(True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        self._places = []
        for region in reversed(self._regions):
            corner = to_screen.map(QPointF(region.box[3], region.box[0]))
            text, chosen = str(region.label), region.label == self._chosen
            width = max(metrics.horizontalAdvance(text) + 7, 15)
            plate = QRectF(round(corner.x()) + 2, round(corner.y()) - 13, width, 15)
            painter.setPen(QPen(QColor(255, 255, 255, 230 if chosen else 140), 1))
            painter.setBrush(self._fill if chosen else QColor(0, 0, 0, 190))
            painter.drawRoundedRect(plate.translated(0.5, 0.5), 3, 3)
            painter.setPen(self._ink if chosen else QColor(255, 255, 255))
            painter.drawText(plate.translated(0.5, 0.5), Qt.AlignmentFlag.AlignCenter, text)
            self._places.insert(0, (plate, region.label))
