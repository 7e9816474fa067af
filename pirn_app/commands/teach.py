"""The way back from a wrong verdict."""

from __future__ import annotations

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_core.results import Region


def actions(desk: Desk) -> list[Action]:
    """Entries of the Model menu; all of them show the panel with the preview."""
    feedback = desk.studies.feedback

    def able() -> bool:
        return bool(_part(desk)) and not feedback.obstacle(_part(desk)) and not feedback.applying

    return [
        Action("confirm-good", "This part is good…", "Model", lambda: _confirm(desk), ("Ctrl+G",),
               "Count the look of this part as normal; what would change is shown first.", "confirm-good", able),
        Action("region-fine", "This region is fine…", "Model", lambda: _region_fine(desk), ("Ctrl+Shift+G",),
               "Count the look of the chosen region, or of all regions, as normal; what would change is shown first.",
               "region-fine", lambda: able() and bool(_regions(desk))),
        Action("mark-defect", "This is a defect", "Model", lambda: _mark(desk), ("Ctrl+B",),
               "Label the chosen place as a defect that was missed; used for the threshold advice, never trained on.",
               "mark-defect", lambda: bool(_part(desk)) and desk.context.workspace.model is not None),
    ]  # fmt: skip


def _part(desk: Desk) -> str:
    return desk.context.cursor.place.part


def _regions(desk: Desk) -> tuple[Region, ...]:
    """The chosen region of the part in view, else all of its regions."""
    place = desk.context.cursor.place
    regions = desk.context.workspace.regions(place.part)
    return tuple(region for region in regions if region.label == place.region) or regions


def _confirm(desk: Desk) -> None:
    desk.studies.feedback.confirm(_part(desk))
    desk.window.show_panel("feedback")


def _region_fine(desk: Desk) -> None:
    desk.studies.feedback.confirm_regions(_part(desk), _regions(desk))
    desk.window.show_panel("feedback")


def _mark(desk: Desk) -> None:
    place = desk.context.cursor.place
    chosen = next((r for r in desk.context.workspace.regions(place.part) if r.label == place.region), None)
    desk.studies.feedback.mark_defect(place.part, chosen, place.pixel if place.pinned else None)
    desk.window.show_panel("feedback")
