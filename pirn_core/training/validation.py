"""How well a model does on shots it has not seen: their own residual, and synthetic defects put on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pirn_core.config import PirnConfig
from pirn_core.data.sample import Modality
from pirn_core.nn.pirn import Pirn, Reconstruction
from pirn_core.training.pool import TokenPool

_WORST_NORMAL = 0.3
"""Only the worst normal tokens make false positives: the separation is taken over this share of them."""


@dataclass(frozen=True)
class HeldOut:
    """Figures of a model on held-out shots.

    Attributes:
        separation: Area under the ROC of synthetic defect tokens against the held-out parts' normal tokens, over false
            positive rates up to 30 %, in [0, 1]; minus the residual where there are no synthetic defects.
        residual: Mean residual of normal foreground tokens, mean over modalities.
    """

    separation: float
    residual: float

    def better_than(self, other: HeldOut) -> bool:
        """A higher separation."""
        return self.separation > other.separation


@torch.no_grad()
def held_out(model: Pirn, held: TokenPool, config: PirnConfig, *, refine: bool = True) -> HeldOut:
    """Looks at the upright views of a held-out pool, in the way of inspection."""
    was_training = model.training
    model.eval()
    views = held.of_views(held.upright)
    normal = {
        m: torch.cat(r)
        for m, r in _residuals(model, views.tokens, views.foreground, views.foreground, config, refine).items()
    }
    level = {m: r.mean().clamp_min(1e-9) for m, r in normal.items()}
    residual = float(torch.stack(list(level.values())).mean())
    separation = -residual
    probes = held.probes
    if probes is not None and bool(probes.defect.any()):
        wanted = probes.defect & probes.foreground
        found = _residuals(model, probes.tokens, probes.foreground, wanted, config, refine)
        defects = [_fused({m: r[i] for m, r in found.items()}, level) for i in range(len(probes.shot))]
        separation = _separation(_fused(normal, level), [d for d in defects if len(d)])
    model.train(was_training)
    return HeldOut(separation, residual)


def reconstruct(
    model: Pirn,
    tokens: Mapping[Modality, Tensor],
    foreground: Tensor,
    config: PirnConfig,
    *,
    refine: bool = True,
) -> dict[Modality, Reconstruction]:
    """One batch of parts in the way of inspection: relaxed marginal, prototypes refined per part."""
    batch = {m: t.float() for m, t in tokens.items()}
    found: dict[Modality, Reconstruction] = model(
        batch, foreground, rho=config.decoder.transport.rho_infer, refine=refine
    )
    return found


def _residuals(
    model: Pirn,
    tokens: Mapping[Modality, Tensor],
    foreground: Tensor,
    wanted: Tensor,
    config: PirnConfig,
    refine: bool,
) -> dict[Modality, list[Tensor]]:
    """Residuals of the wanted tokens, part by part, which bounds the memory."""
    found: dict[Modality, list[Tensor]] = {m: [] for m in tokens if m in model.modalities}
    for i in range(len(foreground)):
        part = {m: t[i : i + 1] for m, t in tokens.items()}
        for m, r in reconstruct(model, part, foreground[i : i + 1], config, refine=refine).items():
            found[m].append(r.residual[0][wanted[i]])
    return found


def _fused(residuals: Mapping[Modality, Tensor], level: Mapping[Modality, Tensor]) -> Tensor:
    return torch.stack([residuals[m] / level[m] for m in residuals]).mean(dim=0)


def _separation(normal: Tensor, defects: list[Tensor]) -> float:
    """Mean over the worst normal scores of the share of defect tokens above them, every defect counting alike."""
    count = max(1, int(len(normal) * _WORST_NORMAL))
    worst = normal.sort(descending=True).values[:count]
    shares = [(d[:, None] > worst[None, :]).float().mean() for d in defects]
    return float(torch.stack(shares).mean()) if shares else 0.0
