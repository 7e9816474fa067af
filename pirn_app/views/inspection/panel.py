"""The panel put together: it follows the shared state and tells its sections what to show anew."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.state.cursor import Place
from pirn_app.state.history import Document
from pirn_app.theme import STEP
from pirn_app.views.inspection.batch import BatchRow
from pirn_app.views.inspection.modalities import ModalitySection
from pirn_app.views.inspection.regions import RegionSection
from pirn_app.views.inspection.threshold import ThresholdSection
from pirn_app.views.inspection.verdict import VerdictCard
from pirn_app.views.view import View

_GATHER = 60
"""Milliseconds in which results of a batch are gathered before the histogram is counted again."""
_REST = 120
"""Milliseconds that the threshold must rest before regions are measured again; that takes up to half a second."""


class InspectionView(View):
    """Verdict, threshold, modalities and regions of the part in view, and the inspection of all parts."""

    name = "inspection"
    title = "Inspection"
    help = (
        "A part is NG where its score reaches the threshold; in the band below it the verdict is unsure. "
        "Where good and defective parts overlap in the histogram, train with more shots or look at the shots again."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.verdict, self.threshold = VerdictCard(self), ThresholdSection(self)
        self.modalities, self.regions = ModalitySection(self), RegionSection(self)
        self.batch = BatchRow(self)
        self._gather = QTimer(self, interval=_GATHER, singleShot=True)
        self._gather.timeout.connect(self.threshold.rebuild)
        self._rest = QTimer(self, interval=_REST, singleShot=True)
        self._rest.timeout.connect(self._refresh_regions)
        self._lay_out()
        self._follow_all()
        self.refresh()

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("scrolled", True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP + STEP // 2)
        for section in (self.verdict, self.threshold, self.modalities, self.regions):
            column.addWidget(section)
        column.addStretch(1)  # else the sections share what is left
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(STEP, STEP, STEP, STEP)
        bottom.addWidget(self.batch)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addLayout(bottom)
        self.setMinimumWidth(352)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(368, 720)

    def _follow_all(self) -> None:
        workspace = self.context.workspace
        for signal in (workspace.parts_changed, workspace.model_changed, workspace.results_cleared):
            self.follow(signal, self.refresh)
        self.follow(self.context.theme.changed, self.refresh)
        self.follow(workspace.picture_changed, self._picture_changed)
        self.follow(workspace.result_changed, self._result_changed)
        self.follow(workspace.jobs_changed, self._jobs_changed)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(self.context.cursor.changed, self._cursor_changed)

    def release(self) -> None:
        """Stops what was still to be done, too."""
        super().release()
        self._gather.stop()
        self._rest.stop()

    def refresh(self) -> None:
        """Shows everything anew."""
        self._gather.stop()
        self.verdict.refresh()
        self.threshold.rebuild()
        self._refresh_regions()
        self.batch.refresh()

    def _refresh_regions(self) -> None:
        self._rest.stop()
        part, workspace = self.context.cursor.place.part, self.context.workspace
        found = workspace.results.get(part)
        regions = workspace.regions(part)
        self.modalities.refresh(found, regions, self.context.cursor.place.region)
        self.regions.refresh(found, regions)

    def _picture_changed(self) -> None:
        self.verdict.refresh()
        self._refresh_regions()

    def _result_changed(self, part: str) -> None:
        if not self._gather.isActive():
            self._gather.start()
        if part == self.context.cursor.place.part:
            self.verdict.refresh()
            self.threshold.refresh()
            self._refresh_regions()
        self.batch.refresh()

    def _jobs_changed(self) -> None:
        self.verdict.refresh()
        self.batch.refresh()

    def _document_changed(self, new: Document, old: Document) -> None:
        self.verdict.refresh()
        if new.thresholds != old.thresholds:
            self.threshold.refresh()
            self._rest.start()
        if new.labels != old.labels:
            self.threshold.rebuild()
        if new.dismissed != old.dismissed:
            self._refresh_regions()

    def _cursor_changed(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self.verdict.refresh()
            self.threshold.refresh()
            self._refresh_regions()
        elif new.region != old.region:
            self.regions.mark()
            found = self.context.workspace.results.get(new.part)
            self.modalities.refresh(found, self.context.workspace.regions(new.part), new.region)
