"""What the commands that use a model begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pirn_core.files import cache_dir

if TYPE_CHECKING:
    from pirn_core.cli.voice import Voice
    from pirn_core.config import PirnConfig
    from pirn_core.inspector import Inspector
    from pirn_core.model import TrainedModel
    from pirn_core.nn.backbone import Backbone
    from pirn_core.tokens import TokenCache


def token_cache(no_cache: bool) -> TokenCache | None:
    """The cache of tokens on this machine."""
    from pirn_core.tokens import TokenCache

    return None if no_cache else TokenCache(cache_dir("tokens"))


def open_backbone(voice: Voice, settings: PirnConfig, *, device: str, weights: Path | None) -> Backbone:
    """The backbone to train with, and a word on what runs where.

    Raises:
        DeviceError: When there is no such device.
        BackboneError: When the backbone is unknown or its weights are not on this machine.
    """
    from pirn_core.devices import choose_device, device_label
    from pirn_core.nn.backbone import load_backbone

    chosen = choose_device(device)
    size, grid = settings.recipe.input_size, settings.recipe.grid
    backbone = load_backbone(settings.backbone, input_size=size, grid=grid, device=chosen, weights=weights)
    voice.note(f"Backbone {backbone.name} on {device_label(chosen)}.")
    return backbone


def open_inspector(
    voice: Voice, model: TrainedModel, *, device: str, weights: Path | None, no_cache: bool
) -> Inspector:
    """The inspector of a model, and a word on what runs where.

    Raises:
        DeviceError: When there is no such device.
        BackboneError: When the model's backbone is not on this machine.
    """
    from pirn_core.devices import choose_device, device_label
    from pirn_core.inspector import Inspector

    chosen = choose_device(device)
    inspector = Inspector.open(model, chosen, weights=weights, cache=token_cache(no_cache))
    voice.note(f"Model {model.id} with backbone {inspector.backbone.name} on {device_label(chosen)}.")
    if voice.verbose:
        voice.note(inspector.backbone.describe())
    return inspector
