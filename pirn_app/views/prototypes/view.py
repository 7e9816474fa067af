"""The prototype view put together: it shows what the state holds and links it to the cursor."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QTabBar,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.state.cursor import Place
from pirn_app.state.history import Document
from pirn_app.state.prototypes import Prototypes, token_at
from pirn_app.theme import STEP
from pirn_app.views.prototypes.card import PrototypeCard
from pirn_app.views.prototypes.compare import ComparePanel
from pirn_app.views.prototypes.plane import Plane, Points
from pirn_app.views.prototypes.tools import Tools
from pirn_app.views.prototypes.use import UsePanel
from pirn_app.views.prototypes.words import COMPARE_HELP, MAP_HELP, USE_HELP, caption
from pirn_app.views.view import EmptyState, View
from pirn_app.widgets import named, styled
from pirn_core.data.sample import FloatArray

_NONE = np.zeros((0, 2), np.float32)
_NARROW, _BELOW = 640, 700
"""Pixels below which the tools stand under the tabs, and the card under the plot."""
_WAIT = "The patches are being laid out. This takes some seconds; everything else can be used meanwhile."


class PrototypesView(View):
    """Tokens and prototypes in a plane; use of the codebook; the training patches behind a prototype."""

    name = "prototypes"
    title = "Prototypes"
    help = (
        "Prototypes are the patterns of normal parts that the model learnt from the shots; every patch is explained by "
        "them. See which pattern a suspicious patch is taken for; where many prototypes are dead, use fewer, or more "
        "varied shots."
    )

    def __init__(self, context: Context, state: Prototypes, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.state = state
        self.tools, self.plane, self.use, self.card = Tools(), Plane(), UsePanel(), PrototypeCard()
        self.compare, self.empty = ComparePanel(), EmptyState(context)
        self._drawn: dict[str, tuple[object, ...]] = {}
        self._fitted: tuple[object, bool] = (None, False)
        self._build()
        self._listen()
        self._recolour()

    def _build(self) -> None:
        self.tabs = named(QTabBar(), "prototypes-tabs")
        for text in ("Map", "Use", "Compare"):
            self.tabs.addTab(text)
        self.tabs.setDrawBase(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setExpanding(False)
        self.legend = named(QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True), "prototypes-legend")
        self.caption = styled(named(QLabel(wordWrap=True), "prototypes-caption"), role="muted")
        for label in (self.legend, self.caption):
            label.setMinimumWidth(1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._map_page())
        self._pages.addWidget(self.use)
        self._pages.addWidget(self.compare)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(STEP, STEP // 2, STEP, STEP // 2)
        column.setSpacing(STEP // 2)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(STEP // 2)
        self._head.addWidget(self.tabs)
        self._head.addWidget(self.tools, 1)
        column.addLayout(self._head)
        column.addLayout(self._busy_row())
        column.addWidget(self._pages, 1)
        self._split = QSplitter()
        self._split.addWidget(left)
        self._split.addWidget(self.card)
        self._split.setStretchFactor(0, 1)
        self._split.setChildrenCollapsible(False)
        self.card.hide()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._split)
        self.setMinimumSize(320, 220)

    def _map_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP // 2)
        self._wait = styled(QLabel(_WAIT, wordWrap=True), role="muted")
        self._wait.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.legend)
        column.addWidget(self.plane, 1)
        column.addWidget(self._wait, 1)
        column.addWidget(self.caption)
        return page

    def _busy_row(self) -> QHBoxLayout:
        self._busy = QWidget()
        self.progress = named(QProgressBar(textVisible=False), "prototypes-progress")
        self.doing = styled(named(QLabel(), "prototypes-doing"), role="muted")
        self.cancel = named(QPushButton("Cancel"), "prototypes-cancel")
        self.resume = named(QPushButton("Compute"), "prototypes-compute")
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.doing)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.resume)
        outer = QHBoxLayout()
        outer.addWidget(self._busy)
        return outer

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(920, 420)

    def _listen(self) -> None:
        context, workspace, state = self.context, self.context.workspace, self.state
        self.follow(state.changed, self.refresh)
        self.follow(state.pictured, self._show_card)
        self.follow(state.marked_changed, self._show_marks)
        self.follow(context.cursor.changed, self._moved)
        self.follow(context.theme.changed, self._recolour)
        self.follow(workspace.document_changed, self._document_changed)
        self.tools.chosen.connect(lambda changes: state.choose(**changes))
        self.tools.fit_asked.connect(lambda: self.plane.box.autoRange(padding=0.04))
        self.tools.lasso_toggled.connect(lambda on: setattr(self.plane.box, "lasso", on))
        self.tools.help_asked.connect(self._explain)
        self.tabs.currentChanged.connect(self._turn)
        self.cancel.clicked.connect(state.stop)
        self.resume.clicked.connect(state.again)
        self.plane.picked.connect(self._pick)
        self.plane.missed.connect(lambda: state.mark(()))
        self.plane.enclosed.connect(lambda tokens: state.mark(tokens.tolist()))
        for panel in (self.use, self.compare):
            panel.picked.connect(self._choose)
        self.card.gone_to.connect(self._go)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._head.setDirection(direction.TopToBottom if self.width() < _NARROW else direction.LeftToRight)
        below = self.width() < _BELOW
        along = Qt.Orientation.Vertical if below else Qt.Orientation.Horizontal
        if along != self._split.orientation():
            self._split.setOrientation(along)
            self._split.setSizes([round(0.62 * self.height()), round(0.38 * self.height())] if below else [1000, 1])
        self.card.set_columns(max(1, self.width() // self.card.column) if below else 2)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102, N802
        super().showEvent(event)
        self.state.watch(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102, N802
        super().hideEvent(event)
        self.state.watch(False)

    def release(self) -> None:
        """Asks for nothing any more."""
        self.state.watch(False)
        super().release()

    # State -> view -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Shows the state; cheap where only the progress changed."""
        if not self.isVisible():
            return
        space, model = self.state.space, self.context.workspace.model
        absence = self._absence()
        if space is None or model is None or absence:
            self.empty.tell(*absence)
            self._stack.setCurrentWidget(self.empty)
            return
        self._stack.setCurrentWidget(self._split)
        self.tools.show_choice(self.state.choice, space.modality, model.card.modalities, model.card.layers)
        self.tools.show_plane_tools(self.tabs.currentIndex() == 0)
        self._show_busy()
        self._draw_plane()
        health = self.state.health
        if health is not None and health is not self.use.health:
            self.use.show_health(health, self.context.theme.palette)
        self._show_card()

    def _absence(self) -> tuple[str, ...]:
        """Why there is nothing to show, and the action that helps."""
        workspace, missing = self.context.workspace, self.state.unavailable
        if workspace.model is None:
            return ("No model yet. Pick 5 to 10 good parts, then press Train.", "train")
        if workspace.parts is None:
            return ("No parts yet. Open the folder that the model was trained on.", "open-folder")
        if missing is not None and missing.space == self.state.space:
            return (f"{missing.message} {missing.advice}".strip(), "open-folder")
        return ()

    def _show_busy(self) -> None:
        state, job = self.state, self.state.job
        self._busy.setVisible(state.waiting or state.stopped)
        self.resume.setVisible(state.stopped and not state.waiting)
        for widget in (self.progress, self.cancel):
            widget.setVisible(state.waiting)
        if not state.waiting:
            self.doing.setText("Stopped: not everything is shown.")
            return
        remaining = "" if job is None or job.remaining is None else f", about {max(1, round(job.remaining))} s left"
        self.doing.setText("Waiting for another job to end" if job is None else f"{job.text or job.title}{remaining}")
        known = job is not None and job.fraction is not None
        self.progress.setRange(0, 100 if known else 0)
        if known and job is not None and job.fraction is not None:
            self.progress.setValue(round(100 * job.fraction))

    def _changed(self, what: str, *things: object) -> bool:
        """Whether something is to be drawn from other things than it was: plain values by value, others by identity."""
        former = self._drawn.get(what)
        self._drawn[what] = things
        plain = (int, tuple)
        return former is None or any(
            a != b if isinstance(a, plain) and isinstance(b, plain) else a is not b
            for a, b in zip(former, things, strict=True)
        )

    def _draw_plane(self) -> None:
        state, limits = self.state, self.context.workspace.limits
        atlas, layout, health, placed = state.atlas, state.layout, state.health, state.placed
        if not self._changed("plane", atlas, layout, health, placed, limits, self.context.theme.palette):
            return
        self.plane.setVisible(layout is not None)
        self._wait.setVisible(layout is None)
        if atlas is None or layout is None or limits is None:
            self.plane.points = None
            self.legend.setText("")
            self.caption.setText("")
            return
        scores: FloatArray = _NONE[:, 0] if placed is None else placed.scores
        dead = np.zeros(len(layout.prototypes), np.bool_)
        if health is not None:
            dead[health.uses["in force"].dead] = True
        points = Points(
            shots=layout.layout.places[: len(atlas.atlas.tokens)],
            prototypes=layout.prototypes,
            dead=dead,
            tokens=_NONE if placed is None else placed.places,
            above=np.nan_to_num(scores, nan=-np.inf) >= limits[1],
            defect=None if placed is None else placed.defect,
        )
        palette, modality = self.context.theme.palette, atlas.space.modality
        self.plane.setAspectLocked(layout.layout.method == "pca")  # only there distances mean something
        # Once for a layout, and once more with the first tokens in it: then the plot stays as the user left it.
        fit = layout is not self._fitted[0] or (placed is not None and not self._fitted[1])
        self.plane.draw(points, layout.layout.names, fit=fit)
        self._fitted = (layout, placed is not None or (not fit and self._fitted[1]))
        if health is not None:
            self.compare.draw(points.shots, points.prototypes, health, layout.layout.names)
            self.compare.recolour(palette, modality)
        self.plane.recolour(palette, modality)
        entries = self.plane.legend(palette, modality)
        self.legend.setText(
            "&nbsp; ".join(
                f'<span style="color:{colour}">{sign}</span>&nbsp;'
                f'<span style="color:{palette.muted}">{words.replace(" ", "&nbsp;")}</span>'
                for sign, colour, words in entries
            )
        )
        self.caption.setText(caption(atlas, layout.layout, placed))
        self._show_marks()

    def _show_marks(self) -> None:
        placed, place = self.state.placed, self.context.cursor.place
        token, marked = None, np.zeros(0, np.intp)
        if placed is not None:
            token = None if place.pixel is None else token_at(placed, place.part, place.pixel)
            own, wanted = placed.of_part(place.part), {(row, column) for row, column, _ in self.state.marked}
            rows = placed.tokens.centres[own].tolist()
            marked = own[[tuple(centre) in wanted for centre in rows]] if wanted else marked
        self.plane.show_marks(marked, self._chosen(), token)

    def _chosen(self) -> int | None:
        chosen, space = self.context.cursor.place.prototype, self.state.space
        return chosen[1] if chosen is not None and space is not None and chosen[0] == space.modality else None

    def _show_card(self) -> None:
        index, health, atlas, card = self._chosen(), self.state.health, self.state.atlas, self.state.card
        self.use.show_chosen(index)
        self.compare.show_chosen(index)
        there = index is not None and health is not None and index < len(health.nearest)
        self.card.setVisible(there)
        palette = self.context.theme.palette
        if there and index is not None and health is not None and self._changed("card", index, health, card, palette):
            self.card.show_prototype(health, index, palette)
            names = {} if atlas is None else {ref.id: shot for shot, ref in atlas.shots.items()}
            self.card.show_patches(None if card is None else card.patches, names)

    def _moved(self, new: Place, old: Place) -> None:
        if not self.isVisible():
            return
        if new.prototype != old.prototype:
            self._show_card()
        if (new.pixel, new.prototype, new.part) != (old.pixel, old.prototype, old.part):
            self._show_marks()

    def _document_changed(self, new: Document, old: Document) -> None:
        if new.thresholds != old.thresholds:
            self.refresh()

    def _recolour(self) -> None:
        palette, space = self.context.theme.palette, self.state.space
        self.tools.recolour(palette)
        self.plane.recolour(palette, "rgb" if space is None else space.modality)
        self.use.recolour(palette)
        self.compare.recolour(palette, "rgb" if space is None else space.modality)
        self.refresh()

    # View -> state -------------------------------------------------------------------------------------------------

    def _turn(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        self.tools.show_plane_tools(page == 0)

    def _explain(self) -> None:
        text = (MAP_HELP, USE_HELP, COMPARE_HELP)[self.tabs.currentIndex()]
        self.help_asked.emit(text)
        at = self.tools.info.mapToGlobal(QPoint(0, self.tools.info.height()))
        QToolTip.showText(at, f"<p>{text}</p>", self.tools.info)

    def _pick(self, kind: str, index: int) -> None:
        placed, atlas = self.state.placed, self.state.atlas
        if kind == "prototype":
            self._choose(index)
        elif kind == "token" and placed is not None:
            self._go(placed.tokens.parts[int(placed.tokens.part[index])], _pixel(placed.tokens.centres[index]))
        elif kind == "shot" and atlas is not None:
            tokens = atlas.atlas.tokens
            ref = atlas.shots[tokens.parts[int(tokens.part[index])]]
            self._go(ref.id, _pixel(tokens.centres[index]))

    def _choose(self, index: int) -> None:
        if (space := self.state.space) is not None:
            self.context.cursor.go(prototype=(space.modality, index))

    def _go(self, part: str, pixel: tuple[int, int]) -> None:
        """To a patch, of another part where need be; the chosen prototype stays."""
        self.context.cursor.go(part=part, pixel=pixel, pinned=True, prototype=self.context.cursor.place.prototype)


def _pixel(centre: FloatArray) -> tuple[int, int]:
    row, column = (max(0, round(float(value))) for value in centre)
    return row, column
