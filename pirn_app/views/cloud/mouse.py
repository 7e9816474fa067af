"""What the mouse does over the points: turn, move, zoom, hover, click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

if TYPE_CHECKING:
    from pirn_app.views.cloud.surface import Surface

_CLICK = 4.0
"""Pixels that the mouse may move during a click."""
_TURN = 220.0
"""Degrees for a drag over the whole height."""
_PER_NOTCH = 1.2


class Mouse(QObject):
    """Left drag turns, right or middle drag moves, the wheel zooms to the mouse; hover and click name a pixel."""

    def __init__(self, surface: Surface) -> None:
        super().__init__(surface)
        self._surface = surface
        self._button: Qt.MouseButton | None = None
        self._from, self._last = QPointF(), QPointF()
        self._dragging = self._double = False
        self._depth = 0.0
        surface.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Takes the mouse's events; all others go on."""
        if isinstance(event, QWheelEvent):
            self._zoom(event)
            return True
        if isinstance(event, QMouseEvent) and self._surface.cloud is not None:
            handler = {
                QEvent.Type.MouseButtonPress: self._press,
                QEvent.Type.MouseMove: self._move,
                QEvent.Type.MouseButtonRelease: self._release,
                QEvent.Type.MouseButtonDblClick: self._double_click,
            }.get(event.type())
            if handler is not None:
                handler(event)
                return True
        return super().eventFilter(watched, event)

    def _press(self, event: QMouseEvent) -> None:
        if self._button is None:
            self._button, self._dragging, self._double = event.button(), False, False
            self._from = self._last = event.position()
            self._surface.pressed.emit()

    def _move(self, event: QMouseEvent) -> None:
        if self._button is None or event.buttons() == Qt.MouseButton.NoButton:
            self._button = None
            self._hover(event.position())
            return
        if not self._dragging:
            if (event.position() - self._from).manhattanLength() < _CLICK:
                return
            self._start()
        step = event.position() - self._last
        self._last = event.position()
        self._drag(step, event.modifiers())

    def _start(self) -> None:
        """What is under the mouse when a move starts keeps under it."""
        surface = self._surface
        self._dragging = True
        place = surface.place_at(self._from) - surface.pose.position
        self._depth = float(place @ surface.pose.axes[2])

    def _drag(self, step: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        surface, height = self._surface, max(self._surface.height(), 1)
        if self._button == Qt.MouseButton.LeftButton and not modifiers & Qt.KeyboardModifier.ShiftModifier:
            turn = _TURN / height
            surface.move_camera(surface.pose.orbit(step.x() * turn, step.y() * turn, surface.pivot))
        else:
            surface.move_camera(surface.pose.pan(step.x(), step.y(), height, self._depth))

    def _release(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        clicked = self._button == Qt.MouseButton.LeftButton and not self._dragging and not self._double
        self._button = None
        if clicked and (pixel := self._pixel(event.position())) is not None:
            self._surface.clicked.emit(pixel)

    def _double_click(self, event: QMouseEvent) -> None:
        self._button, self._dragging, self._double = event.button(), False, True
        self._from = self._last = event.position()
        if event.button() == Qt.MouseButton.LeftButton:
            self._surface.doubled.emit()

    def _hover(self, at: QPointF) -> None:
        if (pixel := self._pixel(at)) is not None:
            self._surface.hovered.emit(pixel)

    def _zoom(self, event: QWheelEvent) -> None:
        surface, notches = self._surface, event.angleDelta().y() / 120
        if surface.cloud is not None and notches:
            surface.move_camera(surface.pose.zoom(_PER_NOTCH**notches, surface.place_at(event.position())))

    def _pixel(self, at: QPointF) -> tuple[int, int] | None:
        index, cloud = self._surface.point_at(at), self._surface.cloud
        return None if index is None or cloud is None else cloud.pixel(index)
