"""What timm knows of a model: the entry of any of its names, without weights and without computing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import timm
import torch
from timm.models import get_pretrained_cfg, is_model, list_pretrained

from pirn_core.errors import BackboneError
from pirn_core.nn.entry import HUB_FILES, BackboneEntry, paper_blocks

STAGES_INPUT = 448
"""Default input side of networks with stages: at 16 px per token 28x28 tokens, which measured best."""

STAGES_STRIDES = (8, 16)
"""Stages of these strides become tokens, the middle ones (layer2 and layer3 of a ResNet)."""


def timm_entry(name: str) -> BackboneEntry | None:
    """The entry of a model of timm; None when timm has no architecture of that name.

    Raises:
        BackboneError: When timm has no weights of that tag, or the model cannot give intermediate maps.
    """
    if ":" in name or not is_model(name):
        return None
    try:
        config = get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        known = ", ".join(list_pretrained(f"{name.partition('.')[0]}.*"))
        raise BackboneError(f"timm has no weights {name!r}.", f"Choose one of {known}.") from error
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False)
    if not hasattr(model, "forward_intermediates"):
        raise BackboneError(f"{name}: timm {timm.__version__} gives no intermediate maps of it.", "Choose another.")
    full_name = ".".join(filter(None, (config.architecture, config.tag)))
    return BackboneEntry(
        name=f"timm:{full_name}",
        timm=full_name,
        licence=config.license or "unknown",
        parameters=sum(value.numel() for value in model.parameters()),
        size_mb=sum(value.numel() for value in model.state_dict().values()) * 4 / 1e6,
        description=config.description or "",
        hub=config.hf_hub_id or "",
        hub_files=(config.hf_hub_filename,) if config.hf_hub_filename else HUB_FILES,
        fixed_size=bool(config.fixed_input_size),
        mean=config.mean,
        std=config.std,
        **_maps(model.feature_info, config.input_size[-1], bool(config.fixed_input_size)),
    )


def _maps(info: Sequence[Mapping[str, Any]], own_size: int, fixed: bool) -> dict[str, Any]:
    """Which maps become tokens, and on which input: alike blocks are averaged, stages are stacked."""
    widths = [int(stage["num_chs"]) for stage in info]
    strides = [int(stage["reduction"]) for stage in info]
    if len(set(zip(widths, strides, strict=True))) == 1:
        patch = strides[0]
        side = min(own_size, max(224 // patch * patch, 16 * patch))
        chosen = paper_blocks(len(info))
        return {
            "indices": chosen,
            "aggregate": "mean",
            "input_size": side,
            "grid": side // patch,
            "channels": widths[0],
        }
    chosen = tuple(index for index, stride in enumerate(strides) if stride in STAGES_STRIDES) or (len(info) // 2,)
    side = own_size if fixed else STAGES_INPUT
    return {
        "indices": chosen,
        "aggregate": "concat",
        "input_size": side,
        "grid": side // max(strides[index] for index in chosen),
        "channels": sum(widths[index] for index in chosen),
    }
