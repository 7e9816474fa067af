"""The model in force, on one page: what was learned from what, and where its threshold comes from."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.icons import icon
from pirn_app.messages.events import Model
from pirn_app.theme import STEP
from pirn_app.views.model_card.shots import ShotStrip
from pirn_app.views.model_card.words import PRESETS, Section, as_text, figure, local, sections
from pirn_app.views.view import EmptyState, View

_TWO_COLUMNS, _FIGURES_FROM, _BUTTON_FROM, _BESIDE_FROM = 760, 400, 340, 290
"""Widths from which on the sections stand in two columns, the figures in one row, the button has its words, and values
stand beside their names."""
_LONGEST = 16
"""Letters of a word that need not be broken anywhere."""
REDRAW_MS = 100
"""Least time between two drawings while the threshold is moved."""


class ModelCardView(View):
    """The model card."""

    name = "model-card"
    title = "Model"
    help = (
        "What the model in force was made of, how it did on shots it had not seen, and where its threshold comes from. "
        "If held-out shots do not favour it, or a warning stands on top, use more or more varied shots and train again."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._arranged: tuple[int, bool] | None = None
        self._stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._refresh)
        self.empty = EmptyState(context)
        self.empty.tell("No model yet. Pick 5 to 10 good parts and train, or open a model file.", "train")
        self.open_button = QPushButton("Open a model")
        self.open_button.setObjectName("card-open-model")
        if "open-model" not in context.actions:
            self.open_button.hide()
        self.open_button.clicked.connect(lambda: context.actions.trigger("open-model"))
        self.headline, self.summary, self.warnings = _label("title"), _label("muted"), _label("warning")
        self.headline.setObjectName("card-headline")
        self.warnings.setObjectName("card-warnings")
        self.copy_button = QPushButton("Copy as text")
        self.copy_button.setToolTip("Copies the whole card as text.")
        self.copy_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.copy_button.setObjectName("copy-card")
        self.copy_button.clicked.connect(self.copy)
        self.figures = QGridLayout()
        self.shots = ShotStrip(context)
        self._boxes: list[QWidget] = []
        self._shown: tuple[Section, ...] = ()
        self._stacked = False
        self._figures: list[QWidget] = []
        self._lay_out()
        workspace = context.workspace
        self.follow(workspace.model_changed, self._refresh)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(workspace.parts_changed, self.shots.refresh)
        self.follow(context.thumbnails.ready, self.shots.arrived)
        self.follow(context.theme.changed, self._recolour)
        self._recolour()
        self._refresh()

    def _lay_out(self) -> None:
        page = QScrollArea()
        below = self.empty.layout()
        assert isinstance(below, QVBoxLayout)
        below.insertWidget(below.count() - 1, self.open_button, alignment=Qt.AlignmentFlag.AlignCenter)
        body = QWidget()
        body.setProperty("scrolled", True)
        column = QVBoxLayout(body)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        head = QHBoxLayout()
        head.addWidget(self.headline, stretch=1)
        head.addWidget(self.copy_button, alignment=Qt.AlignmentFlag.AlignTop)
        self.figures.setHorizontalSpacing(2 * STEP)
        self.figures.setVerticalSpacing(STEP // 2)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4 * STEP)
        self._grid.setVerticalSpacing(2 * STEP)
        column.addLayout(head)
        column.addWidget(self.summary)
        column.addWidget(self.warnings)
        column.addLayout(self.figures)
        column.addWidget(self.shots)
        column.addSpacing(STEP)
        column.addLayout(self._grid)
        column.addStretch()
        page.setWidgetResizable(True)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setWidget(body)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(page)

    def _document_changed(self, new: object, old: object) -> None:
        if getattr(new, "thresholds", None) != getattr(old, "thresholds", None):
            self._stale = True
            if self.isVisible() and not self._timer.isActive():
                self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Shows what changed while hidden."""
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def release(self) -> None:
        """Lets go of the shared state."""
        self._timer.stop()
        super().release()

    def _refresh(self) -> None:
        self._stale = False
        workspace = self.context.workspace
        model = workspace.model
        self._stack.setCurrentIndex(0 if model is None else 1)
        if model is None:
            return
        card = model.card
        self.headline.setText(f"Model {card.id}")
        self.summary.setText(
            f"{PRESETS.get(card.preset, card.preset)}{', changed' if card.changes else ''} · {card.backbone} · "
            f"{local(card.created)}"
        )
        self.warnings.setText("\n".join(card.warnings))
        self.warnings.setVisible(bool(card.warnings))
        self._show_figures(model)
        self.shots.show_shots(card.shots)
        self._show_sections(sections(model, workspace.own_threshold))

    def _show_figures(self, model: Model) -> None:
        limits, found = self.context.workspace.limits, model.card.held_out
        assert limits is not None
        shown = [
            (str(len(model.card.shots)), "shots"),
            (figure(limits[1]), "threshold"),
            (figure(limits[0]), "unsure from"),
        ]
        if found is not None and found.untrained >= 0:
            shown.append((f"{found.trained:.3f}", f"separation, {found.untrained:.3f} untrained"))
        for pair in self._figures:
            pair.hide()
            pair.deleteLater()
        self._figures = [_figure(value, words) for value, words in shown]

    def _show_sections(self, shown: tuple[Section, ...]) -> None:
        self._shown = shown
        for box in self._boxes:
            box.hide()
            box.deleteLater()
        stacked = self.width() < _BESIDE_FROM
        self._boxes = [_section(section, stacked=stacked) for section in shown]
        self._stacked = stacked
        self._arranged = None
        self._arrange()

    def _arrange(self) -> None:
        columns = 2 if self.width() >= _TWO_COLUMNS else 1
        key = (columns, self.width() >= _FIGURES_FROM)
        if key == self._arranged:
            return
        self._arranged = key
        beside = len(self._figures) if self.width() >= _FIGURES_FROM else 2
        for number, pair in enumerate(self._figures):
            self.figures.addWidget(pair, number // beside, number % beside, Qt.AlignmentFlag.AlignTop)
        for place in range(len(self._figures)):
            self.figures.setColumnStretch(place, 1 if place < beside else 0)
        for number, box in enumerate(self._boxes):
            self._grid.addWidget(box, number // columns, number % columns, Qt.AlignmentFlag.AlignTop)
        for place in range(2):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """One or two columns; values below their names where it is narrow."""
        super().resizeEvent(event)
        self.copy_button.setText("Copy as text" if self.width() >= _BUTTON_FROM else "")
        if self._stacked != (self.width() < _BESIDE_FROM) and self._shown:
            self._show_sections(self._shown)
        self._arrange()

    def copy(self) -> None:
        """Puts the card on the clipboard."""
        workspace = self.context.workspace
        if workspace.model is not None:
            QGuiApplication.clipboard().setText(as_text(workspace.model, workspace.own_threshold))
            workspace.note("info", "The model card was copied.")

    def _recolour(self) -> None:
        palette = self.context.theme.palette
        self.copy_button.setIcon(icon("copy", palette.text))
        self.setStyleSheet(f'QLabel[role="warning"] {{ color: {palette.unsure}; }}')
        self.shots.recolour(palette)


def _figure(value: str, words: str) -> QWidget:
    pair = QWidget()
    column = QVBoxLayout(pair)
    column.setContentsMargins(0, STEP // 2, 0, STEP // 2)
    column.setSpacing(0)
    column.addWidget(_label("title", value, wrap=False))
    column.addWidget(_label("muted", words), alignment=Qt.AlignmentFlag.AlignTop)
    return pair


def _section(section: Section, *, stacked: bool) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(STEP)
    grid.setVerticalSpacing(STEP // 2)
    grid.setColumnMinimumWidth(0, 0 if stacked else 104)
    grid.setColumnStretch(1, 1)
    grid.addWidget(_label("heading", section.title), 0, 0, 1, 2)
    for row, (name, value) in enumerate(section.rows, start=1):
        text = _label("", breakable(value))
        if name and not stacked:
            grid.addWidget(_label("muted", name, wrap=False), 2 * row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, 2 * row, 1)
            continue
        if name:
            grid.addWidget(_label("muted", name), 2 * row - 1, 0, 1, 2)
        grid.addWidget(text, 2 * row, 0, 1, 2)
    return box


def breakable(text: str) -> str:
    """Long words, such as paths, with places where a line may end."""

    def eased(found: re.Match[str]) -> str:
        parts = re.findall(rf"[^/_.\\-]{{1,{_LONGEST}}}[/_.\\-]?|[/_.\\-]", found[0])
        return "\N{ZERO WIDTH SPACE}".join(parts)

    return re.sub(rf"\S{{{_LONGEST + 1},}}", eased, text)


def _label(role: str, text: str = "", *, wrap: bool = True) -> QLabel:
    made = QLabel(text, wordWrap=wrap, textFormat=Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        made.setProperty("role", role)
    return made
