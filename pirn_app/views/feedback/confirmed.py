"""What was confirmed so far, and the ways to take it back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pirn_app.state.feedback import Feedback
from pirn_app.theme import STEP
from pirn_app.views.feedback.parts import Section, button, confirmed_words
from pirn_app.views.view import View
from pirn_app.widgets import Words

_MOST = 50


class ConfirmedSection(Section):
    """One line per confirmed part or region of the model in force."""

    def __init__(self, view: View, state: Feedback) -> None:
        super().__init__("Confirmed so far", "teach-confirmed")
        self._view, self._state = view, state
        self._none, self._more = Words("confirmed-none", "muted"), Words("confirmed-more", "muted")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(STEP // 2)
        self._shown: tuple[tuple[str, ...], bool] | None = None
        self.column.addWidget(self._none)
        self.column.addLayout(self._lines)
        self.column.addWidget(self._more)

    def refresh(self) -> None:
        """Shows the model's confirmations."""
        workspace = self._view.context.workspace
        names = () if workspace.model is None else workspace.model.card.confirmed
        able = not self._state.applying and workspace.jobs.of_kind("Train", "InspectParts") is None
        self._none.tell("" if names else "Nothing yet: the model knows its shots only.")
        self._more.tell(f"And {len(names) - _MOST} more." if len(names) > _MOST else "")
        if self._shown == (names, able):
            return
        self._shown = (names, able)
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for name in names[:_MOST]:
            self._lines.addWidget(self._line(name, able))

    def _line(self, name: str, able: bool) -> QWidget:
        line = QWidget()
        text = QLabel(confirmed_words(name), wordWrap=True)
        text.setToolTip(name)
        text.setMinimumWidth(1)
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        back = button("Take back", f"take-back-{name}", "Shows what the model would find without it.")
        back.setEnabled(able)
        back.clicked.connect(lambda: self._state.take_back(name))
        across = QHBoxLayout(line)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(text, 1)
        across.addWidget(back, alignment=Qt.AlignmentFlag.AlignTop)
        return line
