"""Where a part's score comes from: maps of every stage of the decoder, on the scale of the model's fused map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pirn_core.calibration import Evidence, evidence_maps
from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.communication import messages_of, missing_of, silence_of
from pirn_core.explain.nearest import PatchBank
from pirn_core.explain.patch import nearest_token, token_pixels
from pirn_core.explain.refinement import moves_of, partly_refined
from pirn_core.explain.sources import LayerMaps, LayerMoves, OriginExplanation, RefinementStep
from pirn_core.inspector import Inspector
from pirn_core.model import TrainedModel
from pirn_core.nn.decoder import DecoderLayer
from pirn_core.nn.pirn import Reconstruction
from pirn_core.scoring import fused, part_score
from pirn_core.training.records import evidence

Found = Mapping[Modality, Reconstruction]

_LEAST = 0.5
"""Share of the threshold from which on a token's nearest pattern is looked up; users rarely go lower than that."""


@torch.inference_mode()
def explain_origin(
    inspector: Inspector, prepared: Prepared, bank: PatchBank | None = None, *, found: Found | None = None
) -> OriginExplanation:
    """Explains where the score of one prepared part comes from.

    Args:
        inspector: With the model.
        prepared: From its `prepare`.
        bank: Patches of the model's shots, for the nearest normal patterns; None leaves those out.
        found: What `inspector.explain(prepared)` gave, where it is at hand already.
    """
    model = inspector.model
    found = inspector.explain(prepared) if found is None else found
    stages = _Stages(model, prepared, found)
    steps = _steps(inspector, prepared, found, stages)
    peak, share = _peak(steps[-1])
    moves = tuple(moves_of(model, found, prepared.foreground))
    sure, threshold = model.verdict_limits
    return OriginExplanation(
        part=prepared.ref.id,
        model_id=model.id,
        sure=sure,
        threshold=threshold,
        frame=prepared.frame,
        layers=tuple(stages.layer(number, steps[-1]) for number in range(len(model.pirn.layers))),
        steps=steps,
        moves=moves if bank is None else tuple(bank.named(one) for one in moves),
        messages=tuple(messages_of(found)),
        silence=silence_of(model, found),
        gates=model.pirn.gates(),
        peak_at=peak,
        share=share,
        nearest={} if bank is None else bank.lookup(prepared, _conspicuous(prepared, steps[-1].map, peak, threshold)),
        missing=missing_of(model, found),
    )


def with_bank(explanation: OriginExplanation, prepared: Prepared, bank: PatchBank) -> OriginExplanation:
    """An explanation that was made without the shots' patches, completed by them."""
    moves: tuple[LayerMoves, ...] = tuple(bank.named(one) for one in explanation.moves)
    wanted = _conspicuous(prepared, explanation.steps[-1].map, explanation.peak_at, explanation.threshold)
    return replace(explanation, moves=moves, nearest=bank.lookup(prepared, wanted))


@dataclass
class _Stages:
    """Turns residuals of one inspection into maps, all with the scale of that inspection's own assignment."""

    model: TrainedModel
    prepared: Prepared
    found: Found

    def __post_init__(self) -> None:
        self.evidence = evidence(self.found)

    def layer(self, number: int, last: RefinementStep) -> LayerMaps:
        """Maps of one layer; those of the last one are the inspection's own."""
        traces = {m: r.layers[number] for m, r in self.found.items()}
        whole: Mapping[Modality, FloatArray] = last.modalities
        combined = last.map
        if number + 1 < len(self.model.pirn.layers):
            whole = self.maps({m: t.output for m, t in traces.items()})
            combined = self._fused(whole)
        silent = None
        if any(t.injection is not None for t in traces.values()):
            silent = self._fused(self.maps({m: self._fed(number, m, t.bpa) for m, t in traces.items()}))
        bpa = self._fused(self.maps({m: t.bpa for m, t in traces.items()}))
        return LayerMaps(number + 1, whole, combined, bpa, silent)

    def maps(self, outputs: Mapping[Modality, Tensor]) -> dict[Modality, FloatArray]:
        """Maps of every modality for reconstructions (1, N, C) other than the final one."""
        items: dict[Modality, Evidence] = {}
        for modality, output in outputs.items():
            residual = 1.0 - F.cosine_similarity(self.found[modality].target, output, dim=-1)
            items[modality] = replace(self.evidence[modality], residual=residual[0].float().cpu().numpy())
        return self.laid(items)

    def laid(self, items: Mapping[Modality, Evidence]) -> dict[Modality, FloatArray]:
        """The one way from residuals to maps."""
        return evidence_maps(items, self.prepared.frame, self.model.calibration.expected, self.model.config.scoring)

    def step(self, layers: int) -> RefinementStep:
        """The inspection itself."""
        modalities = self.laid(self.evidence)
        combined = self._fused(modalities)
        return RefinementStep(layers, part_score(combined), combined, modalities)

    def _fused(self, maps: Mapping[Modality, FloatArray]) -> FloatArray:
        return fused(maps, self.model.config.scoring.exponent)

    def _fed(self, number: int, modality: Modality, features: Tensor) -> Tensor:
        """What the layer's feed-forward makes of a reconstruction."""
        layer = self.model.pirn.layers[number]
        assert isinstance(layer, DecoderLayer)
        feed_forward = layer.branch(modality).feed_forward
        if feed_forward is None:
            return features
        fed: Tensor = feed_forward(features)
        return fed


def _steps(inspector: Inspector, prepared: Prepared, found: Found, last: _Stages) -> tuple[RefinementStep, ...]:
    """From the prototypes as trained to all layers refined."""
    model, count = inspector.model, len(inspector.model.pirn.layers)
    if all(layer.refinement is None for r in found.values() for layer in r.layers):
        return (last.step(0),)
    between = [_Stages(model, prepared, partly_refined(model, prepared, k)).step(k) for k in range(1, count)]
    trained = _Stages(model, prepared, inspector.explain(prepared, refine=False)).step(0)
    return (trained, *between, last.step(count))


def _peak(step: RefinementStep) -> tuple[tuple[int, int], dict[Modality, float]]:
    """Where the score is, and each modality's share in it."""
    filled = np.nan_to_num(step.map, nan=-np.inf)
    row, column = (int(v) for v in np.unravel_index(int(filled.argmax()), filled.shape))
    values = {m: float(np.nan_to_num(laid[row, column])) for m, laid in step.modalities.items()}
    total = max(sum(values.values()), 1e-12)
    return (row, column), {m: value / total for m, value in values.items()}


def _conspicuous(prepared: Prepared, values: FloatArray, peak: tuple[int, int], threshold: float) -> BoolArray:
    """Tokens that may lie in a region, bool (N,): those that reach half the threshold, and the one at the peak.

    Looking up all of a part's tokens would take longer than all the rest.
    """
    x, y = (np.rint(v).astype(int) for v in token_pixels(prepared.frame))
    rows, columns = values.shape
    at_centre = np.nan_to_num(values[y.clip(0, rows - 1), x.clip(0, columns - 1)])
    wanted: BoolArray = at_centre >= _LEAST * threshold
    wanted[nearest_token(prepared.frame, *peak)] = True
    return wanted
