"""What reconstruction and refinement did to a part's tokens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor
from torch.nn import functional

from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.explain.pieces import Displacement, PrototypeUse, RefinementEffect
from pirn_core.explain.refinement import lost_regions
from pirn_core.nn.pirn import Reconstruction
from pirn_core.results import InspectionResult

SHOWN = 0.05
"""A prototype counts as used from this many tokens' worth of a part on."""

_MOVED = 1e-6


def displacement_lengths(target: Tensor, output: Tensor) -> Tensor:
    """Lengths of Z_rec - E between unit vectors, 0 to 2: (B, N, C) twice -> (B, N)."""
    lengths: Tensor = (functional.normalize(output, dim=-1) - functional.normalize(target, dim=-1)).norm(dim=-1)
    return lengths


def displacement_of(lengths: FloatArray, inside: BoolArray, outside: BoolArray) -> Displacement:
    """Figures of the displacement lengths (N,) over two sets of tokens."""
    return Displacement(_figures(lengths[inside]), _figures(lengths[outside]), int(inside.sum()), int(outside.sum()))


def _figures(values: FloatArray) -> dict[str, float] | None:
    if not values.size:
        return None
    quantiles = np.quantile(values.astype(np.float64), [0.05, 0.5, 0.95])
    names = ("p5", "median", "p95")
    return {
        **dict(zip(names, quantiles.tolist(), strict=True)),
        "mean": float(values.mean()),
        "max": float(values.max()),
    }


def use_of(use: Tensor, tokens: int) -> PrototypeUse:
    """How the mass (K,), summing to 1, of a part's tokens spreads."""
    shares = use.double()
    entropy = -(shares * shares.clamp_min(1e-30).log()).sum()
    best = shares.topk(min(5, len(shares)))
    return PrototypeUse(
        prototypes=len(shares),
        shown=int((shares * tokens >= SHOWN).sum()),
        effective=float(entropy.exp()),
        largest=tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True)),
    )


def refinement_effect(
    result: InspectionResult,
    plain: InspectionResult,
    found: Mapping[Modality, Reconstruction],
    foreground: Tensor,
) -> RefinementEffect:
    """Compares an inspection with the one that left the prototypes as trained."""
    moved: dict[Modality, int] = {}
    mean_move: dict[Modality, float] = {}
    left_out: dict[Modality, float] = {}
    for modality, reconstruction in found.items():
        refinement = reconstruction.layers[0].refinement
        if refinement is None:
            continue
        lengths = refinement.moved[0].norm(dim=-1)
        lengths = lengths[lengths > _MOVED]
        moved[modality] = len(lengths)
        mean_move[modality] = float(lengths.mean()) if len(lengths) else 0.0
        if refinement.context is not None:
            used = (refinement.context.used & foreground).sum() / foreground.sum().clamp_min(1)
            left_out[modality] = 1.0 - float(used)
    return RefinementEffect(
        score=result.score,
        score_without=plain.score,
        verdict=result.verdict,
        verdict_without=plain.verdict,
        moved=moved,
        mean_move=mean_move,
        left_out=left_out,
        lowered=_lowered(result, plain),
    )


def _lowered(result: InspectionResult, plain: InspectionResult) -> tuple[tuple[int, float, float], ...]:
    """Regions found without refinement whose highest score with it lies below the threshold."""
    lost = lost_regions(plain.map, result.map, result.threshold)
    return tuple((region.pixels, region.before, region.after) for region in lost)
