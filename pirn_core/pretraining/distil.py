"""Distillation: student network, the teacher's channel statistics, loss per stage, averaged weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from pirn_core.pretraining.teacher import TEACHER_CHANNELS, TEACHER_STRIDES, Teacher


@dataclass(frozen=True)
class Architecture:
    """A timm model as student.

    Attributes:
        timm: Model name.
        matched: `forward_intermediates` indices whose maps learn the teacher's layer1, layer2, layer3.
        exported: Indices that become tokens.
        kwargs: For `timm.create_model`.
        transformer: Whether the model takes `norm` and a changing image size.
    """

    timm: str
    matched: tuple[int, int, int]
    exported: tuple[int, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    transformer: bool = False

    def build(self) -> nn.Module:
        """The network with random weights, without the layers that no index needs."""
        model: nn.Module = timm.create_model(self.timm, pretrained=False, **self.kwargs)
        model.prune_intermediate_layers(list(self.matched), prune_norm=True, prune_head=True)  # type: ignore[operator]
        return model.to(memory_format=torch.channels_last)


_TINY_VIT = {"img_size": 128, "depth": 6, "dynamic_img_size": True}

ARCHITECTURES = {
    "resnet18": Architecture("resnet18", (1, 2, 3), (2, 3)),
    "resnet10t": Architecture("resnet10t", (1, 2, 3), (2, 3)),
    "convnext_atto": Architecture("convnext_atto", (0, 1, 2), (1, 2)),
    "repvgg_a0": Architecture("repvgg_a0", (1, 2, 3), (2, 3)),
    "vit_tiny_patch16": Architecture("vit_tiny_patch16_224", (1, 3, 5), (3, 5), _TINY_VIT, True),
}


class Student(nn.Module):
    """A backbone and, per matched stage, a projection to the teacher's channels.

    A backbone with the teacher's widths is compared directly, so that its maps themselves take the teacher's
    place; any other gets a 1 x 1 convolution, which is not exported.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = architecture.build()
        with torch.no_grad():
            maps = self.eval().stages(torch.zeros(1, 3, 128, 128))
        widths = tuple(int(stage.shape[1]) for stage in maps)
        self.heads = nn.ModuleList(
            nn.Identity() if widths == TEACHER_CHANNELS else nn.Conv2d(width, channels, 1)
            for width, channels in zip(widths, TEACHER_CHANNELS, strict=True)
        )

    def stages(self, images: Tensor) -> list[Tensor]:
        """The backbone's maps at the matched indices, each (B, C_i, H_i, W_i)."""
        options = {"norm": False} if self.architecture.transformer else {}
        maps: list[Tensor] = self.backbone.forward_intermediates(  # type: ignore[operator]
            images, indices=list(self.architecture.matched), intermediates_only=True, **options
        )
        return maps

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps with the teacher's channels and sizes, (B, C_i, H / stride_i, W / stride_i)."""
        outputs = []
        for head, maps, stride in zip(self.heads, self.stages(images), TEACHER_STRIDES, strict=True):
            size = (images.shape[-2] // stride, images.shape[-1] // stride)
            projected = head(maps)
            if projected.shape[-2:] != size:
                # The antialiased resampling knows no bfloat16.
                projected = functional.interpolate(projected.float(), size, mode="bilinear", antialias=True)
            outputs.append(projected)
        return outputs


class ChannelScale(nn.Module):
    """Mean and standard deviation of the teacher's channels per stage, measured once on training views."""

    def __init__(self) -> None:
        super().__init__()
        for stage, channels in enumerate(TEACHER_CHANNELS):
            self.register_buffer(f"mean{stage}", torch.zeros(1, channels, 1, 1))
            self.register_buffer(f"std{stage}", torch.ones(1, channels, 1, 1))

    @torch.no_grad()
    def measure(self, teacher: Teacher, batches: Iterable[Tensor]) -> None:
        """Sets the statistics from the teacher's maps of the batches (each (B, 3, H, W))."""
        sums = [torch.zeros(2, channels, dtype=torch.float64) for channels in TEACHER_CHANNELS]
        counts = [0] * len(sums)
        for images in batches:
            for stage, maps in enumerate(teacher(images)):
                values = maps.double()
                sums[stage] += torch.stack([values.sum((0, 2, 3)), values.square().sum((0, 2, 3))])
                counts[stage] += maps.numel() // maps.shape[1]
        for stage, (total, count) in enumerate(zip(sums, counts, strict=True)):
            mean, square = (total / count).float()
            std = (square - mean * mean).clamp_min(1e-6).sqrt()
            self.get_buffer(f"mean{stage}").copy_(mean.view(1, -1, 1, 1))
            # A channel that hardly ever fires must not outweigh all others.
            self.get_buffer(f"std{stage}").copy_(std.clamp_min(0.1 * float(std.median())).view(1, -1, 1, 1))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Standardised maps, float32, shapes unchanged."""
        return [
            (values.float() - self.get_buffer(f"mean{stage}")) / self.get_buffer(f"std{stage}")
            for stage, values in enumerate(maps)
        ]


def stage_cosines(predicted: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Mean cosine over locations per stage, (stages,), of maps (B, C_i, H_i, W_i)."""
    pairs = zip(predicted, target, strict=True)
    return torch.stack([functional.cosine_similarity(mine, its, dim=1).mean() for mine, its in pairs])


def distillation_loss(predicted: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Smooth L1 plus (1 - cosine) per location, mean over the stages.

    Args:
        predicted: The student's standardised maps.
        target: The teacher's standardised maps of the same shapes.
    """
    pairs = list(zip(predicted, target, strict=True))
    distance = torch.stack([functional.smooth_l1_loss(mine, its) for mine, its in pairs]).mean()
    return distance + 1 - stage_cosines(predicted, target).mean()


class Average:
    """Exponential moving average of a network's parameters and buffers."""

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        self._decay = decay
        self.state = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Moves towards the model; early steps are forgotten faster."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, weight)
            else:
                self.state[name].copy_(value)
