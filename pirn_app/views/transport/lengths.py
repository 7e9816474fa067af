"""Histogram of the lengths by which reconstruction moved the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt

from pirn_app.state.transport import Split
from pirn_app.theme import Palette
from pirn_app.views.transport.card import Canvas, Card, faded
from pirn_app.views.transport.words import comparison_words

if TYPE_CHECKING:
    from pirn_core.explain.displacement import Comparison

_HOW = (
    "How far reconstruction moved the tokens of this part, 0 (known by heart) to 2 (the opposite); each group adds up "
    "to 100 %, dashed lines are the means. The further apart the two groups, the better this modality tells the defect "
    "from normal; if they lie on each other, look at the other modality, or train with more varied shots."
)


class LengthPlot(Card):
    """Both groups, their means, and the current token."""

    def __init__(self) -> None:
        self.plot = Canvas("transport-lengths", movable=False)
        super().__init__("Displacement", _HOW, self.plot, "length-card")
        self.plot.name_axes("length in feature space", "share of tokens (%)")
        self.bars = {group: pg.PlotCurveItem(fillLevel=0) for group in ("normal", "anomalous")}
        self.means = {group: pg.InfiniteLine(angle=90) for group in ("normal", "anomalous")}
        self.own = pg.InfiniteLine(angle=90)
        for item in (*self.bars.values(), *self.means.values(), self.own):
            self.plot.addItem(item, ignoreBounds=item not in self.bars.values())
        self.comparison: Comparison | None = None

    def show_comparison(self, found: Comparison, split: Split) -> None:
        """Draws both histograms and says what they say."""
        self.comparison = found
        groups = (("normal", found.normal, found.figures.outside), ("anomalous", found.anomalous, found.figures.inside))
        for group, shares, figures in groups:
            self.bars[group].setData(found.edges, 100 * shares, stepMode="center")
            for item in (self.bars[group], self.means[group]):
                item.setVisible(figures is not None)
            if figures is not None:
                self.means[group].setPos(figures["mean"])
        top = 100 * max(found.normal.max(), found.anomalous.max(), 0.01)
        self.plot.setRange(xRange=(found.edges[0], found.edges[-1]), yRange=(0, 1.05 * top), padding=0.02)
        self.words.setText(comparison_words(found, split))

    def show_token(self, length: float | None) -> None:
        """Marks the current token's length."""
        self.own.setVisible(length is not None)
        if length is not None:
            self.own.setPos(length)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        super().recolour(palette)
        self.plot.recolour(palette)
        for group, colour in (("normal", palette.ok), ("anomalous", palette.ng)):
            self.bars[group].setPen(pg.mkPen(colour, width=1.5))
            self.bars[group].setBrush(faded(colour, 90))
            self.means[group].setPen(pg.mkPen(colour, width=2, style=Qt.PenStyle.DashLine))
        self.own.setPen(pg.mkPen(palette.text, width=2))

    def tell(self, palette: Palette) -> None:
        """The legend, with the means."""
        if self.comparison is None:
            return
        figures = self.comparison.figures
        entries = []
        for words, colour, found in (
            ("normal", palette.ok, figures.outside),
            ("anomalous", palette.ng, figures.inside),
        ):
            if found is not None:
                entries.append(("■", colour, f"{words}, mean {found['mean']:.2f}"))
        if self.own.isVisible():
            entries.append(("┃", palette.text, f"this patch {self.own.value():.2f}"))
        self.tell_legend(entries, palette)
