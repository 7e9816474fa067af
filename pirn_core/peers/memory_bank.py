"""Nearest neighbour in a memory of normal tokens: the simplest strong peer.

After PatchCore (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022, section 3).
What differs: the tokens are those of this program's backbone, without PatchCore's local averaging; channels
are standardised over the foreground tokens of the shots, and the distance is the cosine, not the Euclidean;
only tokens on the part enter the bank; one bank per modality; the coreset is off by default, since few shots
give a small bank; and the part's score is not reweighted by the neighbourhood of the match.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pirn_core.data.sample import Modality
from pirn_core.errors import BackboneError, ConfigError, NotFittedError, SampleError

_PROJECTED = 128
"""Channels in which the coreset measures distances, after a random projection."""


@dataclass(frozen=True)
class _Bank:
    """One modality's memory.

    Attributes:
        mean: Of each channel, shape (C,).
        scale: Standard deviation of each channel, shape (C,), > 0.
        units: Standardised tokens of length one, shape (M, C).
    """

    mean: Tensor
    scale: Tensor
    units: Tensor

    def unit(self, tokens: Tensor) -> Tensor:
        """Standardises tokens (..., C) with the bank's statistics and scales them to length one."""
        mean, scale = self.mean.to(tokens.device), self.scale.to(tokens.device)
        return functional.normalize((tokens.float() - mean) / scale, dim=-1)


class MemoryBank:
    """Residual of a token: 1 - cos to its nearest neighbour in the bank, in [0, 2].

    Args:
        coreset: Share of the tokens that is kept, in (0, 1]; 1 keeps all, less picks them by greedy k-centre.
        block: Tokens of the bank, and of the query, that are compared at once; bounds the memory to
            `block` squared numbers.

    Raises:
        ConfigError: When `coreset` or `block` is out of range.
    """

    def __init__(self, coreset: float = 1.0, *, block: int = 4096) -> None:
        if not 0.0 < coreset <= 1.0:
            raise ConfigError(f"a coreset of {coreset} is not possible.", "Choose a share above 0 and up to 1.")
        if block < 1:
            raise ConfigError(f"a block of {block} tokens is not possible.", "Choose 1 or more.")
        self.name = "memory bank" if coreset == 1.0 else f"memory bank, coreset {100 * coreset:g}%"
        self._coreset = coreset
        self._block = block
        self._banks: dict[Modality, _Bank] = {}

    @property
    def sizes(self) -> dict[Modality, int]:
        """Tokens in the bank of each modality; empty before `fit`."""
        return {modality: len(bank.units) for modality, bank in self._banks.items()}

    @torch.no_grad()
    def fit(self, tokens: Mapping[Modality, Tensor], foreground: Tensor, *, seed: int) -> None:
        """Keeps the foreground tokens, replacing what was kept before.

        Args:
            tokens: Tokens of the shots' views per modality, shape (V, N, C).
            foreground: Which tokens lie on the part, bool, shape (V, N).
            seed: Of the coreset's first token and projection; without a coreset nothing is random.

        Raises:
            SampleError: When no token lies on the part, or foreground and tokens differ in shape.
        """
        self._banks = {modality: self._bank(values, foreground, seed) for modality, values in tokens.items()}

    @torch.no_grad()
    def residuals(self, tokens: Mapping[Modality, Tensor], foreground: Tensor) -> dict[Modality, Tensor]:
        """Distance of every token to its nearest neighbour in the bank.

        Args:
            tokens: Tokens per modality, shape (B, N, C); a modality may be missing.
            foreground: Not needed here: every token is looked up on its own, on the part or not.

        Returns:
            Residuals per modality that was given, float32, shape (B, N), in [0, 2].

        Raises:
            NotFittedError: For a modality that was not fitted.
            BackboneError: When the number of channels is not the fitted one.
        """
        return {modality: self._nearest(modality, values) for modality, values in tokens.items()}

    def _bank(self, tokens: Tensor, foreground: Tensor, seed: int) -> _Bank:
        if foreground.shape != tokens.shape[:2]:
            raise SampleError(
                f"the foreground is {tuple(foreground.shape)} but the tokens are {tuple(tokens.shape[:2])}.",
                "Make both on one grid.",
            )
        kept = tokens[foreground.to(tokens.device, torch.bool)].float()
        if not len(kept):
            raise SampleError("no token of the shots lies on the part.", "Check the foreground of the shots.")
        bank = _Bank(kept.mean(0), _safe_scale(kept), kept)
        units = bank.unit(kept)
        if self._coreset < 1.0:
            units = units[farthest_first(units, math.ceil(self._coreset * len(units)), seed)]
        return _Bank(bank.mean, bank.scale, units)

    def _nearest(self, modality: Modality, tokens: Tensor) -> Tensor:
        bank = self._banks.get(modality)
        if bank is None:
            known = ", ".join(self._banks) or "nothing"
            raise NotFittedError(f"the memory bank holds {known}, not {modality}.", "Fit it with this modality.")
        if tokens.shape[-1] != len(bank.mean):
            raise BackboneError(
                f"the tokens have {tokens.shape[-1]} channels but the memory bank {len(bank.mean)}.",
                "Use the backbone that it was fitted with.",
            )
        queries = torch.split(tokens.reshape(-1, tokens.shape[-1]), self._block)
        found = [self._distance(bank.unit(query), bank.units) for query in queries]
        return torch.cat(found).reshape(tokens.shape[:-1])

    def _distance(self, query: Tensor, units: Tensor) -> Tensor:
        """Half the squared Euclidean distance: 1 - cos for unit vectors, and 0 between two zero vectors.

        A token that equals the mean of all (a blank image) has no direction and stays a zero vector.
        """
        closest = query.new_full((len(query),), math.inf)
        for block in torch.split(units.to(query.device), self._block):
            offset = block.square().sum(-1) / 2
            closest = torch.minimum(closest, torch.addmm(offset, query, block.T, alpha=-1.0).amin(1))
        return (closest + query.square().sum(-1) / 2).clamp_(0.0, 2.0)


def _safe_scale(tokens: Tensor) -> Tensor:
    """Standard deviation per channel (M, C) -> (C,); a constant channel gets the mean one, not a tiny one."""
    spread = tokens.std(0, correction=0)
    typical = spread.mean()
    if not typical > 0:
        return torch.ones_like(spread)
    return torch.where(spread > 1e-4 * typical, spread, typical)


def farthest_first(points: Tensor, count: int, seed: int) -> Tensor:
    """Greedy k-centre: from a random first point on, always the point farthest from those already taken.

    As in PatchCore's algorithm 1, distances are measured after a random linear projection.

    Args:
        points: Shape (M, C).
        count: Points to take, 1 to M.
        seed: Of the first point and of the projection; the same seed takes the same points.

    Returns:
        Indices of the points taken, in the order of taking, no index twice, shape (count,).
    """
    generator = torch.Generator().manual_seed(seed)
    taken = [int(torch.randint(len(points), (1,), generator=generator))]
    if points.shape[1] > _PROJECTED:
        projection = torch.randn(points.shape[1], _PROJECTED, generator=generator) / math.sqrt(_PROJECTED)
        points = points @ projection.to(points.device)
    norms = points.square().sum(1)
    distance = torch.full_like(norms, math.inf)
    while len(taken) < count:
        last = taken[-1]
        # Squared distances; one matrix-vector product per point taken.
        distance = torch.minimum(distance, (norms + norms[last] - 2.0 * (points @ points[last])).clamp_min_(0.0))
        distance[last] = -1.0
        taken.append(int(distance.argmax()))
    return torch.tensor(taken, device=points.device)
