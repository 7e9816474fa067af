"""Entropic optimal transport with a relaxed prototype marginal, in the log domain.

The problem, for a cost C (N, K), row masses a and prototype masses b:

    min_T  <T, C> + eps * KL(T | a b^T) + rho * KL(T^T 1 | b)   subject to   T 1 = a

rho -> infinity is the balanced transport of the paper (section 3.2, equation 1), rho = 0 leaves the prototypes'
masses free, which makes every row a softmax. Sources: Cuturi, *Sinkhorn Distances* (2013); Chizat et al.,
*Scaling Algorithms for Unbalanced Transport Problems* (2018), for the damping rho / (rho + eps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_CHECK_EVERY = 5
"""The marginal error is read back from the device only now and then."""

_RELAXATION = 1.8
"""Over-relaxation of the balanced iterations (Thibault et al. 2017): 1.5 to 2 times fewer of them on clustered
tokens, measured; taken back to 1 as soon as the error grows."""


@dataclass(frozen=True)
class Potentials:
    """What Sinkhorn's iterations give.

    Attributes:
        column: Prototype potentials in units of eps, shape (B, K); with them the plan's row n is
            `a_n * softmax_k(log b_k + column_k - C_nk / eps)`, so the row marginal holds exactly.
        error: Worst relative error of the prototype marginal over the batch; for a finite rho, of its
            optimality condition `T^T 1 = b * exp(-eps * column / rho)`.
        iterations: Iterations used.
    """

    column: Tensor
    error: float
    iterations: int


@torch.no_grad()
def sinkhorn(
    cost: Tensor,
    row_mass: Tensor | None,
    *,
    eps: float,
    rho: float = math.inf,
    max_iterations: int = 500,
    tolerance: float = 1e-3,
) -> Potentials:
    """Solves the problem above by Sinkhorn's iterations.

    No gradient flows through the iterations: at the optimum the plan's dependence on the potentials is of
    second order in the objective, and the plan rebuilt from constant potentials keeps the direct gradient.

    Args:
        cost: (B, N, K), finite.
        row_mass: (B, N), non-negative, any positive sum per batch element; None: all alike. Rows of mass 0
            take no part in the prototype marginal.
        eps: Entropic regularisation, in the unit of the cost, > 0.
        rho: Strength of the prototype marginal, >= 0, `inf` for balanced.
        max_iterations: Stop after this many.
        tolerance: Stop when `error` is below.

    Returns:
        The prototype potentials, the error reached and the iterations used.
    """
    batch, _, prototypes = cost.shape
    column = cost.new_zeros(batch, prototypes)
    if rho == 0.0:
        return Potentials(column, 0.0, 0)
    kernel = cost / -eps
    log_a = _log_mass(row_mass, cost)
    log_b = -math.log(prototypes)
    damping = 1.0 if math.isinf(rho) else rho / (rho + eps)
    step = _RELAXATION if math.isinf(rho) else 1.0
    error = best = math.inf
    for iteration in range(1, max_iterations + 1):
        row = -torch.logsumexp(kernel + (column + log_b)[:, None, :], dim=2) + log_a
        log_marginal = torch.logsumexp(kernel + row[:, :, None], dim=1) + column  # log of (T^T 1) / b
        if iteration % _CHECK_EVERY == 0 or iteration == max_iterations:
            wanted = 0.0 if math.isinf(rho) else column * (-eps / rho)
            error = float((log_marginal - wanted).exp_().sub_(1.0).abs_().max())
            if error < tolerance:
                return Potentials(column, error, iteration)
            step = 1.0 if error > 2.0 * best else step
            best = min(best, error)
        column = column + step * (damping * (column - log_marginal) - column)
    return Potentials(column, error, max_iterations)


def plan_rows(cost: Tensor, column: Tensor, eps: float | Tensor) -> Tensor:
    """The row-normalised plan (barycentric weights), shape (B, N, K), every row summing to 1.

    The plan of equation 1 has rows that sum to 1 / N; for the reconstruction (equation 2) they are divided by
    it, since otherwise the size of the reconstruction would depend on the number of tokens.
    """
    return torch.softmax(column[:, None, :] - cost / eps, dim=2)


def _log_mass(row_mass: Tensor | None, cost: Tensor) -> Tensor:
    batch, tokens, _ = cost.shape
    if row_mass is None:
        return cost.new_full((batch, tokens), -math.log(tokens))
    total = row_mass.sum(dim=1, keepdim=True)
    # A part without any mass (nothing of it in view) falls back to all tokens alike instead of NaN.
    mass = torch.where(total > 0, row_mass / total.clamp_min(1e-12), torch.full_like(row_mass, 1.0 / tokens))
    return mass.to(cost.dtype).log()
