"""The row that draws shots at random: how many, which seed, go."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QWidget

from pirn_app.state.shots import FEWEST, MOST
from pirn_app.theme import STEP
from pirn_app.views.shots.flow import FlowLayout
from pirn_app.widgets import named

_SEEDS = 999_999


class DrawRow(QWidget):
    """Random K with seed N."""

    picked = Signal()
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count_box = named(QSpinBox(minimum=1, maximum=MOST, value=FEWEST), "shots-count")
        self.count_box.setToolTip(f"Number of shots; {FEWEST} to {MOST} are recommended.")
        self.seed_box = named(QSpinBox(minimum=0, maximum=_SEEDS), "shots-seed")
        self.seed_box.setToolTip("Another seed draws other parts; the same seed draws the same ones again.")
        self.pick = named(QPushButton("Pick"), "shots-pick")
        self.pick.setToolTip("Draw the shots anew from the good parts.")
        self.clear = named(QPushButton("Clear"), "shots-clear")
        self.clear.setToolTip("Remove all shots.")
        self.pick.clicked.connect(self.picked)
        self.clear.clicked.connect(self.cleared)
        self._row = FlowLayout(self, spacing=STEP)
        self._row.setContentsMargins(0, 0, 0, 0)
        for pair in ((QLabel("Random"), self.count_box), (QLabel("seed"), self.seed_box), (self.pick, self.clear)):
            self._row.addWidget(_together(*pair))

    def allow(self, good: int, shots: int) -> None:
        """Follows the number of good parts and of shots there are."""
        self.count_box.blockSignals(True)
        self.count_box.setMaximum(max(1, good) if good else MOST)
        self.count_box.blockSignals(False)
        for widget in (self.count_box, self.seed_box, self.pick):
            widget.setEnabled(good > 0)
        self.clear.setEnabled(shots > 0)


def _together(*widgets: QWidget) -> QWidget:
    """Stay in one line when the row wraps."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(STEP)
    for widget in widgets:
        row.addWidget(widget)
    return made
