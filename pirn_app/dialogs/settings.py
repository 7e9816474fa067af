"""Settings of the program itself; those of training stand in the training panel."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.preferences import Preferences, data_dir, log_dir
from pirn_app.theme import STEP, ThemeName
from pirn_app.widgets import named, styled

_THEMES: tuple[tuple[ThemeName, str], ...] = (("system", "As the system"), ("dark", "Dark"), ("light", "Light"))


class SettingsDialog(QDialog):
    """Asks; changes nothing."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings-dialog")
        self.setWindowTitle("Settings")
        self._theme = named(QComboBox(), "settings-theme")
        for name, text in _THEMES:
            self._theme.addItem(text, name)
        self._theme.setCurrentIndex(self._theme.findData(preferences.theme))
        count = len(preferences.recent)
        self._forget = named(QCheckBox(f"Forget the {count} recent paths"), "settings-forget")
        self._forget.setEnabled(count > 0)
        form = QFormLayout(horizontalSpacing=2 * STEP, verticalSpacing=STEP)
        form.addRow("Theme", self._theme)
        form.addRow("Recent", self._forget)
        for title, path in (("Models", data_dir() / "models"), ("Settings", preferences.path), ("Log", log_dir())):
            form.addRow(title, _path(str(path)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(2 * STEP)
        column.addLayout(form)
        column.addStretch()
        column.addWidget(buttons)
        self.setMinimumWidth(480)

    @property
    def theme(self) -> ThemeName:
        """The chosen theme."""
        return cast(ThemeName, self._theme.currentData())

    @property
    def forget_recent(self) -> bool:
        """Whether the recent list shall be emptied."""
        return self._forget.isChecked()


def _path(text: str) -> QLabel:
    label = styled(QLabel(text, wordWrap=True), role="muted")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
