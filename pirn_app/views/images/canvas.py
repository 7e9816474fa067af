"""A picture that can be zoomed and moved, with layers over it and a cross on top."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from pirn_app.state.display import Frame
from pirn_app.theme import Palette
from pirn_app.views.images.cross import Cross
from pirn_app.views.images.frames import limited, moved, whole, zoomed
from pirn_app.views.images.throttle import Throttle
from pirn_core.data.sample import ByteArray

_PER_NOTCH = 0.8
"""Of the frame's side that one notch of the wheel leaves."""
_FRAME_MS = 16
_SMOOTH_BELOW = 2.0
"""Screen pixels per image pixel from which on pixels are shown as squares."""


class Canvas(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """Shows a picture and tells what the mouse does, in pixels (row, column) of the picture."""

    pressed = Signal()
    hovered = Signal(tuple)
    clicked = Signal(tuple, QPoint)
    """Pixel, and where it is in the viewport."""
    doubled = Signal()
    framed = Signal(object)
    """Wheel or drag changed the common frame: a `Frame`, or None for all of the image."""
    seen = Signal()
    """The part of the image that is shown, or its scale, changed."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        self._still: QPixmap | None = None
        super().__init__(parent, background=palette.image)
        self.setObjectName("canvas")
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMouse=False, enableMenu=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.setCentralItem(self.box)
        self._base = pg.ImageItem(axisOrder="row-major")
        self._heat = pg.ImageItem(axisOrder="row-major")
        for level, item in enumerate((self._base, self._heat)):
            item.setZValue(level)
            self.box.addItem(item, ignoreBounds=True)
        self._shape: tuple[int, int] = (1, 1)
        self._frame: Frame | None = None
        self._pressed: tuple[QPointF, Frame] | None = None
        self._dragging = self._double = False
        self._at: tuple[int, int] | None = None
        self._pinned = False
        self._tell = Throttle(lambda: self.framed.emit(self._frame), _FRAME_MS, self)
        self.cross = Cross(palette.cursor, palette.accent, self.viewport())
        self.box.sigTransformChanged.connect(self._moved)

    # What it shows -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self._shape

    @property
    def frame(self) -> Frame | None:
        """The common frame, as this canvas shows it."""
        return self._frame

    def show_picture(self, picture: ByteArray) -> None:
        """Another picture, RGB uint8 (H, W, 3)."""
        self._base.setImage(picture, autoLevels=False)
        if picture.shape[:2] != self._shape:
            self._shape = (int(picture.shape[0]), int(picture.shape[1]))
            self._apply()

    def show_heat(self, heat: ByteArray | None) -> None:
        """Colours over the picture, RGBA uint8 (H, W, 4); None takes them away."""
        if heat is None:
            self._heat.clear()
        else:
            self._heat.setImage(heat, autoLevels=False)

    @property
    def heat(self) -> ByteArray | None:
        """The colours over the picture."""
        return self._heat.image  # type: ignore[no-any-return]

    @property
    def picture(self) -> ByteArray | None:
        """The picture."""
        return self._base.image  # type: ignore[no-any-return]

    def add_layer(self, item: object, level: int) -> None:
        """Puts a graphics item over the picture, in pixel coordinates."""
        item.setZValue(level)  # type: ignore[attr-defined]
        self.box.addItem(item, ignoreBounds=True)

    def show_frame(self, frame: Frame | None) -> None:
        """Zooms and moves so that the frame just fits in; None: all of the image."""
        if frame != self._frame:
            self._frame = frame
            self._apply()

    def fit(self) -> None:
        """All of the image."""
        self._frame = None
        self._apply()

    def _apply(self) -> None:
        left, top, right, bottom = self._frame or whole(self._shape)
        self.box.setRange(QRectF(left, top, right - left, bottom - top), padding=0)
        self.box.updateMatrix()  # else it comes while painting, and everything is painted twice

    def _moved(self) -> None:
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale_now < _SMOOTH_BELOW)
        self.place_cross(self._at, self._pinned)
        self.seen.emit()

    # Where things are ----------------------------------------------------------------------------------------------

    @property
    def scale_now(self) -> float:
        """Screen pixels per image pixel."""
        return max(abs(float(self.box.childTransform().m11())), 1e-9)

    def image_at(self, at: QPointF) -> tuple[float, float]:
        """Image coordinates (x, y) of a point of the viewport."""
        found = self.box.mapSceneToView(self.mapToScene(at.toPoint()) + (at - at.toPoint()))
        return (float(found.x()), float(found.y()))

    def pixel_at(self, at: QPointF) -> tuple[int, int] | None:
        """Pixel (row, column) at a point of the viewport; None beside the picture."""
        x, y = self.image_at(at)
        row, column = int(y // 1), int(x // 1)
        inside = 0 <= row < self._shape[0] and 0 <= column < self._shape[1]
        return (row, column) if inside else None

    def viewport_at(self, x: float, y: float) -> QPointF:
        """Point of the viewport at image coordinates."""
        scene = self.box.mapViewToScene(QPointF(x, y))
        return self.viewportTransform().map(scene)  # type: ignore[no-any-return]

    def place_cross(self, pixel: tuple[int, int] | None, pinned: bool = False) -> None:
        """Marks a pixel; None, or one beside the picture, takes the cross away."""
        self._at, self._pinned = pixel, pinned
        if pixel is None or not (0 <= pixel[0] < self._shape[0] and 0 <= pixel[1] < self._shape[1]):
            self.cross.place(None)
        else:
            self.cross.place(self.viewport_at(pixel[1] + 0.5, pixel[0] + 0.5), self.scale_now, pinned)

    def recolour(self, palette: Palette) -> None:
        """Takes the colours of another theme."""
        self.setBackground(palette.image)
        self.cross.colour(palette.cursor, palette.accent)

    # Painting ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draws the scene; where only a sheet over it moved, strips of a still are enough.

        In full update mode everything that changes in the scene asks for all of the viewport that can be seen, so less
        than that means that the scene is the same: long outlines are not stroked for every move of the cursor.
        """
        view = self.viewport()
        if view.visibleRegion().subtracted(event.region()).isEmpty():
            self._still = None
            super().paintEvent(event)
            return
        if self._still is None:
            self._still = self._drawn()
        painter = QPainter(view)
        painter.drawPixmap(0, 0, self._still)  # clipped to the region by Qt
        painter.end()

    def _drawn(self) -> QPixmap:
        view = self.viewport()
        still = QPixmap(view.size() * view.devicePixelRatioF())
        still.setDevicePixelRatio(view.devicePixelRatioF())
        painter = QPainter(still)
        self.render(painter, QRectF(view.rect()), view.rect())
        painter.end()
        return still

    # What the mouse does -------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """The sheet with the cross covers all of the viewport."""
        super().resizeEvent(event)
        if event is not None and hasattr(self, "cross"):
            self.cross.resize(self.viewport().size())
            self.place_cross(self._at, self._pinned)
            self.seen.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zooms about the mouse."""
        turned = event.angleDelta().y() / 120.0
        if turned:
            frame = zoomed(self._frame or whole(self._shape), self.image_at(event.position()), _PER_NOTCH**turned)
            self._want(limited(frame, self._shape))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begins a click or a drag."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = (event.position(), self._frame or whole(self._shape))
            self._dragging = False
            self.pressed.emit()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Moves the picture while a button is down, else the cursor."""
        if self._pressed is None:
            if (pixel := self.pixel_at(event.position())) is not None:
                self.hovered.emit(pixel)
        else:
            start, frame = self._pressed
            way = event.position() - start
            if self._dragging or way.manhattanLength() >= QApplication.startDragDistance():
                self._dragging = True
                self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
                self._want(limited(moved(frame, -way.x() / self.scale_now, -way.y() / self.scale_now), self._shape))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click, unless the picture was moved or this ends a double click."""
        clicked = self._pressed is not None and not self._dragging and not self._double
        self._pressed, self._dragging, self._double = None, False, False
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        if clicked and event.button() == Qt.MouseButton.LeftButton:
            pixel = self.pixel_at(event.position())
            if pixel is not None:
                self.clicked.emit(pixel, event.position().toPoint())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Asks for all of the room, or gives it back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._double = True
            self.doubled.emit()
        event.accept()

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """The cursor stays where it was last."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keys are for the pane."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keys are for the pane."""
        event.ignore()

    def _want(self, frame: Frame | None) -> None:
        if frame != self._frame:
            self.show_frame(frame)
            self._tell.want()
