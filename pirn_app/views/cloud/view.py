"""The part in three dimensions, with the same cursor and the same colours as the pictures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.events import Picture
from pirn_app.render.cloud import Cloud, make_cloud
from pirn_app.state.cursor import Place
from pirn_app.state.display import Frame, Look
from pirn_app.views.cloud.colours import coloured
from pirn_app.views.cloud.scene import NoOpenGLError
from pirn_app.views.cloud.surface import Mark, Style, Surface
from pirn_app.views.cloud.tools import HEIGHT, Tools
from pirn_app.views.view import EmptyState, View

_RECOLOUR = ("cloud", "source", "opacity", "colour_map", "per_image", "base")
"""Fields of the look that change the colours of the points."""


class CloudView(View):
    """The 3D points of the part in view."""

    name = "cloud"
    title = "3D point cloud"
    short = "3D"
    help = (
        "The points of the scan: drag turns, right drag moves, the wheel zooms to the mouse, a click marks the pixel "
        "in all views. Holes are places that the scanner did not see; the scores there rest on filled-in heights."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.tools = Tools(self.title, self.short, self.help, self._key())
        self.surface = Surface(context.theme.palette)
        self.empty = EmptyState(context)
        self._off: NoOpenGLError | None = None
        self._shown: Picture | None = None
        self._cloud: Cloud | None = None
        self._part_only = self._points_due = self._colours_due = self._released = False
        self._notes: tuple[str, ...] = ()
        self._before_click = Place()
        self._opening = QTimer(self, singleShot=True, interval=0)
        self._opening.timeout.connect(self._open)
        self._build()
        self._listen()
        self._recolour()
        self._look_changed(context.display.look, context.display.look)
        self._picture_changed()

    def _build(self) -> None:
        self._pages = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addLayout(self._pages, 1)  # first of all: a page without a parent would open as a window
        self._pages.addWidget(self.surface)
        self._pages.addWidget(self.empty)
        self.setMinimumSize(150, HEIGHT + 96)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def _listen(self) -> None:
        context = self.context
        self.follow(context.workspace.picture_changed, self._picture_changed)
        self.follow(context.workspace.parts_changed, self._picture_changed)
        self.follow(context.workspace.model_changed, self._result_changed)
        self.follow(context.workspace.results_cleared, self._result_changed)
        self.follow(context.workspace.result_changed, self._part_result_changed)
        self.follow(context.cursor.changed, self._cursor_moved)
        self.follow(context.display.changed, self._look_changed)
        self.follow(context.display.framed, self._framed)
        self.follow(context.display.marked, self._mark_patches)
        self.follow(context.display.layered, lambda _layer: self._result_changed())
        self.follow(context.theme.changed, self._recolour)
        self.surface.hovered.connect(context.cursor.hover)
        self.surface.pressed.connect(self._pressed)
        self.surface.clicked.connect(context.cursor.pin)
        self.surface.doubled.connect(self._doubled)
        self.tools.changed.connect(lambda field, value: context.display.set(**{field: value}))
        self.tools.viewed.connect(self.surface.look_from)
        self.tools.fit_asked.connect(self.surface.fit)
        self.tools.maximise_asked.connect(self._toggle_maximised)
        self.tools.part_only.connect(self.set_part_only)

    def release(self) -> None:
        """Also gives the window of VTK back."""
        self._released = True
        self._opening.stop()
        self.surface.close_scene()
        self._shown, self._cloud = None, None
        super().release()

    @property
    def cloud(self) -> Cloud | None:
        """The points that are shown."""
        return self._cloud

    def set_part_only(self, wanted: bool) -> None:
        """Leaves the points of the background out, or takes them in again."""
        if wanted != self._part_only:
            self._part_only = wanted
            self._want_points()

    # State -> view -------------------------------------------------------------------------------------------------

    def _picture_changed(self) -> None:
        self._say()
        if self._shown is not None and self._shown is self.context.workspace.picture:
            return
        if self._has_points():
            self._want_points()
        else:
            self._shown, self._cloud = None, None
        self._mark()

    def _has_points(self) -> bool:
        picture = self.context.workspace.picture
        return picture is not None and picture.xyz is not None and bool(picture.valid.any())

    def _want_points(self) -> None:
        """Takes the points now, or when the view is shown: a hidden view costs nothing."""
        self._points_due = True
        if self.isVisible():
            self._take_points()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catches up with what changed while it was hidden."""
        super().showEvent(event)
        if self._points_due:
            self._take_points()
        elif self._colours_due:
            self._recolour_points()

    def _take_points(self) -> None:
        picture = self.context.workspace.picture
        if self._released or self._off is not None or picture is None or picture.xyz is None or not self._has_points():
            return
        if not self.surface.ready:
            # VTK is loaded after the window has shown itself.
            self._opening.start()
            return
        former = self.context.display.frame if self._shown is None else None
        self._points_due = self._colours_due = False
        self._shown = picture
        self._cloud = make_cloud(picture.xyz, picture.foreground, part_only=self._part_only)
        colours, notes = coloured(self._cloud, picture, self.context)
        self.surface.show_cloud(self._cloud, colours)
        self._tell(notes)
        if former is not None:
            self._framed(former)
        self._mark()

    def _open(self) -> None:
        try:
            self.surface.open()
        except NoOpenGLError as error:
            self._off = error
            self.context.workspace.note("warning", str(error))
            self._say()
            return
        self._take_points()

    def _result_changed(self) -> None:
        if self.context.display.look.cloud == "anomaly":
            self._colours_due = True
            if self.isVisible():
                self._recolour_points()

    def _part_result_changed(self, part: str) -> None:
        if self._shown is not None and part == self._shown.ref.id:
            self._result_changed()

    def _recolour_points(self) -> None:
        if self._cloud is not None and self._shown is not None and self.surface.ready:
            self._colours_due = False
            colours, notes = coloured(self._cloud, self._shown, self.context)
            self.surface.colour(colours)
            self._tell(notes)

    def _tell(self, notes: tuple[str, ...]) -> None:
        factor = self.context.display.look.exaggeration
        high = () if factor == 1 else (f"Heights drawn {factor:g}×. Measured values stay true.",)
        self._notes = notes
        self.surface.set_notes((*notes, *high))

    def _cursor_moved(self, new: Place, old: Place) -> None:
        if (new.pixel, new.pinned, new.part) != (old.pixel, old.pinned, old.part):
            self._mark()
        if new.part != old.part and self._shown is None:
            self._say()

    def _mark(self) -> None:
        """Puts the marker to the cursor's pixel."""
        place, picture = self.context.cursor.place, self._shown
        if picture is None or picture.xyz is None or place.pixel is None or place.part not in ("", picture.ref.id):
            self.surface.mark(None)
            return
        row, column = place.pixel
        height, width = picture.shape
        there = 0 <= row < height and 0 <= column < width
        point = picture.xyz[row, column] if there else np.full(3, np.nan, np.float32)
        self.surface.mark(Mark(point if np.isfinite(point).all() else None, place.pinned))

    def _mark_patches(self) -> None:
        """The middles of the patches that were marked in another view, where they have a point."""
        picture, patches = self._shown, self.context.display.patches
        if picture is None or picture.xyz is None or not patches:
            self.surface.mark_points(None)
            return
        height, width = picture.shape
        places = np.rint(np.array(patches)[:, :2]).astype(int).clip(0, (height - 1, width - 1))
        points = picture.xyz[places[:, 0], places[:, 1]]
        self.surface.mark_points(points[np.isfinite(points).all(axis=1)])

    def _look_changed(self, new: Look, old: Look) -> None:
        self.tools.show_look(new)
        self.surface.set_style(Style(new.point_size, new.exaggeration, new.box, new.crosshair))
        if new.exaggeration != old.exaggeration:
            self._tell(self._notes)
        if any(getattr(new, field) != getattr(old, field) for field in _RECOLOUR):
            self._colours_due = True
            if self.isVisible():
                self._recolour_points()

    def _framed(self, frame: Frame | None) -> None:
        """The pictures show a part of the image: the camera turns to its middle."""
        if self._cloud is None:
            return
        self.surface.hurry()
        if frame is None:
            self.surface.fit()
        elif len(points := self._cloud.within(frame)):
            self.surface.fit(points)

    def _recolour(self) -> None:
        palette = self.context.theme.palette
        self.tools.recolour(palette)
        self.surface.set_palette(palette)

    # Words ---------------------------------------------------------------------------------------------------------

    def _say(self) -> None:
        """Words instead of the points."""
        message = self._absence()
        self.tools.set_usable(message is None)
        if message is not None:
            self.empty.tell(*message)
        self._pages.setCurrentWidget(self.surface if message is None else self.empty)

    def _absence(self) -> tuple[str, str] | None:
        """Why there are no points, and the action that helps; None where there are."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        picture, error = workspace.picture, workspace.picture_error
        if self._off is not None:
            return (str(self._off), "")
        if self._has_points():
            return None
        if picture is not None:
            return ("This part has no 3D points.", "")
        if workspace.parts is None:
            return ("No parts yet. Open a folder of parts.", "open-folder")
        if error is not None and part in ("", error.part):
            return (f"{error.message} {error.advice}".strip(), "")
        return (f"Reading {part}." if part else "Choose a part in the list.", "")

    def _key(self) -> str:
        actions, name = self.context.actions, f"maximise-{self.name}"
        return actions.qaction(name).shortcut().toString() if name in actions else ""

    # Mouse and keys ------------------------------------------------------------------------------------------------

    def _pressed(self) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._before_click = self.context.cursor.place

    def _doubled(self) -> None:
        """A double click begins with a click, which was not meant."""
        cursor, before = self.context.cursor, self._before_click
        if before.part == cursor.place.part:
            cursor.go(pixel=before.pixel, pinned=before.pinned)
        self._toggle_maximised()

    def _toggle_maximised(self) -> None:
        display = self.context.display
        display.set(maximised="" if display.look.maximised == self.name else self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc: hovering moves the cursor again."""
        if event.key() == Qt.Key.Key_Escape and self.context.cursor.place.pinned:
            self.context.cursor.release()
        else:
            super().keyPressEvent(event)
