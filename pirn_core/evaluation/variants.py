"""What is compared: settings of our own method, and other methods on the same tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pirn_core.calibration import Calibration, Evidence, NormalRecord, calibrate
from pirn_core.config import PirnConfig, changed
from pirn_core.data.sample import Modality
from pirn_core.encoding import Prepared
from pirn_core.errors import ConfigError
from pirn_core.peers import TokenDetector
from pirn_core.peers.memory_bank import MemoryBank
from pirn_core.training import TokenPool, Trainer
from pirn_core.training.pool import split
from pirn_core.training.records import evidence
from pirn_core.training.validation import reconstruct


@dataclass(frozen=True)
class Variant:
    """One row of a comparison.

    Attributes:
        name: In tables.
        changes: Against the base settings.
        peer: Makes another method; None: PIRN.
    """

    name: str
    changes: Mapping[str, Any]
    peer: Callable[[], TokenDetector] | None = None


def known_variants() -> dict[str, Variant]:
    """All variants by name."""
    from pirn_core.config import PRESETS

    listed = [
        *(Variant(name, changes) for name, changes in PRESETS.items()),
        # One epoch and two folds: with the literal residual the communication runs in every step, which is slow.
        Variant(
            "paper-residual",
            {"decoder.communication.residual": "paper", "training.epochs": 1, "training.folds": 2},
        ),
        Variant("without-refinement", {"decoder.refinement.context": "none"}),
        Variant("without-communication", {"decoder.communication.enabled": False}),
        Variant("without-prototype-scale", {"scoring.prototype_scale": False}),
        Variant("balanced", {"decoder.transport.rho_train": "inf", "decoder.transport.rho_infer": "inf"}),
        Variant("memory-bank", {"scoring.prototype_scale": False}, MemoryBank),
        Variant("memory-bank-plain", {"scoring.prototype_scale": False, "scoring.exponent": 1.0}, MemoryBank),
    ]
    return {variant.name: variant for variant in listed}


def variant(name: str) -> Variant:
    """A variant by name.

    Raises:
        ConfigError: When there is none of that name.
    """
    known = known_variants()
    if name not in known:
        raise ConfigError(f"there is no variant {name!r}.", f"Choose among {', '.join(known)}.")
    return known[name]


@dataclass(frozen=True)
class Fitted:
    """A trained variant: all that scoring needs.

    Attributes:
        config: Its settings.
        explain: Evidence of a prepared part.
        records: Held-out records of the shots.
        prototypes: K; 1 for methods without prototypes.
        notes: What is worth a column, e.g. steps trained.
    """

    config: PirnConfig
    explain: Callable[[Prepared], Mapping[Modality, Evidence]]
    records: tuple[NormalRecord, ...]
    prototypes: int
    notes: Mapping[str, Any]

    def calibration(self, confirmed: Sequence[NormalRecord] = ()) -> Calibration:
        """From the shots' records and confirmed parts."""
        return calibrate((*self.records, *confirmed), self.prototypes, self.config.scoring)

    def confirm(self, prepared: Prepared) -> NormalRecord:
        """The record of a good part that is not a shot."""
        return NormalRecord(prepared.ref.id, "confirmed", prepared.frame, self.explain(prepared))


def fit_variant(chosen: Variant, base: PirnConfig, pool: TokenPool) -> Fitted:
    """Trains a variant on a pool of tokens."""
    config = changed(base, {"preset": chosen.name, **chosen.changes})
    if chosen.peer is not None:
        return _fit_peer(chosen.peer, config, pool)
    trainer = Trainer(pool, config)
    for _ in trainer.steps():
        pass
    model, records, report = trainer.result()

    def explain(prepared: Prepared) -> Mapping[Modality, Evidence]:
        with torch.inference_mode():
            return evidence(reconstruct(model, prepared.tokens, prepared.foreground, config))

    notes = {
        "steps": report.steps,
        "communication": report.communication,
        "untrained_separation": float(np.mean([f.untrained.separation for f in report.folds])),
        "trained_separation": float(np.mean([f.best.separation for f in report.folds])),
    }
    return Fitted(config, explain, records, model.prototypes, notes)


def _fit_peer(make: Callable[[], TokenDetector], config: PirnConfig, pool: TokenPool) -> Fitted:
    """A peer goes through the same folds and the same calibration, as a model with one prototype."""
    records: list[NormalRecord] = []
    for fold in split(pool, config.training.folds, config.seed):
        detector = _fitted(make(), fold.train, config.seed)
        views = fold.held.of_views(fold.held.upright)
        for i, shot in enumerate(views.shot.tolist()):
            tokens = {m: t[i : i + 1].float() for m, t in views.tokens.items()}
            booked = _residuals(detector, tokens, views.foreground[i : i + 1])
            records.append(NormalRecord(pool.names[shot], "held-out shot", pool.frames[shot], booked))
    final = _fitted(make(), pool, config.seed)
    return Fitted(config, lambda p: _residuals(final, p.tokens, p.foreground), tuple(records), 1, {})


def _fitted(detector: TokenDetector, pool: TokenPool, seed: int) -> TokenDetector:
    detector.fit({m: t.float() for m, t in pool.tokens.items()}, pool.foreground, seed=seed)
    return detector


def _residuals(
    detector: TokenDetector, tokens: Mapping[Modality, torch.Tensor], foreground: torch.Tensor
) -> dict[Modality, Evidence]:
    with torch.inference_mode():
        found = detector.residuals(tokens, foreground)
    return {m: _single(r[0].float().cpu().numpy()) for m, r in found.items()}


def _single(residual: np.ndarray[Any, np.dtype[np.float32]]) -> Evidence:
    count = len(residual)
    return Evidence(residual, np.zeros((count, 1), np.int32), np.ones((count, 1), np.float32))
