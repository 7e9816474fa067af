"""All tokens of a part before and after reconstruction, in one plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal

from pirn_app.render.arrows import head, nearest, paired
from pirn_app.theme import Palette
from pirn_app.views.transport.card import Canvas, Card, faded
from pirn_app.views.transport.words import percent, plane_words, plural
from pirn_core.data.sample import BoolArray, FloatArray

if TYPE_CHECKING:
    from pirn_core.explain.displacement import Arrow, Comparison, LayerTransport

_REACH = 10
"""Pixels within which the mouse takes hold of a line or a cross."""
_HOW = (
    "A thin line is a patch (token): it begins where the backbone sees the patch and ends where the prototypes "
    "reconstruct it; thick arrows are the mean movement of each group, crosses the prototypes that this part uses. "
    "Long lines are what the model does not know: point at one to find it in the pictures, and add a shot that shows "
    "it if it is good. Drag moves the plot, the wheel zooms, a double click shows all of it."
)


class PlanePlot(Card):
    """Lines, mean arrows, prototypes, and the current token with its own arrow."""

    pointed = Signal(int)
    """The mouse is over a token."""
    picked = Signal(int)
    """The user clicked a token."""
    prototype_picked = Signal(int)
    """The user clicked a prototype."""

    def __init__(self) -> None:
        self.plot = Canvas("transport-plane", movable=True)
        super().__init__("Tokens before and after", _HOW, self.plot, "plane-card")
        self.plot.setAspectLocked(True)
        self.plot.name_axes("component 1", "component 2")
        self.lines = {group: pg.PlotCurveItem(connect="pairs") for group in ("normal", "anomalous")}
        self.arrows = {group: (pg.PlotCurveItem(), pg.PlotCurveItem()) for group in ("normal", "anomalous")}
        self.crosses = pg.ScatterPlotItem(symbol="x", size=5, pxMode=True)
        self.tops = pg.ScatterPlotItem(symbol="x", pxMode=True)
        self.chosen = pg.ScatterPlotItem(symbol="o", size=16, pxMode=True)
        self.own, self.own_head = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.start = pg.ScatterPlotItem(symbol="o", size=10, pxMode=True)
        self.roots = pg.ScatterPlotItem(symbol="o", size=7, pxMode=True)
        arrows = [item for pair in self.arrows.values() for item in pair]
        marks = (self.roots, *arrows, self.tops, self.chosen, self.own, self.own_head, self.start)
        for level, item in enumerate((self.crosses, *self.lines.values(), *marks)):
            item.setZValue(level)
            self.plot.addItem(item, ignoreBounds=item in marks)
        self.layer: LayerTransport | None = None
        self.tokens = np.empty(0, np.int64)
        self.token: int | None = None
        self._comparison: Comparison | None = None
        self.plot.scene().sigMouseMoved.connect(self._moved)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.plot.getViewBox().sigRangeChanged.connect(lambda *_: self._draw_heads())
        self.plot.viewport().installEventFilter(self)

    # Drawing -------------------------------------------------------------------------------------------------------

    def show_layer(
        self, layer: LayerTransport, comparison: Comparison, tokens: BoolArray, anomalous: BoolArray
    ) -> None:
        """Draws a part's tokens anew.

        Args:
            layer: What happened.
            comparison: Of both groups.
            tokens: Those to draw, bool (N,).
            anomalous: Those of them that are, bool (N,).
        """
        fresh = layer is not self.layer
        self.layer, self._comparison, self.tokens = layer, comparison, np.flatnonzero(tokens)
        for group, chosen in (("normal", tokens & ~anomalous), ("anomalous", tokens & anomalous)):
            points = paired(layer.before[chosen], layer.after[chosen])
            self.lines[group].setData(points[:, 0], points[:, 1], connect="pairs")
        self.crosses.setData(pos=layer.prototypes)
        self.words.setText(plane_words(layer))
        shares = [f"component {number} ({percent(share)})" for number, share in enumerate(layer.explained, start=1)]
        self.plot.name_axes(*shares)
        if fresh:
            self.fit()
        self._draw_heads()

    def show_token(self, token: int | None, chosen: int | None) -> None:
        """Marks the current token with its own arrow and its prototypes, and the chosen prototype."""
        self.token = token if self.layer is not None else None
        if self.layer is None or self.token is None:
            for item in (self.own, self.own_head):
                item.setData([], [])
            self.start.setData(pos=np.empty((0, 2)))
            self.tops.setData(pos=np.empty((0, 2)))
        else:
            before, after = self.layer.before[self.token], self.layer.after[self.token]
            self.own.setData([before[0], after[0]], [before[1], after[1]])
            self.start.setData(pos=before[None])
            row = self.layer.row(self.token)
            shown = [(self.at(k), w) for k, w in zip(row.prototypes, row.weights, strict=True)]
            self.tops.setData(
                pos=np.array([place for place, _ in shown if place is not None]).reshape(-1, 2),
                size=[7 + 9 * weight**0.5 for place, weight in shown if place is not None],
            )
        place = None if chosen is None else self.at(chosen)
        self.chosen.setData(pos=np.empty((0, 2)) if place is None else place[None])
        self._draw_heads()

    def at(self, prototype: int) -> FloatArray | None:
        """Where a prototype is drawn; None for one that this part does not use."""
        if self.layer is None:
            return None
        found = int(np.searchsorted(self.layer.used, prototype))
        there = found < len(self.layer.used) and self.layer.used[found] == prototype
        return self.layer.prototypes[found] if there else None

    def fit(self) -> None:
        """Shows all tokens and prototypes."""
        self.plot.getViewBox().autoRange(padding=0.04)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        super().recolour(palette)
        self.plot.recolour(palette)
        for group, colour, alpha in (("normal", palette.ok, 150), ("anomalous", palette.ng, 230)):
            self.lines[group].setPen(pg.mkPen(faded(colour, alpha), width=1))
            shaft, tip = self.arrows[group]
            shaft.setPen(pg.mkPen(colour, width=4, capStyle=Qt.PenCapStyle.FlatCap))
            shaft.setShadowPen(pg.mkPen(palette.panel, width=8))
            tip.setPen(pg.mkPen(palette.panel, width=1))
            tip.setBrush(colour)
            tip.setFillLevel("enclosed")
        self.crosses.setPen(pg.mkPen(faded(palette.muted, 110)))
        self.crosses.setBrush(None)
        self.roots.setPen(pg.mkPen(palette.panel))
        self._draw_roots(palette)
        self.tops.setPen(pg.mkPen(palette.unsure, width=2))
        self.tops.setBrush(palette.unsure)
        self.chosen.setPen(pg.mkPen(palette.accent, width=2))
        self.chosen.setBrush(None)
        for item in (self.own, self.own_head):
            item.setPen(pg.mkPen(palette.text, width=2))
            item.setShadowPen(pg.mkPen(palette.panel, width=4))
        self.own_head.setBrush(palette.text)
        self.own_head.setFillLevel("enclosed")
        self.start.setPen(pg.mkPen(palette.text, width=2))
        self.start.setBrush(palette.panel)

    def _draw_roots(self, palette: Palette) -> None:
        """Where the mean arrows begin: an arrow that is too short to be seen leaves its dot."""
        found = self._comparison
        arrows = () if found is None else ((found.normal_arrow, palette.ok), (found.anomalous_arrow, palette.ng))
        shown = [(arrow.start, colour) for arrow, colour in arrows if arrow is not None]
        self.roots.setData(
            pos=np.array([place for place, _ in shown]).reshape(-1, 2), brush=[pg.mkBrush(c) for _, c in shown]
        )

    def tell(self, palette: Palette) -> None:
        """The legend, with numbers."""
        if self._comparison is None or self.layer is None:
            return
        self._draw_roots(palette)
        figures = self._comparison.figures
        entries = [("━", palette.ok, f"{figures.tokens_outside:,} normal")]
        if figures.tokens_inside:
            entries.append(("━", palette.ng, f"{figures.tokens_inside:,} anomalous"))
        entries.append(("×", palette.muted, plural(len(self.layer.used), "prototype")))
        if self.token is not None:
            entries += [("○", palette.text, "this patch"), ("✖", palette.unsure, "its prototypes")]
        self.tell_legend(entries, palette)

    def _draw_heads(self) -> None:
        """Arrows, whose heads have a size in pixels."""
        if self._comparison is None or self.layer is None:
            return
        pixel = float(self.plot.getViewBox().viewPixelSize()[0])
        for group, arrow in (
            ("normal", self._comparison.normal_arrow),
            ("anomalous", self._comparison.anomalous_arrow),
        ):
            _draw_arrow(self.arrows[group], arrow, pixel)
        if self.token is not None:
            start, end = (tuple(points[self.token].tolist()) for points in (self.layer.before, self.layer.after))
            tip = head(start, end, 9 * pixel, 8 * pixel)
            self.own_head.setData(tip[:, 0], tip[:, 1])

    # The mouse -----------------------------------------------------------------------------------------------------

    def token_near(self, place: QPointF) -> int | None:
        """The token at a place of the scene."""
        token, _ = self._near(place)
        return token

    def _near(self, place: QPointF) -> tuple[int | None, int | None]:
        """The token, or else the prototype, at a place of the scene."""
        if self.layer is None or not len(self.tokens):
            return None, None
        box = self.plot.getViewBox()
        spot, reach = box.mapSceneToView(place), _REACH * float(box.viewPixelSize()[0])
        at = (spot.x(), spot.y())
        line, off_line = nearest(self.layer.before[self.tokens], self.layer.after[self.tokens], at)
        token = int(self.tokens[line]) if off_line <= reach else None
        if len(self.layer.used):
            cross, off_cross = nearest(self.layer.prototypes, self.layer.prototypes, at)
            if off_cross <= min(reach, off_line):
                return token, int(self.layer.used[cross])
        return token, None

    def _moved(self, place: QPointF) -> None:
        if self.plot.getViewBox().sceneBoundingRect().contains(place):
            token = self.token_near(place)
            if token is not None:
                self.pointed.emit(token)

    def _clicked(self, event: object) -> None:
        button, place = event.button(), event.scenePos()  # type: ignore[attr-defined]
        if button != Qt.MouseButton.LeftButton or event.double():  # type: ignore[attr-defined]
            return
        token, prototype = self._near(place)
        if prototype is not None:
            self.prototype_picked.emit(prototype)
        elif token is not None:
            self.picked.emit(token)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102, N802
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.fit()
            return True
        return super().eventFilter(watched, event)


def _draw_arrow(items: tuple[pg.PlotCurveItem, pg.PlotCurveItem], arrow: Arrow | None, pixel: float) -> None:
    shaft, tip = items
    if arrow is None:
        shaft.setData([], [])
        tip.setData([], [])
        return
    points = head(arrow.start, arrow.end, 16 * pixel, 15 * pixel)
    neck = points[1:3].mean(axis=0) if len(points) else np.asarray(arrow.end)
    shaft.setData([arrow.start[0], neck[0]], [arrow.start[1], neck[1]])
    tip.setData(points[:, 0], points[:, 1])
