"""Bars: use of the prototypes, and the held-out scores of the shots."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from pirn_app.context import Context
from pirn_app.messages.events import Model
from pirn_app.views.training.look import MODALITY_WORDS
from pirn_app.views.training.plots import PlotCard
from pirn_core.data.sample import FloatArray, Modality

UNUSED = 0.01
"""A prototype that takes less than this share of an even share counts as unused."""
_BARS = 40


class UsagePlot(PlotCard):
    """Sorted use of the prototypes, per modality."""

    title = "Use of the prototypes"
    help = (
        "Prototypes stand sorted by how many patches they take, 1 being an even share; a gentle slope is good. If many "
        "are unused, fewer prototypes do as well; if very few take all, use more of them or more varied shots."
    )
    x_name = "prototypes, sorted, %"
    y_name = "× even share"
    waiting = "The use of the prototypes appears with the first steps."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._bars: dict[Modality, pg.BarGraphItem] = {}

    def draw(self, usage: Mapping[Modality, FloatArray]) -> None:
        """Shows shares that sum to about 1 per modality, (K,)."""
        there: list[Modality] = [m for m in MODALITY_WORDS if m in usage and usage[m].size]
        self.set_empty(not there)
        palette = self.palette_now
        for modality in MODALITY_WORDS:
            bars = self._bars.get(modality)
            if bars is None:
                bars = self._bars[modality] = pg.BarGraphItem(x=[], height=[], width=1)
                self.plot.addItem(bars)
            heights = sorted_bars(usage[modality]) if modality in there else np.zeros(0)
            width = 100 / max(len(heights), 1) / max(len(there), 1)
            place = there.index(modality) if modality in there else 0
            x = (np.arange(len(heights)) * len(there) + place + 0.5) * width
            bars.setOpts(x=x, height=heights, width=0.9 * width, brush=getattr(palette, modality), pen=None)
        self.plot.setXRange(0, 100, padding=0.01)
        self.plot.setLimits(yMin=0)
        self.tell_legend([("■", getattr(palette, m), self._words(m, usage[m])) for m in there])

    def _words(self, modality: Modality, shares: FloatArray) -> str:
        return f"{MODALITY_WORDS[modality]}, {unused(shares)} of {shares.size} unused"


class ShotScores(PlotCard):
    """Held-out scores of the shots, with both limits."""

    title = "Scores of the shots"
    help = (
        "Each bar is the score of a shot by a model that did not see it, and the threshold follows from them. If one "
        "shot towers over the others, look at it: it may be no good part, or the only one of its kind."
    )
    x_name = "shot"
    y_name = "score"
    waiting = "The held-out scores of the shots appear when training is done."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._bars = pg.BarGraphItem(x=[], height=[], width=0.7)
        self._sure = pg.InfiniteLine(angle=0)
        self._threshold = pg.InfiniteLine(angle=0)
        for item in (self._bars, self._sure, self._threshold):
            self.plot.addItem(item)

    def draw(self, model: Model | None) -> None:
        """Shows the model's shots; None: nothing."""
        self.set_empty(model is None or not model.shot_scores)
        if model is None or not model.shot_scores:
            return
        palette = self.palette_now
        names, scores = list(model.shot_scores), np.array(list(model.shot_scores.values()), float)
        x = np.arange(len(scores))
        self._bars.setOpts(x=x, height=scores, brush=palette.muted, pen=None)
        self._sure.setValue(model.sure)
        self._sure.setPen(pg.mkPen(palette.unsure, style=Qt.PenStyle.DashLine, width=2))
        self._threshold.setValue(model.threshold)
        self._threshold.setPen(pg.mkPen(palette.ng, width=2))
        self.plot.setYRange(0, 1.1 * max(float(np.nanmax(scores)), model.threshold), padding=0)
        self.plot.setXRange(-0.6, len(scores) - 0.4, padding=0)
        every = max(1, int(np.ceil(len(names) / 10)))
        self.plot.getAxis("bottom").setTicks([[(k, _last(names[k])) for k in range(0, len(names), every)]])
        self.tell_legend(
            [
                ("■", palette.muted, "shot, held out"),
                ("╌", palette.unsure, f"unsure from {model.sure:.3g}"),
                ("━", palette.ng, f"threshold {model.threshold:.3g}"),
            ]
        )


def sorted_bars(shares: FloatArray, bars: int = _BARS) -> FloatArray:
    """Falling use, as multiples of an even share, averaged over at most `bars` groups of prototypes."""
    falling = np.sort(np.asarray(shares, np.float64))[::-1] * shares.size
    groups = np.array_split(falling, min(bars, falling.size))
    return np.array([group.mean() for group in groups])


def unused(shares: FloatArray) -> int:
    """Prototypes that take next to nothing."""
    return int((np.asarray(shares) * shares.size < UNUSED).sum())


def _last(part: str) -> str:
    return part.rsplit("/", 1)[-1]
