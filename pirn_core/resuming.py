"""Training that was interrupted: where it stood, in a file beside the model, and going on from there."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pirn_core import config as settings
from pirn_core.errors import CheckpointError
from pirn_core.files import atomic_path
from pirn_core.learn import Learning, content_hash, identity_of
from pirn_core.training import Trainer

SCHEMA = 1
"""Number of the file's layout; a file with another one is refused."""

_SHARE = 0.05
"""Most of the time that may go into writing."""

_WORDS = {"config": "settings", "shots": "shots", "backbone": "backbone"}


def progress_path(model: Path) -> Path:
    """Where the progress of a training is kept, beside the model that it will give."""
    return model.with_name(model.name + ".ckpt")


def run_identity(learning: Learning) -> dict[str, Any]:
    """All that the course of a training depends on: settings (with the seed), shots' contents, backbone."""
    backbone = identity_of(learning.backbone)
    return {
        "config": settings.to_dict(learning.config),
        "shots": [[sample.ref.id, content_hash(sample.ref)] for sample in learning.samples],
        "backbone": [backbone.name, backbone.sha256, backbone.input_size, backbone.grid],
    }


@dataclass
class Progress:
    """Keeps the progress of one training on disk.

    Attributes:
        path: The file.
        identity: Of the run, see `run_identity`.
        every: Seconds between two writes, at least; more where writing is slow.
    """

    path: Path
    identity: Mapping[str, Any]
    every: float = 20.0
    _last: float = field(default_factory=time.perf_counter, init=False)
    _cost: float = field(default=0.0, init=False)

    def keep(self, trainer: Trainer) -> bool:
        """Writes the progress when it is due; to be called between two steps.

        Returns:
            Whether it was written.

        Raises:
            CheckpointError: When it cannot be written.
        """
        now = time.perf_counter()
        if now - self._last < max(self.every, self._cost / _SHARE):
            return False
        self.write(trainer)
        self._last = time.perf_counter()
        self._cost = self._last - now
        return True

    def found(self, device: torch.device) -> Mapping[str, Any] | None:
        """The state to go on from; None where there is no file.

        Raises:
            CheckpointError: When the file is damaged, foreign, or belongs to another run.
        """
        if not self.path.exists():
            return None
        content = _read(self.path, device)
        differing = [word for key, word in _WORDS.items() if content["identity"].get(key) != self.identity[key]]
        if differing:
            what = f"its {_listed(differing)} differ{_what(content, self.identity)}"
            raise CheckpointError(
                f"{self.path}: belongs to another run: {what}.",
                "Give the same arguments as then, or leave --resume out to begin anew.",
            )
        state: Mapping[str, Any] = content["state"]
        return state

    def remove(self) -> None:
        """Removes the file, the model being saved."""
        self.path.unlink(missing_ok=True)

    def write(self, trainer: Trainer) -> None:
        """Writes the progress, due or not.

        Raises:
            CheckpointError: When it cannot be written.
        """
        content = {"schema": SCHEMA, "identity": dict(self.identity), "state": trainer.state_dict()}
        try:
            with atomic_path(self.path) as temporary:
                torch.save(content, temporary)
        except (OSError, RuntimeError) as error:
            raise CheckpointError(
                f"{self.path}: the progress cannot be written: {error}.",
                "Free some space, or choose another folder.",
            ) from error


def _read(path: Path, device: torch.device) -> dict[str, Any]:
    advice = "Delete it, or leave --resume out to begin anew."
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path}: is damaged or no progress of a training.", advice) from error
    if not isinstance(content, dict) or not {"schema", "identity", "state"} <= content.keys():
        raise CheckpointError(f"{path}: is no progress of a training.", advice)
    if content["schema"] != SCHEMA:
        raise CheckpointError(f"{path}: was written by another version of the program.", advice)
    return content


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _what(content: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """The first setting that differs, as the likeliest cause."""
    then, now = settings.dotted(content["identity"].get("config", {})), settings.dotted(identity["config"])
    for key, value in now.items():
        if then.get(key) != value:
            return f" ({key} was {then.get(key)}, now {value})"
    return ""
