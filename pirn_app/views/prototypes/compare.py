"""The same tokens and prototypes under balanced transport and under softmax, side by side (paper, figure 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.theme import STEP, Palette
from pirn_app.views.prototypes.words import RULES, plural, rule_name
from pirn_app.widgets import named, styled
from pirn_core.data.sample import FloatArray, Modality

if TYPE_CHECKING:
    from pirn_core.explain.health import Health, Rule

_SIZES: tuple[tuple[float, float, int], ...] = ((0.0, 0.5, 5), (0.5, 2.0, 8), (2.0, 4.0, 12), (4.0, np.inf, 17))
"""From so many even shares, below so many: size of the diamond in pixels."""
_REACH = 9


class RulePlane(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is untyped
    """Prototypes as large as their use under one rule."""

    picked = Signal(int)

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule = rule
        self.setObjectName(f"compare-{rule}")
        self.setMinimumSize(100, 80)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.places: FloatArray = np.zeros((0, 2), np.float32)
        self.tokens = pg.ScatterPlotItem(symbol="o", size=4, pen=None)
        self.classes = [pg.ScatterPlotItem(symbol="d", size=size) for _, _, size in _SIZES]
        self.dead = pg.ScatterPlotItem(symbol="d", size=7)
        self.chosen = pg.ScatterPlotItem(symbol="d", size=22)
        for item in (self.tokens, *self.classes, self.dead, self.chosen):
            self.addItem(item)
        self.scene().sigMouseClicked.connect(self._clicked)

    def draw(self, tokens: FloatArray, prototypes: FloatArray, health: Health, names: tuple[str, str]) -> None:
        """Draws all points; dead prototypes are hollow."""
        use = health.uses[self.rule]
        self.places = prototypes
        shares = use.mass * len(use.mass)
        dead = np.zeros(len(shares), np.bool_)
        dead[use.dead] = True
        self.tokens.setData(tokens[:, 0], tokens[:, 1])
        for item, (low, high, _) in zip(self.classes, _SIZES, strict=True):
            at = prototypes[(shares >= low) & (shares < high) & ~dead]
            item.setData(at[:, 0], at[:, 1])
        self.dead.setData(prototypes[dead, 0], prototypes[dead, 1])
        for side, text in zip(("bottom", "left"), names, strict=True):
            self.setLabel(side, text)

    def show_chosen(self, index: int | None) -> None:
        """Rings the chosen prototype."""
        there = index is not None and index < len(self.places)
        at = self.places[index : index + 1] if there and index is not None else self.places[:0]
        self.chosen.setData(at[:, 0], at[:, 1])

    def recolour(self, palette: Palette, modality: Modality) -> None:
        """Takes the theme's colours."""
        self.setBackground(palette.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(palette.border))
            axis.setTextPen(pg.mkPen(palette.muted))
            axis.setLabel(axis.labelText, color=palette.muted)
            axis.setSIPrefixEnableRanges(())  # small numbers would else be shown times a thousand
            axis.enableAutoSIPrefix(False)
        own, grey = QColor(getattr(palette, modality)), QColor(palette.muted)
        own.setAlpha(190)
        grey.setAlpha(110)
        self.tokens.setBrush(pg.mkBrush(grey))
        for item in self.classes:
            item.setBrush(pg.mkBrush(own))
            item.setPen(pg.mkPen(palette.panel, width=1))
        for item, colour, width in ((self.dead, palette.text, 1.2), (self.chosen, palette.text, 2.0)):
            item.setBrush(None)
            item.setPen(pg.mkPen(colour, width=width))

    def _clicked(self, event: Any) -> None:
        box = self.getViewBox()
        if event.button() != Qt.MouseButton.LeftButton or not box.sceneBoundingRect().contains(event.scenePos()):
            return
        at, (width, height) = box.mapSceneToView(event.scenePos()), box.viewPixelSize()
        if not len(self.places):
            return
        away = np.hypot((self.places[:, 0] - at.x()) / width, (self.places[:, 1] - at.y()) / height)
        if away.min() <= _REACH:
            self.picked.emit(int(away.argmin()))


class ComparePanel(QWidget):
    """Two planes that move together."""

    picked = Signal(int)
    """The user chose a prototype."""

    def __init__(self) -> None:
        super().__init__()
        self.planes = (RulePlane("balanced"), RulePlane("softmax"))
        self.titles = tuple(named(QLabel(wordWrap=True), f"compare-{plane.rule}-title") for plane in self.planes)
        self.planes[1].setXLink(self.planes[0])
        self.planes[1].setYLink(self.planes[0])
        self.legend = styled(QLabel(wordWrap=True), role="muted")
        self.legend.setText(
            "Diamonds are prototypes: the larger, the more patches of the shots they explain (up to a half, 2, 4 times "
            "an even share, and more); hollow ones are dead. Grey points are patches of the shots."
        )
        self.legend.setMinimumWidth(1)
        row = QHBoxLayout()
        row.setSpacing(STEP)
        for title, plane in zip(self.titles, self.planes, strict=True):
            title.setMinimumWidth(1)
            half = QVBoxLayout()
            half.setSpacing(STEP // 2)
            half.addWidget(title)
            half.addWidget(plane, 1)
            row.addLayout(half, 1)
            plane.picked.connect(self.picked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, STEP // 2, 0, 0)
        column.setSpacing(STEP // 2)
        column.addLayout(row, 1)
        column.addWidget(self.legend)

    def draw(self, tokens: FloatArray, prototypes: FloatArray, health: Health, names: tuple[str, str]) -> None:
        """Draws both rules."""
        for plane, title in zip(self.planes, self.titles, strict=True):
            use = health.uses[plane.rule]
            words = rule_name(health, plane.rule) if plane.rule in RULES else plane.rule
            title.setText(
                f"<b>{words[0].upper()}{words[1:]}</b>: evenness {use.evenness:.0%}, "
                f"{plural(len(use.dead), 'dead prototype')}, {use.never_first:,} never the strongest"
            )
            plane.draw(tokens, prototypes, health, names)
        self.planes[0].getViewBox().autoRange(padding=0.04)

    def show_chosen(self, index: int | None) -> None:
        """Rings the chosen prototype in both."""
        for plane in self.planes:
            plane.show_chosen(index)

    def recolour(self, palette: Palette, modality: Modality) -> None:
        """Takes the theme's colours."""
        for plane in self.planes:
            plane.recolour(palette, modality)
