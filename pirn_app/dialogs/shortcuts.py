"""Everything that can be done, searchable, with its keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pirn_app.actions import Action, Actions
from pirn_app.theme import STEP
from pirn_app.widgets import named

_NAME = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """Lists the action table; Enter on an action chooses it, `chosen` names it then."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts-dialog")
        self.setWindowTitle("Actions and keys")
        self.chosen = ""
        self._search = QLineEdit(placeholderText="Search actions and keys", clearButtonEnabled=True)
        self._search.setObjectName("shortcuts-search")
        self._search.textChanged.connect(self._narrow)
        self._tree = named(QTreeWidget(), "shortcuts-list")
        self._tree.setRootIsDecorated(False)
        self._tree.setIndentation(STEP)
        self._tree.setHeaderLabels(["Action", "Keys", "What it does"])
        self._tree.itemActivated.connect(self._activated)
        self._fill(actions)
        header = self._tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP)
        for widget in (self._search, self._tree, buttons):
            column.addWidget(widget)
        self._search.returnPressed.connect(self._run_first)
        self.resize(880, 600)
        self._search.setFocus()

    @property
    def visible(self) -> tuple[str, ...]:
        """Ids of the actions that the search left."""
        return tuple(str(item.data(0, _NAME)) for item in self._items() if not item.isHidden())

    def _fill(self, actions: Actions) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for entry in actions:
            if entry.group not in groups:
                groups[entry.group] = _heading(entry.group)
                self._tree.addTopLevelItem(groups[entry.group])
            groups[entry.group].addChild(_row(entry))
        self._tree.expandAll()

    def _items(self) -> list[QTreeWidgetItem]:
        groups = (self._tree.topLevelItem(row) for row in range(self._tree.topLevelItemCount()))
        return [item for group in groups if group is not None for item in _children(group)]

    def _narrow(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            said = " ".join(item.text(column) for column in range(3)).lower()
            item.setHidden(not all(word in said for word in words))
        for row in range(self._tree.topLevelItemCount()):
            if (group := self._tree.topLevelItem(row)) is not None:
                group.setHidden(all(item.isHidden() for item in _children(group)))

    def _activated(self, item: QTreeWidgetItem) -> None:
        if name := item.data(0, _NAME):
            self.chosen = str(name)
            self.accept()

    def _run_first(self) -> None:
        shown = [item for item in self._items() if not item.isHidden()]
        if self._search.text() and shown:
            self._activated(shown[0])


def _children(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (group.child(row) for row in range(group.childCount()))
    return [item for item in found if item is not None]


def _heading(group: str) -> QTreeWidgetItem:
    made = QTreeWidgetItem([group])
    font = made.font(0)
    font.setBold(True)
    made.setFont(0, font)
    made.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return made


def _row(entry: Action) -> QTreeWidgetItem:
    keys = ", ".join(
        QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) for shortcut in entry.shortcuts
    )
    made = QTreeWidgetItem([entry.text, keys, entry.hint])
    made.setData(0, _NAME, entry.id)
    return made
