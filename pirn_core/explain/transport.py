"""How the decoder moved a part's tokens: their displacement, and the plan that moved them (paper, section 4)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pirn_core.calibration import evidence_maps
from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.displacement import LayerTransport, Plane, TransportExplanation, fit_plane
from pirn_core.explain.effects import SHOWN, displacement_lengths
from pirn_core.explain.patch import score_at_tokens, token_pixels
from pirn_core.inspector import Inspector
from pirn_core.model import TrainedModel
from pirn_core.nn.decoder import LayerTrace
from pirn_core.nn.pirn import Reconstruction
from pirn_core.scoring import Frame, fused, image_map
from pirn_core.training.records import evidence

TOP = 8
_MOST, _LOOKED_AT = 0.9, 64


@torch.inference_mode()
def explain_transport(
    inspector: Inspector,
    prepared: Prepared,
    *,
    anomalous: BoolArray | None = None,
    top: int = TOP,
    refine: bool = True,
) -> TransportExplanation:
    """Explains what moved, how far, and towards which prototypes.

    "Before" are always the encoder's tokens E, "after" the reconstruction at the end of each layer, so that the last
    layer's lengths are those that the score is made of: a length l belongs to the residual d = l^2 / 2.

    Args:
        inspector: With the model.
        prepared: From its `prepare`.
        anomalous: Tokens that are known to show a defect, bool (N,), see `tokens_in`; None: those whose centre scores
            at or above the threshold.
        top: Prototypes per token's row of the plan.
        refine: Off leaves the prototypes as trained (no APR).
    """
    model, frame = inspector.model, prepared.frame
    found = inspector.explain(prepared, refine=refine)
    scoring = model.config.scoring
    maps = evidence_maps(evidence(found), frame, model.calibration.expected, scoring)
    scores = score_at_tokens(fused(maps, scoring.exponent), frame)
    threshold = model.verdict_limits[1]
    x, y = token_pixels(frame)
    layers = [layer for m, r in found.items() for layer in _layers(model, m, r, frame=frame, top=top)]
    chosen = (np.nan_to_num(scores, nan=-np.inf) >= threshold) if anomalous is None else anomalous
    return TransportExplanation(
        ref=prepared.ref,
        model_id=model.id,
        threshold=threshold,
        frame=frame,
        pixels=np.rint(np.stack([y, x], axis=1)).astype(np.int32),
        scores=scores,
        anomalous=chosen & _on_part(frame),
        by_truth=anomalous is not None,
        layers=tuple(layers),
        ranges={m: shown_lengths(model, m) for m in found},
    )


def shown_lengths(model: TrainedModel, modality: Modality) -> tuple[float, float]:
    """Lengths at both ends of the colours of a map of displacement: a constant of the model.

    From the median of the good parts that calibration rests on, so that these show their picture, to as far above
    their 99 % quantile as that lies above the median.
    """
    records = [(r.evidence[modality].residual, _on_part(r.frame)) for r in model.records if modality in r.evidence]
    if not records:
        return (0.0, 2.0)
    residual = np.concatenate([values[on_part] for values, on_part in records]).astype(np.float64)
    middle, high = np.quantile(np.sqrt(2.0 * residual.clip(0.0)), (0.5, 0.99)).tolist()
    return (middle, min(2.0, max(2.0 * high - middle, middle + 1e-3)))


def _layers(
    model: TrainedModel, modality: Modality, found: Reconstruction, *, frame: Frame, top: int
) -> list[LayerTransport]:
    """All layers of a modality, in one plane."""
    on_part = torch.from_numpy(_on_part(frame)).to(found.target.device)
    start = _unit(found.target[0])
    keys = [_unit(trace.refinement.prototypes[0] if trace.refinement else model.pirn.codebook(modality).keys)
            for trace in found.layers]  # fmt: skip
    uses = [trace.assignment.usage(on_part[None].float())[0] for trace in found.layers]
    tokens = int(on_part.sum())
    used = [(use * tokens >= SHOWN).nonzero().squeeze(1) for use in uses]
    shown = torch.cat([key[index] for key, index in zip(keys, used, strict=True)])
    plane = fit_plane(_numpy(torch.cat([start[on_part], shown])))
    before = plane.project(_numpy(start))
    return [
        _layer(modality, number, trace, found.target, plane=plane, before=before, keys=key, use=use, used=index,
               frame=frame, smoothing=model.config.scoring.smoothing, top=top)
        for number, (trace, key, use, index) in enumerate(zip(found.layers, keys, uses, used, strict=True), start=1)
    ]  # fmt: skip


def _layer(
    modality: Modality,
    number: int,
    trace: LayerTrace,
    target: Tensor,
    *,
    plane: Plane,
    before: FloatArray,
    keys: Tensor,
    use: Tensor,
    used: Tensor,
    frame: Frame,
    smoothing: float,
    top: int,
) -> LayerTransport:
    lengths = _numpy(displacement_lengths(target, trace.output)[0])
    weights = trace.assignment.weights[0]
    best = weights.topk(min(max(top, _LOOKED_AT), weights.shape[1]), dim=1)
    first = best.indices[:, :top]
    cosines = torch.einsum("nc,ntc->nt", _unit(trace.inputs[0]), keys[first])
    return LayerTransport(
        modality=modality,
        layer=number,
        before=before,
        after=plane.project(_numpy(_unit(trace.output[0]))),
        lengths=lengths,
        explained=plane.explained,
        used=_whole(used),
        use=_numpy(use[used]),
        prototypes=plane.project(_numpy(keys[used])),
        top=_whole(first),
        weights=_numpy(best.values[:, :top]),
        cosines=_numpy(cosines.clamp(-1.0, 1.0)),
        needed=_whole(_needed(weights, best.values)),
        map=image_map(lengths, frame, smoothing),
    )


def _needed(weights: Tensor, largest: Tensor) -> Tensor:
    """Prototypes that hold most of every row of (N, K), given its largest entries by falling size, int (N,)."""
    wanted = _MOST * weights.sum(dim=1)
    needed = _reached(largest, wanted)
    spread = needed > largest.shape[1]  # the few rows that are worth sorting as a whole
    if bool(spread.any()):
        needed[spread] = _reached(weights[spread].sort(dim=1, descending=True).values, wanted[spread])
    return needed.clamp_max(weights.shape[1])


def _reached(falling: Tensor, wanted: Tensor) -> Tensor:
    """How many entries of every row it takes, one more than there are where they do not suffice."""
    return (falling.cumsum(dim=1) < wanted[:, None]).sum(dim=1) + 1


def _on_part(frame: Frame) -> BoolArray:
    return frame.foreground if frame.foreground.any() else np.ones_like(frame.foreground)


def _unit(values: Tensor) -> Tensor:
    return F.normalize(values.float(), dim=-1)


def _numpy(values: Tensor) -> FloatArray:
    array: FloatArray = values.float().cpu().numpy()
    return array


def _whole(values: Tensor) -> NDArray[np.int32]:
    array: NDArray[np.int32] = values.to(torch.int32).cpu().numpy()
    return array
