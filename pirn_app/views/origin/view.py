"""The view put together: it asks for an explanation while it is seen, and shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.origin import ExplainOrigin
from pirn_app.state.cursor import Place
from pirn_app.state.display import Look
from pirn_app.state.history import Document
from pirn_app.state.origin import Origin
from pirn_app.theme import STEP
from pirn_app.views.origin.communication import CommunicationSection
from pirn_app.views.origin.maps import MapSection
from pirn_app.views.origin.refinement import RefinementSection
from pirn_app.views.origin.sentences import SentenceSection
from pirn_app.views.origin.words import empty
from pirn_app.views.view import EmptyState, View

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation

_REST = 120
"""Milliseconds that part and threshold must rest: inspection goes first, and a held key asks once."""


class OriginView(View):
    """Where the score of the part in view comes from.

    Args:
        context: Shared objects.
        state: Holds the explanation.
        parent: Of the widget.
    """

    name = "origin"
    title = "Where the score comes from"
    help = (
        "Follows the score back through the method: which regions, which modality, which stage of the decoder, and "
        "what refinement changed. Begin with the sentences; where one looks wrong, the maps show the stage to blame."
    )

    def __init__(self, context: Context, state: Origin, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.state = state
        self.words, self.maps = SentenceSection(self), MapSection(self)
        self.refinement, self.communication = RefinementSection(self), CommunicationSection(self)
        self.sections = (self.words, self.maps, self.refinement, self.communication)
        self._nothing = EmptyState(context)
        self._asked: tuple[str, str] | None = None
        self._rest = QTimer(self, interval=_REST, singleShot=True)
        self._rest.timeout.connect(self._ask)
        self._moved = QTimer(self, interval=_REST, singleShot=True)
        self._moved.timeout.connect(self.refresh)
        self._lay_out()
        self._follow_all()
        self.refresh()

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("scrolled", True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(3 * STEP)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch()
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Heights follow from the width here: a bar that comes and goes would change both in turn, without an end.
        self.scroller.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setWidget(inner)
        self._pages = QStackedLayout(self)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(self._nothing)
        self._pages.addWidget(self.scroller)
        self.setMinimumWidth(300)

    def sizeHint(self) -> QSize:  # noqa: N802
        """About a third of a window."""
        return QSize(400, 720)

    def _follow_all(self) -> None:
        workspace = self.context.workspace
        self.follow(self.state.changed, self.refresh)
        for signal in (workspace.model_changed, workspace.results_cleared, workspace.picture_changed):
            self.follow(signal, self._changed)
        self.follow(workspace.parts_changed, self._parts_changed)
        self.follow(workspace.result_changed, self._result_changed)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(self.context.cursor.changed, self._cursor_changed)
        self.follow(self.context.display.changed, self._display_changed)
        self.follow(self.context.theme.changed, self._dress)
        self.refinement.switched.connect(lambda _: self.refresh())

    def release(self) -> None:
        """Stops what was still to be done, too."""
        super().release()
        self._rest.stop()
        self._moved.stop()

    # What is there -------------------------------------------------------------------------------------------------

    @property
    def explanation(self) -> OriginExplanation | None:
        """Of the part in view under the model in force."""
        model = self.context.workspace.model
        return None if model is None else self.state.explanation(self.context.cursor.place.part, model.card.id)

    def refresh(self) -> None:
        """Shows everything anew, or why there is nothing."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        text, action = empty(workspace, part)
        failure, found = self.state.failure(part), self.explanation
        if not text and failure is not None:
            text = f"{failure.message} {failure.advice}".strip()
        if not text and found is None:
            text = "Looking where the score comes from\N{HORIZONTAL ELLIPSIS}"
        self._pages.setCurrentIndex(0 if text else 1)
        if text:
            self._nothing.tell(text, action)
        elif self.isVisible():
            self._show()

    def _show(self) -> None:
        found, limits = self.explanation, self.context.workspace.limits
        if found is None or limits is None:
            return
        self.words.refresh(found, self.context.workspace.regions(found.part), limits[1])
        self.refinement.refresh(found, limits)
        self.maps.refresh(found, refined=not self.refinement.off)
        self.communication.refresh(found)

    def _ask(self) -> None:
        """Asks once per part and model, and only while somebody looks."""
        workspace, part = self.context.workspace, self.context.cursor.place.part
        ref, model = workspace.ref(part), workspace.model
        if not self.isVisible() or ref is None or model is None or empty(workspace, part)[0]:
            return
        wanted = (part, model.card.id)
        if self.explanation is None and self._asked != wanted and self.state.failure(part) is None:
            self._asked = wanted
            shots = tuple(found for name in model.card.shots if (found := workspace.ref(name)) is not None)
            self.context.requests.ask(ExplainOrigin(ref, shots, workspace.unit))

    # What happens --------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks: what was missed is caught up."""
        super().showEvent(event)
        self._asked = None
        self.refresh()
        self._rest.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks: nothing is asked for."""
        super().hideEvent(event)
        self._rest.stop()

    def _changed(self) -> None:
        self.refresh()
        self._rest.start()

    def _parts_changed(self) -> None:
        self._asked = None
        self.state.clear()
        self._changed()

    def _result_changed(self, part: str) -> None:
        if part == self.context.cursor.place.part:
            self._changed()

    def _document_changed(self, new: Document, old: Document) -> None:
        if new.thresholds != old.thresholds:
            self._moved.start()

    def _cursor_changed(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self._asked = None
            self._changed()
        elif self.isVisible() and self.explanation is not None:
            self.words.mark(new)
            self.maps.mark(new)
            self.refinement.mark(new)
            self.communication.mark(new)

    def _display_changed(self, new: Look, old: Look) -> None:
        if new.colour_map != old.colour_map:
            self.refresh()

    def _dress(self) -> None:
        for section in self.sections:
            section.dress()
        self.refresh()
