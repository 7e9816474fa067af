"""The frame of this view's plots: title, how to read it, legend, and words below."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from pirn_app.icons import icon
from pirn_app.theme import STEP, Palette
from pirn_app.widgets import named, styled


class Canvas(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is untyped
    """A plot that is content with little room."""

    def __init__(self, name: str, *, movable: bool) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMouseEnabled(x=movable, y=movable)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFrameShape(QFrame.Shape.NoFrame)
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)  # once there is a label, this would scale the figures

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(240, 160)

    def name_axes(self, bottom: str, left: str) -> None:
        """What the axes are."""
        for side, text in (("bottom", bottom), ("left", left)):
            self.setLabel(side, text)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours for all that is not data."""
        self.setBackground(palette.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(palette.border))
            axis.setTextPen(pg.mkPen(palette.muted))
            axis.setLabel(axis.labelText, color=palette.muted)


class Card(QFrame):
    """A heading with an (i), a legend, something drawn, and what it says in words."""

    def __init__(self, title: str, how: str, body: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.info = named(QToolButton(), f"{name}-info")
        self.info.setAutoRaise(True)
        self.info.setAccessibleName("How to read this")
        self.info.setToolTip(f"<p>{how}</p>")
        self.info.clicked.connect(self._explain)
        self.legend = named(QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True), f"{name}-legend")
        self.words = styled(named(QLabel(wordWrap=True), f"{name}-words"), role="muted")
        for label in (self.legend, self.words):
            label.setMinimumWidth(1)
        head = QHBoxLayout()
        head.addWidget(styled(QLabel(title), role="heading"))
        head.addStretch()
        head.addWidget(self.info)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP // 2)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(body, 1)
        column.addWidget(self.words)

    def tell_legend(self, entries: Sequence[tuple[str, str, str]], palette: Palette) -> None:
        """Sign, colour and words of each thing drawn."""
        pieces = (
            f'<span style="color:{colour}">{sign}</span>&nbsp;'
            f'<span style="color:{palette.muted}">{words.replace(" ", "&nbsp;")}</span>'
            for sign, colour, words in entries
        )
        self.legend.setText("&nbsp; ".join(pieces))

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        self.info.setIcon(icon("info", palette.muted))

    def _explain(self) -> None:
        QToolTip.showText(self.info.mapToGlobal(QPoint(0, self.info.height())), self.info.toolTip(), self.info)


def faded(colour: str, alpha: int) -> QColor:
    """A colour, `alpha` of 255 of it."""
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
