"""The slim strip over a picture: title, key, tools."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from pirn_app.context import Context
from pirn_app.icons import icon
from pirn_app.theme import STEP, TEXT

HEIGHT = 28
_FIT_FROM, _KEY_FROM = 400, 372
"""Widths of a strip with many tools from which on there is room for the button `fit` and for the key."""


class Header(QWidget):
    """Title and key on the left, tools of the view in the middle, fit and maximise on the right."""

    def __init__(self, context: Context, name: str, title: str, hint: str) -> None:
        super().__init__()
        self.setObjectName("cell-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._context, self._name = context, name
        self._title = QLabel(title)
        self._title.setObjectName("title")
        self._title.setToolTip(hint)
        self._key = QLabel(self._key_text())
        self._key.setObjectName("key")
        self._key.setVisible(bool(self._key.text()))
        self._key.setToolTip("This key gives the view all of the room, and takes it back.")
        self._buttons = [
            self._button("fit", "reset-view", "Show all of the image", context.display.fit),
            self._button("maximise", "maximise", "All of the room for this view, or back", self.toggle_maximised),
        ]
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(STEP, 0, STEP // 2, 0)
        self._row.setSpacing(STEP // 2)
        for widget in (self._title, self._key):
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            self._row.addWidget(widget)
        self._row.addStretch(1)
        for button in self._buttons:
            self._row.addWidget(button)
        self.recolour()

    def add(self, tools: QWidget) -> None:
        """Puts a view's own tools before the common ones."""
        self._row.insertWidget(self._row.count() - len(self._buttons), tools)

    def make_room(self, width: int) -> None:
        """Leaves out what can be done without where the strip has only `width` pixels."""
        self._buttons[0].setVisible(width >= _FIT_FROM)
        self._key.setVisible(width >= _KEY_FROM and bool(self._key.text()))

    def recolour(self) -> None:
        """Takes the colours of the theme."""
        palette = self._context.theme.palette
        for button in self._buttons:
            button.setIcon(icon(button.property("drawing"), palette.text))
        self._key.setStyleSheet(
            f"QLabel {{ color: {palette.muted}; border: 1px solid {palette.border}; border-radius: 3px;"
            f" padding: 0 4px; font-size: {TEXT - 1}px; font-weight: 400; }}"
        )

    def toggle_maximised(self) -> None:
        """All of the room for this view, or back to all views."""
        display = self._context.display
        display.set(maximised="" if display.look.maximised == self._name else self._name)

    def show_maximised(self, maximised: bool) -> None:
        """Marks the button."""
        self._buttons[1].setChecked(maximised)

    def _key_text(self) -> str:
        name = f"maximise-{self._name}"
        return self._context.actions.qaction(name).shortcut().toString() if name in self._context.actions else ""

    def _button(self, name: str, drawing: str, hint: str, run: Callable[[], None]) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setObjectName(name)
        button.setToolTip(hint)
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setProperty("drawing", drawing)
        button.setCheckable(name == "maximise")
        button.clicked.connect(lambda _on=False: run())
        return button
