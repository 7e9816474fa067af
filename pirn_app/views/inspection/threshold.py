"""The threshold: where it stands among all scores, what it means for the parts, and the ways to move it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel

from pirn_app.state.statistics import Grouping, Scored, axis_end, collect, count, decimals, histogram
from pirn_app.theme import STEP
from pirn_app.views.inspection.histogram import Histogram, Shown
from pirn_app.views.inspection.parts import ActionButton, Section
from pirn_app.views.inspection.words import mistakes, score_pair, verdicts
from pirn_app.views.view import View
from pirn_app.widgets import Words

_BINS = 48
_PAUSE = 800
"""Milliseconds without a step after which the next one is a change of its own."""


class ThresholdSection(Section):
    """Moves the workspace's threshold; what is shown always comes back from there."""

    def __init__(self, view: View) -> None:
        super().__init__("Threshold", "threshold-section")
        self._context = view.context
        self._scored = Scored(np.empty(0), np.empty(0, np.int8))
        self._end = 1.0
        self.histogram = Histogram(view.context.theme)
        self._by = self._made_grouping()
        self.spin = self._made_spin()
        self._reset = ActionButton(view, "reset-threshold", "Reset", otherwise=self._to_calibrated)
        self._counts, self._wrong = Words("threshold-counts"), Words("threshold-mistakes", "muted")
        self._pause = QTimer(self, interval=_PAUSE, singleShot=True)
        self._pause.timeout.connect(self._seal)
        self.histogram.moved.connect(self._move)
        self.histogram.settled.connect(self._settle)
        self._lay_out()

    def _made_grouping(self) -> QComboBox:
        made = QComboBox()
        made.setObjectName("histogram-grouping")
        made.addItem("by known label", "label")
        made.addItem("by verdict", "verdict")
        made.setToolTip("What the bars are coloured by: what a part is known to be, or its verdict now.")
        made.currentIndexChanged.connect(lambda _k: self.refresh())
        return made

    def _made_spin(self) -> QDoubleSpinBox:
        made = QDoubleSpinBox()
        made.setKeyboardTracking(False)
        made.setAccelerated(True)
        made.setObjectName("threshold-spin")
        made.setAccessibleName("Threshold")
        made.setToolTip("A part is NG at or above this score.")
        made.valueChanged.connect(self._typed)
        made.installEventFilter(self)
        return made

    def _lay_out(self) -> None:
        caption = QLabel("NG from")
        caption.setBuddy(self.spin)
        row = QHBoxLayout()
        row.setSpacing(STEP)
        row.addWidget(caption)
        row.addWidget(self.spin)
        row.addWidget(self._reset)
        row.addStretch()
        self.head.addWidget(self._by)
        self.column.addWidget(self.histogram)
        self.column.addLayout(row)
        self.column.addWidget(self._counts)
        self.column.addWidget(self._wrong)

    def rebuild(self) -> None:
        """Gathers the scores again: after new results, other labels or another model."""
        workspace = self._context.workspace
        self._scored = collect(workspace.results, workspace.ref, workspace.document.labels)
        self.refresh()

    def refresh(self) -> None:
        """Shows the threshold as it is now."""
        workspace = self._context.workspace
        limits, model = workspace.limits, workspace.model
        self.setVisible(model is not None)
        if limits is None or model is None:
            return
        if not self.histogram.dragging:
            scores = [*self._scored.scores, *model.shot_scores.values()]
            self._end = axis_end([*scores, limits[1], model.threshold])
        self._draw(limits)
        self._set_spin(limits[1])
        calibrated, own = score_pair(model.threshold, limits[1])[0], workspace.own_threshold
        hint = f"Back to the calibrated threshold, {calibrated}. {model.card.threshold_source}"
        self._reset.want(True, f"Reset to {calibrated}", hint, able=own is not None and own != model.threshold)
        counts = count(self._scored, limits)
        self._counts.tell(verdicts(counts, self._scored))
        self._wrong.tell(mistakes(counts))

    def _draw(self, limits: tuple[float, float]) -> None:
        workspace, model = self._context.workspace, self._context.workspace.model
        assert model is not None
        self._by.setVisible(self._scored.labelled)
        by: Grouping = self._by.currentData() if self._scored.labelled else "verdict"
        edges = np.linspace(0.0, self._end, _BINS + 1)
        found = workspace.results.get(self._context.cursor.place.part)
        self.histogram.show_scores(
            Shown(
                groups=histogram(self._scored, model.shot_scores.values(), limits, edges, by),
                edges=edges,
                sure=limits[0],
                threshold=limits[1],
                calibrated=model.threshold,
                score=None if found is None or found.error else found.score,
                places=decimals(model.threshold),
            )
        )

    def _set_spin(self, value: float) -> None:
        model = self._context.workspace.model
        assert model is not None
        places = decimals(model.threshold)
        blocker = QSignalBlocker(self.spin)
        self.spin.setDecimals(places + 1)
        self.spin.setSingleStep(10.0**-places)
        self.spin.setRange(0.0, max(1000 * self._end, value))
        self.spin.setValue(value)
        del blocker

    def _typed(self, value: float) -> None:
        self._pause.start()
        self._move(value)

    def _move(self, value: float) -> None:
        self._context.workspace.set_threshold(value)
        if not self.histogram.dragging:
            self._pause.start()

    def _settle(self) -> None:
        self._seal()
        self.refresh()

    def _seal(self) -> None:
        self._pause.stop()
        self._context.workspace.seal()

    def _to_calibrated(self) -> None:
        self._context.workspace.set_threshold(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102, N802
        if watched is self.spin:
            if event.type() == QEvent.Type.Wheel and not self.spin.hasFocus():
                event.ignore()  # scrolling the panel must not move the threshold
                return True
            if event.type() == QEvent.Type.FocusOut:
                self._seal()
        return super().eventFilter(watched, event)
