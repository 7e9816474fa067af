"""The whole story of an error: what happened, what to do, and the traceback to send on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from pirn_app.theme import STEP


class ErrorDialog(QDialog):
    """Shows one error; changes nothing."""

    def __init__(self, message: str, details: str, log: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error-dialog")
        self.setWindowTitle("What went wrong")
        self._copied = "\n\n".join(part for part in (message, details) if part)
        heading = QLabel(message, wordWrap=True)
        heading.setProperty("role", "heading")
        text = QPlainTextEdit(details, readOnly=True, lineWrapMode=QPlainTextEdit.LineWrapMode.NoWrap)
        text.setObjectName("error-details")
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setObjectName("error-copy")
        copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP)
        column.addWidget(heading)
        column.addWidget(text, 1)
        if log is not None:
            where = QLabel(f"The log is in {log}.", wordWrap=True)
            where.setProperty("role", "muted")
            column.addWidget(where)
        column.addWidget(buttons)
        self.resize(640, 400)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied)
