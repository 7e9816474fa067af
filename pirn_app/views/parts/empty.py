"""What the list shows where there is no row."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.theme import STEP
from pirn_app.views.view import EmptyState


class NothingOpen(EmptyState):
    """Before a folder is open."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._samples = QPushButton()
        self._samples.setObjectName("parts-samples")
        self._samples.clicked.connect(lambda: context.actions.trigger("make-samples"))
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, self._samples, alignment=Qt.AlignmentFlag.AlignCenter)
        self.refresh()

    def refresh(self) -> None:
        """Buttons as far as their actions are there."""
        self.tell("Open a folder of parts, or try the sample parts.", "open-folder")
        there = "make-samples" in self._context.actions
        self._samples.setVisible(there)
        if there:
            self._samples.setText(self._context.actions.entry("make-samples").text)


class NoMatch(QWidget):
    """Filter and search leave nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.button = QPushButton("Show all")
        self.button.setObjectName("parts-show-all")
        words = QLabel("No part matches the filter and the search.", alignment=Qt.AlignmentFlag.AlignCenter)
        words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setSpacing(2 * STEP)
        column.addStretch()
        column.addWidget(words)
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
