"""One patch's row of the transport plan, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from pirn_app.theme import DARK, STEP, Palette
from pirn_app.views.transport.card import Card
from pirn_app.views.transport.words import row_words, share_words
from pirn_app.widgets import named

if TYPE_CHECKING:
    from pirn_core.explain.displacement import PlanRow

_ROW = 20
_HOW = (
    "The patch under the cursor is rebuilt from these prototypes (normal patterns); a bar is a prototype's share in "
    "its row of the transport plan, the figure beside it their similarity. A normal patch has one or a few prototypes "
    "with a similarity near 1; low ones mean that no normal pattern fits. Click a bar to choose its prototype."
)


class Bars(QWidget):
    """The bars themselves, drawn by hand: whole rows can be clicked."""

    clicked = Signal(int)
    """A prototype's number."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plan-bars")
        self.setAccessibleName("Prototypes of this patch")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.row: PlanRow | None = None
        self.chosen: int | None = None
        self.uses: dict[int, float] = {}
        self._over: int | None = None
        self._palette = DARK

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(240, 8 * _ROW)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(180, 8 * _ROW)

    def show_row(self, row: PlanRow | None, chosen: int | None, uses: dict[int, float]) -> None:
        """Draws another row."""
        self.row, self.chosen, self.uses = row, chosen, uses
        self.update()

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        self._palette = palette
        self.update()

    def line_at(self, y: float) -> int | None:
        """The bar at a height."""
        found = int(y // _ROW)
        return found if self.row is not None and 0 <= found < len(self.row.prototypes) else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        if self.row is None:
            return
        painter, metrics = QPainter(self), self.fontMetrics()
        names = max(metrics.horizontalAdvance(str(k)) for k in self.row.prototypes) + STEP
        figures = metrics.horizontalAdvance("100.0 %   0.00")
        room = max(self.width() - names - figures - STEP, 1)
        longest = max(self.row.weights[0], 1e-9)
        for line, (k, weight, cosine) in enumerate(
            zip(self.row.prototypes, self.row.weights, self.row.cosines, strict=True)
        ):
            box = QRectF(0, line * _ROW, self.width(), _ROW)
            self._ground(painter, box, line, k)
            painter.setPen(QColor(self._palette.text if k == self.chosen else self._palette.muted))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                box.adjusted(0, 0, names - STEP - box.width(), 0), Qt.AlignmentFlag.AlignRight | middle, str(k)
            )
            bar = QRectF(names, box.top() + 4, max(room * weight / longest, 1), _ROW - 8)
            painter.fillRect(bar, QColor(self._palette.accent if k == self.chosen else self._palette.unsure))
            painter.setPen(QColor(self._palette.text))
            text = f"{100 * weight:.1f} %   {cosine:.2f}"
            painter.drawText(box.adjusted(0, 0, -2, 0), Qt.AlignmentFlag.AlignRight | middle, text)

    def _ground(self, painter: QPainter, box: QRectF, line: int, prototype: int) -> None:
        if line == self._over or prototype == self.chosen:
            painter.fillRect(box, QColor(self._palette.raised))
        if prototype == self.chosen and self.hasFocus():
            painter.setPen(QColor(self._palette.accent))
            painter.drawRect(box.adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        self._hover(self.line_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102, N802
        self._hover(None)

    def _hover(self, line: int | None) -> None:
        if line != self._over:
            self._over = line
            self.setCursor(Qt.CursorShape.ArrowCursor if line is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        line = self.line_at(event.position().y())
        if self.row is not None and line is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.row.prototypes[line])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        step = self._step(event)
        if self.row is None or not step:
            super().keyPressEvent(event)
            return
        order = self.row.prototypes
        now = order.index(self.chosen) if self.chosen in order else (-1 if step > 0 else len(order))
        self.clicked.emit(order[min(max(now + step, 0), len(order) - 1)])

    def _step(self, event: QKeyEvent) -> int:
        return {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._step(event):
            event.accept()  # or the arrows would go to the next part
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(event.pos().y()), self)
            return True
        return super().event(event)

    def told_at(self, y: float) -> str:
        """What stands at a height, in words."""
        line = self.line_at(y)
        if self.row is None or line is None:
            return ""
        k = self.row.prototypes[line]
        return f"<p>{share_words(k, self.row.weights[line], self.row.cosines[line], self.uses.get(k))}</p>"


class PlanCard(Card):
    """The bars with their words."""

    def __init__(self) -> None:
        self.bars = Bars()
        super().__init__("This patch looks most like", _HOW, self.bars, "plan-card")
        self.clicked = self.bars.clicked
        self.legend = named(self.legend, "plan-legend")

    def show_row(self, row: PlanRow | None, where: str, chosen: int | None, uses: dict[int, float]) -> None:
        """Shows a patch's row; none says why."""
        self.bars.show_row(row, chosen, uses)
        self.words.setText(where if row is None else row_words(row.needed, where))

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        super().recolour(palette)
        self.bars.recolour(palette)
        self.tell_legend([("■", palette.unsure, "prototype: share in the row, similarity")], palette)
