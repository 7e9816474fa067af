"""Figures at the cursor, in one line whose parts never move."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from pirn_app.context import Context
from pirn_app.messages.events import Picture
from pirn_app.render.overlay import decimals, figure
from pirn_app.theme import STEP, TEXT
from pirn_app.views.view import View

_NONE = "\N{EN DASH}"
_SCORES = (("fused", "Score"), ("rgb", "Colour"), ("sn", "Surface"))


class Field(QWidget):
    """A caption and a value, as wide as the widest value will be."""

    def __init__(self, name: str, caption: str, widest: str, context: Context) -> None:
        super().__init__()
        self.setObjectName(f"readout-{name}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._context, self._caption, self._widest = context, caption, widest
        self._text, self._muted = "", False
        self.fit()

    @property
    def text(self) -> str:
        """The value."""
        return self._text

    def tell(self, text: str, muted: bool = False) -> None:
        """Another value; the width stays."""
        if (text, muted) != (self._text, self._muted):
            self._text, self._muted = text, muted
            self.setAccessibleName(f"{self._caption} {text}".strip())
            self.update()

    def fit(self) -> None:
        """Takes the width that the font asks for."""
        metrics = QFontMetrics(self._font())
        self._left = metrics.horizontalAdvance(self._caption) + (STEP // 2 if self._caption else 0)
        self.setFixedSize(QSize(self._left + metrics.horizontalAdvance(self._widest) + 2, metrics.height()))

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(TEXT)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Caption in grey, value in the colour of words."""
        painter = QPainter(self)
        painter.setFont(self._font())
        palette = self._context.theme.palette
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(palette.muted))
        painter.drawText(self.rect(), middle, self._caption)
        painter.setPen(QColor(palette.muted if self._muted else palette.text))
        painter.drawText(QRect(self._left, 0, self.width() - self._left, self.height()), middle, self._text)
        painter.end()


class ReadoutView(View):
    """Pixel, point, normal and scores at the cursor."""

    name = "readout"
    title = "At the cursor"
    help = (
        "Pixel, point in mm, direction of the surface and scores at the cross. "
        "Click to pin the cross, Esc to let it go."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        number = "\N{MINUS SIGN}000.00"
        unit = "\N{MINUS SIGN}0.00"
        self._pixel = Field("pixel", "Row, column", "0000, 0000", context)
        self._point = Field("point", "Point", f"{number}, {number}, {number} mm", context)
        self._normal = Field("normal", "Normal", f"{unit}, {unit}, {unit}", context)
        self._scores = {name: Field(name, caption, "00.0000", context) for name, caption in _SCORES}
        self._pin = Field("pin", "", "pinned (Esc)", context)
        self._fields = (self._pixel, self._pin, *self._scores.values(), self._point, self._normal)
        row = QHBoxLayout(self)
        row.setContentsMargins(STEP, 0, STEP, 0)
        row.setSpacing(2 * STEP)
        for field in self._fields:
            row.addWidget(field)
        row.addStretch(1)
        self.setFixedHeight(3 * STEP)
        self.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        workspace = context.workspace
        self.follow(context.cursor.changed, self._tell)
        self.follow(context.theme.changed, self._recolour)
        for signal in (workspace.picture_changed, workspace.result_changed, workspace.results_cleared):
            self.follow(signal, self._tell)
        self._tell()

    def texts(self) -> dict[str, str]:
        """All values by the names of their fields."""
        return {field.objectName().removeprefix("readout-"): field.text for field in self._fields}

    def _tell(self, *_changes: object) -> None:
        place, picture = self.context.cursor.place, self._picture()
        pixel = place.pixel
        if picture is not None and pixel is not None:
            inside = 0 <= pixel[0] < picture.shape[0] and 0 <= pixel[1] < picture.shape[1]
            pixel = pixel if inside else None
        self._pin.tell("pinned (Esc)" if place.pinned and pixel is not None else "", muted=True)
        if pixel is None or picture is None:
            for field in self._fields:
                if field is not self._pin:
                    field.tell(_NONE, muted=True)
            return
        self._pixel.tell(f"{pixel[0]}, {pixel[1]}")
        self._tell_surface(picture, pixel)
        self._tell_scores(picture, pixel)

    def _tell_surface(self, picture: Picture, pixel: tuple[int, int]) -> None:
        if picture.xyz is None:
            self._point.tell("no 3D scan", muted=True)
        elif not picture.valid[pixel]:
            self._point.tell("no 3D point here", muted=True)
        else:
            self._point.tell(", ".join(_length(float(v)) for v in picture.xyz[pixel]) + " mm")
        if picture.normals is None or not picture.valid[pixel]:
            self._normal.tell(_NONE, muted=True)
        else:
            self._normal.tell(", ".join(figure(float(v)) for v in picture.normals[pixel]))

    def _tell_scores(self, picture: Picture, pixel: tuple[int, int]) -> None:
        result, model = self.context.workspace.result(picture.ref.id), self.context.workspace.model
        known = result is not None and model is not None and result.map.shape == picture.shape
        for name, field in self._scores.items():
            values = None
            if known and result is not None:
                values = result.map if name == "fused" else result.maps.get(name)  # type: ignore[call-overload]
            value = math.nan if values is None else float(values[pixel])
            places = 2 if model is None else decimals(model.colour_range[1])
            field.tell(figure(value, places), muted=math.isnan(value))

    def _picture(self) -> Picture | None:
        """Of the part in view; None while it is being read."""
        picture, part = self.context.workspace.picture, self.context.cursor.place.part
        return picture if picture is not None and part in ("", picture.ref.id) else None

    def _recolour(self) -> None:
        for field in self._fields:
            field.update()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Another font needs other widths."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.ApplicationFontChange):
            for field in getattr(self, "_fields", ()):
                field.fit()


def _length(value: float) -> str:
    """Never wider than its field: a part that is metres away has no hundredths of a millimetre."""
    return figure(value, 2 if abs(value) < 999.995 else 1)
