"""The panel put together."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.state.cursor import Place
from pirn_app.state.feedback import Feedback
from pirn_app.theme import STEP
from pirn_app.views.feedback.actions import ActionSection
from pirn_app.views.feedback.advice import AdviceSection, CurveSection
from pirn_app.views.feedback.confirmed import ConfirmedSection
from pirn_app.views.feedback.preview import PreviewSection
from pirn_app.views.view import EmptyState, View

_GATHER = 80
"""Milliseconds in which changes are gathered before the panel shows them."""


class FeedbackView(View):
    """Says what the part in view is, shows what that would change, and advises on threshold and shots."""

    name = "feedback"
    title = "Teach"
    help = (
        "Where a good part is called NG, say so: its look counts as normal from then on, without training, and nothing "
        "changes before you have seen which verdicts would. A region is the narrow way: it leaves the threshold alone. "
        "A whole part raises the threshold above itself, which may let defects pass. Undo brings model, threshold and "
        "scores back. The intervals tell what so few parts can promise at 95 % confidence about all others."
    )

    def __init__(self, context: Context, state: Feedback, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.state = state
        self.actions_section, self.preview = ActionSection(self, state), PreviewSection(self, state)
        self.confirmed, self.advice = ConfirmedSection(self, state), AdviceSection(self, state)
        self.curve = CurveSection(self, state)
        self._empty = EmptyState(context)
        self._soon = QTimer(self, interval=_GATHER, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        self._lay_out()
        self._follow_all()
        self.refresh()

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("scrolled", True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(2 * STEP)
        for section in (self.actions_section, self.preview, self.confirmed, self.advice, self.curve):
            column.addWidget(section)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        self._scroll = scroll
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(scroll)
        self.setMinimumWidth(316)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(368, 720)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102, N802
        super().showEvent(event)
        self.refresh()

    def _follow_all(self) -> None:
        workspace = self.context.workspace
        for signal in (workspace.parts_changed, workspace.model_changed, workspace.results_cleared,
                       workspace.result_changed, workspace.jobs_changed, workspace.document_changed,
                       workspace.picture_changed, self.context.theme.changed):  # fmt: skip
            self.follow(signal, self._later)
        self.follow(self.context.cursor.changed, self._moved)
        self.follow(self.state.changed, self.refresh)
        self.follow(self.state.curve_changed, self._later)

    def release(self) -> None:
        """Stops what was still to be done, too."""
        super().release()
        self._soon.stop()

    def refresh(self) -> None:
        """Shows everything anew, where anyone can see it."""
        self._soon.stop()
        workspace = self.context.workspace
        text, action = self._missing()
        if text:
            self._empty.tell(text, action)
        self._stack.setCurrentWidget(self._empty if text else self._scroll)
        if text or not self.isVisible():
            return
        for section in (self.actions_section, self.preview, self.confirmed, self.advice, self.curve):
            section.refresh()
        if workspace.jobs.of_kind("Train", "InspectParts", "ApplyLesson", "DrawCurve") is None:
            self.state.ask_curve()

    def _missing(self) -> tuple[str, str]:
        """What stands in the way, and the action that helps."""
        workspace = self.context.workspace
        if workspace.parts is None:
            return "Open a folder of parts to inspect and teach.", "open-folder"
        if workspace.model is None:
            return "Train a model, or open one: then you can tell it which parts are good.", "train"
        if not self.context.cursor.place.part:
            return "Choose a part in the list.", ""
        return "", ""

    def _later(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _moved(self, new: Place, old: Place) -> None:
        if (new.part, new.region, new.pinned) != (old.part, old.region, old.pinned):
            self._later()
