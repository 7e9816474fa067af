"""A map in a small widget: it shows the common cursor and moves it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from pirn_app.theme import Palette
from pirn_app.views.origin.pictures import Window
from pirn_core.data.sample import ByteArray

_GAP = 5
_RIM = QColor(0, 0, 0, 150)


class MapPane(QWidget):
    """Keeps the window's proportions; its height follows its width."""

    hovered = Signal(tuple)
    """Pixel (row, column) of the image."""
    clicked = Signal(tuple)

    def __init__(self, most: int = 0) -> None:
        super().__init__()
        self._most = most
        self._window = Window(0, 0, 1, 1, 1)
        self._pixmap: QPixmap | None = None
        self._at: tuple[int, int] | None = None
        self._pinned = self._chosen = False
        self._colours = ("#ffffff", "#3d8fd1", "#3a3f45")
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.CrossCursor)

    @property
    def window_shown(self) -> Window:
        """The part of the image that is shown."""
        return self._window

    @property
    def cross(self) -> tuple[int, int] | None:
        """Pixel that the cross marks."""
        return self._at

    def show_map(self, picture: ByteArray, window: Window, colours: Palette) -> None:
        """Another picture, RGB uint8 (h, w, 3)."""
        height, width = picture.shape[:2]
        image = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._pixmap = QPixmap.fromImage(image)  # a copy: the array may go
        self._colours = (colours.cursor, colours.accent, colours.border)
        if window != self._window:
            self._window = window
            self.updateGeometry()
        self.update()

    def mark(self, pixel: tuple[int, int] | None, pinned: bool) -> None:
        """Moves the cross."""
        if (pixel, pinned) != (self._at, self._pinned):
            self._at, self._pinned = pixel, pinned
            self.update()

    def choose(self, chosen: bool) -> None:
        """Whether it is framed as the one that is shown large."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Its proportions are the map's."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """For the width, or for the largest one that it uses; the proportions are the map's."""
        used = min(width, self._most) if self._most else width
        return max(round(used * self._window.height / self._window.width), 1)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as it may be."""
        width = self._most or 148
        return QSize(width, self.heightForWidth(width))

    @property
    def area(self) -> QRectF:
        """Where the map is painted."""
        width = min(float(self.width()), self.height() * self._window.width / self._window.height)
        return QRectF(0, 0, width, width * self._window.height / self._window.width)

    def pixel_at(self, at: QPointF) -> tuple[int, int] | None:
        """Pixel (row, column) of the image at a point; None beside the map."""
        area = self.area
        if not area.contains(at) or self._pixmap is None:
            return None
        row = int(at.y() / area.height() * self._window.height)
        column = int(at.x() / area.width() * self._window.width)
        inside = row < self._window.height and column < self._window.width
        return (self._window.top + row, self._window.left + column) if inside else None

    def point_of(self, pixel: tuple[int, int]) -> QPointF:
        """Point of the widget at the middle of a pixel."""
        area = self.area
        x = (pixel[1] + 0.5 - self._window.left) / self._window.width * area.width()
        y = (pixel[0] + 0.5 - self._window.top) / self._window.height * area.height()
        return QPointF(x, y)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The map, a frame, and the cross."""
        del event
        painter = QPainter(self)
        area = self.area
        if self._pixmap is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(area, self._pixmap, QRectF(self._pixmap.rect()))
        ink = QColor(self._colours[1] if self._chosen or self.hasFocus() else self._colours[2])
        thick = 2 if self._chosen or self.hasFocus() else 1
        painter.setPen(QPen(ink, thick))
        painter.drawRect(area.adjusted(thick / 2, thick / 2, -thick / 2, -thick / 2))
        if self._at is not None and area.contains(self.point_of(self._at)):
            self._paint_cross(painter, area, self.point_of(self._at))

    def _paint_cross(self, painter: QPainter, area: QRectF, at: QPointF) -> None:
        x, y = int(at.x()), int(at.y())
        arms = (
            QRectF(x, area.top(), 1, y - _GAP - area.top()),
            QRectF(x, y + _GAP + 1, 1, area.bottom() - y - _GAP - 1),
            QRectF(area.left(), y, x - _GAP - area.left(), 1),
            QRectF(x + _GAP + 1, y, area.right() - x - _GAP - 1, 1),
        )
        for arm in arms:
            if arm.width() > 0 and arm.height() > 0:
                painter.fillRect(arm.adjusted(-1, -1, 1, 1), _RIM)
        for arm in arms:
            if arm.width() > 0 and arm.height() > 0:
                painter.fillRect(arm, QColor(self._colours[0]))
        if self._pinned:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for pen in (QPen(_RIM, 4), QPen(QColor(self._colours[1]), 2)):
                painter.setPen(pen)
                painter.drawEllipse(QPointF(x + 0.5, y + 0.5), _GAP, _GAP)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """The cursor of all views follows the mouse."""
        if (pixel := self.pixel_at(event.position())) is not None:
            self.hovered.emit(pixel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click."""
        pixel = self.pixel_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and pixel is not None:
            self.clicked.emit(pixel)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Return and space are a click, where the pane takes the focus."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit((self._window.top, self._window.left))
        else:
            super().keyPressEvent(event)
