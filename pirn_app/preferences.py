"""What is remembered between two starts: recent paths, theme, layouts, the last folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast, get_args

import platformdirs
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from pirn_app.theme import ThemeName

APP = "pirn-inspector"
_RECENT = 12


def config_dir() -> Path:
    """The user's settings folder for this program (`PIRN_CONFIG` overrides it), not created."""
    return Path(os.environ.get("PIRN_CONFIG") or platformdirs.user_config_dir(APP, appauthor=False))


def data_dir() -> Path:
    """The user's data folder for this program (`PIRN_DATA` overrides it), not created."""
    return Path(os.environ.get("PIRN_DATA") or platformdirs.user_data_dir(APP, appauthor=False))


def log_dir() -> Path:
    """Where logs go: below `PIRN_CONFIG` where that is set, else the platform's folder; not created."""
    own = os.environ.get("PIRN_CONFIG")
    return Path(own, "logs") if own else Path(platformdirs.user_log_dir(APP, appauthor=False))


class Preferences(QObject):
    """One ini file. What cannot be read counts as not set, so a broken file never keeps the window from opening."""

    recent_changed = Signal()

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = (folder or config_dir()) / "settings.ini"
        self._file = QSettings(str(self.path), QSettings.Format.IniFormat)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Folders, files and models that were opened, the last one first, missing ones included."""
        return tuple(Path(path) for path in self._texts("recent"))

    def remember(self, path: Path) -> None:
        """Puts a path on top of the recent ones."""
        absolute = str(path.absolute())
        self._set_recent([absolute, *(known for known in self._texts("recent") if known != absolute)][:_RECENT])

    def forget(self, path: Path) -> None:
        """Takes a path off the recent ones."""
        self._set_recent([known for known in self._texts("recent") if known != str(path)])

    def forget_all(self) -> None:
        """Empties the list of recent paths."""
        self._set_recent([])

    @property
    def theme(self) -> ThemeName:
        """The chosen theme."""
        name = self._file.value("theme", "system")
        return cast(ThemeName, name) if name in get_args(ThemeName) else "system"

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._file.setValue("theme", name)

    @property
    def folder(self) -> Path:
        """Where file dialogs start: the last folder that was used, else the user's home."""
        known = Path(str(self._file.value("folder", "") or ""))
        return known if str(known) != "." and known.is_dir() else Path.home()

    @folder.setter
    def folder(self, path: Path) -> None:
        self._file.setValue("folder", str(path))

    def bytes(self, key: str) -> QByteArray:
        """Something Qt wrote itself, e.g. a layout; empty where there is none."""
        found = self._file.value(f"layout/{key}")
        return found if isinstance(found, QByteArray) else QByteArray()

    def set_bytes(self, key: str, value: QByteArray) -> None:
        """Keeps something that Qt wrote."""
        self._file.setValue(f"layout/{key}", value)

    def text(self, key: str) -> str:
        """A short remembered word; `` where there is none."""
        return str(self._file.value(f"layout/{key}", "") or "")

    def set_text(self, key: str, value: str) -> None:
        """Keeps a short word."""
        self._file.setValue(f"layout/{key}", value)

    def forget_layout(self) -> None:
        """The next start has the layout as it was made."""
        self._file.remove("layout")

    def save(self) -> None:
        """Writes the file now."""
        self._file.sync()

    def _texts(self, key: str) -> list[str]:
        value = self._file.value(key, [])
        entries = [value] if isinstance(value, str) else value
        return [entry for entry in entries if isinstance(entry, str) and entry] if isinstance(entries, list) else []

    def _set_recent(self, entries: list[str]) -> None:
        self._file.setValue("recent", entries)
        self.recent_changed.emit()
