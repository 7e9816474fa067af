"""Keys and versions."""

from __future__ import annotations

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.dialogs.about import AboutDialog
from pirn_app.dialogs.shortcuts import ShortcutsDialog


def actions(desk: Desk) -> list[Action]:
    """Entries of the Help menu."""
    return [
        Action("shortcuts", "Actions and keys…", "Help", lambda: _shortcuts(desk), ("?", "F1"),
               "Search everything that can be done, and its keys.", "shortcuts"),
        Action("about", "About PIRN Inspector", "Help", lambda: desk.window.ask(AboutDialog(desk.window)), (),
               "Version and licence.", "about"),
    ]  # fmt: skip


def _shortcuts(desk: Desk) -> None:
    dialog = ShortcutsDialog(desk.context.actions, desk.window)
    dialog.accepted.connect(lambda: desk.context.actions.trigger(dialog.chosen))
    desk.window.ask(dialog)
