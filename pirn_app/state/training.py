"""The course of the training that runs, or ran last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pirn_core.data.sample import FloatArray, Modality

if TYPE_CHECKING:
    from pirn_core.training import TrainStep


@dataclass
class StageCurve:
    """Curves of one stage (`fold 1 of 3`, ..., `all shots`): equal numbers of x and y, ready to plot."""

    stage: str
    steps: list[int] = field(default_factory=list)
    losses: dict[Modality, list[float]] = field(default_factory=dict)
    looks: list[int] = field(default_factory=list)
    separation: list[float] = field(default_factory=list)
    residual: list[float] = field(default_factory=list)


@dataclass
class TrainingLog:
    """What training told so far.

    Attributes:
        encoded: Views through the backbone, and all of them.
        curves: One per stage, in order.
        last: The last step.
        usage: Share of tokens of every prototype, by modality, as last told.
        outcome: `` while it runs, then `done`, `cancelled` or `failed`.
        message: Of the end.
        seconds: Wall time of the whole job, backbone included; 0 while it runs.
    """

    encoded: tuple[int, int] = (0, 0)
    curves: list[StageCurve] = field(default_factory=list)
    last: TrainStep | None = None
    usage: dict[Modality, FloatArray] = field(default_factory=dict)
    outcome: str = ""
    message: str = ""
    advice: str = ""
    seconds: float = 0.0

    def add(self, step: TrainStep) -> None:
        """Takes one step in."""
        if not self.curves or self.curves[-1].stage != step.stage:
            self.curves.append(StageCurve(step.stage))
        curve = self.curves[-1]
        if step.losses:
            curve.steps.append(step.step)
            for modality, value in step.losses.items():
                curve.losses.setdefault(modality, []).append(value)
        if step.separation is not None and step.residual is not None:
            curve.looks.append(step.step)
            curve.separation.append(step.separation)
            curve.residual.append(step.residual)
        self.last = step
        self.usage.update(step.usage)
