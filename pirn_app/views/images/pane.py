"""What the three pictures share: frame, cursor, the part's outline, and words where there is no picture."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.events import Picture
from pirn_app.render.contours import outline
from pirn_app.state.cursor import Place
from pirn_app.state.display import Frame, Look
from pirn_app.theme import STEP
from pirn_app.views.images.canvas import Canvas
from pirn_app.views.images.frames import overlaps
from pirn_app.views.images.header import HEIGHT, Header
from pirn_app.views.images.layers import Line, rectangle
from pirn_app.views.images.sheets import Notice
from pirn_app.views.view import EmptyState, View
from pirn_core.data.sample import ByteArray, FloatArray

_SLOW_MS = 250
"""A part that takes longer to read is said to be read; until then the former picture stays without a word."""
_MEASURE_MS = 120
"""Measuring regions anew takes longer than drawing a contour: it waits until the threshold rests."""


class ImagePane(View):
    """A picture of the part in view. Subclasses say which picture, what lies over it and what to say without."""

    short: ClassVar[str] = ""
    """A shorter word for the title, where there is little room."""
    lacks: ClassVar[str] = ""
    """What to say of a part without this picture."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        palette = context.theme.palette
        self.picture: Picture | None = None
        self.header = Header(context, self.name, self.title, self.short, self.help)
        self.canvas = Canvas(palette)
        self.empty = EmptyState(context)
        self.notice = Notice("notice-plate", self.canvas)
        self._part_line, self._crop_line = Line(palette.accent), Line(palette.text, 1.0, dashed=True)
        self._region_line = Line(palette.accent, 2.0)
        self._patch_line = Line(palette.unsure, 1.5)
        self._outlined = False
        self._slow = QTimer(self, interval=_SLOW_MS, singleShot=True)
        self._slow.timeout.connect(self.say)
        self._measure = QTimer(self, interval=_MEASURE_MS, singleShot=True)
        self._measure.timeout.connect(self.draw_regions)
        self._before_click = Place()
        self._build()
        self._listen()
        self._recolour()
        self._show_picture()
        self._maximised(context.display.look)

    def _build(self) -> None:
        for level, line in ((4, self._crop_line), (5, self._part_line), (8, self._patch_line), (9, self._region_line)):
            line.show(None)
            self.canvas.add_layer(line.item, level)
        self._pages = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(self._pages, 1)  # first of all: a page without a parent would open as a window
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(self.empty)
        self.setMinimumSize(150, HEIGHT + 96)
        self.setFocusProxy(self.canvas)

    def _listen(self) -> None:
        context = self.context
        self.follow(context.workspace.picture_changed, self._show_picture)
        self.follow(context.workspace.parts_changed, self._show_picture)
        self.follow(context.workspace.document_changed, self._document_changed)
        for signal in (context.workspace.model_changed, context.workspace.results_cleared):
            self.follow(signal, self._result_changed)
        self.follow(context.workspace.result_changed, self._part_result_changed)
        self.follow(context.cursor.changed, self._cursor_moved)
        self.follow(context.display.changed, self._look_changed)
        self.follow(context.display.framed, self._framed)
        self.follow(context.display.marked, self._mark_patches)
        self.follow(context.theme.changed, self._recolour)
        self.canvas.hovered.connect(context.cursor.hover)
        self.canvas.pressed.connect(self._pressed)
        self.canvas.clicked.connect(self.click)
        self.canvas.doubled.connect(self._doubled)
        self.canvas.framed.connect(context.display.show_frame)
        self.canvas.seen.connect(self.arrange)

    def release(self) -> None:
        """Also stops what would still be drawn later."""
        self._slow.stop()
        self._measure.stop()
        super().release()

    # For subclasses ------------------------------------------------------------------------------------------------

    def base(self, picture: Picture) -> ByteArray | None:
        """The picture to show, RGB uint8 (H, W, 3); None where the part has none."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws what lies over the picture; called for another picture, result, model or look."""

    def threshold_moved(self) -> None:
        """The threshold in force is another."""

    def draw_regions(self) -> None:
        """Draws the regions at the threshold in force."""
        self._mark_region()

    def remark(self) -> str:
        """What to say over the picture; `` for nothing."""
        return ""

    def arrange(self) -> None:
        """Puts the sheets over the canvas to their places."""
        room = self.canvas.viewport().rect()
        self.notice.tell(self.notice.text(), room.width() - 4 * STEP)
        self.notice.move((room.width() - self.notice.width()) // 2, STEP)

    # State -> view -------------------------------------------------------------------------------------------------

    def _show_picture(self) -> None:
        picture = self.context.workspace.picture
        shown = None if picture is None else self.base(picture)
        former, self.picture = self.picture, picture if shown is not None else None
        if shown is not None and self.picture is not None:
            self.canvas.show_picture(shown)
            if self.picture is not former:
                self._outlined = False
                self._follow_size()
            self._draw_part()
            self.redraw()
            self._mark_region()
            self._mark_pixel()
        self.say()

    def redraw_base(self) -> None:
        """Shows the base again, after a choice that changes it."""
        self._show_picture()

    def _follow_size(self) -> None:
        """A frame of the former part's image that shows nothing of this one makes way for all of the image."""
        frame = self.context.display.frame
        if frame is not None and not overlaps(frame, self.canvas.shape):
            self.context.display.show_frame(None)
        self.canvas.show_frame(self.context.display.frame)

    def _framed(self, frame: Frame | None) -> None:
        if frame is None:
            self.canvas.fit()
        else:
            self.canvas.show_frame(frame)

    def _cursor_moved(self, new: Place, old: Place) -> None:
        if (new.pixel, new.pinned) != (old.pixel, old.pinned):
            self._mark_pixel()
        if new.region != old.region:
            self._mark_region()
            self.region_chosen(new.region)
        if new.part != old.part:
            self._slow.start()
            if self.picture is None:
                self.say()

    def region_chosen(self, region: int | None) -> None:
        """Another region is chosen."""

    def _mark_pixel(self) -> None:
        place, look = self.context.cursor.place, self.context.display.look
        self.canvas.place_cross(place.pixel if look.crosshair else None, place.pinned)

    def _mark_region(self) -> None:
        """A box around the chosen region, a little larger than it."""
        chosen = self.context.cursor.place.region
        part = "" if self.picture is None or chosen is None else self.picture.ref.id
        found = next((r for r in self.context.workspace.regions(part) if r.label == chosen), None) if part else None
        if found is None:
            self._region_line.show(None)
        else:
            top, left, bottom, right = found.box
            self._region_line.show(rectangle(left - 2, top - 2, right + 2, bottom + 2))

    def _mark_patches(self) -> None:
        """Squares around the patches that were marked in another view."""
        patches = self.context.display.patches if self.picture is not None else ()
        gap = np.full((1, 2), np.nan, np.float32)
        squares = [_square(*patch) for patch in patches]
        self._patch_line.show(
            np.concatenate([part for square in squares for part in (square, gap)]) if squares else None
        )

    def _draw_part(self) -> None:
        """Outline of the part and square of the crop."""
        wanted = self.context.display.look.foreground and self.picture is not None
        if not wanted or self.picture is None:
            self._part_line.show(None)
            self._crop_line.show(None)
        elif not self._outlined:
            self._part_line.show(outline(self.picture.foreground))
            crop = self.picture.geometry.crop
            square = None if crop is None else rectangle(crop[1], crop[0], crop[1] + crop[2], crop[0] + crop[2])
            self._crop_line.show(square)
        self._outlined = wanted

    def _look_changed(self, new: Look, old: Look) -> None:
        if new.crosshair != old.crosshair:
            self._mark_pixel()
        if new.foreground != old.foreground:
            self._draw_part()
        if new.maximised != old.maximised:
            self._maximised(new)
        quiet = {"crosshair": old.crosshair, "maximised": old.maximised, "cloud": old.cloud, "box": old.box}
        sizes = {"point_size": old.point_size, "exaggeration": old.exaggeration}
        if replace(new, **quiet, **sizes) != old:  # type: ignore[arg-type]
            self.look_changed(new, old)

    def look_changed(self, new: Look, old: Look) -> None:
        """Something of the look that concerns pictures is another."""

    def _maximised(self, look: Look) -> None:
        self.header.show_maximised(look.maximised == self.name)

    def _document_changed(self, new: object, old: object) -> None:
        if getattr(new, "thresholds", None) != getattr(old, "thresholds", None):
            self.threshold_moved()
            self._measure.start()
        self.say()

    def _result_changed(self) -> None:
        self.redraw()
        self._mark_region()
        self.say()

    def _part_result_changed(self, part: str) -> None:
        if self.picture is not None and part == self.picture.ref.id:
            self._result_changed()

    def _recolour(self) -> None:
        palette = self.context.theme.palette
        self.header.recolour(palette)
        self.canvas.recolour(palette)
        self.notice.recolour(palette)
        self._part_line.recolour(palette.accent)
        self._crop_line.recolour("#ffffff")
        self._region_line.recolour(palette.accent)

    # Words ---------------------------------------------------------------------------------------------------------

    def say(self) -> None:
        """Words instead of the picture, or over it."""
        if self.picture is None:
            self.empty.tell(*self._absence())
            self._pages.setCurrentWidget(self.empty)
            return
        self._pages.setCurrentWidget(self.canvas)
        part = self.context.cursor.place.part
        late = bool(part) and part != self.picture.ref.id and not self._slow.isActive()
        text = f"Reading {part}." if late else self.remark()
        if text != self.notice.text() or bool(text) == self.notice.isHidden():
            self.notice.tell(text, self.canvas.viewport().width() - 4 * STEP)
            self.arrange()

    def _absence(self) -> tuple[str, str]:
        """Why there is no picture, and the action that helps."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        error = workspace.picture_error
        if workspace.parts is None:
            return ("No parts yet. Open a folder of parts.", "open-folder")
        if error is not None and part in ("", error.part):
            return (f"{error.message} {error.advice}".strip(), "")
        if workspace.picture is not None and part in ("", workspace.picture.ref.id):
            return (self.lacks, "")
        return (f"Reading {part}." if part else "Choose a part in the list.", "")

    # Mouse and keys ------------------------------------------------------------------------------------------------

    def _pressed(self) -> None:
        self._before_click = self.context.cursor.place

    def click(self, pixel: tuple[int, int], at: QPoint) -> None:
        """The user clicked a pixel."""
        self.context.cursor.pin(pixel)

    def _doubled(self) -> None:
        """A double click begins with a click, which was not meant."""
        cursor, before = self.context.cursor, self._before_click
        if before.part == cursor.place.part:
            cursor.go(pixel=before.pixel, pinned=before.pinned, region=before.region)
        self.header.toggle_maximised()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc: hovering moves the cursor again."""
        if event.key() == Qt.Key.Key_Escape and self.context.cursor.place.pinned:
            self.context.cursor.release()
        else:
            super().keyPressEvent(event)


def _square(row: float, column: float, side: float) -> FloatArray:
    """A patch in the coordinates of the canvas, where a pixel's centre lies half a pixel from its corner."""
    half = side / 2
    return rectangle(column + 0.5 - half, row + 0.5 - half, column + 0.5 + half, row + 0.5 + half)
