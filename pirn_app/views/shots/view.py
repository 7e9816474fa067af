"""The shots: seen, drawn, replaced, removed, checked."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QMetaObject, QObject, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.events import ShotDoubt
from pirn_app.messages.jobs import CheckShots
from pirn_app.state.cursor import Place
from pirn_app.state.history import Document
from pirn_app.state.shots import good_parts, replacement
from pirn_app.theme import STEP
from pirn_app.views.shots.card import ShotCard
from pirn_app.views.shots.doubts import DoubtList
from pirn_app.views.shots.draw import DrawRow
from pirn_app.views.shots.flow import FlowLayout
from pirn_app.views.shots.words import remarks, summary
from pirn_app.views.view import EmptyState, View
from pirn_app.widgets import named, styled
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError
from pirn_core.picking import random_shots

_CHECK_MS = 400


class ShotsView(View):
    """Cards of the shots, with the draw above and the button to train below."""

    name = "shots"
    title = "Shots"
    help = (
        "The good parts that the model learns from: everything that is not like them will stand out. "
        "If harmless parts are NG later, add shots that show what may vary."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._cards: dict[str, ShotCard] = {}
        self._unwanted: set[str] = set()
        self._good: tuple[PartRef, ...] = ()
        self._fault = ""
        self._doubted = context.workspace.document.shots
        self._train_bound: QMetaObject.Connection | None = None
        self._check = QTimer(self, singleShot=True, interval=_CHECK_MS)
        self._check.timeout.connect(self._ask_check)
        self._build()
        self._follow()
        self._parts_changed()

    # Building --------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.draw = DrawRow(self)
        self.draw.picked.connect(self.pick_random)
        self.draw.cleared.connect(lambda: self._set((), "Clear shots"))
        self._summary = styled(named(QLabel(wordWrap=True), "shots-summary"), role="muted")
        self._message = named(QLabel(wordWrap=True), "shots-message")
        self._notice = styled(named(QFrame(), "notice"), level="warning")
        QVBoxLayout(self._notice).addWidget(self._message)
        self._notice.hide()
        self._empty = EmptyState(self.context)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._built_scroll())
        self.train_button = styled(named(QPushButton("Train"), "shots-train"), primary=True)
        self.train_button.clicked.connect(lambda: self.context.actions.trigger("train"))
        column = QVBoxLayout(self)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        column.addWidget(self.draw)
        column.addWidget(self._summary)
        column.addWidget(self._notice)
        column.addWidget(self._pages, 1)
        column.addWidget(self.train_button, alignment=Qt.AlignmentFlag.AlignRight)
        self._bind_train()

    def _built_scroll(self) -> QWidget:
        cards = QWidget()
        self._grid = FlowLayout(cards, spacing=STEP // 2)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.doubts = DoubtList()
        self.doubts.replace_asked.connect(self.replace, Qt.ConnectionType.QueuedConnection)
        self._remarks = named(QLabel(wordWrap=True), "shots-remarks")
        inner = styled(QWidget(), scrolled=True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        for widget in (cards, self.doubts, self._remarks):
            column.addWidget(widget)
        column.addStretch()
        scroll = named(QScrollArea(widgetResizable=True), "shots-scroll")
        scroll.setWidget(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return scroll

    def _follow(self) -> None:
        workspace = self.context.workspace
        self.follow(workspace.parts_changed, self._parts_changed)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(workspace.model_changed, self._show_words)
        self.follow(workspace.doubts_changed, self._doubts_changed)
        self.follow(self.context.thumbnails.ready, self._picture_ready)
        self.follow(self.context.cursor.changed, self._cursor_changed)
        self.follow(self.context.theme.changed, self._theme_changed)

    # For the window --------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Number of shots to draw."""
        return self.draw.count_box.value()

    @property
    def seed(self) -> int:
        """Seed of the draw."""
        return self.draw.seed_box.value()

    def set_draw(self, count: int, seed: int) -> None:
        """Number and seed of the next draw, e.g. from a project."""
        self.draw.count_box.setValue(count)
        self.draw.seed_box.setValue(seed)

    def pick_random(self) -> None:
        """Draws the shots anew; says in place where that cannot be."""
        self.draw.count_box.interpretText()
        self.draw.seed_box.interpretText()
        try:
            drawn = random_shots(good_parts(self.context.workspace), self.count, self.seed)
        except SampleError as error:
            self.tell(str(error))
            return
        self._unwanted.clear()
        number = len(drawn)
        self._set(tuple(ref.id for ref in drawn), f"Pick {number} random {'shot' if number == 1 else 'shots'}")

    def replace(self, part: str) -> None:
        """Takes another good part instead of a shot."""
        shots = self.context.workspace.document.shots
        if part not in shots:
            return
        self._unwanted.add(part)
        new = replacement(self._good, {*shots, *self._unwanted}, self.seed)
        if new is None:  # all were shown once: start again with those thrown out before
            self._unwanted = {part}
            new = replacement(self._good, {*shots, part}, self.seed)
        if new is None:
            self.tell("There is no other good part to take instead.")
            return
        self._set((*(shot for shot in shots if shot != part), new.id), "Replace shot")

    def remove(self, part: str) -> None:
        """Makes a shot an ordinary part again."""
        self._set(tuple(shot for shot in self.context.workspace.document.shots if shot != part), "Remove shot")

    def tell(self, text: str) -> None:
        """Says something in place until the shots change; `` takes it away."""
        self._message.setText(text)
        self._notice.setVisible(bool(text))

    def _set(self, shots: tuple[str, ...], text: str) -> None:
        self.tell("")
        self.context.workspace.set_shots(shots, text)

    # Changes from outside --------------------------------------------------------------------------------------------

    def _parts_changed(self) -> None:
        self._unwanted.clear()
        self.tell("")
        self._find_good()
        self._show_cards()
        self._show_doubts()
        self._plan_check()

    def _document_changed(self, new: Document, old: Document) -> None:
        if new.labels != old.labels:
            self._find_good()
        if new.shots != old.shots:
            self.tell("")
            self._show_cards()
            self._show_doubts()
        if (new.shots, new.recipe) != (old.shots, old.recipe):
            self._plan_check()
        self._show_words()

    def _doubts_changed(self) -> None:
        self._doubted = self.context.workspace.document.shots
        self._show_doubts()

    def _picture_ready(self, part: str) -> None:
        if (card := self._cards.get(part)) is not None:
            card.update()
            if self.context.thumbnails.failed(card.ref):
                self._show_doubts()

    def _cursor_changed(self, new: Place, old: Place) -> None:
        for part in {new.part, old.part} if new.part != old.part else ():
            if (card := self._cards.get(part)) is not None:
                card.update()

    def _theme_changed(self) -> None:
        for card in self._cards.values():
            card.dress()

    def release(self) -> None:
        """Asks for nothing any more."""
        super().release()
        self._check.stop()
        if self._train_bound is not None:
            QObject.disconnect(self._train_bound)
            self._train_bound = None

    # Checking --------------------------------------------------------------------------------------------------------

    def _plan_check(self) -> None:
        if len(self.context.workspace.document.shots) > 1:
            self._check.start()
        else:  # one shot is neither a duplicate nor an outlier
            self._check.stop()

    def _ask_check(self) -> None:
        workspace = self.context.workspace
        shots = workspace.shots
        if len(shots) > 1 and not self._unreadable():
            self.context.requests.ask(CheckShots(shots, workspace.document.recipe, workspace.unit))

    def _unreadable(self) -> list[ShotDoubt]:
        thumbnails = self.context.thumbnails
        return [
            ShotDoubt(ref.id, "outlier", f"{ref.stem}: cannot be read. {thumbnails.reason(ref)}")
            for ref in self.context.workspace.shots
            if thumbnails.failed(ref)
        ]

    # What is shown ---------------------------------------------------------------------------------------------------

    def _find_good(self) -> None:
        try:
            self._good, self._fault = good_parts(self.context.workspace), ""
        except SampleError as error:
            self._good, self._fault = (), str(error)

    def _show_cards(self) -> None:
        shots = self.context.workspace.shots
        for part in [part for part, card in self._cards.items() if card.ref not in shots]:
            card = self._cards.pop(part)
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        for ref in shots:
            if ref.id not in self._cards:
                self._cards[ref.id] = self._card(ref)
        stems = Counter(ref.stem for ref in shots)
        for ref in shots:  # taken out and put back: the order of the part set
            self._grid.removeWidget(self._cards[ref.id])
            self._grid.addWidget(self._cards[ref.id])
            self._cards[ref.id].call(ref.stem if stems[ref.stem] == 1 else ref.id)
        self._pages.setCurrentIndex(1 if shots else 0)
        self._show_words()

    def _card(self, ref: PartRef) -> ShotCard:
        card = ShotCard(self.context, ref)
        card.clicked.connect(lambda: self.context.cursor.go(part=ref.id))
        card.removed.connect(self.remove, Qt.ConnectionType.QueuedConnection)  # the card goes: not within its event
        card.replaced.connect(self.replace, Qt.ConnectionType.QueuedConnection)
        return card

    def _show_doubts(self) -> None:
        unreadable = self._unreadable()
        now = self.context.workspace.document.shots == self._doubted  # else they are about other shots
        found = self.context.workspace.shot_doubts if now else ()
        broken = {doubt.part for doubt in unreadable}
        words = {doubt.part: doubt.kind for doubt in found}
        for part, card in self._cards.items():
            card.mark("unreadable" if part in broken else words.get(part, ""))
        self.doubts.show_doubts([*unreadable, *found])

    def _show_words(self) -> None:
        workspace = self.context.workspace
        opened = workspace.parts is not None
        self.draw.allow(len(self._good), len(workspace.document.shots))
        self._summary.setText(self._fault if self._fault and opened else summary(len(self._good)))
        self._summary.setVisible(opened)
        said = remarks(workspace)
        self._remarks.setText("\n".join(said))
        self._remarks.setVisible(bool(said))
        if opened:
            self._empty.tell("No shots yet. Pick 5 to 10 good parts: press Pick above, or S on a part in the list.")
        else:
            self._empty.tell("Open a folder of parts, or try the sample parts.", "open-folder")
        self._bind_train()

    def _bind_train(self) -> None:
        """The action may be defined after the view was built."""
        there = "train" in self.context.actions
        if there and self._train_bound is None:
            self._train_bound = self.context.actions.qaction("train").changed.connect(self._show_train)
        self.train_button.setVisible(there)
        self._show_train()

    def _show_train(self) -> None:
        if "train" in self.context.actions:
            action = self.context.actions.qaction("train")
            self.train_button.setText(action.text())
            self.train_button.setToolTip(action.toolTip())
            self.train_button.setEnabled(action.isEnabled())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Buttons as far as their actions are there by now."""
        self._show_words()
        super().showEvent(event)
