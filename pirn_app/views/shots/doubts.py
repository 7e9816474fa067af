"""What is odd about the shots: one line each, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pirn_app.messages.events import ShotDoubt
from pirn_app.theme import STEP
from pirn_app.widgets import named, styled


class DoubtList(QWidget):
    """Empty and without height where nothing is odd."""

    replace_asked = Signal(str)
    """Id of a shot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shots-doubts")
        self._shown: tuple[ShotDoubt, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(STEP // 2)
        self.hide()

    def show_doubts(self, doubts: Sequence[ShotDoubt]) -> None:
        """One line per doubt."""
        if tuple(doubts) == self._shown:
            return
        self._shown = tuple(doubts)
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for doubt in doubts:
            self._column.addWidget(self._line(doubt))
        self.setVisible(bool(doubts))

    def _line(self, doubt: ShotDoubt) -> QWidget:
        line = styled(named(QFrame(), "notice"), level="warning")
        name = doubt.part.rsplit("/", 1)[-1]
        said = doubt.message if name in doubt.message else f"{name}: {doubt.message}"
        words = named(QLabel(said, wordWrap=True), "shots-doubt")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        button = named(QPushButton("Replace"), "shots-doubt-replace")
        button.setToolTip(f"Take another good part instead of {doubt.part}.")
        button.clicked.connect(lambda: self.replace_asked.emit(doubt.part))
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(line)
        row.setContentsMargins(STEP, STEP // 2, STEP // 2, STEP // 2)
        row.addWidget(words, 1)
        row.addWidget(button)
        return line
