"""Where the threshold should be, what it can promise, and whether another shot would help."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg

from pirn_app.messages.feedback import CurveDrawn
from pirn_app.state.feedback import Feedback
from pirn_app.state.statistics import decimals
from pirn_app.views.feedback.parts import Section, button, rate_words, row, short
from pirn_app.views.view import View
from pirn_app.widgets import Words


class AdviceSection(Section):
    """Threshold advice from held-out scores and labels."""

    def __init__(self, view: View, state: Feedback) -> None:
        super().__init__("Threshold advice", "teach-advice")
        self._view, self._state, self._value = view, state, 0.0
        self._reason, self._rejects = Words("advice-reason"), Words("advice-rejects", "muted")
        self._escapes = Words("advice-escapes", "muted")
        self.use = button("", "advice-use", "Moves the threshold there; undo moves it back.")
        self.use.clicked.connect(self._use)
        for widget in (self._reason, self._rejects, self._escapes):
            self.column.addWidget(widget)
        self.column.addLayout(row(self.use))

    def refresh(self) -> None:
        """Advises anew: after new scores, labels or another model."""
        advice, limits = self._state.advice(), self._view.context.workspace.limits
        self.setVisible(advice is not None and limits is not None)
        if advice is None or limits is None:
            return
        self._value, places = advice.threshold, decimals(advice.threshold)
        text, now = f"{advice.threshold:.{places}f}", f"{limits[1]:.{places}f}"
        self._reason.tell(f"{text}: {advice.reason[0].lower()}{advice.reason[1:]}")
        self._rejects.tell(f"Good parts NG: {rate_words(advice.false_rejects, 'known')}.")
        self._escapes.tell(
            "Defects missed: unknown, no inspected part is labelled defective."
            if advice.escapes is None
            else f"Defects missed: {rate_words(advice.escapes, 'labelled')}."
        )
        self.use.setText(f"Use {text}" if text != now else f"{now} is in use")
        self.use.setEnabled(text != now)

    def _use(self) -> None:
        workspace = self._view.context.workspace
        workspace.seal()
        calibrated = workspace.calibrated
        workspace.set_threshold(None if calibrated is not None and calibrated[1] == self._value else self._value)
        workspace.seal()


class CurveSection(Section):
    """Held-out scores against the number of good parts in the calibration."""

    def __init__(self, view: View, state: Feedback) -> None:
        super().__init__("Would another shot help?", "teach-curve")
        self._view, self._state = view, state
        self.plot = pg.PlotWidget()
        self.plot.setObjectName("curve-plot")
        self.plot.setFixedHeight(176)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self._answer, self._next = Words("curve-answer"), Words("curve-next", "muted")
        self.look = button("Show it", "curve-look", "Goes to the part.")
        self.look.clicked.connect(self._go)
        for widget in (self._answer, self.plot, self._next):
            self.column.addWidget(widget)
        self.column.addLayout(row(self.look))

    def refresh(self) -> None:
        """Shows the curve of the model in force, and the part that would teach most."""
        model, curve = self._view.context.workspace.model, self._state.curve
        known = curve is not None and model is not None and curve.model == model.card.id
        part = self._state.next_part()
        self._next.tell(
            f"Most to learn from: {short(part)}, the least normal of the good parts."
            if part
            else ("Label inspected parts as good to see which one would teach most.")
        )
        self.look.setVisible(bool(part))
        self.plot.setVisible(known and curve is not None and bool(curve.points))
        if not known or curve is None:
            self._answer.tell("Comparing…")
            return
        self._answer.tell(answer_words(curve))
        self._draw(curve)

    def _draw(self, curve: CurveDrawn) -> None:
        palette, item = self._view.context.theme.palette, self.plot.getPlotItem()
        self.plot.setBackground(palette.panel)
        item.clear()
        if item.legend is None:
            item.addLegend(offset=(-8, 4), labelTextSize="8pt")
        item.legend.clear()
        item.legend.setLabelTextColor(palette.text)
        x = np.array([point.parts for point in curve.points], float)
        low, middle, high = (
            np.array(values, float) for values in zip(*((p.low, p.median, p.high) for p in curve.points), strict=True)
        )
        colour = pg.mkColor(palette.accent)
        faint = pg.mkColor(palette.accent)
        faint.setAlpha(60)
        edges = [pg.PlotDataItem(x, values, pen=pg.mkPen(colour, width=1)) for values in (low, high)]
        band: Any = pg.FillBetweenItem(*edges, brush=faint)
        for drawn in (band, *edges):
            item.addItem(drawn)
        item.plot(x, middle, pen=pg.mkPen(colour, width=2), symbol="o", symbolSize=6, symbolBrush=colour, name="median")
        item.legend.addItem(edges[1], "lowest and highest")
        style = {"color": palette.muted, "font-size": "11px"}
        for side, text in (("bottom", "good parts in the calibration"), ("left", "held-out score")):
            axis = item.getAxis(side)
            axis.setLabel(text, siPrefixEnableRanges=(), **style)  # 0.35 is not shown as 350 (x0.001)
            axis.setPen(palette.border)
            axis.setTextPen(palette.muted)
        item.getAxis("bottom").setTicks([[(value, f"{value:.0f}") for value in x[:: max(1, len(x) // 8)]]])
        top = max(float(high.max()) * 1.3, 1e-6)
        item.setYRange(0, top, padding=0)
        item.setXRange(float(x[0]) - 0.3, float(x[-1]) + 0.3, padding=0)

    def _go(self) -> None:
        if (part := self._state.next_part()) is not None:
            self._view.context.cursor.go(part=part)


def answer_words(curve: CurveDrawn) -> str:
    """One or two sentences."""
    if not curve.points:
        return "With a single good part there is nothing to compare: another shot helps for certain."
    if curve.worth_another is None:
        return "With two good parts nobody can tell: another shot helps for certain."
    if curve.worth_another:
        return "Yes: the last one still lowered the scores of good parts that the model had not seen."
    return "Hardly: the last one changed the scores of unseen good parts by less than 5 %."
