"""The k-shot protocol: for every number of shots and every draw, every variant on the same shots and test parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from pirn_core.calibration import Calibration, NormalRecord, evidence_maps
from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import PartSet
from pirn_core.data.reading import read_sample
from pirn_core.data.sample import PartRef, Sample
from pirn_core.data.truth import Truth, read_truth
from pirn_core.devices import peak_memory_gb
from pirn_core.encoding import Encoder, Prepared
from pirn_core.evaluation.controls import ControlInput, controls
from pirn_core.evaluation.metrics import Metrics, PartScore, evaluate, to_resolution
from pirn_core.evaluation.parts import EVALUATION_SIZE, Value
from pirn_core.evaluation.variants import Fitted, Variant, fit_variant, variant
from pirn_core.learn import versions
from pirn_core.nn.backbone import Backbone
from pirn_core.picking import random_shots, test_parts
from pirn_core.scoring import fused, part_score
from pirn_core.shots import Shots, encode_shots
from pirn_core.tokens import TokenCache


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        shots: Numbers of shots k.
        draws: Draws of shots for each k; their seeds are 0, 1, ...
        variants: Names, see `known_variants`.
        confirm: Numbers of good parts, not shots, that are confirmed one after another; (0,) for none.
        size: Evaluation resolution; None: each image's own.
    """

    shots: tuple[int, ...] = (5, 10)
    draws: int = 3
    variants: tuple[str, ...] = ("default", "untrained", "memory-bank")
    confirm: tuple[int, ...] = (0,)
    size: int | None = EVALUATION_SIZE


@dataclass(frozen=True)
class Run:
    """One row: one variant on one draw.

    Attributes:
        category: Of the part set.
        shots: k.
        draw: Seed of the draw, of the training and of the parts confirmed.
        variant: Name.
        confirmed: Good parts confirmed after training.
        chosen: Ids of the shots.
        metrics: All of them.
        controls: What detectors blind to defects reach on the same parts.
        facts: Seconds, memory, device, backbone, versions, settings.
    """

    category: str
    shots: int
    draw: int
    variant: str
    confirmed: int
    chosen: tuple[str, ...]
    metrics: Metrics
    controls: Mapping[str, Value]
    facts: Mapping[str, Any]

    def row(self) -> dict[str, Any]:
        """Flat, for a csv: one column per metric, control and fact."""
        values = {name: _cell(value) for name, value in self.metrics.values.items()}
        blind = {f"control {name}": _cell(value) for name, value in self.controls.items()}
        return {
            "category": self.category,
            "shots": self.shots,
            "draw": self.draw,
            "variant": self.variant,
            "confirmed": self.confirmed,
            "resolution": self.metrics.resolution,
            "good": self.metrics.good,
            "defective": self.metrics.defective,
            "regions": self.metrics.regions,
            **values,
            **blind,
            **self.facts,
            "chosen": " ".join(self.chosen),
        }


@dataclass
class Protocol:
    """Runs a plan on one part set.

    Attributes:
        parts: The part set; shots come from its good training parts, metrics from its test parts.
        base: Settings that variants change.
        backbone: Frozen.
        plan: What to run.
        cache: Of tokens.
        tell: Told in words what is going on.
    """

    parts: PartSet
    base: PirnConfig
    backbone: Backbone
    plan: Plan = field(default_factory=Plan)
    cache: TokenCache | None = None
    tell: Callable[[str], None] = print
    _samples: dict[str, Sample] = field(default_factory=dict, init=False)
    _prepared: dict[str, list[Prepared]] = field(default_factory=dict, init=False)
    _controls: dict[str, Value] | None = field(default=None, init=False)

    def runs(self) -> Iterator[Run]:
        """All runs, draw by draw, so that an early stop leaves whole comparisons."""
        for count in self.plan.shots:
            for draw in range(self.plan.draws):
                yield from self._draw(count, draw)

    def _draw(self, count: int, draw: int) -> Iterator[Run]:
        candidates = self.parts.good()
        chosen = random_shots(candidates, count, draw)
        others = [ref for ref in candidates if ref not in chosen]
        others += [ref for ref in self.parts.refs if ref.split == "validation" and ref.label == "good"]
        order = np.random.default_rng(draw).permutation(len(others))
        spare = [others[k] for k in order][: max(self.plan.confirm)]
        self._prepared.clear()
        for name in self.plan.variants:
            self.tell(f"{self.parts.category}: {count} shots, draw {draw}, {name}")
            yield from self._variant(variant(name), count, draw, chosen, spare)

    def _variant(
        self, chosen: Variant, count: int, draw: int, shots: Sequence[PartRef], spare: Sequence[PartRef]
    ) -> Iterator[Run]:
        base = changed(self.base, {"seed": draw})
        config = changed(base, chosen.changes)
        encoded = encode_shots([self._sample(ref) for ref in shots], config, self.backbone, self.cache)
        tests = self._prepare(test_parts(self.parts), encoded)
        spares = self._prepare(spare, encoded)
        started = time.perf_counter()
        fitted = fit_variant(chosen, base, encoded.pool.to(self.backbone.device))
        facts = self._facts(fitted, encoded, time.perf_counter() - started)
        booked = [fitted.explain(prepared) for prepared in tests]
        for confirmed in self.plan.confirm:
            records: list[NormalRecord] = [fitted.confirm(p) for p in spares[:confirmed]]
            calibration = fitted.calibration(records)
            metrics = self._measure(tests, booked, fitted, calibration)
            yield Run(
                category=self.parts.category,
                shots=count,
                draw=draw,
                variant=chosen.name,
                confirmed=len(records),
                chosen=tuple(ref.id for ref in shots),
                metrics=metrics,
                controls=self._blind(tests, fitted.config.scoring.smoothing),
                facts=facts,
            )

    def _measure(
        self, tests: Sequence[Prepared], booked: Sequence[Any], fitted: Fitted, calibration: Calibration
    ) -> Metrics:
        scored = []
        for prepared, evidence in zip(tests, booked, strict=True):
            maps = evidence_maps(evidence, prepared.frame, calibration.expected, fitted.config.scoring)
            combined = fused(maps, fitted.config.scoring.exponent)
            truth = self._truth(prepared)
            small, mask, foreground = to_resolution(combined, truth.mask, prepared.frame.seen, self.plan.size)
            scored.append(
                PartScore(
                    prepared.ref.id,
                    prepared.ref.label,
                    truth.defective,
                    part_score(combined),
                    small,
                    mask,
                    foreground,
                )
            )
        return evaluate(scored, threshold=calibration.threshold, sure=calibration.sure)

    def _blind(self, tests: Sequence[Prepared], smoothing: float) -> Mapping[str, Value]:
        if self._controls is None:
            self._controls = controls(
                (self._control(prepared) for prepared in tests), size=self.plan.size, smoothing=smoothing
            )
        return self._controls

    def _control(self, prepared: Prepared) -> ControlInput:
        sample, truth = self._sample(prepared.ref), self._truth(prepared)
        return ControlInput(
            prepared.ref.id, truth.defective, sample.rgb, sample.valid, prepared.planes.foreground, truth.mask
        )

    def _truth(self, prepared: Prepared) -> Truth:
        return read_truth(prepared.ref, prepared.planes.shape)

    def _sample(self, ref: PartRef) -> Sample:
        if ref.id not in self._samples:
            self._samples[ref.id] = read_sample(ref)
        return self._samples[ref.id]

    def _prepare(self, refs: Sequence[PartRef], encoded: Shots) -> list[Prepared]:
        """Tokens of parts; variants with one recipe share them within a draw."""
        key = repr((encoded.fitted, encoded.pool.modalities, [ref.id for ref in refs]))
        if key not in self._prepared:
            encoder = Encoder(self.backbone, encoded.fitted, self.cache)
            self._prepared[key] = [encoder.prepare(self._sample(ref), encoded.pool.modalities) for ref in refs]
        return self._prepared[key]

    def _facts(self, fitted: Fitted, encoded: Shots, seconds: float) -> dict[str, Any]:
        return {
            "backbone": self.backbone.name,
            "input": self.backbone.input_size,
            "grid": self.backbone.grid,
            "crop_px": encoded.fitted.crop_px,
            "seed": fitted.config.seed,
            "prototypes": fitted.prototypes,
            "train_seconds": round(seconds, 1),
            "peak_gb": round(peak_memory_gb(), 2),
            "device": str(self.backbone.device),
            "threads": torch.get_num_threads(),
            **fitted.notes,
            "versions": " ".join(f"{name}-{number}" for name, number in versions().items()),
        }


def _cell(value: Value) -> float | str:
    return round(value, 6) if isinstance(value, float) else str(value)
