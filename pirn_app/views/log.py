"""What was done and what went wrong, line by line."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtGui import QColor, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.state.jobs import LogLine
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import named

_LEVELS = ("info", "warning", "error")
_CHOICES = (("Everything", 0), ("Warnings and errors", 1), ("Errors", 2))
_LINES = 5000


class LogView(View):
    """The lines of this session, by level and word."""

    name = "log"
    title = "Log"

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._level = named(QComboBox(), "log-level")
        for text, value in _CHOICES:
            self._level.addItem(text, value)
        self._words = named(QLineEdit(placeholderText="Search the log", clearButtonEnabled=True), "log-filter")
        copy = named(QPushButton("Copy"), "log-copy")
        self._lines = named(QPlainTextEdit(readOnly=True), "log-lines")
        self._lines.setMaximumBlockCount(_LINES)
        self._lines.setPlaceholderText("Nothing was done yet.")
        bar = QHBoxLayout()
        bar.setSpacing(STEP)
        bar.addWidget(self._level)
        bar.addWidget(self._words, 1)
        bar.addWidget(copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        column.addLayout(bar)
        column.addWidget(self._lines, 1)
        self._level.currentIndexChanged.connect(self._fill)
        self._words.textChanged.connect(self._fill)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        self.follow(context.workspace.logged, self._add)
        self.follow(context.theme.changed, self._fill)
        self._fill()

    @property
    def text(self) -> str:
        """The lines shown."""
        return self._lines.toPlainText()

    def _wanted(self, line: LogLine) -> bool:
        rank = _LEVELS.index(line.level) if line.level in _LEVELS else 0
        return rank >= int(self._level.currentData()) and self._words.text().lower() in line.text.lower()

    def _fill(self) -> None:
        self._lines.clear()
        for line in self.context.workspace.jobs.log:
            self._add(line)

    def _add(self, line: LogLine) -> None:
        if not self._wanted(line):
            return
        bar = self._lines.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self._lines.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._lines.document().isEmpty():
            cursor.insertBlock()
        time = datetime.fromtimestamp(line.time).strftime("%H:%M:%S")
        cursor.insertText(f"{time}  {line.text}", self._format(line.level))
        if at_end:
            bar.setValue(bar.maximum())

    def _format(self, level: str) -> QTextCharFormat:
        colours = self.context.theme.palette
        made = QTextCharFormat()
        made.setForeground(QColor({"warning": colours.unsure, "error": colours.ng}.get(level, colours.text)))
        return made
