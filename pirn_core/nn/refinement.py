"""Adaptive prototype refinement, APR (paper, section 3.3): prototypes take up a part's normal context through a GRU."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pirn_core.config import RefinementConfig, TransportConfig
from pirn_core.nn.assignment import assign, cosine_cost

_SHOWN = 0.05
"""A prototype that explains less than this many tokens of a part is not refined: its evidence n / (n + 1) would move
it by less than 5 % of the gate, and most of a large codebook is not shown by any one part."""


@dataclass(frozen=True)
class Context:
    """What the prototypes see of a part.

    Attributes:
        vectors: c_k of equation 3, shape (B, K, C); 0 where no token is assigned.
        tokens: Number of tokens n_k behind each context, shape (B, K), >= 0.
        used: Which tokens took part, bool (B, N).
    """

    vectors: Tensor
    tokens: Tensor
    used: Tensor


@dataclass(frozen=True)
class Refinement:
    """Prototypes before and after.

    Attributes:
        prototypes: Refined keys, (B, K, C).
        moved: Refined minus trained keys, (B, K, C).
        context: What they were refined with.
    """

    prototypes: Tensor
    moved: Tensor
    context: Context | None


class PrototypeRefinement(nn.Module):
    """One layer's APR for one modality: context by (partial) transport, then a gated recurrent update.

    The GRU starts as p' = p + g * (tanh(c) - p) with g the configured gate: its candidate is the context itself. Tokens
    and prototypes have unit length, so their entries are far from the bounds (-1, 1) of the tanh, which would
    otherwise be a cage. With a small gate it therefore starts close to the identity.
    """

    def __init__(self, channels: int, config: RefinementConfig, transport: TransportConfig) -> None:
        super().__init__()
        self.config = config
        self.transport = transport
        self.gru = nn.GRUCell(channels, channels)
        self._start_as_gated_mean(channels)
        self._looked_at: tuple[tuple[int, int], ...] = ()
        self._plain = False

    def _start_as_gated_mean(self, channels: int) -> None:
        for parameter in self.gru.parameters():
            nn.init.zeros_(parameter)
        with torch.no_grad():
            self.gru.weight_ih[2 * channels :].copy_(torch.eye(channels))
            # torch's gate z keeps the old state, so a nearly closed update is a large positive bias.
            self.gru.bias_ih[channels : 2 * channels].fill_(math.log1p(-self.config.gate) - math.log(self.config.gate))

    def forward(
        self, tokens: Tensor, prototypes: Tensor, *, eps: Tensor | float, rho: float, foreground: Tensor
    ) -> Refinement:
        """Refines the trained prototypes with one part's tokens; no state passes to the next part.

        Args:
            tokens: The layer's input tokens, (B, N, C), unit length.
            prototypes: (B, K, C).
            eps: Entropic regularisation.
            rho: Strength of the prototype marginal of the inference assignment, used by `trimmed`.
            foreground: (B, N) bool: tokens on the part.
        """
        context = self.context(tokens, prototypes, eps=eps, rho=rho, foreground=foreground)
        refined = self._update(prototypes, context)
        return Refinement(refined, refined - prototypes, context)

    def context(
        self, tokens: Tensor, prototypes: Tensor, *, eps: Tensor | float, rho: float, foreground: Tensor
    ) -> Context:
        """The normal context of every prototype (equation 3), by the configured aggregation."""
        kind = self.config.context
        if kind == "mean":
            return _mean_context(tokens, prototypes, foreground, foreground.to(tokens.dtype))
        if kind == "topk":
            return self._topk_context(tokens, prototypes, foreground)
        if len(tokens) == 1 and not torch.is_grad_enabled() and bool(foreground.any()):
            return self._part_context(tokens, prototypes, eps=eps, rho=rho, foreground=foreground)
        return self._transported(tokens, prototypes, eps=eps, rho=rho, foreground=foreground)

    def _part_context(
        self, tokens: Tensor, prototypes: Tensor, *, eps: Tensor | float, rho: float, foreground: Tensor
    ) -> Context:
        """One part's context from its foreground tokens alone: those on the background have no mass."""
        on_part = foreground[0].nonzero().squeeze(1)
        found = self._transported(tokens[:, on_part], prototypes, eps=eps, rho=rho, foreground=foreground[:, on_part])
        return Context(found.vectors, found.tokens, foreground.index_put((foreground,), found.used[0]))

    def _transported(
        self, tokens: Tensor, prototypes: Tensor, *, eps: Tensor | float, rho: float, foreground: Tensor
    ) -> Context:
        """Contexts by balanced transport, or by the partial one that leaves the worst explained tokens out."""
        mass, balanced = foreground.to(tokens.dtype), self.config.context == "ot"
        plan = assign(
            tokens,
            prototypes,
            self.transport,
            eps=eps,
            rho=math.inf if balanced else rho,
            token_mass=mass,
        ).weights
        used = foreground if balanced else self._well_explained(tokens, plan @ prototypes, foreground)
        return _weighted_context(plan * used.to(plan.dtype)[:, :, None], tokens, used)

    def _well_explained(self, tokens: Tensor, explained: Tensor, foreground: Tensor) -> Tensor:
        """The best explained share of the foreground tokens: a partial transport that leaves anomalies out."""
        residual = 1.0 - torch.cosine_similarity(tokens, explained, dim=-1)
        residual = residual.detach().masked_fill(~foreground, math.inf)
        count = foreground.sum(dim=1)
        kept = (count * self.config.keep).ceil().long().clamp_min(1) - 1
        limit = residual.sort(dim=1).values.gather(1, kept.clamp_max(residual.shape[1] - 1)[:, None])
        return foreground & (residual <= limit)

    def _topk_context(self, tokens: Tensor, prototypes: Tensor, foreground: Tensor) -> Context:
        similarity = (1.0 - cosine_cost(tokens, prototypes)).masked_fill(~foreground[:, :, None], -math.inf)
        count = min(self.config.topk, tokens.shape[1])
        best = similarity.topk(count, dim=1)
        weights = torch.zeros_like(similarity).scatter_(1, best.indices, torch.isfinite(best.values).to(tokens.dtype))
        return _weighted_context(weights, tokens, weights.sum(dim=2) > 0)

    def _proposal(self, contexts: Tensor, old: Tensor) -> Tensor:
        """The GRU's step; where it was never trained, its closed form, which saves six matrix products."""
        if torch.is_grad_enabled() or not self._is_plain():
            step: Tensor = self.gru(contexts, old)
            return step
        keep = torch.sigmoid(self.gru.bias_ih[old.shape[-1] : 2 * old.shape[-1]])
        return torch.lerp(torch.tanh(contexts), old, keep.expand_as(old))

    def _is_plain(self) -> bool:
        """Whether the GRU still is what `_start_as_gated_mean` made it, but for the gate's bias; looked at once."""
        now = tuple((p._version, p.data_ptr()) for p in self.gru.parameters())
        if now != self._looked_at:
            size = self.gru.hidden_size
            reset, _, new = self.gru.bias_ih.chunk(3)
            zeros = (self.gru.weight_hh, self.gru.bias_hh, self.gru.weight_ih[: 2 * size], reset, new)
            identity = torch.eye(size, device=reset.device, dtype=reset.dtype)
            self._plain = not any(bool(z.any()) for z in zeros) and torch.equal(
                self.gru.weight_ih[2 * size :], identity
            )
            self._looked_at = now
        return self._plain

    def _update(self, prototypes: Tensor, context: Context) -> Tensor:
        shown = context.tokens > (_SHOWN if self.config.evidence else 1e-9)
        at = shown.nonzero(as_tuple=True)
        old = prototypes[at]
        proposal = self._proposal(context.vectors[at], old)
        if self.config.evidence:
            count = context.tokens[at][:, None]
            proposal = old + (count / (count + 1.0)) * (proposal - old)
        return prototypes.index_put(at, proposal)


def _weighted_context(weights: Tensor, tokens: Tensor, used: Tensor) -> Context:
    count = weights.sum(dim=1)
    vectors = weights.transpose(1, 2) @ tokens / count[:, :, None].clamp_min(1e-9)
    return Context(vectors, count, used)


def _mean_context(tokens: Tensor, prototypes: Tensor, foreground: Tensor, mass: Tensor) -> Context:
    count = mass.sum(dim=1, keepdim=True)
    mean = (mass[:, :, None] * tokens).sum(dim=1) / count.clamp_min(1.0)
    return Context(mean[:, None].expand_as(prototypes), count.expand(prototypes.shape[:2]), foreground)
