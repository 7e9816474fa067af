"""One part explained: its worst patch, its tokens' displacement, prototype use, and what refinement did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.effects import displacement_lengths, displacement_of, refinement_effect, use_of
from pirn_core.explain.patch import patch_view, score_at_tokens
from pirn_core.explain.pieces import Displacement, PatchView, PrototypeUse, RefinementEffect, TokenArrays
from pirn_core.inspector import Inspector
from pirn_core.nn.pirn import Reconstruction
from pirn_core.results import InspectionResult
from pirn_core.scoring import Frame, token_scores
from pirn_core.training.records import evidence


@dataclass(frozen=True)
class PartExplanation:
    """Everything in numbers; the arrays of `tokens` and the maps are for further work.

    Attributes:
        result: The inspection that is explained.
        without_refinement: The same with the prototypes as trained.
        patch: The patch under the highest score.
        displacement: Per modality.
        use: Prototype use per modality.
        refinement: Effect of APR.
        gates: tanh(gamma) of the communication by layer and modality; 0: closed.
        tokens: Per token.
        foreground: Tokens on the part, bool (N,).
        inside: Tokens in a region above the threshold, bool (N,).
    """

    result: InspectionResult
    without_refinement: InspectionResult
    patch: PatchView
    displacement: Mapping[Modality, Displacement]
    use: Mapping[Modality, PrototypeUse]
    refinement: RefinementEffect
    gates: Mapping[str, float]
    tokens: TokenArrays
    foreground: BoolArray
    inside: BoolArray

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the arrays."""
        names = ("patch", "refinement")
        return {
            "part": self.result.ref.id,
            "model": self.result.model_id,
            "backbone": self.result.backbone,
            "verdict": self.result.verdict,
            "threshold": self.result.threshold,
            **{name: asdict(getattr(self, name)) for name in names},
            "displacement": {m: asdict(d) for m, d in self.displacement.items()},
            "use": {m: asdict(u) for m, u in self.use.items()},
            "gates": dict(self.gates),
        }

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Arrays for an npz file: `map` and `map_without_refinement` (H, W), the others (N,)."""
        per_modality = {
            f"{name}_{m}": values
            for name, found in (
                ("residual", self.tokens.residual),
                ("displacement", self.tokens.displacement),
            )
            for m, values in found.items()
        }
        return {
            "map": self.result.map,
            "map_without_refinement": self.without_refinement.map,
            "foreground": self.foreground,
            "inside": self.inside,
            "score": self.tokens.score,
            **per_modality,
        }


@torch.inference_mode()
def explain_part(inspector: Inspector, prepared: Prepared, *, top: int = 5) -> PartExplanation:
    """Explains one prepared part.

    Args:
        inspector: With the model.
        prepared: From its `prepare`.
        top: Prototypes to list for the patch.
    """
    found = inspector.explain(prepared)
    result, plain = inspector.inspect(prepared), inspector.inspect(prepared, refine=False)
    inside = _inside(result, prepared.frame)
    uses = {m: r.layers[0].assignment.usage(prepared.foreground.float())[0] for m, r in found.items()}
    tokens = _token_arrays(inspector, found)
    outside = prepared.frame.foreground & ~inside
    return PartExplanation(
        result=result,
        without_refinement=plain,
        patch=patch_view(inspector.model, prepared, result, found, top),
        displacement={m: displacement_of(d, inside, outside) for m, d in tokens.displacement.items()},
        use={m: use_of(use, int(prepared.frame.foreground.sum())) for m, use in uses.items()},
        refinement=refinement_effect(result, plain, found, prepared.foreground),
        gates=inspector.model.pirn.gates(),
        tokens=tokens,
        foreground=prepared.frame.foreground,
        inside=inside,
    )


def _token_arrays(inspector: Inspector, found: Mapping[Modality, Reconstruction]) -> TokenArrays:
    expected = inspector.model.calibration.expected
    scores = [token_scores(e.residual, e.prototypes, e.weights, expected[m]) for m, e in evidence(found).items()]
    moved = {m: displacement_lengths(r.target, r.output) for m, r in found.items()}
    return TokenArrays(
        residual={m: _numpy(r.residual[0]) for m, r in found.items()},
        displacement={m: _numpy(length[0]) for m, length in moved.items()},
        score=np.mean(scores, axis=0, dtype=np.float32),
    )


def _inside(result: InspectionResult, frame: Frame) -> BoolArray:
    """Tokens on the part whose centre scores at or above the threshold."""
    scores = score_at_tokens(result.map, frame)
    above: BoolArray = (np.nan_to_num(scores, nan=-np.inf) >= result.threshold) & frame.foreground
    return above


def _numpy(values: Tensor) -> FloatArray:
    array: FloatArray = values.float().cpu().numpy()
    return array
