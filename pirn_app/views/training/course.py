"""The course of training: how far it is, over the plots, in as many columns as there is room for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.theme import STEP
from pirn_app.views.training.bars import ShotScores, UsagePlot
from pirn_app.views.training.curves import LossPlot, SeparationPlot
from pirn_app.views.training.plots import PlotCard
from pirn_app.views.training.progress import ProgressCard

_PLOT_WIDTH, _LEAST_WIDTH = 270, 218
_LOW = 480
"""Pages lower than this put all plots into one row where they fit."""


class CoursePage(QScrollArea):
    """Progress and plots, for the state of the workspace."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.progress = ProgressCard(context)
        self.loss, self.separation = LossPlot(context), SeparationPlot(context)
        self.usage, self.scores = UsagePlot(context), ShotScores(context)
        self.separation.plot.setXLink(self.loss.plot)
        self.plots: tuple[PlotCard, ...] = (self.loss, self.separation, self.usage, self.scores)
        self._columns = 0
        self._grid = QGridLayout()
        self._grid.setSpacing(STEP)
        body = QWidget()
        body.setProperty("scrolled", True)
        column = QVBoxLayout(body)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        column.addWidget(self.progress)
        column.addLayout(self._grid, stretch=1)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)
        self._arrange(2)

    def refresh(self) -> None:
        """Shows the state of the workspace."""
        workspace = self.context.workspace
        log = workspace.training
        self.progress.refresh()
        self.loss.draw(log.curves)
        self.separation.draw(log.curves)
        self.usage.draw(log.usage)
        running = workspace.jobs.of_kind("Train") is not None
        self.scores.draw(None if running or log.outcome in ("cancelled", "failed") else workspace.model)

    def recolour(self) -> None:
        """Takes the theme's colours."""
        for plot in self.plots:
            plot.recolour()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many columns as there is room for."""
        super().resizeEvent(event)
        low = self.height() < _LOW and self.width() >= 4 * _LEAST_WIDTH
        self._arrange(4 if low else 2 if self.width() >= 2 * _PLOT_WIDTH else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, plot in enumerate(self.plots):
            self._grid.addWidget(plot, number // columns, number % columns)
        for place in range(4):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
            self._grid.setRowStretch(place, 1 if place < -(-4 // columns) else 0)
