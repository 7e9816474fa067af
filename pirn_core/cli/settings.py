"""Settings from preset, file and flags; the later ones win."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pirn_core import config as settings
from pirn_core.config import PirnConfig
from pirn_core.errors import ConfigError


def assembled(
    *, preset: str | None, file: Path | None, assignments: Sequence[str], seed: int, backbone: str | None
) -> PirnConfig:
    """Settings for a training.

    Args:
        preset: Name; None: the one that the file names, else `default`.
        file: YAML with the settings to change.
        assignments: As typed, e.g. `decoder.prototypes=500`.
        seed: Of everything random.
        backbone: Name; None: as the file says, else `auto`.

    Raises:
        ConfigError: For an unknown preset or setting, or a value that does not fit.
    """
    values = settings.load(file) if file is not None else {}
    base = settings.preset(preset or str(values.get("preset", "default")))
    config = settings.changed(base, {key: value for key, value in values.items() if key != "preset"})
    config = settings.changed(config, dict(map(assignment, assignments)))
    named: dict[str, Any] = {"seed": seed} | ({} if backbone is None else {"backbone": backbone})
    return settings.changed(config, named)


def assignment(text: str) -> tuple[str, Any]:
    """`name=value` with the value read as YAML, and as a number wherever it looks like one.

    Raises:
        ConfigError: When it is no assignment.
    """
    name, found, value = text.partition("=")
    if not found or not name.strip():
        raise ConfigError(f"--set {text}: is no assignment.", "Write it as decoder.prototypes=500.")
    if name.strip() in ("preset", "seed", "backbone", "schema"):
        raise ConfigError(f"--set {text}: has an option of its own.", f"Use --{name.strip()}.")
    return name.strip(), _value(value.strip())


def _value(text: str) -> Any:
    try:
        value = msgspec.yaml.decode(text.encode())
    except msgspec.DecodeError as error:
        raise ConfigError(f"{text!r} cannot be read as a value: {error}.") from error
    if isinstance(value, str):  # YAML takes 1e-3 for text
        try:
            number = float(value)
        except ValueError:
            return value
        if not math.isfinite(number):
            return value
        return int(number) if number.is_integer() else number
    return value
