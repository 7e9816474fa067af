"""What Qt draws over the points: the cursor, the box, the axes and the notes. VTK draws nothing anew for them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from pirn_app.render.cloud import Hiding, corners_of, project
from pirn_app.theme import STEP, TEXT, Palette
from pirn_app.views.cloud.camera import Pose, Vector
from pirn_core.data.sample import FloatArray

REACH = 16
"""Pixels around the cursor's place that the marker covers."""
_RING, _GAP, _ARM = 6.5, 9.5, 14.0
_RIM = QColor(0, 0, 0, 170)
_LARGE_FROM = 360
"""Pixels of the shorter side from which on the cross of axes has its full size."""
_AXES = (("x", "#e0655f"), ("y", "#6fbf5f"), ("z", "#5f9ce0"))


def draw_marker(painter: QPainter, at: QPointF, hiding: Hiding, pinned: bool, area: QRectF, colours: Palette) -> None:
    """A ring with four arms, light with a dark rim; dashed where the point is hidden, an arrow where it is outside."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hiding == "outside":
        _draw_arrow(painter, at, area, colours)
    else:
        for colour, width in ((_RIM, 4.0), (QColor(colours.cursor), 1.6)):
            pen = QPen(colour, width)
            painter.setPen(pen)
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(at + QPointF(x, y) * _GAP, at + QPointF(x, y) * _ARM)
            if colour != _RIM and pinned:
                pen = QPen(QColor(colours.accent), 2.2)
            if colour != _RIM and hiding == "hidden":
                pen.setDashPattern([2, 2])
            painter.setPen(pen)
            painter.drawEllipse(at, _RING, _RING)
    painter.restore()


def draw_squares(painter: QPainter, points: FloatArray, lens: Vector, ratio: float, colours: Palette) -> None:
    """Small squares with a dark rim at places in mm, (N, 3); those behind the eye are left out."""
    x, y, depth = project(points, lens)
    painter.save()
    for colour, width in ((_RIM, 3.5), (QColor(colours.unsure), 1.6)):
        painter.setPen(QPen(colour, width))
        for left, top in zip(x[depth > 0] / ratio, y[depth > 0] / ratio, strict=True):
            painter.drawRect(QRectF(float(left) - 4, float(top) - 4, 8, 8))
    painter.restore()


def marker_area(at: QPointF, hiding: Hiding, area: QRectF) -> QRectF:
    """What `draw_marker` touches."""
    place = _edge(at, area) if hiding == "outside" else at
    return QRectF(place.x() - REACH, place.y() - REACH, 2 * REACH, 2 * REACH)


def _edge(at: QPointF, area: QRectF) -> QPointF:
    return _within(at, area.adjusted(10, 10, -10, -10))


def _within(at: QPointF, room: QRectF) -> QPointF:
    """The place in a rectangle that is nearest to a point."""
    return QPointF(min(max(at.x(), room.left()), room.right()), min(max(at.y(), room.top()), room.bottom()))


def _draw_arrow(painter: QPainter, at: QPointF, area: QRectF, colours: Palette) -> None:
    tip = _edge(at, area)
    away = np.array([at.x() - tip.x(), at.y() - tip.y()])
    away /= max(float(np.hypot(*away)), 1e-6)
    ahead, aside = QPointF(*away), QPointF(-away[1], away[0])
    painter.setPen(QPen(_RIM, 2))
    painter.setBrush(QColor(colours.cursor))
    painter.drawPolygon(QPolygonF([tip + ahead * 8, tip - ahead * 4 + aside * 6, tip - ahead * 4 - aside * 6]))


def draw_box(
    painter: QPainter,
    low: FloatArray,
    high: FloatArray,
    lens: Vector,
    eye: Vector,
    ratio: float,
    area: QRectF,
    colours: Palette,
) -> None:
    """The edges of a box, those behind it dashed, with the lengths of its sides in mm.

    Args:
        low: Lowest corner, true coordinates.
        high: Highest corner.
        lens: To device pixels.
        eye: The camera's position where heights are not exaggerated.
        ratio: Device pixels per pixel.
        area: Of the widget.
        colours: Of the theme.
    """
    room = area.adjusted(32, 12, -32, -12)
    shown = project(corners_of(low, high), lens)
    if (shown.depth <= 0).any():
        return
    places = [QPointF(float(x) / ratio, float(y) / ratio) for x, y in zip(shown.x, shown.y, strict=True)]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QColor(colours.on_image)
    labels: dict[int, tuple[float, int, int]] = {}
    for first, second, axis in _edges():
        seen = _facing(first, axis, low, high, eye)
        ink.setAlpha(200 if seen else 70)
        painter.setPen(QPen(ink, 1.2, Qt.PenStyle.SolidLine if seen else Qt.PenStyle.DashLine))
        painter.drawLine(places[first], places[second])
        middle = (places[first] + places[second]) / 2
        # The length stands at the lowest edge in view that the part does not hide.
        if seen and area.contains(middle) and (axis not in labels or middle.y() > labels[axis][0]):
            labels[axis] = (middle.y(), first, second)
    for axis, (_, first, second) in labels.items():
        span = places[second] - places[first]
        if span.manhattanLength() > 24:
            middle = _within((places[first] + places[second]) / 2, room)
            _draw_label(painter, middle, f"{high[axis] - low[axis]:.1f} mm", colours)
    painter.restore()


def _edges() -> list[tuple[int, int, int]]:
    """The twelve edges as (corner, corner, axis); corners in the order of `corners_of`."""
    return [(c, c | bit, axis) for axis, bit in enumerate((4, 2, 1)) for c in range(8) if not c & bit]


def _facing(corner: int, axis: int, low: FloatArray, high: FloatArray, eye: Vector) -> bool:
    """Whether one of the two faces at an edge faces the camera; else the box is in front of it."""
    for other, bit in enumerate((4, 2, 1)):
        if other != axis and (eye[other] > high[other] if corner & bit else eye[other] < low[other]):
            return True
    return False


def draw_axes(painter: QPainter, pose: Pose, area: QRectF, colours: Palette) -> None:
    """A small cross of axes at the lower right: x right, y down and z away, as in the pictures."""
    scale = 1.0 if min(area.width(), area.height()) >= _LARGE_FROM else 0.6
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    origin = area.bottomRight() - QPointF(40, 40) * scale
    _fill(
        painter, QRectF(origin.x() - 36 * scale, origin.y() - 36 * scale, 72 * scale, 72 * scale), colours, 36 * scale
    )
    font = _font(painter)
    font.setPixelSize(TEXT if scale == 1.0 else TEXT - 2)
    painter.setFont(font)
    turned = pose.axes
    order = sorted(range(3), key=lambda axis: -turned[2, axis])
    for axis in order:
        name, colour = _AXES[axis]
        end = QPointF(float(turned[0, axis]), -float(turned[1, axis]))
        painter.setPen(QPen(QColor(colour), 2))
        painter.drawLine(origin, origin + end * 18 * scale)
        if np.hypot(end.x(), end.y()) < 0.3:
            continue  # it points at the eye
        painter.setPen(QColor(colours.text))
        at = origin + end * (26 if scale == 1.0 else 17)
        painter.drawText(QRectF(at.x() - 8, at.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, name)
    painter.restore()


def notes_area(count: int, area: QRectF) -> QRectF:
    """What `draw_notes` touches."""
    height = count * _line_height() + STEP
    return QRectF(area.left(), area.bottom() - height, area.width(), height)


def draw_notes(painter: QPainter, notes: list[str], area: QRectF, colours: Palette) -> None:
    """Lines of text at the lower left, the first at the bottom."""
    painter.save()
    metrics = QFontMetricsF(_font(painter))
    painter.setFont(_font(painter))
    bottom = area.bottom() - STEP / 2
    for text in notes:
        fitting = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 4 * STEP)
        line = QRectF(
            STEP / 2, bottom - _line_height() + 2, metrics.horizontalAdvance(fitting) + 2 * STEP, _line_height() - 2
        )
        _fill(painter, line, colours)
        painter.setPen(QColor(colours.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, fitting)
        bottom -= _line_height()
    painter.restore()


def _line_height() -> float:
    return TEXT + 10.0


def _font(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(TEXT)
    return font


def _draw_label(painter: QPainter, middle: QPointF, text: str, colours: Palette) -> None:
    painter.setFont(_font(painter))
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + STEP
    frame = QRectF(middle.x() - width / 2, middle.y() - 9, width, 18)
    _fill(painter, frame, colours)
    painter.setPen(QColor(colours.text))
    painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, text)


def _fill(painter: QPainter, frame: QRectF, colours: Palette, round_by: float = 3) -> None:
    ground = QColor(colours.panel)
    ground.setAlpha(215 if round_by < STEP else 130)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(frame, round_by, round_by)
