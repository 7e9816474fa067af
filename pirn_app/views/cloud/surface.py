"""The widget that shows the points: VTK's last picture, with the cursor and texts painted over it.

A move of the cursor paints two small squares anew; VTK only draws when camera, points, colours or size changed, at most
once per paint event, and never while the widget is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from pirn_app.render.cloud import REACH, Cloud, Hiding, Shown, box_of, corners_of, pick, project, steady, visibility
from pirn_app.theme import Palette
from pirn_app.views.cloud.camera import ANGLE, Pose, Preset, Vector, stretched
from pirn_app.views.cloud.mouse import Mouse
from pirn_app.views.cloud.painting import (
    draw_axes,
    draw_box,
    draw_marker,
    draw_notes,
    draw_squares,
    marker_area,
    notes_area,
)
from pirn_app.views.cloud.scene import Scene
from pirn_core.data.sample import ByteArray, FloatArray

REST_MS = 150
"""Without a move of the camera for this long, all points are drawn again."""
_GROWN = 1.5
"""Side of a drawn point over the distance of its neighbours, so that a surface that one is near to has no gaps."""
_LARGEST = 40.0


@dataclass(frozen=True)
class Style:
    """How points are drawn.

    Attributes:
        point_size: Pixels.
        exaggeration: Of heights.
        box: Whether the part's box is drawn.
        marker: Whether the cursor is drawn.
    """

    point_size: float = 2.0
    exaggeration: float = 1.0
    box: bool = False
    marker: bool = True


@dataclass(frozen=True, eq=False)
class Mark:
    """Where the cursor is: a place in mm, None where its pixel has no 3D point."""

    place: FloatArray | None
    pinned: bool = False


class Surface(QWidget):
    """Shows one cloud and tells what the mouse does, in pixels (row, column) of the part's image."""

    hovered = Signal(tuple)
    pressed = Signal()
    """The mouse went down; of a double click, only the first time."""
    clicked = Signal(tuple)
    doubled = Signal()

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cloud-surface")
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.renders = 0
        self._palette, self._style = palette, Style()
        self._scene: Scene | None = None
        self._cloud: Cloud | None = None
        self._body: tuple[FloatArray, FloatArray] | None = None
        self._box: tuple[FloatArray, FloatArray] | None = None
        self._pose, self._pivot = Pose.preset("top"), np.zeros(3)
        self._target: FloatArray | None = None
        self._fit_size: tuple[int, int] | None = None
        self._image, self._stale, self._few = QImage(), True, False
        self._shown: Shown | None = None
        self._mark: Mark | None = None
        self._marked: FloatArray | None = None
        self._dirty, self._missing = QRectF(), False
        self._notes: tuple[str, ...] = ()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._rested)
        self._mouse = Mouse(self)

    # What it shows -------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether it can draw."""
        return self._scene is not None

    def open(self) -> None:
        """Makes the scene.

        Raises:
            NoOpenGLError: It cannot be made on this machine.
        """
        if self._scene is None:
            self._scene = Scene()

    def close_scene(self) -> None:
        """Gives everything of VTK back; nothing is drawn any more."""
        self._rest.stop()
        if self._scene is not None:
            self._scene.close()
        self._scene, self._cloud, self._shown, self._image = None, None, None, QImage()

    @property
    def cloud(self) -> Cloud | None:
        """The points that are shown."""
        return self._cloud

    def show_cloud(self, cloud: Cloud, colours: ByteArray) -> None:
        """Other points; the camera stays where they are at about the same place as the former ones."""
        assert self._scene is not None, "open() comes first"
        former, self._cloud = self._body, cloud
        self._body, self._box = box_of(steady(cloud.body)), box_of(cloud.body)
        self._scene.show(cloud)
        self._scene.colour(colours)
        if former is None or not _alike(former, self._body):
            self.look_from("top")
        elif self._target is not None:
            self.fit()
        self._changed()

    def colour(self, colours: ByteArray) -> None:
        """Other colours of the same points, (N, 3)."""
        assert self._scene is not None, "open() comes first"
        self._scene.colour(colours)
        self._stale = True
        self.update()

    def set_style(self, style: Style) -> None:
        """How points are drawn."""
        if style != self._style:
            former, self._style = self._style, style
            if style.exaggeration != former.exaggeration and self._cloud is not None:
                self._follow_heights(former.exaggeration, style.exaggeration, self._cloud.level)
            if style.box != former.box:
                self._fit_size = None
            self._changed()

    def _follow_heights(self, former: float, now: float, level: float) -> None:
        """What the camera turns about moves with the heights, and the camera with it."""
        rise = (self._pivot[2] - level) * (now / former - 1) * np.array([0.0, 0.0, 1.0])
        self._pivot = self._pivot + rise
        self._pose = self._pose.shifted(rise)
        self._fit_size = None

    def set_palette(self, palette: Palette) -> None:
        """The theme's colours."""
        self._palette = palette
        self._changed()

    def mark(self, mark: Mark | None) -> None:
        """Moves the cursor; VTK draws nothing anew."""
        self._mark = mark
        missing = mark is not None and mark.place is None
        if missing != self._missing:
            self._missing = missing
            self.update(notes_area(len(self._notes) + 1, QRectF(self.rect())).toAlignedRect())
        self._update_marker()

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines at the lower left."""
        return (*(("No 3D point at this pixel.",) if self._missing else ()), *self._notes)

    def set_notes(self, notes: tuple[str, ...]) -> None:
        """What has to be said about the points."""
        self._notes = notes
        self.update()

    # Camera --------------------------------------------------------------------------------------------------------

    @property
    def pose(self) -> Pose:
        """The camera."""
        self._settle()
        return self._pose

    @property
    def pivot(self) -> Vector:
        """What the camera turns about."""
        return self._pivot

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return (max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    def look_from(self, preset: Preset) -> None:
        """One of the directions, all of the part in view."""
        self._pose = Pose.preset(preset)
        self.fit()

    def fit(self, points: FloatArray | None = None) -> None:
        """Brings points (N, 3) into view, and again when the size changes until the camera is moved; None: the part."""
        if self._cloud is None:
            return
        wanted = self._cloud.body if points is None or not len(points) else points
        self._target, self._fit_size = steady(wanted), None
        middle = np.median(self._target, axis=0, keepdims=True)
        self._pivot = stretched(middle, self._style.exaggeration, self._cloud.level)[0].astype(float)
        self._changed()

    def move_camera(self, pose: Pose) -> None:
        """The user turned, moved or zoomed; with many points, few are drawn until the camera rests."""
        if not self._diagonal / 500 < pose.distance < 20 * self._diagonal:
            return
        self._pose, self._target = pose, None
        self.hurry()
        self._changed()

    def hurry(self) -> None:
        """Draws few points for a moment, where there are many."""
        if self._cloud is not None and self._cloud.moving < len(self._cloud):
            self._few = True
            self._rest.start()

    def _rested(self) -> None:
        self._few = False
        self._changed()

    def _changed(self) -> None:
        self._stale, self._shown = True, None
        self.update()

    def _settle(self) -> None:
        """Fits what is wanted into the size that the widget has now."""
        size = self.device_size
        if self._target is not None and self._cloud is not None and self._fit_size != size:
            self._fit_size = size
            points = self._target
            if self._style.box and self._box is not None:
                points = np.concatenate([points, corners_of(*self._box)])
            drawn = stretched(points, self._style.exaggeration, self._cloud.level)
            self._pose = self._pose.fitted(drawn, size[0] / size[1])

    @property
    def _diagonal(self) -> float:
        return 1.0 if self._body is None else max(float(np.linalg.norm(self._body[1] - self._body[0])), 1e-3)

    # Screen and points ---------------------------------------------------------------------------------------------

    def point_at(self, at: QPointF) -> int | None:
        """Index of the point that is drawn at a position of this widget, or is nearest to it."""
        if self._cloud is None:
            return None
        ratio = self.devicePixelRatioF()
        return pick(self._projected(), (at.x() * ratio, at.y() * ratio), self._cover, self._tolerance, REACH * ratio)

    def place_at(self, at: QPointF) -> Vector:
        """The place in mm under a position of this widget; between points, at the depth of the focal point."""
        index, ratio = self.point_at(at), self.devicePixelRatioF()
        depth = self.pose.distance if index is None else float(self._projected().depth[index])
        return self.pose.beneath((at.x() * ratio, at.y() * ratio), self.device_size, depth)

    def position_of(self, place: FloatArray) -> tuple[QPointF, Hiding]:
        """Where a place in mm is in this widget, and whether it can be seen."""
        shown, ratio = project(place[None], self._lens), self.devicePixelRatioF()
        x, y, depth = (float(values[0]) for values in shown)
        if self._cloud is None or depth <= 0:
            return QPointF(-1, -1), "outside"
        hiding = visibility(self._projected(), (x, y, depth), self.device_size, self._cover, self._tolerance)
        return QPointF(x / ratio, y / ratio), hiding

    @property
    def _lens(self) -> Vector:
        level = 0.0 if self._cloud is None else self._cloud.level
        return self.pose.lens(self.device_size, self._style.exaggeration, level)

    def _projected(self) -> Shown:
        """Where the drawn points are, until the camera moves."""
        assert self._cloud is not None
        self._settle()
        if self._shown is None:
            points = self._cloud.points
            self._shown = project(points[: self._cloud.moving] if self._few else points, self._lens)
        return self._shown

    @property
    def _point_size(self) -> float:
        """Side of a drawn point in device pixels: as chosen, larger where that would leave gaps."""
        size, ratio = self._style.point_size, self.devicePixelRatioF()
        spacing = 0.0 if self._cloud is None else self._cloud.spacing
        apart = spacing * self.device_size[1] / (2 * np.tan(np.radians(ANGLE / 2)) * self.pose.distance)
        return float(min(max(size * ratio, size / 2 * apart * _GROWN), _LARGEST * ratio))

    @property
    def _cover(self) -> float:
        return max(self._point_size / 2, 1.0)

    @property
    def _tolerance(self) -> float:
        """How far apart in depth points of one surface are, seen at a slant."""
        spacing = 0.0 if self._cloud is None else self._cloud.spacing
        return max(3 * spacing, 0.01 * self._diagonal) * max(1.0, self._style.exaggeration / 2)

    # Painting ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The last picture of the points, drawn anew where it has to be, and what lies over it."""
        if self._scene is not None and self._cloud is not None and self._stale:
            self._render()
        painter = QPainter(self)
        if self._image.isNull():
            painter.fillRect(event.rect(), QColor(self._palette.image))
        else:
            painter.drawImage(0, 0, self._image)
            self._paint_over(painter)
        painter.end()

    def _render(self) -> None:
        assert self._scene is not None
        ground = QColor(self._palette.image)
        pixels = self._scene.render(
            self.pose,
            self.device_size,
            (ground.redF(), ground.greenF(), ground.blueF()),
            self._point_size,
            self._style.exaggeration,
            self._few,
        )
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBX8888)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(self.devicePixelRatioF())
        self._stale = False
        self.renders += 1

    def mark_points(self, points: FloatArray | None) -> None:
        """Marks places in mm, (N, 3), with small squares; None: none."""
        self._marked = None if points is None or not len(points) else points
        self.update()

    def _paint_over(self, painter: QPainter) -> None:
        area, colours = QRectF(self.rect()), self._palette
        if self._marked is not None:
            draw_squares(painter, self._marked, self._lens, self.devicePixelRatioF(), colours)
        if self._style.box and self._cloud is not None and self._box is not None:
            eye = self.pose.position.copy()
            eye[2] = self._cloud.level + (eye[2] - self._cloud.level) / self._style.exaggeration
            draw_box(painter, *self._box, self._lens, eye, self.devicePixelRatioF(), area, colours)
        draw_axes(painter, self.pose, area, colours)
        if self._style.marker and self._mark is not None and self._mark.place is not None:
            at, hiding = self.position_of(self._mark.place)
            draw_marker(painter, at, hiding, self._mark.pinned, area, colours)
            self._dirty = marker_area(at, hiding, area)
        if notes := list(self.notes):
            draw_notes(painter, notes, area, colours)

    def _update_marker(self) -> None:
        """Asks for the squares of the former and the new marker."""
        if self._stale or self._image.isNull() or not self.isVisible():
            self.update()
            return
        area, now = QRectF(self.rect()), QRectF()
        if self._style.marker and self._mark is not None and self._mark.place is not None:
            at, hiding = self.position_of(self._mark.place)
            now = marker_area(at, hiding, area)
        for dirty in (self._dirty, now):
            if not dirty.isEmpty():
                self.update(dirty.toAlignedRect())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another size needs another picture."""
        super().resizeEvent(event)
        self._changed()


def _alike(former: tuple[FloatArray, FloatArray], now: tuple[FloatArray, FloatArray]) -> bool:
    """Whether two boxes are of about one size at about one place: parts of one set, to be seen from one place."""
    old, new = (float(np.linalg.norm(high - low)) for low, high in (former, now))
    apart = float(np.linalg.norm((former[0] + former[1]) - (now[0] + now[1]))) / 2
    return apart < old / 2 and 0.5 < new / max(old, 1e-6) < 2.0
