"""One of a few words: side by side where there is room, else behind a button that shows the chosen one in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from pirn_app.widgets import named, styled


@dataclass(frozen=True)
class Choice:
    """A value, its word, and what it means."""

    value: str
    text: str
    hint: str


class Choices(QWidget):
    """Words are never cut: `collapse` puts all of them into a menu.

    Args:
        name: Begins the object names: `name-value` of the words, `name-menu` of the button.
        choices: In their order.
        hint: What is chosen here, for the button.
    """

    chosen = Signal(str)
    """By the user."""

    def __init__(self, name: str, choices: Iterable[Choice], hint: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._actions: dict[str, QAction] = {}
        self._words: list[QToolButton] = []
        self._group = QActionGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for choice in choices:
            self._actions[choice.value] = self._action(choice)
            word = named(word_button(), f"{name}-{choice.value}")
            word.setDefaultAction(self._actions[choice.value])
            self._words.append(word)
            row.addWidget(word)
        self._button = named(word_button(), f"{name}-menu")
        self._button.setToolTip(hint)
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._button)
        menu.setToolTipsVisible(True)
        menu.addActions(list(self._actions.values()))
        self._button.setMenu(menu)
        row.addWidget(self._button)
        self.set_current(next(iter(self._actions)))
        self.collapse(False)

    def _action(self, choice: Choice) -> QAction:
        action = QAction(choice.text, self._group, checkable=True)
        action.setToolTip(choice.hint)
        action.triggered.connect(lambda _on=False: self.chosen.emit(choice.value))
        return action

    def set_current(self, value: str) -> None:
        """Shows the choice in force."""
        self._actions[value].setChecked(True)
        text = f"{self._actions[value].text()} ▾"
        if text != self._button.text():
            self._button.setText(text)
            self.updateGeometry()

    def offer(self, value: str, there: bool) -> None:
        """Whether a value can be chosen now."""
        self._actions[value].setEnabled(there)

    def set_usable(self, usable: bool) -> None:
        """Whether anything can be chosen now."""
        for value in self._actions:
            self.offer(value, usable)
        self._button.setEnabled(usable)

    def collapse(self, on: bool) -> None:
        """One button with a menu instead of the words."""
        for word in self._words:
            word.setVisible(not on)
        self._button.setVisible(on)
        self.updateGeometry()


def dotted(button: QToolButton) -> Callable[[bool], None]:
    """Leaves the word of a menu's button out, or takes it in again."""
    word = button.text()
    return lambda out: button.setText("⋯" if out else word)


def absent(widget: QWidget) -> Callable[[bool], None]:
    """Leaves a widget out, or takes it in again."""
    return lambda out: widget.setVisible(not out)


def word_button(text: str = "") -> QToolButton:
    """A flat button that is never narrower than its word."""
    made = styled(QToolButton(), word=True)
    made.setText(text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made
