"""What the modalities tell each other: gates, and where the attention of the patch under the cursor goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QWidget

from pirn_app.state.cursor import Place
from pirn_app.theme import STEP, Palette
from pirn_app.views.origin.pane import MapPane
from pirn_app.views.origin.parts import Beside, Section
from pirn_app.views.origin.pictures import backdrop, heated, window_of
from pirn_app.views.origin.words import NAMES, gates_text
from pirn_app.views.view import View
from pirn_app.widgets import Words, named

if TYPE_CHECKING:
    from pirn_core.explain.sources import Message, OriginExplanation

_SMALL = 300


class CommunicationSection(Section):
    """Says why nothing is communicated, or shows what is."""

    def __init__(self, view: View) -> None:
        super().__init__(
            view,
            "Communication",
            "origin-communication",
            "A gate of 0 is closed; the further from 0, the more one modality's reconstruction takes from the other's "
            "normal prototypes. The map shows where in the part those prototypes are found that the patch at the "
            "cursor reads.",
        )
        self._found: OriginExplanation | None = None
        self._token = -1
        self.silence = Words("origin-silence", "muted")
        self._gates = Words("origin-gates")
        self.choice = named(QComboBox(), "origin-message")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.currentIndexChanged.connect(lambda _: self._show(force=True))
        self._text = Words("origin-attention", "muted")
        self.pane = named(MapPane(_SMALL), "origin-attention-pane")
        self.pane.hovered.connect(view.context.cursor.hover)
        self.pane.clicked.connect(view.context.cursor.pin)
        self.bars = _Bars()
        for widget in (self.silence, self._gates, self.choice, self._text):
            self.column.addWidget(widget)
        self.column.addWidget(Beside(self.pane, _SMALL, (self.bars,)))

    def refresh(self, found: OriginExplanation) -> None:
        """Shows another explanation."""
        self._found = found
        self.silence.tell(found.silence)
        self._gates.tell(f"Gates (\N{MINUS SIGN}1 to 1). {gates_text(found.gates)}" if found.gates else "")
        names = [f"Layer {m.layer}: {NAMES[m.modality].lower()} reads {NAMES[m.other].lower()}" for m in found.messages]
        if [self.choice.itemText(k) for k in range(self.choice.count())] != names:
            self.choice.blockSignals(True)
            self.choice.clear()
            self.choice.addItems(names)
            self.choice.blockSignals(False)
        for widget in (self.choice, self.pane, self.bars):
            widget.setVisible(bool(names))
        if not names:
            self._text.tell("")
        self._show(force=True)

    @property
    def message(self) -> Message | None:
        """The one that is looked at."""
        if self._found is None or not self._found.messages:
            return None
        return self._found.messages[max(self.choice.currentIndex(), 0)]

    def mark(self, place: Place) -> None:
        """Another pixel under the cursor."""
        self.pane.mark(place.pixel, place.pinned)
        self._show(force=False)

    def _show(self, *, force: bool) -> None:
        context, found, message = self.view.context, self._found, self.message
        if found is None or message is None:
            return
        pixel = context.cursor.place.pixel or found.peak_at
        token = found.token_at(pixel)
        if token == self._token and not force:
            return
        self._token = token
        values = found.attention(message, token)
        window = window_of(found.frame.seen)
        picture = context.workspace.picture
        own = picture if picture is not None and picture.ref.id == found.part else None
        back = backdrop(own, window, context.theme.palette.image)
        top = max(float(np.nan_to_num(values).max()), 1e-6)
        self.pane.show_map(heated(window.cut(values), (0.0, top), "viridis", back), window, context.theme.palette)
        self.pane.mark(context.cursor.place.pixel, context.cursor.place.pinned)
        where = "the patch at the cursor" if context.cursor.place.pixel else "the patch with the highest score"
        self._text.tell(
            f"What {where} reads, from none (clear) to {top:.2g} (yellow): share of each place that is made of the "
            f"{NAMES[message.other].lower()} prototypes it attends to."
        )
        self.bars.show_bars(message.best[token], message.weights[token], context.theme.palette)

    def dress(self) -> None:
        """Takes the colours of the theme."""
        super().dress()
        self._show(force=True)


class _Bars(QWidget):
    """Attention on the prototypes that a patch attends to most."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("origin-attention-bars")
        self._rows: list[tuple[int, float]] = []
        self._palette: Palette | None = None

    def show_bars(self, best: np.ndarray[tuple[int], np.dtype[np.int32]], weights: object, colours: Palette) -> None:
        """Prototypes and their attention, by falling weight."""
        self._rows = [(int(k), float(w)) for k, w in zip(best, np.asarray(weights), strict=True)]
        self._palette = colours
        self.setFixedHeight((len(self._rows) + 1) * self._line)
        self.update()

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 4

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A line each: number, bar, share."""
        del event
        if self._palette is None:
            return
        painter, line, width = QPainter(self), self._line, min(self.width(), 420)
        painter.setPen(QColor(self._palette.muted))
        title = "Attention on prototypes, % (bars relative to the largest)"
        title = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, title)
        room = self.fontMetrics().horizontalAdvance("No. 20000") + STEP
        tail = self.fontMetrics().horizontalAdvance("100.00 %") + STEP
        most = max((weight for _, weight in self._rows), default=1.0) or 1.0
        for k, (index, weight) in enumerate(self._rows, start=1):
            painter.setPen(QColor(self._palette.text))
            painter.drawText(QRectF(0, k * line, room, line), Qt.AlignmentFlag.AlignVCenter, f"No. {index}")
            bar = QRectF(room, k * line + 4, (width - room - tail) * weight / most, line - 8)
            painter.fillRect(bar, QColor(self._palette.accent))
            right = QRectF(width - tail, k * line, tail, line)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(right, flags, f"{100 * weight:.2f} %")
