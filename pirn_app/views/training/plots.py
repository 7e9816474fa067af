"""The frame that all plots of training share: title, how to read it, legend, names of the axes, the theme."""

from __future__ import annotations

from typing import Any, ClassVar

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWhatsThis, QWidget

from pirn_app.context import Context
from pirn_app.icons import icon
from pirn_app.theme import STEP, Palette
from pirn_app.views.training.look import label

HEIGHT = 190
"""Smallest height of a plot with its words, in pixels."""


class _Canvas(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is untyped
    """A plot that leaves the wheel to the page it stands on."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As small as is legible; the page gives more where it has more."""
        return QSize(220, 120)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Lets the page scroll."""
        event.ignore()


_NO_PREFIX: dict[str, Any] = {"siPrefixEnableRanges": ()}
"""Of a label: figures without a unit get no prefix; 0.35 is not shown as 350 (x0.001)."""


class PlotCard(QFrame):
    """A plot with its words. Subclasses draw in `draw` and name their axes.

    Attributes:
        title: Over the plot.
        help: How to read it, and what to do when it looks bad.
        x_name: Of the lower axis.
        y_name: Of the left axis.
        waiting: What stands in the plot's place while there is nothing to draw.
    """

    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    x_name: ClassVar[str] = ""
    y_name: ClassVar[str] = ""
    waiting: ClassVar[str] = ""

    help_asked = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setMinimumHeight(HEIGHT)
        self.setMinimumWidth(205)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._info = QToolButton()
        self._info.setToolTip(self.help)
        self._info.setObjectName("plot-help")
        self._info.clicked.connect(self._explain)
        self.legend = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.legend.setObjectName("plot-legend")
        self._wait = label(self.waiting, "muted", "plot-waiting")
        self._wait.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.plot = _Canvas()
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.showGrid(y=True, alpha=0.25)
        self.plot.setLabel("bottom", self.x_name, **_NO_PREFIX)
        self.plot.setLabel("left", self.y_name, **_NO_PREFIX)
        self._lay_out()
        self.set_empty(True)
        self.recolour()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        title = label(self.title, "heading")
        title.setWordWrap(False)
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self._info)
        column = QVBoxLayout(self)
        column.setContentsMargins(STEP, STEP // 2, STEP, STEP // 2)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(self.plot, stretch=1)
        column.addWidget(self._wait, stretch=1)

    @property
    def palette_now(self) -> Palette:
        """The theme's colours."""
        return self.context.theme.palette

    def set_empty(self, empty: bool) -> None:
        """Shows the waiting words in the plot's place, or the plot."""
        self.plot.setVisible(not empty)
        self.legend.setVisible(not empty)
        self._wait.setVisible(empty)

    def recolour(self) -> None:
        """Takes the theme's colours for all that is not data."""
        palette = self.palette_now
        self._info.setIcon(icon("info", palette.muted))
        self.plot.setBackground(palette.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(palette.border))
            axis.setTextPen(pg.mkPen(palette.muted))
            axis.setLabel(axis.labelText, color=palette.muted, **_NO_PREFIX)

    def name_y(self, name: str) -> None:
        """Another name of the left axis."""
        axis = self.plot.getAxis("left")
        if axis.labelText != name:
            axis.setLabel(name, color=self.palette_now.muted, **_NO_PREFIX)

    def tell_legend(self, entries: list[tuple[str, str, str]]) -> None:
        """Sign, colour and words of each thing drawn."""
        muted = self.palette_now.muted
        entries = [(sign, colour, words.replace(" ", "&nbsp;")) for sign, colour, words in entries]
        self.legend.setText(
            "&nbsp;&nbsp; ".join(
                f'<span style="color:{colour}">{sign}</span>&nbsp;<span style="color:{muted}">{words}</span>'
                for sign, colour, words in entries
            )
        )

    def _explain(self) -> None:
        self.help_asked.emit(self.help)
        QWhatsThis.showText(self._info.mapToGlobal(QPoint(0, self._info.height())), self.help, self._info)


def faded(colour: str, alpha: int) -> QColor:
    """A colour, `alpha` of 255 of it."""
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
