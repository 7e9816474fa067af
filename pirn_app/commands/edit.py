"""Undo, redo, settings."""

from __future__ import annotations

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.dialogs.settings import SettingsDialog


def actions(desk: Desk) -> list[Action]:
    """Entries of the Edit menu."""
    workspace = desk.context.workspace
    return [
        Action("undo", "Undo", "Edit", workspace.undo, ("Ctrl+Z",),
               "Take back the last change of shots, labels, preprocessing or threshold.", "undo",
               lambda: bool(workspace.history.undo_text),
               text_when=lambda: _with("Undo", workspace.history.undo_text)),
        Action("redo", "Redo", "Edit", workspace.redo, ("Ctrl+Shift+Z", "Ctrl+Y"),
               "Do the change again that was taken back last.", "redo",
               lambda: bool(workspace.history.redo_text),
               text_when=lambda: _with("Redo", workspace.history.redo_text)),
        Action("settings", "Settings…", "Edit", lambda: _settings(desk), ("Ctrl+,",),
               "Theme, recent list and folders of this program.", "settings"),
    ]  # fmt: skip


def _with(word: str, change: str) -> str:
    return f"{word} {change[:1].lower()}{change[1:]}" if change else word


def _settings(desk: Desk) -> None:
    dialog = SettingsDialog(desk.preferences, desk.window)

    def accepted() -> None:
        desk.preferences.theme = dialog.theme
        desk.context.theme.choose(dialog.theme)
        if dialog.forget_recent:
            desk.preferences.forget_all()

    dialog.accepted.connect(accepted)
    desk.window.ask(dialog)
