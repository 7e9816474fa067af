"""The maps of all stages side by side, in the same colours; a click shows one large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from pirn_app.icons import icon
from pirn_app.state.cursor import Place
from pirn_app.theme import STEP
from pirn_app.views.origin.legend import Legend
from pirn_app.views.origin.pane import MapPane
from pirn_app.views.origin.parts import Beside, Section
from pirn_app.views.origin.pictures import Window, backdrop, changed, heated, window_of
from pirn_app.views.origin.stages import Stage, stages_of
from pirn_app.views.origin.words import number
from pirn_app.views.view import View
from pirn_app.widgets import Words, named, styled
from pirn_core.data.sample import ByteArray

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation

_TILE = 140
"""Least width of a tile; as many stand side by side as there is room for."""
LARGE = 480
SPAN = 0.1
"""Changes are shown up to this share of the calibrated threshold, which is a constant of the model."""


class Tile(QWidget):
    """A small map with its title and its highest value."""

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"origin-map-{name}")
        self.name = name
        self.pane = named(MapPane(), f"origin-pane-{name}")
        self.pane.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pane.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pane.clicked.connect(lambda _: self.chosen.emit(self.name))
        self._title, self._value = QLabel(), styled(QLabel(), role="muted")
        for label in (self._title, self._value):
            label.setMinimumWidth(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.pane, self._title, self._value):
            column.addWidget(widget)

    def tell(self, stage: Stage, value: str) -> None:
        """Title and caption of its map."""
        self._title.setText(stage.title)
        self._value.setText(value)
        self.setToolTip(f"<p>{stage.how} Click to see it large.</p>")
        self.pane.setAccessibleName(f"{stage.title}, {value}")

    def fit(self, width: int) -> None:
        """Gives the map the height that its width asks for."""
        self.pane.setFixedHeight(self.pane.heightForWidth(width))

    def height_at(self, width: int) -> int:
        """Map and two lines."""
        return self.pane.heightForWidth(width) + 2 * (self.fontMetrics().height() + 3)


class TileGrid(QWidget):
    """Places tiles in rows of equal columns, as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles: list[Tile] = []
        self.setMinimumWidth(1)

    def put(self, tiles: list[Tile]) -> None:
        """Other tiles; the former ones go."""
        for tile in self.tiles:
            tile.hide()
            tile.deleteLater()
        self.tiles = tiles
        for tile in tiles:
            tile.setParent(self)
            tile.show()
        self.place()

    def place(self) -> None:
        """Puts all tiles in their places."""
        if not self.tiles:
            return
        columns = max(1, min((self.width() + STEP) // (_TILE + STEP), 4, len(self.tiles)))
        width = min((self.width() - (columns - 1) * STEP) // columns, 220)
        height = self.tiles[0].height_at(width)
        for k, tile in enumerate(self.tiles):
            row, column = divmod(k, columns)
            tile.fit(width)
            tile.setGeometry(column * (width + STEP), row * (height + STEP), width, height)
        rows = -(-len(self.tiles) // columns)
        self.setFixedHeight(rows * height + (rows - 1) * STEP)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Another width."""
        super().resizeEvent(event)
        self.place()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Its height follows from its width."""
        return QSize(_TILE, self.height())


class MapSection(Section):
    """Choice of the layer, the large map, all maps, and the legends."""

    def __init__(self, view: View) -> None:
        super().__init__(
            view,
            "Maps of every stage",
            "origin-maps",
            "Every map says what a stage leaves unexplained, in the scale and the colours of the anomaly map. Where "
            "only one of them lights up, that stage makes the score. Click a map to see it large, again to close it.",
        )
        self.layers = named(QComboBox(), "origin-layer")
        self.layers.setToolTip("Decoder layer of the first maps; the last layer makes the score.")
        self.layers.currentIndexChanged.connect(lambda _: self._build())
        self.head.addWidget(self.layers)
        self.note = Words("origin-maps-note", "muted")
        self.grid, self._large = TileGrid(), _Large(view)
        self.large = self._large.pane
        self._large.closed.connect(lambda: self.show_large(""))
        self._scores, self._changes = Legend("origin-legend-scores"), Legend("origin-legend-change")
        for widget in (self.note, self._large, self.grid):
            self.column.addWidget(widget)
        self.column.addSpacing(STEP // 2)
        for legend in (self._scores, self._changes):
            self.column.addWidget(legend)
        self.chosen = ""
        self._found: OriginExplanation | None = None
        self._refined = True
        self._stages: tuple[Stage, ...] = ()
        self._pictures: dict[str, ByteArray] = {}
        self._window = Window(0, 0, 1, 1, 1)

    @property
    def layer(self) -> int:
        """Index of the chosen layer."""
        return max(self.layers.currentIndex(), 0)

    def refresh(self, found: OriginExplanation, *, refined: bool) -> None:
        """Shows another explanation, or the same one with or without refinement."""
        self._found, self._refined = found, refined
        count = len(found.layers)
        if self.layers.count() != count:
            self.layers.blockSignals(True)
            self.layers.clear()
            self.layers.addItems([f"Layer {k + 1}" for k in range(count)])
            self.layers.setCurrentIndex(count - 1)
            self.layers.blockSignals(False)
        self.layers.setVisible(count > 1)
        if not refined and self.layer != count - 1:
            self.layers.blockSignals(True)
            self.layers.setCurrentIndex(count - 1)
            self.layers.blockSignals(False)
        self.layers.setEnabled(refined)
        self._build()

    def _build(self) -> None:
        workspace, found = self.view.context.workspace, self._found
        if found is None or workspace.model is None or workspace.limits is None:
            return
        self.note.tell("" if self._refined else "Colour, surface and fused are shown without refinement.")
        self._window = window_of(found.frame.seen)
        self._stages = stages_of(found, self.layer, refined=self._refined)
        names = [stage.name for stage in self._stages]
        if [tile.name for tile in self.grid.tiles] != names:
            self.grid.put([self._made(name) for name in names])
        self._paint(workspace.limits[1])
        self.grid.place()
        self.show_large(self.chosen if self.chosen in names else "")
        self.mark(self.view.context.cursor.place)

    def _made(self, name: str) -> Tile:
        tile = Tile(name)
        tile.chosen.connect(lambda chosen: self.show_large("" if chosen == self.chosen else chosen))
        tile.pane.hovered.connect(self.view.context.cursor.hover)
        return tile

    def _paint(self, threshold: float) -> None:
        context = self.view.context
        model, found, colours = context.workspace.model, self._found, context.theme.palette
        assert model is not None and found is not None
        picture = context.workspace.picture
        own = picture if picture is not None and picture.ref.id == found.part else None
        back = backdrop(own, self._window, colours.image)
        name, span = context.display.look.colour_map, SPAN * model.threshold
        for tile, stage in zip(self.grid.tiles, self._stages, strict=True):
            values = self._window.cut(stage.values)
            if stage.change:
                shown = changed(values, span, colours.ok, colours.ng, back)
            else:
                shown = heated(values, model.colour_range, name, back)
            self._pictures[stage.name] = shown
            tile.pane.show_map(shown, self._window, colours)
            tile.tell(stage, _caption(stage, threshold))
        self._scores.show_scores(model.colour_range, threshold, name, colours)
        self._changes.show_change(span, threshold, colours)
        self._changes.setVisible(found.refines)

    def show_large(self, name: str) -> None:
        """Shows a map large; `` closes it."""
        self.chosen = name
        stage = next((stage for stage in self._stages if stage.name == name), None)
        for tile in self.grid.tiles:
            tile.pane.choose(tile.name == name)
        self._large.setVisible(stage is not None)
        if stage is not None:
            self._large.show_stage(stage, self._pictures[name], self._window)
            self.mark(self.view.context.cursor.place)

    def mark(self, place: Place) -> None:
        """Moves the cross in all maps."""
        for pane in (self.large, *(tile.pane for tile in self.grid.tiles)):
            pane.mark(place.pixel, place.pinned)
        if not self._large.isHidden():
            stage = next(stage for stage in self._stages if stage.name == self.chosen)
            self._large.tell_value(stage, place.pixel)

    def dress(self) -> None:
        """Takes the colours of the theme."""
        super().dress()
        self._large.dress()
        self._build()


class _Large(QWidget):
    """One map, large, with its explanation and the value under the cursor."""

    closed = Signal()

    def __init__(self, view: View) -> None:
        super().__init__()
        self.setObjectName("origin-large")
        self._view = view
        self._title = named(styled(QLabel(), role="figure"), "origin-large-title")
        self._value = named(QLabel(), "origin-large-value")
        self._close = named(QToolButton(), "origin-large-close")
        self._close.setToolTip("Close the large map")
        self._close.clicked.connect(self.closed)
        self.pane = named(MapPane(LARGE), "origin-large-pane")
        self.pane.hovered.connect(view.context.cursor.hover)
        self.pane.clicked.connect(view.context.cursor.pin)
        self._how = Words("origin-large-how", "muted")
        row = QHBoxLayout()
        for widget in (self._title, self._value):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP // 2)
        column.addLayout(row)
        column.addWidget(Beside(self.pane, LARGE, (self._how,)))
        self.hide()
        self.dress()

    def show_stage(self, stage: Stage, picture: ByteArray, window: Window) -> None:
        self._title.setText(stage.title)
        self._how.tell(stage.how)
        self.pane.show_map(picture, window, self._view.context.theme.palette)

    def tell_value(self, stage: Stage, pixel: tuple[int, int] | None) -> None:
        """The value at the cursor."""
        limits = self._view.context.workspace.limits
        rows, columns = stage.values.shape
        if pixel is None or limits is None or not (0 <= pixel[0] < rows and 0 <= pixel[1] < columns):
            self._value.clear()
            return
        value = float(stage.values[pixel])
        sign = "+" if stage.change and value > 0 else ""
        known = f"{sign}{number(value, limits[1] / (10 if stage.change else 1))}".replace("-", "\N{MINUS SIGN}")
        self._value.setText(f"{known if np.isfinite(value) else 'not seen'} at row {pixel[0]}, column {pixel[1]}")

    def dress(self) -> None:
        self._close.setIcon(icon("close", self._view.context.theme.palette.muted))


def _caption(stage: Stage, threshold: float) -> str:
    known = stage.values[np.isfinite(stage.values)]
    if not known.size:
        return "nothing seen"
    if not stage.change:
        return f"highest {number(float(known.max()), threshold)}"
    low, high = (f"{float(v):+.3f}".replace("-", "\N{MINUS SIGN}") for v in (known.min(), known.max()))
    return f"{low} to {high}"
