"""The job under way, in the status bar."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from pirn_app.context import Context
from pirn_app.icons import icon
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import named

_STEPS = 1000


def time_left(seconds: float | None) -> str:
    """A rounded time in words, e.g. `1 min 20 s left`; `` where it is not known."""
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s left"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60 // 10 * 10:02d} s left"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min left"


class ProgressView(View):
    """Name, bar, time left and a button that stops it; nothing while nothing is under way."""

    name = "progress"
    title = "Job"

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._title = named(QLabel(), "job-title")
        self._bar = named(QProgressBar(), "job-bar")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._rest = named(QLabel(), "job-rest")
        self._stop = named(QToolButton(), "job-cancel")
        self._stop.setIconSize(QSize(12, 12))
        self._stop.setToolTip("Cancel this job (Ctrl+.).")
        self._stop.clicked.connect(self._cancel)
        self._number = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(STEP, 0, STEP, 0)
        row.setSpacing(STEP)
        for widget in (self._title, self._bar, self._rest, self._stop):
            row.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.follow(context.workspace.jobs_changed, self._show)
        self.follow(context.theme.changed, self._colour)
        self._colour()
        self._show()

    @property
    def text(self) -> str:
        """What is said about the job; `` while there is none."""
        return " ".join(part for part in (self._title.text(), self._rest.text()) if part) if self._number else ""

    def _show(self) -> None:
        job = self.context.workspace.jobs.shown
        self._number = 0 if job is None else job.number
        for widget in (self._title, self._bar, self._rest, self._stop):
            widget.setVisible(job is not None)
        if job is None:
            return
        self._title.setText(job.title)
        self._bar.setRange(0, 0 if job.fraction is None else _STEPS)
        if job.fraction is not None:
            self._bar.setValue(round(job.fraction * _STEPS))
        self._rest.setText(" · ".join(part for part in (job.text, time_left(job.remaining)) if part))

    def _cancel(self) -> None:
        if self._number:
            self.context.requests.cancel(self._number)

    def _colour(self) -> None:
        self._stop.setIcon(icon("close", self.context.theme.palette.text))
