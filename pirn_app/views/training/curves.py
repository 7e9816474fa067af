"""Curves over the steps of training: loss, and what held-out shots say. Stages stand one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from pirn_app.context import Context
from pirn_app.state.training import StageCurve
from pirn_app.views.training.look import MODALITY_WORDS
from pirn_app.views.training.plots import PlotCard, faded
from pirn_core.data.sample import Modality


class StagedPlot(PlotCard):
    """A plot whose x axis runs through all stages, with a line and a name where one begins."""

    x_name: ClassVar[str] = "steps, stage after stage"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._marks: list[tuple[pg.InfiniteLine, pg.TextItem]] = []
        self.plot.getViewBox().sigRangeChanged.connect(self._place_names)

    def mark_stages(self, curves: Sequence[StageCurve]) -> None:
        """Draws where stages begin, and their names."""
        while len(self._marks) < len(curves):
            mark = (pg.InfiniteLine(angle=90), pg.TextItem(anchor=(0, 0)))
            self._marks.append(mark)
            for item in mark:
                self.plot.addItem(item, ignoreBounds=True)
        palette = self.palette_now
        shown = list(starts(curves))
        for number, (line, name) in enumerate(self._marks):
            there = number < len(curves)
            line.setVisible(there and number > 0)
            name.setVisible(there)
            if there:
                line.setPos(shown[number])
                line.setPen(pg.mkPen(palette.border, style=Qt.PenStyle.DashLine))
                name.setText(_short(curves[number].stage), color=palette.muted)
        self._place_names()

    def leave_room(self, values: np.ndarray) -> None:
        """Scales the y axis to the values, with room for the stages' names over them."""
        known = values[np.isfinite(values)]
        if known.size:
            low, high = float(known.min()), float(known.max())
            span = max(high - low, 1e-3 * max(abs(high), 1e-3))
            self.plot.setYRange(low - 0.06 * span, high + 0.22 * span, padding=0)

    def _place_names(self) -> None:
        (left, right), (_, top) = self.plot.getViewBox().viewRange()
        room = (right - left) / max(self.plot.width(), 1)
        for number, (line, name) in enumerate(self._marks):
            start = line.value() if number else 0.0
            name.setPos(start + 2 * room, top)
            after = self._marks[number + 1][0] if number + 1 < len(self._marks) else None
            end = after.value() if after is not None and after.isVisible() else right
            name.setOpacity(1.0 if (end - start) > 46 * room else 0.0)


class LossPlot(StagedPlot):
    """Loss per modality."""

    title = "Loss"
    help = (
        "Each line shows how badly the model still rebuilds good patches of the shots; it should fall and then flatten "
        "in every stage. If it rises or jumps, lower the learning rate; if it still falls at the end, allow more "
        "epochs."
    )
    y_name = "loss"
    waiting = "The loss appears with the first step."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._lines: dict[Modality, pg.PlotDataItem] = {}

    def draw(self, curves: Sequence[StageCurve]) -> None:
        """Shows the curves so far."""
        modalities: list[Modality] = [m for m in MODALITY_WORDS if any(c.losses.get(m) for c in curves)]
        self.set_empty(not modalities)
        palette = self.palette_now
        drawn: list[np.ndarray] = []
        for modality in MODALITY_WORDS:
            line = self._lines.get(modality)
            if line is None:
                line = self._lines[modality] = self.plot.plot()
            x, y = joined([(c.steps, c.losses.get(modality, [])) for c in curves], starts(curves))
            line.setData(x, y)
            drawn.append(y)
            line.setPen(pg.mkPen(getattr(palette, modality), width=1))
        self.tell_legend([("━", getattr(palette, m), MODALITY_WORDS[m]) for m in modalities])
        self.leave_room(np.concatenate(drawn))
        self.mark_stages(curves)


class SeparationPlot(StagedPlot):
    """How well the model tells synthetic defects on held-out shots from good patches."""

    title = "Held-out check"
    help = (
        "Each dot is a look at shots that the stage does not train on: how well synthetic defects stand out from their "
        "good patches, 1 being perfect. If it only falls, the untrained prototypes were better and are kept; more "
        "or more varied shots help."
    )
    y_name = "separation"
    waiting = "Looks at held-out shots appear during training."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._line = self.plot.plot()
        self._best = pg.ScatterPlotItem(size=11)
        self.plot.addItem(self._best)

    def draw(self, curves: Sequence[StageCurve]) -> None:
        """Shows the looks so far; the best of each stage is ringed."""
        looked = any(c.looks for c in curves)
        self.set_empty(not looked)
        palette = self.palette_now
        x, y = joined([(c.looks, c.separation) for c in curves], starts(curves))
        colour = palette.accent
        self._line.setData(x, y, symbol="o", symbolSize=5, symbolBrush=colour, symbolPen=None, pen=pg.mkPen(colour))
        best = [
            (start + c.looks[int(np.argmax(c.separation))], max(c.separation))
            for start, c in zip(starts(curves), curves, strict=True)
            if c.looks
        ]
        self._best.setData(pos=best, pen=pg.mkPen(palette.text, width=1.5), brush=faded(colour, 0))
        self.leave_room(y)
        residual = looked and all(value <= 0 for c in curves for value in c.separation)
        self.name_y("negative residual" if residual else self.y_name)
        self.tell_legend([("●", colour, "look"), ("○", palette.text, "best of its stage")])
        self.mark_stages(curves)


def starts(curves: Sequence[StageCurve]) -> Iterator[int]:
    """Where each stage begins on the common axis: after the last step of those before."""
    total = 0
    for curve in curves:
        yield total
        total += max([0, *curve.steps[-1:], *curve.looks[-1:]])


def joined(
    pieces: Sequence[tuple[Sequence[int], Sequence[float]]], offsets: Iterator[int]
) -> tuple[np.ndarray, np.ndarray]:
    """One line through all stages with a gap (NaN) between them."""
    x: list[float] = []
    y: list[float] = []
    for (steps, values), offset in zip(pieces, offsets, strict=True):
        count = min(len(steps), len(values))
        x += [offset + step for step in steps[:count]] + [float("nan")]
        y += [*values[:count], float("nan")]
    return np.array(x, float), np.array(y, float)


def _short(stage: str) -> str:
    """`fold 1 of 3` as `fold 1`."""
    return stage.partition(" of ")[0]
