"""One fit of the decoder to a pool of tokens, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from pirn_core.config import PirnConfig
from pirn_core.data.sample import Modality
from pirn_core.nn.codebook import build
from pirn_core.nn.losses import soft_mining_loss
from pirn_core.nn.pirn import Pirn
from pirn_core.training.pool import TokenPool
from pirn_core.training.validation import HeldOut, held_out


@dataclass(frozen=True)
class Step:
    """One optimiser step, or one look at the held-out shots.

    Attributes:
        number: Steps done; 0 is the untrained model.
        losses: Soft mining loss per modality; empty for step 0.
        usage: Share of the tokens that each prototype takes, running mean, (K,) per modality.
        held: Held-out figures, where they were looked at in this step.
    """

    number: int
    losses: Mapping[Modality, float]
    usage: Mapping[Modality, Tensor]
    held: HeldOut | None = None


@dataclass
class Fit:
    """Trains one model; all of its state is in `state_dict`, so that it can go on elsewhere.

    Attributes:
        pool: What is trained on.
        held: What is looked at, at the start and the end, and in between for early stopping; None: nothing.
        config: Settings.
        seed: Of the codebook, the parameters and the order of the tokens.
        steps: Steps at most.
    """

    pool: TokenPool
    held: TokenPool | None
    config: PirnConfig
    seed: int
    steps: int
    model: Pirn = field(init=False)
    number: int = 0
    best: HeldOut | None = None
    best_step: int = 0
    looks_since_best: int = 0

    def __post_init__(self) -> None:
        decoder = self.config.decoder
        self.model = build(self.pool.tokens, self.pool.foreground, decoder, self.pool.modalities, self.seed)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=self.config.training.learning_rate)
        self._best_state: dict[str, Tensor] | None = None
        self._places = self.pool.foreground.nonzero()
        if not len(self._places):
            self._places = torch.ones_like(self.pool.foreground).nonzero()
        self._usage: dict[Modality, Tensor] = {}

    @property
    def done(self) -> bool:
        """True when all steps are made or the held-out shots got no better for long enough."""
        return self.number >= self.steps or self.looks_since_best >= self.config.training.patience

    def start(self) -> Step:
        """Looks at the untrained model."""
        return Step(0, {}, self._usage, self._look())

    def advance(self) -> Step:
        """One optimiser step, and a look at the held-out shots where it is due."""
        losses = self._optimise()
        self.number += 1
        stops = self.config.training.early_stop
        due = self.number >= self.steps or (stops and self.number % self.config.training.check_every == 0)
        return Step(self.number, losses, self._usage, self._look() if due else None)

    def finish(self) -> Pirn:
        """The best model by the held-out shots, or the last one without early stopping."""
        if self._best_state is not None:
            self.model.load_state_dict(self._best_state)
        return self.model.eval()

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on, as tensors and numbers."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best_state": self._best_state,
            "usage": dict(self._usage),
            "number": self.number,
            "best": None if self.best is None else [self.best.separation, self.best.residual],
            "best_step": self.best_step,
            "looks_since_best": self.looks_since_best,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The reverse of `state_dict`."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._best_state, self._usage = state["best_state"], dict(state["usage"])
        self.number, self.best_step = int(state["number"]), int(state["best_step"])
        self.best = None if state["best"] is None else HeldOut(*state["best"])
        self.looks_since_best = int(state["looks_since_best"])

    def _look(self) -> HeldOut | None:
        if self.held is None:
            return None
        found = held_out(self.model, self.held, self.config)
        if self.best is None or not self.config.training.early_stop or found.better_than(self.best):
            self.best, self.best_step, self.looks_since_best = found, self.number, 0
            self._best_state = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        else:
            self.looks_since_best += 1
        return found

    def _optimise(self) -> dict[Modality, float]:
        training, transport = self.config.training, self.config.decoder.transport
        self.model.train()
        tokens, foreground = self._batch()
        found = self.model(tokens, foreground, rho=transport.rho_train, refine=training.refine_in_training)
        losses = {m: soft_mining_loss(r.residual, training.mining, foreground) for m, r in found.items()}
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self._track({m: r.layers[0].assignment.usage(foreground.float()) for m, r in found.items()})
        return {m: float(loss.detach()) for m, loss in losses.items()}

    def _batch(self) -> tuple[dict[Modality, Tensor], Tensor]:
        """The step's tokens; which ones follows from the seed and the step's number alone."""
        training = self.config.training
        if training.batching == "parts":
            views = self._draw(len(self.pool.shot), training.batch)
            return {m: t[views].float() for m, t in self.pool.tokens.items()}, self.pool.foreground[views]
        view, token = self._places[self._draw(len(self._places), training.batch)].unbind(1)
        batch = {m: t[view, token][None].float() for m, t in self.pool.tokens.items()}
        return batch, torch.ones((1, len(view)), dtype=torch.bool, device=view.device)

    def _draw(self, total: int, batch: int) -> Tensor:
        """Numbers of this step's items: consecutive pieces of one random order per epoch."""
        per_epoch = steps_per_epoch(total, batch)
        epoch, place = divmod(self.number, per_epoch)
        generator = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        return torch.randperm(total, generator=generator)[place * batch : (place + 1) * batch].to(self.pool.shot.device)

    @torch.no_grad()
    def _track(self, usage: Mapping[Modality, Tensor]) -> None:
        for modality, now in usage.items():
            mean = now.detach().mean(dim=0)
            former = self._usage.get(modality)
            self._usage[modality] = mean if former is None else torch.lerp(former, mean, 0.1)


def steps_per_epoch(total: int, batch: int) -> int:
    """Steps that see every item once."""
    return max(1, math.ceil(total / batch))


def total_steps(pool: TokenPool, config: PirnConfig) -> int:
    """Steps of all epochs; 0 where training is off."""
    training = config.training
    if not training.enabled:
        return 0
    items = len(pool.shot) if training.batching == "parts" else max(1, int(pool.foreground.sum()))
    return training.epochs * steps_per_epoch(items, training.batch)
