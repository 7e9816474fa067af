"""What all views have in common."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QMetaObject, QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.theme import STEP


class View(QWidget):
    """A part of the window. Subclasses follow signals with `follow`, so that `release` lets go of all of them.

    Attributes:
        name: Short and stable id, for layouts and tests.
        title: Over the view.
        help: How to read it and what to do when it looks bad, two sentences; `` where it explains itself.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    help: ClassVar[str] = ""

    help_asked = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName(self.name)
        self._connections: list[QMetaObject.Connection] = []

    def follow(self, signal: SignalInstance, slot: object) -> None:
        """Connects a signal of the shared state to a method of this view."""
        self._connections.append(signal.connect(slot))

    def release(self) -> None:
        """Lets go of the shared state; the view does nothing any more and can be deleted."""
        for connection in self._connections:
            QObject.disconnect(connection)
        self._connections.clear()


class EmptyState(QWidget):
    """What a view shows while it has nothing to show: why, what to do next, and a button that does it."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._action = ""
        self._text = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._text.setObjectName("empty-text")
        self._button = QPushButton()
        self._button.clicked.connect(lambda: self._context.actions.trigger(self._action))
        column = QVBoxLayout(self)
        column.setSpacing(2 * STEP)
        column.addStretch()
        column.addWidget(self._text)
        column.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignCenter)
        column.addStretch()

    def tell(self, text: str, action: str = "") -> None:
        """Shows a message and the button of an action (none for ``)."""
        self._text.setText(text)
        self._action = action if action in self._context.actions else ""
        self._button.setVisible(bool(self._action))
        if self._action:
            self._button.setText(self._context.actions.entry(self._action).text)

    @property
    def text(self) -> str:
        """The message."""
        return self._text.text()
