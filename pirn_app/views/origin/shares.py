"""Share of each modality as one split bar."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from pirn_app.theme import STEP, Palette
from pirn_app.views.origin.words import NAMES
from pirn_app.widgets import named
from pirn_core.data.sample import MODALITIES, Modality


class ShareBar(QWidget):
    """Colour at the left, surface at the right, each with its share in figures where there is room."""

    def __init__(self, height: int = 16) -> None:
        super().__init__()
        self.setFixedHeight(height)
        self.setMinimumWidth(1)
        self.shares: dict[Modality, float] = {}
        self._palette: Palette | None = None

    def show_shares(self, shares: Mapping[Modality, float], colours: Palette) -> None:
        """Shares that sum to 1."""
        self.shares = {m: shares[m] for m in MODALITIES if m in shares}
        self._palette = colours
        words = ", ".join(f"{NAMES[m]} {100 * value:.0f} %" for m, value in self.shares.items())
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The parts of the bar, with a gap between them."""
        del event
        if self._palette is None:
            return
        painter, x = QPainter(self), 0.0
        for modality, value in self.shares.items():
            width = value * self.width()
            ground = QColor(self._palette.rgb if modality == "rgb" else self._palette.sn)
            gap = 1 if x + width < self.width() - 1 else 0
            painter.fillRect(QRectF(x, 0, width - gap, self.height()), ground)
            text = f"{100 * value:.0f} %"
            if painter.fontMetrics().horizontalAdvance(text) + STEP < width and self.height() > 10:
                painter.setPen(QColor("#111214" if _luma(ground) > 0.5 else "#ffffff"))
                painter.drawText(QRectF(x, 0, width, self.height()), Qt.AlignmentFlag.AlignCenter, text)
            x += width


class ShareLegend(QWidget):
    """Which colour is which modality."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP // 2)
        self._marks: dict[Modality, QLabel] = {}
        for modality in MODALITIES:
            mark = QLabel()
            mark.setFixedSize(10, 10)
            self._marks[modality] = mark
            row.addWidget(mark)
            row.addWidget(named(QLabel(NAMES[modality]), f"origin-legend-{modality}"))
            row.addSpacing(STEP)
        row.addStretch()

    def dress(self, colours: Palette) -> None:
        """Takes the colours of the theme."""
        for modality, mark in self._marks.items():
            mark.setStyleSheet(f"background: {colours.rgb if modality == 'rgb' else colours.sn};")


def _luma(colour: QColor) -> float:
    """How light a colour looks, 0 to 1."""
    return 0.2126 * colour.redF() + 0.7152 * colour.greenF() + 0.0722 * colour.blueF()
