"""The teacher: a ResNet-18 up to layer3 whose BatchNorms are folded into its convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pirn_core.errors import BackboneError

TEACHER_CHANNELS = (64, 128, 256)
"""Channels of layer1, layer2 and layer3."""

TEACHER_STRIDES = (4, 8, 16)
"""Input pixels per cell of layer1, layer2 and layer3."""


class FoldedBlock(nn.Module):
    """A basic residual block without BatchNorm: relu(conv2(relu(conv1(x))) + shortcut(x))."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
        shortcut = [nn.Conv2d(inputs, outputs, 1, stride)] if stride > 1 else []
        self.downsample = nn.Sequential(*shortcut)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        inner: Tensor = self.conv2(torch.relu(self.conv1(maps)))
        return torch.relu(inner + self.downsample(maps))


class Teacher(nn.Module):
    """ResNet-18 (He et al. 2016) from conv1 to layer3, frozen, for feature targets only."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(FoldedBlock(64, 64, 1), FoldedBlock(64, 64, 1))
        self.layer2 = nn.Sequential(FoldedBlock(64, 128, 2), FoldedBlock(128, 128, 1))
        self.layer3 = nn.Sequential(FoldedBlock(128, 256, 2), FoldedBlock(256, 256, 1))
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps after layer1, layer2 and layer3.

        Args:
            images: RGB with ImageNet mean and standard deviation removed, (B, 3, H, W).

        Returns:
            Non-negative maps (B, 64, H/4, W/4), (B, 128, H/8, W/8), (B, 256, H/16, W/16).
        """
        maps = self.pool(torch.relu(self.conv1(images)))
        outputs = []
        for layer in (self.layer1, self.layer2, self.layer3):
            maps = layer(maps)
            outputs.append(maps)
        return outputs


def load_teacher(path: Path) -> Teacher:
    """Reads the folded weights, an npz of arrays such as `layer2.0.conv1.weight`.

    Raises:
        BackboneError: The file is missing, no npz, or its arrays do not fit a ResNet-18.
    """
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, BadZipFile) as error:
        message = f"{path}: no readable teacher file ({error})."
        raise BackboneError(message, "Give an npz with --teacher.") from error
    return teacher_from_arrays(arrays, str(path))


def teacher_from_arrays(arrays: Mapping[str, NDArray[np.generic]], name: str = "teacher") -> Teacher:
    """Builds the teacher from arrays in memory.

    Raises:
        BackboneError: Arrays are missing, superfluous or of another shape.
    """
    teacher = Teacher()
    state = {key: torch.from_numpy(np.asarray(value, np.float32)) for key, value in arrays.items()}
    try:
        teacher.load_state_dict(state)
    except RuntimeError as error:
        raise BackboneError(f"{name}: not a folded ResNet-18 up to layer3 ({error}).") from error
    return teacher.eval().to(memory_format=torch.channels_last)
