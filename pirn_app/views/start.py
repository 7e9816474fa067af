"""The first thing one sees: three ways to begin, and what was open before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.icons import icon, pixmap
from pirn_app.preferences import Preferences
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import named, styled

CHOICES = (
    ("open-folder", "Open folder…", "Images, 3D scans, or both."),
    ("make-samples", "Try the sample parts", "First verdict in a minute."),
    ("open-model", "Open model…", "Inspect with a trained model."),
)
_SENTENCE = "Learns from a few good parts, in colour and in 3D, and shows where another part differs."
_HINT = "Or drop a folder, images, scans or a model (.pirn) anywhere in this window."
_SHOWN = 6
_WIDTH = 720


class StartView(View):
    """Name, choices and recent paths."""

    name = "start"
    title = "Start"

    chosen = Signal(object)
    """A recent `Path` that shall be opened."""

    def __init__(self, context: Context, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._preferences = preferences
        self._signs: list[tuple[QLabel, str]] = []
        self._recent: dict[Path, tuple[QToolButton, QLabel]] = {}
        self._looking = _Looking(self)
        self._looking.found.connect(self._grey)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(2)
        column.addWidget(named(QLabel("PIRN Inspector"), "start-name"))
        column.addSpacing(STEP)
        column.addWidget(named(QLabel(_SENTENCE, wordWrap=True), "start-sentence"))
        column.addSpacing(4 * STEP)
        column.addLayout(self._choices())
        column.addSpacing(2 * STEP)
        column.addWidget(styled(QLabel(_HINT, wordWrap=True), role="muted"))
        column.addSpacing(4 * STEP)
        self._heading = styled(QLabel("Recent"), role="heading")
        column.addWidget(self._heading)
        column.addSpacing(STEP)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(STEP)
        self._rows.setVerticalSpacing(0)
        self._rows.setColumnStretch(1, 1)
        column.addLayout(self._rows)
        column.addStretch(3)
        middle = QWidget()
        middle.setMaximumWidth(_WIDTH)
        middle.setLayout(column)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        self.follow(preferences.recent_changed, self._list)
        self.follow(context.theme.changed, self._colour)
        self._colour()

    def _choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * STEP)
        for name, title, line in CHOICES:
            row.addWidget(self._choice(name, title, line), 1)
        return row

    def _choice(self, name: str, title: str, line: str) -> QPushButton:
        button = styled(named(QPushButton(), f"start-{name}"), choice=True)
        button.setAccessibleName(title)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFixedHeight(14 * STEP)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.context.actions.trigger(name))
        sign = QLabel()
        self._signs.append((sign, name))
        words = (sign, styled(QLabel(title), role="heading"), styled(QLabel(line, wordWrap=True), role="muted"))
        column = QVBoxLayout(button)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP // 2)
        for widget in words:
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(widget)
        column.addStretch()
        return button

    def _list(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._recent.clear()
        recent = self._preferences.recent[:_SHOWN]
        self._heading.setVisible(bool(recent))
        for row, path in enumerate(recent):
            self._add_row(row, path)
        self._looking.at(recent)

    def _add_row(self, row: int, path: Path) -> None:
        button = named(QToolButton(), f"recent-{row}")
        button.setText(path.name or str(path))
        button.setToolTip(str(path))
        button.setIcon(icon(_sign(path), self.context.theme.palette.text))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(lambda: self.chosen.emit(path))
        where = styled(named(QLabel(_short(path.parent)), f"recent-where-{row}"), role="muted")
        where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        remove = named(QToolButton(), f"recent-forget-{row}")
        remove.setToolTip("Take this off the list.")
        remove.setIcon(icon("close", self.context.theme.palette.muted))
        remove.clicked.connect(lambda: self._preferences.forget(path))
        self._recent[path] = (button, where)
        for column, widget in enumerate((button, where, remove)):
            self._rows.addWidget(widget, row, column)

    def _grey(self, missing: object) -> None:
        assert isinstance(missing, frozenset)
        for path, (button, where) in self._recent.items():
            if path in missing:
                button.setEnabled(False)
                where.setText(f"{_short(path.parent)} (not there now)")

    def _colour(self) -> None:
        for sign, name in self._signs:
            sign.setPixmap(pixmap(name, self.context.theme.palette.accent, 28, self.devicePixelRatioF()))
        self._list()


def _sign(path: Path) -> str:
    return "open-model" if path.suffix == ".pirn" else "open-files" if path.suffix else "open-folder"


def _short(path: Path) -> str:
    home = str(Path.home())
    text = str(path)
    return f"~{text[len(home) :]}" if text == home or text.startswith(f"{home}/") else text


class _Looking(QObject):
    """Looks in the background which paths are there: a drive that is away can take seconds to say so."""

    found = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def at(self, paths: tuple[Path, ...]) -> None:
        """Tells which of the paths are missing."""
        self._pool.clear()
        self._pool.start(_Look(self, paths))


class _Look(QRunnable):
    def __init__(self, owner: _Looking, paths: tuple[Path, ...]) -> None:
        super().__init__()
        self._owner, self._paths = owner, paths

    def run(self) -> None:
        self._owner.found.emit(frozenset(path for path in self._paths if not path.exists()))
