"""The whole training: folds for held-out figures, then the final model on all shots, then calibration."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pirn_core.calibration import NormalRecord
from pirn_core.config import PirnConfig, changed
from pirn_core.data.sample import FloatArray, Modality
from pirn_core.devices import memory_advice, seeded
from pirn_core.errors import NotFittedError
from pirn_core.nn.decoder import DecoderLayer
from pirn_core.nn.pirn import Pirn
from pirn_core.training.fit import Fit, Step, total_steps
from pirn_core.training.pool import Fold, TokenPool, split
from pirn_core.training.records import evidence
from pirn_core.training.validation import HeldOut, held_out, reconstruct


@dataclass(frozen=True)
class TrainStep:
    """Progress of training: numbers and numpy arrays only.

    Attributes:
        stage: `fold 1 of 3`, ..., `all shots`.
        step: Steps done in this stage; 0 is the untrained model.
        of: Steps of this stage, at most.
        fraction: Share of the whole training that is done, 0 to 1.
        losses: Soft mining loss per modality; empty at step 0.
        separation: Held-out separation of synthetic defects, in steps where it was looked at.
        residual: Held-out residual, likewise.
        usage: Share of tokens of every prototype per modality, (K,).
        gates: tanh(gamma) of every layer and modality.
        seconds: Since training began.
        remaining: Seconds left, estimated.
    """

    stage: str
    step: int
    of: int
    fraction: float
    losses: Mapping[Modality, float]
    separation: float | None
    residual: float | None
    usage: Mapping[Modality, FloatArray]
    gates: Mapping[str, float]
    seconds: float
    remaining: float


@dataclass(frozen=True)
class FoldReport:
    """What one fold said.

    Attributes:
        shots: Ids of the shots held out.
        untrained: Held-out figures at step 0.
        best: At the best step.
        best_step: That step.
        silent: At the best step with the communication's gates closed; None where there is none.
    """

    shots: tuple[str, ...]
    untrained: HeldOut
    best: HeldOut
    best_step: int
    silent: HeldOut | None

    def to_state(self) -> list[Any]:
        """Lists and numbers only."""
        figures = [None if f is None else [f.separation, f.residual] for f in (self.untrained, self.best, self.silent)]
        return [list(self.shots), *figures, self.best_step]

    @classmethod
    def from_state(cls, state: list[Any]) -> FoldReport:
        """The reverse of `to_state`."""
        shots, untrained, best, silent, best_step = state
        return cls(
            tuple(shots),
            HeldOut(*untrained),
            HeldOut(*best),
            best_step,
            None if silent is None else HeldOut(*silent),
        )


@dataclass(frozen=True)
class TrainingReport:
    """What training chose and why.

    Attributes:
        folds: One report per fold.
        steps: Steps that the final model was trained for: the median of the folds' best; 0: the untrained
            codebook did best on held-out shots.
        communication: Whether the communication helped on held-out shots and was kept.
        seconds: Wall time.
    """

    folds: tuple[FoldReport, ...]
    steps: int
    communication: bool
    seconds: float


@contextmanager
def _guarded(seed: int) -> Iterator[None]:
    """Repeatable, and with advice where memory does not suffice; never across a yield, where others run."""
    with memory_advice("Lower training.batch, decoder.prototypes or augmentation.rotations."), seeded(seed):
        yield


@dataclass
class Trainer:
    """Trains on a pool of tokens; iterate over `steps()`, then read the results.

    Stopping means not asking for the next step. Each step is an optimiser step or a look at the held-out shots.

    Attributes:
        pool: The shots' tokens, on the device to train on.
        config: Settings.
        model: The trained model, once `steps()` ended.
        records: One record per shot, from the fold that held it out.
        report: What was chosen.
    """

    pool: TokenPool
    config: PirnConfig
    model: Pirn | None = field(default=None, init=False)
    records: tuple[NormalRecord, ...] = field(default=(), init=False)
    report: TrainingReport | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._folds = split(self.pool, self.config.training.folds, self.config.seed)
        self._finished: list[FoldReport] = []
        self._residuals: dict[int, dict[Modality, Tensor]] = {}
        self._fit: Fit | None = None
        self._resumed: Mapping[str, Any] | None = None
        self._started = time.perf_counter()
        self._before = 0.0
        self._untrained: HeldOut | None = None

    def steps(self) -> Iterator[TrainStep]:
        """Runs everything that is left to do."""
        self._started = time.perf_counter()
        while len(self._finished) < len(self._folds):
            number = len(self._finished)
            fold = self._folds[number]
            stage, config = f"fold {number + 1} of {len(self._folds)}", self._communicating()
            yield from self._run(stage, number, fold.train, fold.held, config, total_steps(fold.train, config))
            self._close_fold(fold)
        steps, config = self._choose()
        yield from self._run("all shots", len(self._folds), self.pool, None, config, steps)
        assert self._fit is not None
        self.model = self._fit.finish()
        self.records = tuple(self._record(shot) for shot in range(len(self.pool.names)))
        self.report = TrainingReport(
            tuple(self._finished), steps, config.decoder.communication.enabled, self._seconds()
        )

    def result(self) -> tuple[Pirn, tuple[NormalRecord, ...], TrainingReport]:
        """Model, records and report.

        Raises:
            NotFittedError: When training has not run to its end.
        """
        if self.model is None or self.report is None:
            raise NotFittedError("Training has not ended.", "Ask for all steps first.")
        return self.model, self.records, self.report

    def state_dict(self) -> dict[str, Any]:
        """Where training stands, as tensors, lists and numbers; safe for `torch.load(weights_only=True)`."""
        return {
            "finished": [report.to_state() for report in self._finished],
            "residuals": self._residuals,
            "untrained": None if self._untrained is None else [self._untrained.separation, self._untrained.residual],
            "fit": self._resumed if self._fit is None else self._fit.state_dict(),
            "seconds": self._seconds(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another trainer of the same pool and settings stood."""
        self._finished = [FoldReport.from_state(values) for values in state["finished"]]
        self._residuals = dict(state["residuals"])
        self._untrained = None if state["untrained"] is None else HeldOut(*state["untrained"])
        self._resumed = state["fit"]
        self._before = float(state["seconds"])

    def _run(
        self, stage: str, number: int, pool: TokenPool, held: TokenPool | None, config: PirnConfig, steps: int
    ) -> Iterator[TrainStep]:
        with _guarded(config.seed):
            fit = Fit(pool, held, config, config.seed, steps)
        self._fit = fit
        if self._resumed is not None:
            fit.load_state_dict(self._resumed)
            self._resumed = None
        else:
            with _guarded(config.seed):
                step = fit.start()
            yield self._report(stage, number, fit, step)
        while not fit.done:
            with _guarded(config.seed):
                step = fit.advance()
            yield self._report(stage, number, fit, step)

    def _close_fold(self, fold: Fold) -> None:
        """Keeps the held-out shots' residuals and figures; the fold's model is dropped."""
        assert self._fit is not None
        model, best = self._fit.finish(), self._fit.best
        views = fold.held.of_views(fold.held.upright)
        for i, shot in enumerate(views.shot.tolist()):
            tokens = {m: t[i : i + 1] for m, t in views.tokens.items()}
            with torch.no_grad():
                found = reconstruct(model, tokens, views.foreground[i : i + 1], self.config)
            self._residuals[shot] = {m: r.residual[0] for m, r in found.items()}
        figures = best or held_out(model, fold.held, self.config)
        names = tuple(self.pool.names[shot] for shot in fold.shots)
        untrained = self._untrained or figures
        silent = self._silent(model, fold.held)
        self._finished.append(FoldReport(names, untrained, figures, self._fit.best_step, silent))
        self._fit = None

    def _silent(self, model: Pirn, held: TokenPool) -> HeldOut | None:
        """Held-out figures with the communication's gates closed; the model is dropped afterwards."""
        if self._fit is None or self._fit.best_step == 0 or not any(model.gates().values()):
            return None
        with torch.no_grad():
            for layer in model.layers:
                assert isinstance(layer, DecoderLayer)
                for modality in model.modalities:
                    injection = layer.branch(modality).injection
                    if injection is not None:
                        injection.gamma.zero_()
        return held_out(model, held, self.config)

    def _choose(self) -> tuple[int, PirnConfig]:
        """Steps and communication of the final model, from the held-out figures of all folds."""
        training = self.config.training
        if not training.early_stop:
            return total_steps(self.pool, self.config), self.config
        steps = round(statistics.median(report.best_step for report in self._finished))
        return steps, self._communicating()

    def _communicating(self) -> PirnConfig:
        """The settings with communication only as long as it helped in every fold so far.

        It makes a step three times as long, so it is dropped at the first fold that is better without it.
        """
        communication = self.config.decoder.communication
        helped = all(r.silent is not None and r.best.better_than(r.silent) for r in self._finished)
        if helped or communication.residual == "paper" or not self.config.training.early_stop:
            return self.config
        return changed(self.config, {"decoder.communication.enabled": False})

    def _record(self, shot: int) -> NormalRecord:
        assert self.model is not None
        view = int(((self.pool.shot == shot) & self.pool.upright).nonzero()[0, 0])
        tokens = {m: t[view : view + 1] for m, t in self.pool.tokens.items()}
        with torch.no_grad():
            found = reconstruct(self.model, tokens, self.pool.foreground[view : view + 1], self.config)
        booked = evidence(found, self._residuals[shot])
        return NormalRecord(self.pool.names[shot], "held-out shot", self.pool.frames[shot], booked)

    def _report(self, stage: str, number: int, fit: Fit, step: Step) -> TrainStep:
        if step.number == 0:
            self._untrained = step.held
        stages = len(self._folds) + 1
        fraction = (number + (1.0 if fit.done else fit.number / max(fit.steps, 1))) / stages
        seconds = self._seconds()
        return TrainStep(
            stage=stage,
            step=step.number,
            of=fit.steps,
            fraction=fraction,
            losses=step.losses,
            separation=None if step.held is None else step.held.separation,
            residual=None if step.held is None else step.held.residual,
            usage={m: u.float().cpu().numpy().astype(np.float32) for m, u in step.usage.items()},
            gates=fit.model.gates(),
            seconds=seconds,
            remaining=seconds * (1.0 - fraction) / max(fraction, 1e-3),
        )

    def _seconds(self) -> float:
        return self._before + time.perf_counter() - self._started
