"""Inspecting all parts: the button, how far it is, and what came of it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pirn_app.theme import STEP
from pirn_app.views.inspection.parts import ActionButton
from pirn_app.views.inspection.words import joined, left, plural
from pirn_app.views.view import View
from pirn_app.widgets import Words

_STEPS = 1000


class BatchRow(QWidget):
    """Stands below the scrolled column, so that the next step is always in sight."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.setObjectName("batch-row")
        self._context = view.context
        self._number = 0
        self._start = ActionButton(view, "inspect-all")
        self._start.setProperty("primary", True)
        self._cancel = QPushButton("Cancel", autoDefault=False)
        self._cancel.clicked.connect(self._stop)
        self._cancel.setObjectName("batch-cancel")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setObjectName("batch-progress")
        self._text = Words("batch-text", "muted")
        row = QHBoxLayout()
        row.setSpacing(STEP)
        row.addWidget(self._start)
        row.addWidget(self._cancel)
        row.addWidget(self._text, 100)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        column.addWidget(self._bar)
        column.addLayout(row)

    def refresh(self) -> None:
        """Shows the state as it is now."""
        workspace = self._context.workspace
        job = workspace.jobs.of_kind("InspectParts")
        self._bar.setVisible(job is not None)
        self._cancel.setVisible(job is not None)
        self._start.want(job is None and workspace.model is not None)
        if job is None:
            self._text.tell(self._summary())
            return
        if job.number != self._number:
            self._number = job.number
            self._cancel.setEnabled(True)
        self._bar.setRange(0, 0 if job.fraction is None else _STEPS)
        if job.fraction is not None:
            self._bar.setValue(round(job.fraction * _STEPS))
        waits = "" if self._cancel.isEnabled() else "stops after this part"
        self._text.tell(joined(job.text or job.title, waits or left(job.remaining)))

    def _summary(self) -> str:
        """Of what is there; nothing before the first result."""
        workspace = self._context.workspace
        done, failed = len(workspace.results), sum(bool(found.error) for found in workspace.results)
        if workspace.model is None or not done:
            return ""
        text = f"{done - failed:,} of {plural(len(workspace.refs), 'part')} inspected"
        return f"{text}, {failed:,} could not be." if failed else f"{text}."

    def _stop(self) -> None:
        self._cancel.setEnabled(False)
        self._context.requests.cancel(self._number)
        self.refresh()
