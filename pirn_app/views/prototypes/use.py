"""Use of the prototypes as sorted bars, by every rule of assignment, with its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.theme import STEP, Palette
from pirn_app.views.prototypes.words import figures, remarks, rule_name, rules
from pirn_app.widgets import named, styled

if TYPE_CHECKING:
    from pirn_core.explain.health import Health, Rule, Use

Quantity = Literal["mass", "first"]
_QUANTITIES: tuple[tuple[Quantity, str], ...] = (
    ("mass", "Mass of patches"),
    ("first", "Strongest prototype of a patch"),
)


class UsePanel(QWidget):
    """The rule in force as bars, the others as lines; a click chooses a prototype."""

    picked = Signal(int)
    """The user chose a prototype."""

    def __init__(self) -> None:
        super().__init__()
        self.health: Health | None = None
        self._order: NDArray[np.intp] = np.zeros(0, np.intp)
        self._chosen: int | None = None
        self.quantity = named(QComboBox(), "use-quantity")
        for value, text in _QUANTITIES:
            self.quantity.addItem(text, value)
        self.quantity.setToolTip(
            "What is counted: a share of every patch, or only the prototype that is its strongest."
        )
        self.legend = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.plot = named(pg.PlotWidget(), "use-plot")
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMinimumSize(120, 80)
        self.plot.setLabel("bottom", "prototypes, sorted by use (rank)")
        self.plot.setLabel("left", "times an even share")
        self.bars = pg.PlotCurveItem([0, 1], [0], stepMode="center", fillLevel=0)
        known: tuple[Rule, ...] = ("balanced", "softmax", "in force")
        self.lines = {rule: pg.PlotCurveItem([0, 1], [0], stepMode="center") for rule in known}
        self.mark = pg.InfiniteLine(angle=90)
        for item in (self.bars, *self.lines.values(), self.mark):
            self.plot.addItem(item)
        self.figures = named(QLabel(textFormat=Qt.TextFormat.RichText), "use-figures")
        self.remarks = styled(
            named(QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True), "use-remarks"), role="muted"
        )
        self.remarks.linkActivated.connect(lambda text: self.picked.emit(int(text)))
        self._lay_out()
        self.quantity.activated.connect(lambda _row: self._draw())
        self.plot.scene().sigMouseClicked.connect(self._clicked)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.quantity)
        head.addWidget(self.legend, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, STEP // 2, 0, 0)
        column.setSpacing(STEP // 2)
        column.addLayout(head)
        column.addWidget(self.plot, 1)
        column.addWidget(self.figures)
        column.addWidget(self.remarks)
        for label in (self.legend, self.figures, self.remarks):
            label.setMinimumWidth(1)

    def show_health(self, health: Health, palette: Palette) -> None:
        """Draws a codebook's use."""
        self.health = health
        self.figures.setText(figures(health))
        self.remarks.setText(remarks(health))
        self.recolour(palette)
        self._draw()

    def show_chosen(self, index: int | None) -> None:
        """Marks a prototype's place among the bars."""
        self._chosen = index
        ranks = np.flatnonzero(self._order == (-1 if index is None else index))
        self.mark.setVisible(len(ranks) > 0)
        if len(ranks):
            self.mark.setPos(float(ranks[0]) + 0.5)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        self.plot.setBackground(palette.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(palette.border))
            axis.setTextPen(pg.mkPen(palette.muted))
            axis.setLabel(axis.labelText, color=palette.muted)
            axis.setSIPrefixEnableRanges(())
            axis.enableAutoSIPrefix(False)
        self.mark.setPen(pg.mkPen(palette.text, width=1, style=Qt.PenStyle.DashLine))
        if self.health is None:
            return
        colours = dict(zip(("balanced", "softmax", "in force"), _colours(palette), strict=True))
        own = rules(self.health)[-1]
        fill = QColor(colours[own])
        fill.setAlpha(90)
        self.bars.setBrush(pg.mkBrush(fill))
        self.bars.setPen(pg.mkPen(colours[own], width=1))
        for rule, line in self.lines.items():
            line.setPen(pg.mkPen(colours[rule], width=2))
        self.legend.setText(
            "&nbsp; ".join(
                f'<span style="color:{colours[r]}">{"■" if r == own else "━"}</span>&nbsp;'
                f'<span style="color:{palette.muted}">{rule_name(self.health, r).replace(" ", "&nbsp;")}</span>'
                for r in rules(self.health)
            )
        )

    def _draw(self) -> None:
        if (health := self.health) is None:
            return
        shown: tuple[Rule, ...] = rules(health)
        own = self._values(health.uses[shown[-1]])
        self._order = np.argsort(-own, kind="stable")
        edges = np.arange(len(own) + 1, dtype=np.float64)
        self.bars.setData(edges, own[self._order])
        top = float(own.max(initial=1.0))
        for rule, line in self.lines.items():
            visible = rule in shown[:-1]
            line.setVisible(visible)
            if visible:
                values = np.sort(self._values(health.uses[rule]))[::-1]
                line.setData(edges, values)
                top = max(top, float(values[0]))
        self.plot.setXRange(0, len(own), padding=0.01)
        self.plot.setYRange(0, 1.05 * top, padding=0)
        self.show_chosen(self._chosen)

    def _values(self, use: Use) -> NDArray[np.float32]:
        chosen = use.mass if self.quantity.currentData() == "mass" else use.first
        return chosen * np.float32(len(chosen))

    def _clicked(self, event: Any) -> None:
        box = self.plot.getViewBox()
        if event.button() != Qt.MouseButton.LeftButton or not box.sceneBoundingRect().contains(event.scenePos()):
            return
        rank = int(box.mapSceneToView(event.scenePos()).x())
        if 0 <= rank < len(self._order):
            self.picked.emit(int(self._order[rank]))


def _colours(palette: Palette) -> tuple[str, str, str]:
    return palette.ok, palette.ng, palette.unsure
