"""One shot: its picture, its name, what is odd about it, and two buttons that come with the mouse or the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from pirn_app import icons
from pirn_app.context import Context
from pirn_app.theme import STEP, TEXT
from pirn_app.widgets import named
from pirn_core.data.sample import PartRef

PICTURE = 80
_MARGIN = 4
_NAME = 18
_BADGE = 16
_STRIP = 26
_ICON = 14


class ShotCard(QAbstractButton):
    """A click goes to the part; Delete removes the shot, R replaces it."""

    removed = Signal(str)
    replaced = Signal(str)

    def __init__(self, context: Context, ref: PartRef, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.ref = ref
        self._badge, self._name = "", ref.stem
        self.setObjectName(f"shot:{ref.id}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Shot {ref.id}")
        self.setToolTip(f"{ref.id}\nClick to see it, Delete removes it, R replaces it by another good part.")
        self._replace = self._button("shot-replace", "Replace by another good part (R)")
        self._remove = self._button("shot-remove", "Remove from the shots (Delete)")
        self._replace.clicked.connect(lambda: self.replaced.emit(ref.id))
        self._remove.clicked.connect(lambda: self.removed.emit(ref.id))
        self._build()
        self.dress()

    def _button(self, name: str, hint: str) -> QToolButton:
        button = named(QToolButton(self), name)
        button.setToolTip(hint)
        button.setIconSize(QSize(_ICON, _ICON))
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the card's keys do the same
        button.hide()
        return button

    def _build(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._replace)
        row.addStretch()
        row.addWidget(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN + 2, _MARGIN + 2, _MARGIN + 2, 0)
        column.addLayout(row)
        column.addStretch()

    @property
    def badge(self) -> str:
        """What is odd about it, in a word; `` for nothing."""
        return self._badge

    def call(self, name: str) -> None:
        """What stands below the picture."""
        if name != self._name:
            self._name = name
            self.update()

    def mark(self, badge: str) -> None:
        """Says what is odd about it."""
        if badge != self._badge:
            self._badge = badge
            self.update()

    def dress(self) -> None:
        """Takes the theme's colours."""
        colour = self._context.theme.palette.text
        self._remove.setIcon(icons.icon("close", colour))
        self._replace.setIcon(icons.icon("pick-random-shots", colour))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's names from here on
        """All cards alike."""
        return QSize(PICTURE + 2 * _MARGIN, PICTURE + 2 * _MARGIN + _NAME)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """The buttons come."""
        self._show_buttons(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """The buttons go."""
        self._show_buttons(self.hasFocus())
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The buttons come for the keyboard as well."""
        self._show_buttons(True)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The buttons go."""
        self._show_buttons(self.underMouse())
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Return as a click, Delete, R."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.ref.id)
        elif event.key() == Qt.Key.Key_R and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.replaced.emit(self.ref.id)
        else:
            super().keyPressEvent(event)

    def _show_buttons(self, shown: bool) -> None:
        self._remove.setVisible(shown)
        self._replace.setVisible(shown)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Picture, strip under the buttons, badge, name, frame."""
        painter = QPainter(self)
        box = QRect(_MARGIN, _MARGIN, PICTURE, PICTURE)
        self._paint_picture(painter, box)
        palette = self._context.theme.palette
        if self._remove.isVisible():
            veil = QColor(palette.panel)
            veil.setAlpha(225)
            painter.fillRect(QRect(box.left(), box.top(), box.width(), _STRIP), veil)
        if self._badge:
            self._paint_badge(painter, QRect(box.left(), box.bottom() + 1 - _BADGE, box.width(), _BADGE))
        here = self._context.cursor.place.part == self.ref.id
        self._paint_name(painter, QRect(0, box.bottom() + 1, self.width(), _NAME + _MARGIN), strong=here)
        if here or self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent), 2))
            painter.drawRect(box.adjusted(-2, -2, 1, 1))
        elif self.underMouse():
            painter.setPen(QPen(QColor(palette.muted), 1))
            painter.drawRect(box.adjusted(-1, -1, 0, 0))
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        palette, thumbnails = self._context.theme.palette, self._context.thumbnails
        painter.fillRect(box, QColor(palette.image))
        if (picture := thumbnails.pixmap(self.ref, PICTURE, self.devicePixelRatioF())) is not None:
            painter.drawPixmap(box.topLeft(), picture)
        elif thumbnails.failed(self.ref):
            painter.setPen(QColor(palette.on_image))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), "no\npicture")

    def _paint_badge(self, painter: QPainter, rect: QRect) -> None:
        palette = self._context.theme.palette
        painter.fillRect(rect, QColor(palette.unsure))
        painter.setFont(_font(TEXT - 1, bold=True))
        painter.setPen(QColor(palette.panel))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), f"! {self._badge}")

    def _paint_name(self, painter: QPainter, rect: QRect, *, strong: bool) -> None:
        palette = self._context.theme.palette
        painter.setFont(_font(TEXT, bold=strong))
        painter.setPen(QColor(palette.text))
        name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, rect.width() - STEP)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), name)


def _font(pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(QApplication.font())
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font
