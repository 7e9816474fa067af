"""The bar at the top of the window: what went wrong and what to do, without stopping anybody."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from pirn_app.icons import icon, pixmap
from pirn_app.theme import STEP, Theme
from pirn_app.widgets import named, restyle

Level = Literal["info", "warning", "error"]
_NARROW = 480
_ICONS = {"info": "info", "warning": "warning", "error": "verdict-ng"}


class NoticeBar(QWidget):
    """One message at a time; the newest replaces the one before, which stays in the log.

    Attributes:
        on: Whether there is a message; who holds the bar shows and hides it at `shown`.
    """

    details_asked = Signal(str, str)
    """Message and details, to be shown in a dialog."""
    shown = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._level, self._details = theme, "info", ""
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._sign = QLabel()
        self._text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._text.setObjectName("notice-text")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more = named(QPushButton("Details"), "notice-details")
        self._more.clicked.connect(lambda: self.details_asked.emit(self.text, self._details))
        self._close = named(QToolButton(), "notice-close")
        self._close.setToolTip("Dismiss this message.")
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(STEP, STEP // 2, STEP, STEP // 2)
        row.setSpacing(STEP)
        for widget, stretch in ((self._sign, 0), (self._text, 1), (self._more, 0), (self._close, 0)):
            row.addWidget(widget, stretch)
        self.on = False
        theme.changed.connect(self._colour)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as the words need at the present width."""
        row = self.layout()
        assert row is not None
        return QSize(_NARROW, row.heightForWidth(max(self.width(), _NARROW)))

    @property
    def text(self) -> str:
        """The message, advice included."""
        return self._text.text()

    @property
    def level(self) -> str:
        """`info`, `warning` or `error`."""
        return self._level

    def tell(self, level: Level, message: str, advice: str = "", details: str = "") -> None:
        """Shows a message until the user dismisses it or another one comes."""
        self._level, self._details = level, details
        self._text.setText(f"{message} {advice}".strip())
        self._more.setVisible(bool(details))
        self.setProperty("level", level)
        restyle(self)
        self._colour()
        self.on = True
        self.shown.emit(True)

    def dismiss(self) -> None:
        """Takes the message away."""
        self.on = False
        self.shown.emit(False)

    def _colour(self) -> None:
        colours = self._theme.palette
        colour = {"error": colours.ng, "warning": colours.unsure}.get(self._level, colours.accent)
        self._sign.setPixmap(pixmap(_ICONS[self._level], colour, 20, self.devicePixelRatioF()))
        self._close.setIcon(icon("close", colours.text))
