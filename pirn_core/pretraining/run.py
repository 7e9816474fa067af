"""The training run: recipe, schedule, optimiser step, validation and the state that a checkpoint holds."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Muon
from torch import Tensor, nn

from pirn_core.errors import ConfigError
from pirn_core.pretraining.distil import (
    ARCHITECTURES,
    Average,
    ChannelScale,
    Student,
    distillation_loss,
    stage_cosines,
)
from pirn_core.pretraining.teacher import Teacher
from pirn_core.pretraining.views import ViewStream

Cosines = dict[str, list[float]]


@dataclass(frozen=True)
class Recipe:
    """What decides the result.

    Attributes:
        arch: Key of `ARCHITECTURES`.
        seed: Of weights, pictures and views.
        minutes: Length of the schedule in wall time, over all resumed parts; ignored where `steps` is given.
        steps: Length of the schedule in steps, 0 for `minutes`.
        batch: Views per step.
        crops: View sizes in pixels, in turn.
        lr: Largest learning rate.
        optimizer: `adamw` or `muon`.
        bf16: Whether networks run under bfloat16 autocast (three times as fast with AVX512-BF16).
    """

    arch: str = "resnet18"
    seed: int = 0
    minutes: float = 80.0
    steps: int = 0
    batch: int = 32
    crops: tuple[int, ...] = (128, 128, 192)
    lr: float = 8e-3
    optimizer: str = "muon"
    bf16: bool = True


def learning_rate(progress: float, peak: float, warmup: float = 0.02) -> float:
    """Linear warm-up, then a half cosine to zero; `progress` in [0, 1]."""
    if progress < warmup:
        return peak * max(progress / warmup, 0.01)
    return peak * 0.5 * (1 + math.cos(math.pi * min((progress - warmup) / (1 - warmup), 1.0)))


def make_optimizer(name: str, student: Student) -> torch.optim.Optimizer:
    """AdamW, or Muon for the kernels with AdamW for vectors; the schedule sets the rate."""
    if name == "muon":
        return Muon(  # type: ignore[no-any-return]
            student.parameters(), lr=1e-3, weight_decay=0.01, nesterov=True, adjust_lr_fn="match_rms_adamw"
        )
    decayed = [value for value in student.parameters() if value.ndim > 1]
    plain = [value for value in student.parameters() if value.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98))


class Distillation:
    """A training run: everything that a checkpoint holds, and the step."""

    def __init__(self, recipe: Recipe, teacher: Teacher, stream: ViewStream) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.teacher = teacher
        self.stream = stream
        self.student = Student(ARCHITECTURES[recipe.arch])
        self.scale = ChannelScale()
        self.optimizer = make_optimizer(recipe.optimizer, self.student)
        self.average = Average(self.student)
        self.step = 0
        self.seconds = 0.0

    @property
    def progress(self) -> float:
        """Share of the schedule that is done, 0 to 1."""
        if self.recipe.steps:
            return min(self.step / self.recipe.steps, 1.0)
        return min(self.seconds / (60 * self.recipe.minutes), 1.0)

    def measure_scale(self, batches: int = 16) -> None:
        """Measures the teacher's channel statistics on views that no step uses."""
        views = (self.stream.batch(2**31 + index, self.recipe.batch, 192) for index in range(batches))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bf16):
            self.scale.measure(self.teacher, views)

    def advance(self) -> float:
        """One optimiser step; returns its loss."""
        began = time.perf_counter()
        recipe = self.recipe
        images = self.stream.batch(self.step, recipe.batch, recipe.crops[self.step % len(recipe.crops)])
        images = images.contiguous(memory_format=torch.channels_last)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.progress, recipe.lr)
        self.student.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
            target, predicted = self.teacher(images), self.student(images)
        loss = distillation_loss(self._student_scale(predicted), self.scale(target))
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.student.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.student, self.step)
        self.seconds += time.perf_counter() - began
        return float(loss.detach())

    def _student_scale(self, predicted: list[Tensor]) -> list[Tensor]:
        """A student of the teacher's widths makes raw maps; heads predict standardised ones."""
        raw = isinstance(self.student.heads[0], nn.Identity)
        return self.scale(predicted) if raw else [maps.float() for maps in predicted]

    def averaged(self) -> Student:
        """A copy of the student with the averaged weights, in evaluation mode."""
        copy = Student(self.student.architecture)
        copy.load_state_dict(self.average.state)
        return copy.eval()

    @torch.no_grad()
    def validate(self, batches: Mapping[str, Tensor], chunk: int = 16) -> Cosines:
        """Mean cosine to the teacher per stage, standardised channels, of the averaged weights (fp32)."""
        student, results = self.averaged(), {}
        for name, images in batches.items():
            parts = [
                stage_cosines(self._student_scale(student(views)), self.scale(self.teacher(views)))
                for views in torch.split(images, chunk)
            ]
            results[name] = [round(value, 4) for value in torch.stack(parts).mean(0).tolist()]
        return results

    def state(self) -> dict[str, Any]:
        """All that `resume` needs."""
        return {
            "student": self.student.state_dict(),
            "average": self.average.state,
            "optimizer": self.optimizer.state_dict(),
            "scale": self.scale.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "arch": self.recipe.arch,
            "optimizer_name": self.recipe.optimizer,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continues from `state()` of a run with the same recipe.

        Raises:
            ConfigError: When the state is of another architecture or optimiser.
        """
        for mine, its in (
            (self.recipe.arch, state["arch"]),
            (self.recipe.optimizer, state["optimizer_name"]),
        ):
            if its != mine:
                raise ConfigError(f"the checkpoint is of {its}, not of {mine}.", "Give another file with --state.")
        self.student.load_state_dict(state["student"])
        self.average.state = {name: value.clone() for name, value in state["average"].items()}
        self.optimizer.load_state_dict(state["optimizer"])
        self.scale.load_state_dict(state["scale"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
