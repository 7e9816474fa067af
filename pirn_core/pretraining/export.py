"""Writes the trained backbone as the safetensors file that ships with the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from pirn_core.files import atomic_path
from pirn_core.pretraining.distil import Architecture
from pirn_core.pretraining.views import IMAGENET_MEAN, IMAGENET_STD

METADATA_KEY = "pirn_backbone"
LICENCE = (
    "Apache-2.0, like the program. Trained from random weights on CC0 1.0 materials (Nobiax), MIT "
    "photographs (TrashNet, (c) 2017 Gary Thung), MIT textures (TRaK) and procedural renders; the "
    "distillation targets are feature maps of torchvision's ResNet-18 (BSD-3-Clause project)."
)


def description(architecture: Architecture) -> str:
    """One sentence for the list of backbones."""
    return f"{architecture.timm} distilled on photos, materials, renders and normal maps; needs no download"


def backbone_record(architecture: Architecture, trained: Mapping[str, Any], name: str = "embedded") -> dict[str, Any]:
    """What a loader must know to rebuild the model and to make tokens of its maps.

    Args:
        architecture: The student.
        trained: How it was made: seed, steps, minutes, versions, command, validation cosines.
        name: Name in the list of backbones.
    """
    return {
        "schema": 1,
        "name": name,
        "timm": architecture.timm,
        "kwargs": architecture.kwargs,
        "indices": list(architecture.exported),
        "aggregate": "concat",
        "input_size": 448,
        "grid": 28,
        "mean": list(IMAGENET_MEAN),
        "std": list(IMAGENET_STD),
        "licence": LICENCE,
        "description": description(architecture),
        "trained": dict(trained),
    }


def halved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Floating-point tensors as fp16 (CPU, contiguous); counters unchanged."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous() for name, value in state.items()
    }


def export_backbone(
    state: Mapping[str, Tensor], architecture: Architecture, trained: Mapping[str, Any], target: Path
) -> None:
    """Writes weights and record; a reader never sees half a file.

    Args:
        state: State dict of the pruned timm model.
        architecture: Its architecture.
        trained: See `backbone_record`.
        target: The safetensors file.

    Raises:
        ValueError: A weight is not finite in fp16.
    """
    tensors = halved(state)
    broken = [name for name, value in tensors.items() if not bool(torch.isfinite(value.float()).all())]
    if broken:
        raise ValueError(f"{target}: {broken[0]} is not finite in fp16")
    record = json.dumps(backbone_record(architecture, trained), ensure_ascii=False)
    with atomic_path(target) as temporary:
        save_file(tensors, str(temporary), metadata={METADATA_KEY: record})
