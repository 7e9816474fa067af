"""What the next training will be: preset, backbone, device, seed and the settings changed against the preset."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from pirn_app.state.workspace import Workspace
from pirn_core import config as settings
from pirn_core.config import PirnConfig, Recipe
from pirn_core.errors import ConfigError

OWN_RECIPE = ("recipe.input_size", "recipe.grid")
"""The two settings of the recipe that belong to the backbone and so to the plan; the rest is preprocessing."""


class TrainingPlan(QObject):
    """Holds the choices for the next training; every change is told once, no change is not told.

    The plan alone decides on the input size and the grid, the document on the rest of the recipe.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preset, self._backbone, self._device, self._seed = "default", "auto", "auto", 0
        self._changes: dict[str, Any] = {}
        self._usual = _dotted(settings.preset("default"))

    @property
    def preset(self) -> str:
        """Name of the preset."""
        return self._preset

    @property
    def backbone(self) -> str:
        """Name of the backbone, `auto` among them."""
        return self._backbone

    @property
    def device(self) -> str:
        """Name of the device, `auto` among them."""
        return self._device

    @property
    def seed(self) -> int:
        """Of the codebook, the parameters and the order of the tokens."""
        return self._seed

    @property
    def changes(self) -> Mapping[str, Any]:
        """Settings that differ from the preset's, by their dotted names."""
        return MappingProxyType(self._changes)

    def choose(
        self,
        *,
        preset: str | None = None,
        backbone: str | None = None,
        device: str | None = None,
        seed: int | None = None,
    ) -> None:
        """Changes what is given. Another preset keeps the values set by hand, as far as they differ from its own.

        Raises:
            ConfigError: When there is no preset of that name.
        """
        usual = self._usual if preset is None else _dotted(settings.preset(preset))
        before = (self._preset, self._backbone, self._device, self._seed)
        self._usual = usual
        self._preset = self._preset if preset is None else preset
        self._backbone = self._backbone if backbone is None else backbone
        self._device = self._device if device is None else device
        self._seed = self._seed if seed is None else seed
        self._changes = {key: value for key, value in self._changes.items() if usual[key] != value}
        if before != (self._preset, self._backbone, self._device, self._seed):
            self.changed.emit()

    def usual(self, key: str) -> Any:
        """The preset's value of a setting, by its dotted name."""
        return self._usual[key]

    def value(self, key: str) -> Any:
        """The value of a setting that training would use."""
        return self._changes.get(key, self._usual[key])

    def set(self, key: str, value: Any) -> None:
        """Changes a setting; the preset's own value takes the change away.

        Raises:
            KeyError: When there is no such setting.
        """
        if self.value(key) == value:
            return
        if self._usual[key] == value:
            self._changes.pop(key, None)
        else:
            self._changes[key] = value
        self.changed.emit()

    def reset(self, key: str) -> None:
        """Back to the preset's value."""
        self.set(key, self._usual[key])

    def reset_all(self) -> None:
        """Back to the preset's values."""
        if self._changes:
            self._changes.clear()
            self.changed.emit()

    def config(self, recipe: Recipe) -> PirnConfig:
        """All settings of the next training.

        Args:
            recipe: Preprocessing, of the document; its input size and grid give way to the plan's.

        Raises:
            ConfigError: When the settings contradict each other.
        """
        own = {"backbone": self._backbone, "seed": self._seed, **self._changes}
        made = settings.changed(settings.preset(self._preset), own)
        whole = msgspec.structs.replace(recipe, input_size=made.recipe.input_size, grid=made.recipe.grid)
        return msgspec.structs.replace(made, recipe=whole)

    def problems(self, workspace: Workspace | None = None) -> tuple[str, ...]:
        """What stands in the way of training, one sentence each with what to do.

        Args:
            workspace: Where shots and backbones are looked up; None: the settings alone.
        """
        found: list[str] = []
        if workspace is not None:
            found += self._missing(workspace)
        try:
            self.config(Recipe())
        except ConfigError as error:
            found.append(_sentence(error))
        return tuple(found)

    def _missing(self, workspace: Workspace) -> list[str]:
        found: list[str] = []
        if not workspace.refs:
            found.append("Open a folder of parts first.")
        elif not workspace.shots:
            found.append("Pick at least one shot first: a good part to learn from, better 5 to 10 of them.")
        place = {state.name: state.place for state in workspace.backbones}.get(self._backbone)
        if place == "download":
            found.append(
                f"The backbone {self._backbone} is not on this machine: download or import it, or use another."
            )
        elif place == "missing":
            found.append(f"The backbone {self._backbone} cannot be read: install the program anew, or use another.")
        known = [name for name, _ in workspace.devices]
        if known and self._device != "auto" and self._device not in known:
            found.append(f"This machine has no device {self._device}: choose another.")
        return found


def _dotted(config: PirnConfig) -> dict[str, Any]:
    """Settings by their dotted names, infinity as a number."""
    return {
        key: float("inf") if value == "inf" else value
        for key, value in settings.dotted(settings.to_dict(config)).items()
    }


def _sentence(error: ConfigError) -> str:
    """The error as one sentence that begins like one."""
    text = str(error.message).removeprefix("settings: ").strip()
    return f"The advanced settings contradict each other: {text} {error.advice}".strip()
