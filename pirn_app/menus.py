"""Menu bar and tool bar, made from the action table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from pirn_app.actions import Actions
from pirn_app.preferences import Preferences
from pirn_app.widgets import named, styled

if TYPE_CHECKING:
    from pirn_app.window import MainWindow

LINE, RECENT, PANELS, THEME = "-", ">recent", ">panels", ">theme"
MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("File", ("open-folder", "open-files", "open-model", RECENT, "make-samples", LINE, "save-model", LINE, "quit")),
    ("Edit", ("undo", "redo", LINE, "settings")),
    ("Parts", ("previous-part", "next-part", LINE, "toggle-shot", "pick-random-shots", "clear-shots", LINE,
               "label-good", "label-defective", "label-none", LINE, "import-report", "preprocessing")),
    ("Model", ("train", "inspect-all", "inspect-part", "cancel", LINE, "confirm-good", "region-fine",
               "mark-defect", LINE, "reset-threshold", LINE, "backbones")),
    ("View", ("workspace-setup", "workspace-train", "workspace-inspect", "workspace-understand", LINE,
              PANELS, "show-pictures", "show-log",
              "reset-layout", LINE, "toggle-heat", "toggle-contour", "toggle-truth", "toggle-foreground",
              "toggle-crosshair", LINE, "maximise-rgb", "maximise-normals", "maximise-anomaly", "maximise-cloud",
              "show-all-views", LINE, "reset-view", "release-cursor", LINE, THEME, "full-screen")),
    ("Help", ("shortcuts", "about")),
)  # fmt: skip
THEMES = ("theme-system", "theme-dark", "theme-light")
TOOLS = ("open-folder", "save-model", LINE, "undo", "redo", LINE, "previous-part", "next-part", "toggle-shot", LINE,
         "toggle-heat", "toggle-contour", "toggle-truth", "toggle-foreground", "toggle-crosshair", LINE,
         "reset-view", "show-all-views")  # fmt: skip
WORDS = ("train", "inspect-all")
WORKFLOW = ("workspace-setup", "workspace-train", "workspace-inspect", "workspace-understand")
_ICON = 20
_SHOWN = 12


def build(window: MainWindow, actions: Actions, preferences: Preferences) -> None:
    """Fills the window's menu bar and tool bar."""
    for title, entries in MENUS:
        menu = window.menuBar().addMenu(title)
        for entry in entries:
            _add(window, menu, entry, actions, preferences)
    window.addActions([actions.qaction(entry.id) for entry in actions])
    window.addToolBar(tool_bar(actions))


def _add(window: MainWindow, menu: QMenu, entry: str, actions: Actions, preferences: Preferences) -> None:
    if entry == LINE:
        menu.addSeparator()
    elif entry == RECENT:
        _recent(window, menu.addMenu("Open recent"), preferences)
    elif entry == PANELS:
        panels = menu.addMenu("Panels")
        panels.aboutToShow.connect(lambda: _fill_panels(window, panels))
    elif entry == THEME:
        theme = menu.addMenu("Theme")
        theme.addActions([actions.qaction(name) for name in THEMES])
    else:
        menu.addAction(actions.qaction(entry))


def _recent(window: MainWindow, menu: QMenu, preferences: Preferences) -> None:
    def fill() -> None:
        menu.clear()
        for path in preferences.recent[:_SHOWN]:
            menu.addAction(str(path)).triggered.connect(_opening(window, path))
        menu.setEnabled(bool(preferences.recent))

    preferences.recent_changed.connect(fill)
    fill()


def _opening(window: MainWindow, path: Path) -> object:
    return lambda: window.dropped.emit((path,))


def _fill_panels(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    menu.addActions(window.panel_actions())


def tool_bar(actions: Actions) -> QToolBar:
    """Icons at the left, the words of the workflow at the right."""
    bar = named(QToolBar("Tools"), "tools")
    bar.setMovable(False)
    bar.setIconSize(QSize(_ICON, _ICON))
    for entry in TOOLS:
        if entry == LINE:
            bar.addSeparator()
        else:
            bar.addAction(actions.qaction(entry))
    bar.addSeparator()
    for entry in WORDS:
        bar.addWidget(_button(actions, entry, Qt.ToolButtonStyle.ToolButtonTextBesideIcon))
    gap = QWidget()
    gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(gap)
    for entry in WORKFLOW:
        bar.addWidget(styled(_button(actions, entry, Qt.ToolButtonStyle.ToolButtonTextOnly), workflow=True))
    return bar


def _button(actions: Actions, name: str, style: Qt.ToolButtonStyle) -> QToolButton:
    made = named(QToolButton(), f"tool-{name}")
    made.setDefaultAction(actions.qaction(name))
    made.setToolButtonStyle(style)
    made.setIconSize(QSize(_ICON, _ICON))
    return made
