"""Which of several categories in one folder."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QListWidget, QVBoxLayout, QWidget

from pirn_app.messages.events import CategoryNeeded
from pirn_app.theme import STEP
from pirn_app.widgets import named


class CategoryDialog(QDialog):
    """Asks for one category; `chosen` is the answer once it was accepted."""

    def __init__(self, needed: CategoryNeeded, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("category-dialog")
        self.setWindowTitle("Choose a category")
        self._needed = needed
        question = QLabel(
            f"{needed.path.name} holds {len(needed.categories)} kinds of parts. Which one?", wordWrap=True
        )
        question.setProperty("role", "heading")
        self._filter = named(QLineEdit(placeholderText="Search", clearButtonEnabled=True), "category-filter")
        self._filter.setVisible(len(needed.categories) > 12)
        self._filter.textChanged.connect(self._narrow)
        self._list = named(QListWidget(), "category-list")
        self._list.addItems(list(needed.categories))
        self._list.setCurrentRow(0)
        self._list.itemActivated.connect(lambda _item: self.accept())
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.button(QDialogButtonBox.StandardButton.Open).setProperty("primary", True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._list.currentItemChanged.connect(self._enable)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP)
        for widget in (question, self._filter, self._list, self._buttons):
            column.addWidget(widget)
        self.resize(360, 400)
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def chosen(self) -> str:
        """The category under the bar; `` where there is none."""
        item = self._list.currentItem()
        return "" if item is None or item.isHidden() else item.text()

    def _narrow(self, text: str) -> None:
        items = [self._list.item(row) for row in range(self._list.count())]
        for item in items:
            item.setHidden(text.lower() not in item.text().lower())
        shown = [item for item in items if not item.isHidden()]
        if shown and self._list.currentItem() not in shown:
            self._list.setCurrentItem(shown[0])
        self._enable()

    def _enable(self) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(bool(self.chosen))
