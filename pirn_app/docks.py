"""Panels around the middle: movable, closable, with one kind of title bar."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QToolTip, QWidget

from pirn_app.icons import icon
from pirn_app.theme import STEP, Theme
from pirn_app.views.view import View
from pirn_app.widgets import named

_READING = 30_000
"""Milliseconds that an explanation stays, unless the mouse moves away."""


def explain(widget: QWidget, text: str) -> None:
    """Shows how to read a view, beside the mouse."""
    QToolTip.showText(
        QCursor.pos() + QPoint(0, STEP), f"<p style='width: 320px'>{text}</p>", widget, msecShowTime=_READING
    )


class Dock(QDockWidget):
    """One panel with a view in it."""

    resized = Signal()

    def __init__(self, view: View, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(view.title, parent)
        self.setObjectName(f"dock-{view.name}")
        self._theme = theme
        self._buttons = {name: named(QToolButton(), f"{name}-{view.name}") for name in ("info", "float", "close")}
        if not view.help:
            self._buttons["info"].hide()  # showing a widget without a parent would open a window
        self._buttons["info"].setToolTip(view.help)
        self._buttons["info"].clicked.connect(lambda: explain(self, view.help))
        self._buttons["float"].setToolTip("Take this panel out of the window, or put it back.")
        self._buttons["float"].clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self._buttons["close"].setToolTip("Close this panel; the View menu opens it again.")
        self._buttons["close"].clicked.connect(self.close)
        view.help_asked.connect(lambda text: explain(self, text))
        bar = named(QWidget(), "dock-title")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(STEP, 2, STEP // 2, 2)
        row.setSpacing(STEP // 2)
        row.addWidget(QLabel(view.title), 1)
        for button in self._buttons.values():
            row.addWidget(button)
        self.setTitleBarWidget(bar)
        self.setWidget(view)
        theme.changed.connect(self._colour)
        self._colour()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Tells the window."""
        super().resizeEvent(event)
        self.resized.emit()

    def _colour(self) -> None:
        for name, button in self._buttons.items():
            button.setIcon(icon(name, self._theme.palette.muted))
