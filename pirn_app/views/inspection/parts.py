"""Small widgets that the sections of the panel are built of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pirn_app.icons import pixmap
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import Words


class Section(QWidget):
    """A heading with room for something at its right, and what stands below."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.heading = QLabel(title)
        self.heading.setProperty("role", "heading")
        self.head = QHBoxLayout()
        self.head.addWidget(self.heading)
        self.head.addStretch()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(STEP // 2)
        self.column.addLayout(self.head)


class Notice(QWidget):
    """A warning: mark and words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._mark, self.words = QLabel(), Words(name)
        self._mark.setFixedSize(16, 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP)
        row.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        self.hide()

    def tell(self, text: str, mark: str, colour: str) -> None:
        """Shows the words with the mark; `` hides both."""
        self.words.tell(text)
        self._mark.setPixmap(pixmap(mark, colour, 16, self.devicePixelRatioF()))
        self.setVisible(bool(text))


class ActionButton(QPushButton):
    """A button for an action of the table, with words of its own; absent where the table lacks the action.

    Args:
        view: Whose connections end with it.
        action: Id.
        text: On the button; the action's with its shortcut where ``.
        otherwise: What a click does where the table lacks the action; the button stays visible then.
    """

    def __init__(self, view: View, action: str, text: str = "", otherwise: Callable[[], None] | None = None) -> None:
        super().__init__(text, view)
        self.setObjectName(f"button-{action}")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self._view, self._action, self._text, self._otherwise = view, action, text, otherwise
        self._wanted, self._able, self._followed, self._hint = True, True, False, ""
        self.clicked.connect(self._run)
        self.want(True)

    def want(self, wanted: bool, text: str = "", hint: str = "", *, able: bool = True) -> None:
        """Whether the button is shown, with which words, and whether it makes sense now, as far as the view knows."""
        self._wanted, self._able = wanted, able
        self._text, self._hint = text or self._text, hint or self._hint
        actions = self._view.context.actions
        if self._action in actions and not self._followed:
            self._followed = True
            self._view.follow(actions.qaction(self._action).changed, self._sync)
        self._sync()

    def _sync(self) -> None:
        actions = self._view.context.actions
        if self._action not in actions:
            self.setText(self._text)
            self.setToolTip(self._hint)
            self.setEnabled(self._able)
            self.setVisible(self._wanted and self._otherwise is not None)
            return
        made = actions.qaction(self._action)
        keys = made.shortcut().toString()
        self.setText(self._text or (f"{made.text()} ({keys})" if keys else made.text()))
        self.setToolTip(self._hint or made.toolTip())
        self.setEnabled(self._able and made.isEnabled())
        self.setVisible(self._wanted)

    def _run(self) -> None:
        actions = self._view.context.actions
        if self._action in actions:
            actions.trigger(self._action)
        elif self._otherwise is not None:
            self._otherwise()
