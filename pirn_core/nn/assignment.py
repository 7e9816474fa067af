"""Balanced prototype assignment, BPA (paper, section 3.2), and the assignments it is compared with (Table 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pirn_core.config import TransportConfig
from pirn_core.nn.transport import plan_rows, sinkhorn


@dataclass(frozen=True)
class Assignment:
    """How tokens are shared among prototypes.

    Attributes:
        weights: (B, N, K), every row non-negative and summing to 1.
        error: Worst relative error of the prototype marginal (0 where there is none).
        iterations: Sinkhorn iterations used.
    """

    weights: Tensor
    error: float = 0.0
    iterations: int = 0

    def usage(self, token_mass: Tensor | None = None) -> Tensor:
        """Mass that every prototype receives, shape (B, K), summing to 1 over K."""
        mass = self.weights.new_ones(self.weights.shape[:2]) if token_mass is None else token_mass
        received = torch.einsum("bnk,bn->bk", self.weights, mass)
        return received / received.sum(dim=1, keepdim=True).clamp_min(1e-12)


def cosine_cost(tokens: Tensor, prototypes: Tensor) -> Tensor:
    """C[n, k] = 1 - cos(z_n, p_k) in [0, 2]; tokens (B, N, C), prototypes (B, K, C) or (K, C) -> (B, N, K)."""
    unit_tokens = F.normalize(tokens, dim=-1)
    unit_prototypes = F.normalize(prototypes, dim=-1)
    return 1.0 - unit_tokens @ unit_prototypes.transpose(-1, -2)


def assign(
    tokens: Tensor,
    prototypes: Tensor,
    config: TransportConfig,
    *,
    eps: Tensor | float,
    rho: float,
    token_mass: Tensor | None = None,
) -> Assignment:
    """Assigns tokens to prototypes.

    Args:
        tokens: (B, N, C).
        prototypes: (B, K, C) or (K, C).
        config: Which assignment, and the iterations' limits.
        eps: Entropic regularisation, or temperature; a learned one carries its gradient.
        rho: Strength of the prototype marginal of `ot`.
        token_mass: (B, N), row masses a; None: all tokens alike.

    Returns:
        The row-normalised plan (see `plan_rows`).
    """
    if config.assignment == "linear":
        return Assignment(_linear(tokens, prototypes))
    if config.assignment == "softmax" or (config.assignment == "ot" and rho == 0.0):
        return Assignment(_softmax(tokens, prototypes, eps))
    cost = cosine_cost(tokens, prototypes)
    if config.assignment == "sigmoid":
        return Assignment(_sigmoid(cost, eps))
    solved = sinkhorn(
        cost,
        token_mass,
        eps=float(eps.detach()) if isinstance(eps, Tensor) else eps,
        rho=rho,
        max_iterations=config.max_iterations,
        tolerance=config.tolerance,
    )
    return Assignment(plan_rows(cost, solved.column, eps), solved.error, solved.iterations)


def _softmax(tokens: Tensor, prototypes: Tensor, eps: Tensor | float) -> Tensor:
    """softmax(cos / eps): transport with a free prototype marginal, without forming the cost."""
    scaled = F.normalize(tokens, dim=-1) / eps
    return torch.softmax(scaled @ F.normalize(prototypes, dim=-1).transpose(-1, -2), dim=2)


def _linear(tokens: Tensor, prototypes: Tensor) -> Tensor:
    """Linear attention with the feature map elu(x) + 1 on standardised vectors, rows normalised."""
    scale = math.sqrt(tokens.shape[-1])
    queries = F.elu(F.normalize(tokens, dim=-1) * scale) + 1.0
    keys = F.elu(F.normalize(prototypes, dim=-1) * scale) + 1.0
    scores = queries @ keys.transpose(-1, -2)
    return scores / scores.sum(dim=2, keepdim=True).clamp_min(1e-12)


def _sigmoid(cost: Tensor, eps: Tensor | float) -> Tensor:
    """Sigmoid attention with the bias -log K that keeps a row's sum near 1, then exactly normalised.

    In the log domain: the sigmoids of a token far from every prototype are too small for float32.
    """
    return torch.softmax(F.logsigmoid((0.5 - cost) / eps - math.log(cost.shape[2])), dim=2)
