"""From what a model makes of a good part to the record that calibration uses."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from pirn_core.calibration import TOP_PROTOTYPES, Evidence
from pirn_core.data.sample import Modality
from pirn_core.nn.pirn import Reconstruction


@torch.no_grad()
def evidence(
    found: Mapping[Modality, Reconstruction], residuals: Mapping[Modality, Tensor] | None = None
) -> dict[Modality, Evidence]:
    """Residuals and best prototypes of one part (a batch of one).

    Args:
        found: What the model makes of the part; residuals are booked on its prototypes.
        residuals: (N,) per modality by a model that has not seen the part, where that is another one (a fold's).
    """
    booked: dict[Modality, Evidence] = {}
    for modality, reconstruction in found.items():
        weights = reconstruction.layers[0].assignment.weights[0]
        best = weights.topk(min(TOP_PROTOTYPES, weights.shape[1]), dim=1)
        share = best.values / best.values.sum(dim=1, keepdim=True).clamp_min(1e-12)
        residual = reconstruction.residual[0] if residuals is None else residuals[modality]
        booked[modality] = Evidence(
            residual.float().cpu().numpy(),
            best.indices.to(torch.int32).cpu().numpy(),
            share.float().cpu().numpy(),
        )
    return booked
