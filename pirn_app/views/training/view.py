"""The training view: what to train with on one side, how it goes on the other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.jobs import ListBackbones
from pirn_app.state.plan import TrainingPlan
from pirn_app.views.training.course import CoursePage
from pirn_app.views.training.launch import LaunchBar
from pirn_app.views.training.look import sheet
from pirn_app.views.training.setup import SetupForm
from pirn_app.views.view import View

REDRAW_MS = 100
"""Least time between two drawings of the plots."""
_NARROW = 620
"""Pixels from which on form and plots stand side by side."""
_LEAST = 304
_FORM, _FORM_MOST = 300, 380
"""Width of the form beside the plots: as little as it needs, more where there is plenty."""


class TrainingView(View):
    """Plan and course of training."""

    name = "training"
    title = "Training"
    help = (
        "Choose a preset and press Train; the curves show how it goes, and the i beside each says how to read it. "
        "Whatever happens, the model in force stays until a new one is trained, calibrated and saved."
    )

    def __init__(self, context: Context, plan: TrainingPlan, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.plan = plan
        self._asked = False
        self._stale = False
        self.form = SetupForm(context, plan)
        self.launch = LaunchBar(context, plan)
        self.course = CoursePage(context)
        self.course.progress.setting_asked.connect(self._show_setting)
        for plot in self.course.plots:
            plot.help_asked.connect(self.help_asked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._due)
        self._lay_out()
        self._follow_all()
        self._recolour()

    def _lay_out(self) -> None:
        left = QWidget()
        left.setMinimumWidth(288)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.form.setProperty("scrolled", True)
        self._scroll.setWidget(self.form)
        column.addWidget(self._scroll, stretch=1)
        column.addWidget(self.launch)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(left)
        self._split.addWidget(self.course)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([_FORM, 700])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._split)

    def _follow_all(self) -> None:
        workspace = self.context.workspace
        self.follow(self.plan.changed, self.form.refresh)
        self.follow(workspace.backbones_changed, self.form.refresh_backbones)
        self.follow(workspace.devices_changed, self.form.refresh_devices)
        for signal in (
            self.plan.changed, workspace.parts_changed, workspace.document_changed, workspace.doubts_changed,
            workspace.backbones_changed, workspace.devices_changed,
        ):  # fmt: skip
            self.follow(signal, self._refresh_launch)
        for signal in (
            workspace.training_changed, workspace.jobs_changed, workspace.model_changed, workspace.document_changed
        ):  # fmt: skip
            self.follow(signal, self._soon)
        if "train" in self.context.actions:
            self.follow(self.context.actions.qaction("train").changed, self._refresh_launch)
        self.follow(self.context.theme.changed, self._recolour)

    def release(self) -> None:
        """Lets go of the shared state and draws no more."""
        self._timer.stop()
        super().release()

    def _refresh_launch(self, *_what: object) -> None:
        self.launch.refresh()

    def _soon(self, *_what: object) -> None:
        """Draws at most ten times a second; a job's beginning and end are shown in the same way."""
        self._stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _due(self) -> None:
        if self.isVisible():
            self._redraw()

    def _redraw(self) -> None:
        self._stale = False
        self.launch.refresh()
        self.course.refresh()

    def _recolour(self) -> None:
        self.setStyleSheet(sheet(self.context.theme.palette))
        self.course.recolour()
        self._redraw()

    def _show_setting(self, key: str) -> None:
        self.form.show_setting(key)
        self._scroll.ensureWidgetVisible(self.form.advanced.row(key))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Asks for the backbones once, and draws what was missed while hidden."""
        super().showEvent(event)
        if not self._asked and not self.context.workspace.backbones:
            self._asked = True
            self.context.requests.ask(ListBackbones())
        if self._stale:
            self._redraw()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as the form: below that width the plots stand under it."""
        return QSize(_LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Side by side where there is room, one above the other where not."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        turned = self._split.orientation() != wanted
        self._split.setOrientation(wanted)
        if narrow and turned:
            form = min(self.form.sizeHint().height() + self.launch.sizeHint().height(), self.height() * 3 // 5)
            self._split.setSizes([form, self.height() - form])
        elif not narrow and (turned or event.oldSize().width() != self.width()):
            form = min(max(self.width() * 3 // 10, _FORM), _FORM_MOST)
            self._split.setSizes([form, self.width() - form])
