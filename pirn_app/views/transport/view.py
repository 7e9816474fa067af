"""The transport view put together: it asks for what it shows, and links it to the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from pirn_app.choices import Choice, Choices
from pirn_app.context import Context
from pirn_app.messages.events import JobEnded
from pirn_app.messages.transport import ExplainTransport
from pirn_app.state.cursor import Place
from pirn_app.state.history import Document
from pirn_app.state.transport import Split, Transport
from pirn_app.theme import STEP
from pirn_app.views.transport.lengths import LengthPlot
from pirn_app.views.transport.offering import OfferBox
from pirn_app.views.transport.plan import PlanCard
from pirn_app.views.transport.plane import PlanePlot
from pirn_app.views.transport.words import NAMES
from pirn_app.views.view import EmptyState, View
from pirn_app.widgets import named
from pirn_core.data.sample import BoolArray

if TYPE_CHECKING:
    from pirn_core.explain.displacement import LayerTransport, TransportExplanation

_WIDE, _MIDDLE = 840, 500
"""Pixels of the view from which on three, and two, plots stand side by side."""
_MODALITIES = (
    Choice("rgb", "Colour", "Tokens of the colour image."),
    Choice("sn", "Surface", "Tokens of the surface normals."),
)
_SPLITS: tuple[tuple[Split, str], ...] = (
    ("threshold", "Anomalous by threshold"),
    ("truth", "Anomalous by ground truth"),
)


class TransportView(View):
    """How far, and towards which prototypes, reconstruction moved the patches of the part in view."""

    name = "transport"
    title = "Transport"
    help = (
        "Reconstruction moves every patch of the part towards prototypes, the patterns of normal parts: what has to "
        "move far is not normal. Where anomalous and normal patches move alike, this modality is blind to the defect: "
        "trust the other one, or train with more varied shots; where a good part moves far, confirm it or add it."
    )

    def __init__(self, context: Context, state: Transport, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.state = state
        self.plane, self.lengths, self.plan = PlanePlot(), LengthPlot(), PlanCard()
        self.empty = EmptyState(context)
        self._asked: tuple[str, str] = ("", "")
        self._broken = ""
        self._columns = 0
        self._build()
        self._listen()
        self._recolour()

    def _build(self) -> None:
        self.modality = Choices("transport-modality", _MODALITIES, "Whose patches are shown.")
        self.layer_box = named(QComboBox(), "transport-layer")
        self.layer_box.setToolTip("After which layer of the decoder; lengths are always measured from its input.")
        self.split_box = named(QComboBox(), "transport-split")
        self.split_box.setToolTip("Which patches count as anomalous.")
        for value, text in _SPLITS:
            self.split_box.addItem(text, value)
        self.split_box.setMinimumContentsLength(12)
        self.split_box.setMaximumWidth(28 * STEP)
        self.split_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.offer_box = OfferBox(self.context.display)
        self._strip = QGridLayout()
        self._strip.setHorizontalSpacing(STEP)
        self._strip.setVerticalSpacing(STEP // 2)
        choices = QHBoxLayout()
        choices.setSpacing(STEP)
        choices.addWidget(self.modality)
        choices.addWidget(self.layer_box)
        choices.addWidget(self.split_box, 1)
        choices.addStretch()
        self._strip.addLayout(choices, 0, 0)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2 * STEP)
        inner = QWidget()
        inner.setProperty("scrolled", True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        column.addLayout(self._strip)
        column.addLayout(self._grid, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._scroll)
        self._pages.addWidget(self.empty)
        self._place(3)
        self.setMinimumSize(280, 200)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(900, 360)

    def _listen(self) -> None:
        context, workspace = self.context, self.context.workspace
        self.follow(self.state.changed, self.refresh)
        self.follow(self.state.chosen, self.refresh)
        self.follow(context.cursor.changed, self._cursor_moved)
        self.follow(context.theme.changed, self._recolour)
        self.follow(context.display.layered, self.offer_box.layered)
        self.follow(workspace.parts_changed, self.state.clear)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(workspace.failed, self._failed)
        self.follow(workspace.result_changed, self._result_changed)
        for signal in (workspace.model_changed, workspace.picture_changed, workspace.results_cleared):
            self.follow(signal, self.refresh)
        self.modality.chosen.connect(lambda name: self.state.choose(modality=name))
        self.layer_box.activated.connect(lambda row: self.state.choose(layer=row + 1))
        self.split_box.activated.connect(lambda row: self.state.choose(split=self.split_box.itemData(row)))
        self.offer_box.clicked.connect(self.offer)
        self.plane.pointed.connect(self._point)
        self.plane.picked.connect(self._pick)
        for signal in (self.plane.prototype_picked, self.plan.clicked):
            signal.connect(self._choose_prototype)

    def release(self) -> None:
        """Also takes its map off the pictures."""
        if self.offer_box.isChecked():
            self.offer(False)
        super().release()

    # What is there -------------------------------------------------------------------------------------------------

    @property
    def explanation(self) -> TransportExplanation | None:
        """Of the part in view under the model in force."""
        model = self.context.workspace.model
        return None if model is None else self.state.explanation(self.context.cursor.place.part, model.card.id)

    @property
    def layer(self) -> LayerTransport | None:
        """What is looked at, or the nearest thing that the part has."""
        found, choice = self.explanation, self.state.choice
        if found is None:
            return None
        modality = choice.modality if choice.modality in found.modalities else found.modalities[0]
        return found.of(modality, min(choice.layer, found.depth))

    def _anomalous(self, found: TransportExplanation) -> tuple[BoolArray, Split]:
        """Tokens that count as anomalous, and by what; without a ground truth, by the threshold."""
        truth = self._truth(found)
        if self.state.choice.split == "truth" and truth is not None:
            return found.inside(truth), "truth"
        limits = self.context.workspace.limits
        return found.above(found.threshold if limits is None else limits[1]), "threshold"

    def _truth(self, found: TransportExplanation) -> BoolArray | None:
        picture = self.context.workspace.picture
        if picture is None or picture.ref.id != found.ref.id or picture.truth is None:
            return None
        return picture.truth if picture.truth.shape == found.frame.seen.shape else None

    def token(self) -> int | None:
        """The token under the cursor, else the one with the highest score."""
        found, pixel = self.explanation, self.context.cursor.place.pixel
        if found is None:
            return None
        if pixel is not None:
            return found.token_at(*pixel)
        return found.strongest

    # Asking --------------------------------------------------------------------------------------------------------

    def _want(self) -> None:
        """Asks for the part in view once it is inspected, while someone sees the answer."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        ref, model, found = workspace.ref(part), workspace.model, workspace.results.get(part)
        if not (self.isVisible() or self.offer_box.isChecked()) or ref is None or model is None:
            return
        if found is None or found.error or self.explanation is not None or self.state.failure(part) is not None:
            return
        if (wanted := (part, model.card.id)) != self._asked:
            self._asked = wanted
            self.context.requests.ask(ExplainTransport(ref, workspace.unit))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102, N802
        super().showEvent(event)
        self._asked = ("", "")  # what was asked before may have been cancelled
        self.refresh()

    def _failed(self, ended: JobEnded) -> None:
        if ended.kind == "ExplainTransport":
            self._broken = f"{ended.message} {ended.advice}".strip()
            self.refresh()

    # State -> view -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows the state, and asks for what is missing."""
        self._want()
        self.offer_box.publish(self.explanation, self.layer)
        if not self.isVisible():
            return
        found, layer = self.explanation, self.layer
        if found is None or layer is None:
            self.empty.tell(*self._absence())
            self._pages.setCurrentWidget(self.empty)
            return
        self._pages.setCurrentWidget(self._scroll)
        self._show_choices(found, layer)
        anomalous, split = self._anomalous(found)
        comparison = found.compare(layer, anomalous)
        self.plane.show_layer(layer, comparison, found.compared, anomalous)
        self.lengths.show_comparison(comparison, split)
        self._show_token()

    def _show_choices(self, found: TransportExplanation, layer: LayerTransport) -> None:
        for modality in NAMES:
            self.modality.offer(modality, modality in found.modalities)
        self.modality.set_current(layer.modality)
        texts = [f"after layer {number}" for number in range(1, found.depth + 1)]
        with QSignalBlocker(self.layer_box), QSignalBlocker(self.split_box):
            if [self.layer_box.itemText(row) for row in range(self.layer_box.count())] != texts:
                self.layer_box.clear()
                self.layer_box.addItems(texts)
            self.layer_box.setCurrentIndex(layer.layer - 1)
            there = self._truth(found) is not None
            self.split_box.setCurrentIndex(int(there and self.state.choice.split == "truth"))
        self.layer_box.setVisible(found.depth > 1)
        self.split_box.setEnabled(there)
        self.split_box.setToolTip(
            "Which patches count as anomalous." if there else "This part has no ground truth to compare with."
        )

    def _show_token(self) -> None:
        found, layer = self.explanation, self.layer
        if found is None or layer is None or not self.isVisible():
            return
        token, place = self.token(), self.context.cursor.place
        chosen = place.prototype[1] if place.prototype is not None and place.prototype[0] == layer.modality else None
        self.plane.show_token(token, chosen)
        self.lengths.show_token(None if token is None else float(layer.lengths[token]))
        uses = dict(zip(layer.used.tolist(), layer.use.tolist(), strict=True))
        row = None if token is None else layer.row(token)
        self.plan.show_row(row, self._where(token), chosen, uses)
        palette = self.context.theme.palette
        self.plane.tell(palette)
        self.lengths.tell(palette)

    def _where(self, token: int | None) -> str:
        if token is None:
            return "The cursor is beside the part. Point at a patch of the part."
        if self.context.cursor.place.pixel is None:
            return "The patch with the highest score"
        return "The patch under the cursor"

    def _cursor_moved(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self._asked, self._broken = ("", ""), ""
            self.refresh()
        elif (new.pixel, new.prototype) != (old.pixel, old.prototype):
            self._show_token()

    def _document_changed(self, new: Document, old: Document) -> None:
        if new.thresholds != old.thresholds:
            self.refresh()

    def _result_changed(self, part: str) -> None:
        if part == self.context.cursor.place.part:
            self.refresh()

    def _recolour(self) -> None:
        for card in (self.plane, self.lengths, self.plan):
            card.recolour(self.context.theme.palette)
        self._show_token()

    # Words ---------------------------------------------------------------------------------------------------------

    def _absence(self) -> tuple[str, str]:
        """Why there is nothing to show, and the action that helps."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        known, failure = workspace.results.get(part), self.state.failure(part)
        if workspace.parts is None:
            return ("No parts yet. Open a folder of parts.", "open-folder")
        if workspace.model is None:
            return ("No model yet. Pick 5 to 10 good parts, then press Train.", "train")
        if part and known is None:
            return ("This part is not inspected yet.", "inspect-part")
        text = f"Explaining {part}." if part else "Choose a part in the list."
        if failure is not None:
            text = f"{failure.message} {failure.advice}".strip()
        elif self._broken:
            text = self._broken
        elif known is not None and known.error:
            text = f"Not inspected: {known.error} {known.advice}".strip()
        return (text, "")

    # View -> state -------------------------------------------------------------------------------------------------

    def _pixel(self, token: int) -> tuple[int, int] | None:
        found = self.explanation
        if found is None:
            return None
        row, column = found.pixels[token].tolist()
        height, width = found.frame.seen.shape
        return min(max(row, 0), height - 1), min(max(column, 0), width - 1)

    def _point(self, token: int) -> None:
        self.context.cursor.hover(self._pixel(token))

    def _pick(self, token: int) -> None:
        if (pixel := self._pixel(token)) is not None:
            self.context.cursor.pin(pixel)

    def _choose_prototype(self, number: int) -> None:
        if (layer := self.layer) is not None:
            self.context.cursor.go(prototype=(layer.modality, number))

    def offer(self, on: bool) -> None:
        """Lays the lengths over the pictures, or takes them off again."""
        if on:
            self.offer_box.begin()
            self._asked = ("", "")
            self.refresh()
        else:
            self.offer_box.end()

    # Room ----------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self._place(3 if self.width() >= _WIDE else 2 if self.width() >= _MIDDLE else 1)

    def _place(self, columns: int) -> None:
        """Puts the plots side by side, or below each other where the view is narrow."""
        if columns == self._columns:
            return
        self._columns = columns
        wide, middle = columns == 3, columns == 2
        plots: tuple[QWidget, ...] = (self.plane, self.lengths, self.plan)
        for card in plots:
            self._grid.removeWidget(card)
        self._strip.removeWidget(self.offer_box)
        for number, card in enumerate(plots):
            row, column = (0, number) if wide else (min(number, 1), max(number - 1, 0)) if middle else (number, 0)
            self._grid.addWidget(card, row, column, 1, 2 if middle and number == 0 else 1)
        for number in range(3):
            self._grid.setColumnStretch(number, 1 if wide else int(number < columns))
            self._grid.setRowStretch(number, (3, 2, 2)[number] if number < 4 - columns else 0)
        self.plane.setMinimumHeight(240)
        self.lengths.setMinimumHeight(240)
        self._strip.addWidget(self.offer_box, 0 if wide else 1, 1 if wide else 0)
