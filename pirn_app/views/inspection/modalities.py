"""Where it fires: the share of each modality in the strongest region, as a bar and in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from pirn_app.state.results import PartResult
from pirn_app.theme import STEP
from pirn_app.views.inspection.parts import Section
from pirn_app.views.inspection.words import NAMES, shares
from pirn_app.views.view import View
from pirn_app.widgets import Words
from pirn_core.data.sample import Modality
from pirn_core.results import Region


class ModalitySection(Section):
    """Follows the chosen region, else the strongest one."""

    def __init__(self, view: View) -> None:
        super().__init__("Where it fires", "modality-section")
        self._context = view.context
        self._of = QLabel()
        self._of.setObjectName("modality-of")
        self._of.setProperty("role", "muted")
        self.head.addWidget(self._of)
        self._bar, self._text = _Bar(), Words("modality-text")
        self._bar.setObjectName("modality-bar")
        self.column.addWidget(self._bar)
        self.column.addWidget(self._text)

    def refresh(self, found: PartResult | None, regions: tuple[Region, ...], chosen: int | None) -> None:
        """Shows the shares of a part with its regions."""
        self.setVisible(found is not None and not found.error)
        if found is None or found.error:
            return
        region = next((r for r in regions if r.label == chosen), regions[0] if regions else None)
        parted = shares(found, region)
        palette = self._context.theme.palette
        self._bar.show_shares(parted, {"rgb": palette.rgb, "sn": palette.sn}, palette.border)
        self._of.setText("highest scores of the part" if region is None else f"region {region.label}")
        if len(parted) == 1:
            self._text.tell(f"{NAMES[next(iter(parted))]} only: the model or the part has nothing else.")
        else:
            self._text.tell("   ".join(f"{NAMES[name]} {100 * part:.0f} %" for name, part in ordered(parted)))


def ordered(parted: dict[Modality, float]) -> list[tuple[Modality, float]]:
    """Colour first, then surface, as everywhere."""
    names: tuple[Modality, ...] = ("rgb", "sn")
    return [(name, parted[name]) for name in names if name in parted]


class _Bar(QWidget):
    """One bar, split; the words in it, where they fit, make the colours need no legend."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(2 * STEP + STEP // 2)
        self._shares: list[tuple[Modality, float]] = []
        self._colours: dict[Modality, str] = {}
        self._empty = "#000000"

    def show_shares(self, parted: dict[Modality, float], colours: dict[Modality, str], empty: str) -> None:
        self._shares, self._colours, self._empty = ordered(parted), colours, empty
        self.setAccessibleName(", ".join(f"{NAMES[name]} {100 * part:.0f} %" for name, part in self._shares))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._empty))
        x = 0.0
        for name, part in self._shares:
            box = QRectF(x, 0, part * self.width(), self.height())
            ground = QColor(self._colours[name])
            painter.fillRect(box.adjusted(0, 0, -1 if x + box.width() < self.width() - 1 else 0, 0), ground)
            if painter.fontMetrics().horizontalAdvance(NAMES[name]) + STEP < box.width():
                painter.setPen(QColor("#111214" if _luma(ground) > 0.5 else "#ffffff"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, NAMES[name])
            x += box.width()


def _luma(colour: QColor) -> float:
    """How light a colour looks, 0 to 1."""
    return 0.2126 * colour.redF() + 0.7152 * colour.greenF() + 0.0722 * colour.blueF()
