"""The advanced settings: every one with its editor, one line on what it does, and a way back to the preset's value."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pirn_app.state.plan import TrainingPlan
from pirn_app.theme import STEP
from pirn_app.views.training.editors import Editor
from pirn_app.views.training.fields import Field, groups
from pirn_app.views.training.look import WheelGuard, button, label, marked, set_role

EDITOR_WIDTH = 144


class SettingRow(QWidget):
    """One setting."""

    def __init__(self, plan: TrainingPlan, field: Field, guard: WheelGuard) -> None:
        super().__init__()
        self.field = field
        self._plan = plan
        self._name = QLabel(field.label, wordWrap=True)
        self.editor = Editor(field, guard)
        self.editor.setFixedWidth(EDITOR_WIDTH)
        self.editor.edited.connect(lambda value: plan.set(field.key, value))
        self.back = QToolButton()
        self.back.setText("↺")
        self.back.setObjectName(f"reset-{field.key}")
        self.back.clicked.connect(lambda: plan.reset(field.key))
        keep = self.back.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(keep)
        self.setToolTip(field.key)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, STEP // 2)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self.editor, 0, 1)
        grid.addWidget(self.back, 0, 2)
        grid.addWidget(label(marked(field.text), "muted"), 1, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        self.refresh()

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the preset's."""
        return self.field.key in self._plan.changes

    def refresh(self) -> None:
        """Shows the plan's value and whether it is the preset's."""
        self.editor.show_value(self._plan.value(self.field.key))
        changed = self.is_changed
        self._name.setText(f"● {self.field.label}" if changed else self.field.label)
        set_role(self._name, "changed" if changed else "plain")
        self.back.setVisible(changed)
        self.back.setToolTip(f"Back to the preset's value, {_words(self._plan.usual(self.field.key), self.field)}")


class _GroupBox(QWidget):
    """Rows under a heading."""

    def __init__(self, title: str, rows: list[SettingRow]) -> None:
        super().__init__()
        self.rows = rows
        column = QVBoxLayout(self)
        column.setContentsMargins(0, STEP, 0, STEP)
        column.setSpacing(STEP // 2)
        column.addWidget(label(title, "heading"))
        for row in rows:
            column.addWidget(row)

    def show_only(self, words: str, changed: bool) -> int:
        """Hides the rows that do not match; the number of those left."""
        left = 0
        for row in self.rows:
            fits = row.field.matches(words) and (row.is_changed or not changed)
            row.setVisible(fits)
            left += fits
        self.setVisible(left > 0)
        return left


class AdvancedPanel(QWidget):
    """All settings, built when first shown, with a search field."""

    def __init__(self, plan: TrainingPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = plan
        self._guard = WheelGuard(self)
        self._groups: list[_GroupBox] = []
        self.search = QLineEdit(placeholderText="Search the settings", clearButtonEnabled=True)
        self.search.setObjectName("search-settings")
        self.search.textChanged.connect(lambda _text: self._filter())
        self.only_changed = button("Changed", "changed-settings", "Show the changed settings only.", checkable=True)
        self.only_changed.setProperty("segment", True)
        self.only_changed.toggled.connect(lambda _on: self._filter())
        self.reset_all = button("Reset all", "reset-settings", "Back to the preset's values.")
        self.reset_all.clicked.connect(plan.reset_all)
        self._none = label("No setting matches.", "muted")
        tools = QHBoxLayout()
        tools.setSpacing(STEP)
        for widget in (self.search, self.only_changed, self.reset_all):
            tools.addWidget(widget)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(tools)
        self._column.addWidget(self._none, alignment=Qt.AlignmentFlag.AlignTop)
        self._none.hide()

    def build(self) -> None:
        """Makes the rows, once."""
        if self._groups:
            return
        for group in groups():
            box = _GroupBox(group.title, [SettingRow(self._plan, field, self._guard) for field in group.fields])
            self._groups.append(box)
            self._column.addWidget(box)
        self.refresh()

    def row(self, key: str) -> SettingRow:
        """The row of a setting by its dotted name."""
        self.build()
        return next(row for group in self._groups for row in group.rows if row.field.key == key)

    def look_for(self, words: str) -> None:
        """Shows the settings that match."""
        self.build()
        self.only_changed.setChecked(False)
        self.search.setText(words)

    def refresh(self) -> None:
        """Shows the plan's values."""
        self.reset_all.setEnabled(bool(self._plan.changes))
        for group in self._groups:
            for row in group.rows:
                row.refresh()
        if self.only_changed.isChecked():
            self._filter()

    def _filter(self) -> None:
        left = sum(g.show_only(self.search.text(), self.only_changed.isChecked()) for g in self._groups)
        self._none.setVisible(not left)


def _words(value: Any, field: Field) -> str:
    if value is None:
        return field.empty
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
