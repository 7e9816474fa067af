"""The action table, in pieces by menu; all that can be done with keys, menus and buttons is an entry of it."""

from pirn_app.actions import Action
from pirn_app.commands import edit, files, help, model, parts, teach, view
from pirn_app.commands.desk import Desk, PartList, ShotPicker

__all__ = ["Desk", "PartList", "ShotPicker", "table"]


def table(desk: Desk) -> list[Action]:
    """All entries, in the order of menus."""
    pieces = (files, edit, parts, model, teach, view, help)
    return [entry for piece in pieces for entry in piece.actions(desk)]
