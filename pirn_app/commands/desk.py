"""What commands may reach for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from pirn_app.context import Context
from pirn_app.dialogs.choosing import Chooser
from pirn_app.preferences import Preferences
from pirn_app.state.plan import TrainingPlan
from pirn_app.state.studies import Studies
from pirn_core.data.sample import PartRef

if TYPE_CHECKING:
    from pirn_app.window import MainWindow


class PartList(Protocol):
    """What commands want of the list of parts."""

    def step(self, by: int) -> None:
        """Goes to a later or earlier part, in the order shown."""

    def selected_parts(self) -> tuple[str, ...]:
        """Ids of the selected parts, in the order shown."""


class ShotPicker(Protocol):
    """What commands want of the panel of shots."""

    def pick_random(self) -> None:
        """Draws shots at random with the panel's number and seed."""


@dataclass(frozen=True)
class Desk:
    """The shared objects, the window, and how files are asked for."""

    context: Context
    plan: TrainingPlan
    studies: Studies
    preferences: Preferences
    window: MainWindow
    choose: Chooser

    @property
    def part_list(self) -> PartList | None:
        """The list of parts, once it is built."""
        return cast("PartList | None", self.window.panel("parts"))

    @property
    def shot_picker(self) -> ShotPicker | None:
        """The panel of shots, once it is built."""
        return cast("ShotPicker | None", self.window.panel("shots"))

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the selected parts; without a selection, of the part in view."""
        listed = self.part_list
        selected = () if listed is None else tuple(listed.selected_parts())
        part = self.context.cursor.place.part
        return selected or ((part,) if part else ())

    @property
    def current(self) -> PartRef | None:
        """The part in view."""
        return self.context.workspace.ref(self.context.cursor.place.part)

    @property
    def training(self) -> bool:
        """Whether a training is under way."""
        return self.context.workspace.jobs.of_kind("Train") is not None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way that opening something else would spoil."""
        return self.context.workspace.jobs.of_kind("Train", "InspectParts") is None
