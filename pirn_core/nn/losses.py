"""The training loss (paper, section 3.4, training; soft mining after Luo et al., INP-Former, 2025)."""

from __future__ import annotations

import torch
from torch import Tensor


def mining_weights(residual: Tensor, exponent: float, mask: Tensor | None = None) -> Tensor:
    """Weights (d_i / mean d)^exponent, detached, clamped to [0.1, 10], so that hard normal tokens count more.

    Args:
        residual: d >= 0, any shape.
        exponent: 0 weighs all tokens alike; the paper's source uses 3.
        mask: Same shape, bool; the mean is taken over True.
    """
    counts = torch.ones_like(residual) if mask is None else mask.to(residual.dtype)
    # Rounding leaves perfect tokens just below 0, where a fractional power is not defined.
    positive = residual.detach().clamp_min(0.0)
    mean = (positive * counts).sum() / counts.sum().clamp_min(1.0)
    return (positive / mean.clamp_min(1e-9)).pow(exponent).clamp(0.1, 10.0)


def soft_mining_loss(residual: Tensor, exponent: float, mask: Tensor | None = None) -> Tensor:
    """Weighted mean of the residuals; its gradient at token i carries the mining weight.

    Args:
        residual: d = 1 - cos(E, Z_rec), (B, N).
        exponent: See `mining_weights`.
        mask: (B, N) bool: tokens that count; an empty mask gives 0.
    """
    counts = torch.ones_like(residual) if mask is None else mask.to(residual.dtype)
    weighted = mining_weights(residual, exponent, mask) * residual * counts
    return weighted.sum() / counts.sum().clamp_min(1.0)
