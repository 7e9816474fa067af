"""Multimodal normality communication, MNC (paper, section 3.4): what one modality's prototypes tell the other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pirn_core.config import CommunicationConfig


@dataclass(frozen=True)
class Injection:
    """What one modality gets from the other.

    Attributes:
        added: What is added to Z_bpa, (B, N, C).
        queries: Of the purified tokens, (B, N, C).
        keys: Of the other modality's aligned prototypes, (B, K, C).
        gate: tanh(gamma) in (-1, 1).
    """

    added: Tensor
    queries: Tensor
    keys: Tensor
    gate: float

    @property
    def attention(self) -> Tensor:
        """Weights on the other modality's prototypes, (B, N, K), rows summing to 1; made when asked for."""
        return attend(self.queries, self.keys)


class PrototypeAlignment(nn.Module):
    """Stage 1: one step of multi-head graph attention (GAT, Velickovic et al. 2018) on the graph of 2K prototypes.

    Every prototype is joined to its nearest neighbours, by cosine, in the other modality. The output projection starts
    at zero, so that the prototypes start as they are.
    """

    def __init__(self, channels: int, config: CommunicationConfig) -> None:
        super().__init__()
        self.heads = _heads(channels, config.heads)
        self.neighbours = config.neighbours
        # Prototypes have unit length; the scores expect channels of unit spread.
        self.spread = channels**0.5
        self.project = nn.Linear(channels, channels, bias=False)
        self.source = nn.Parameter(torch.empty(self.heads, channels // self.heads))
        self.target = nn.Parameter(torch.empty(self.heads, channels // self.heads))
        self.out = nn.Linear(channels, channels, bias=False)
        nn.init.xavier_uniform_(self.source)
        nn.init.xavier_uniform_(self.target)
        nn.init.zeros_(self.out.weight)

    def forward(self, nodes: Tensor, others: Tensor) -> Tensor:
        """Aligns `nodes` (B, K, C) with their neighbours among `others` (B, M, C); returns (B, K, C)."""
        edges = nearest(nodes, others, self.neighbours)
        messages: Tensor = self.out(self._attend(self.project(nodes), self.project(others), edges))
        return nodes + messages

    def _attend(self, nodes: Tensor, others: Tensor, edges: Tensor) -> Tensor:
        batch, count, channels = nodes.shape
        own = nodes.view(batch, count, self.heads, -1)
        other = others.view(batch, others.shape[1], self.heads, -1)
        own_score = self.spread * (own * self.target).sum(dim=-1)
        other_score = self.spread * (other * self.source).sum(dim=-1)
        at = torch.arange(batch, device=nodes.device)[:, None, None]
        scores = F.leaky_relu(own_score[:, :, None] + other_score[at, edges], 0.2)
        weights = torch.softmax(scores, dim=2)  # (B, K, neighbours, heads)
        return torch.einsum("bknh,bknhd->bkhd", weights, other[at, edges]).reshape(batch, count, channels)


class NormalityInjection(nn.Module):
    """Stage 2: cross-attention from a modality's purified tokens to the other's aligned prototypes (equations 4 and 5).

    The gate's gamma starts at zero: no communication until training finds it useful.
    """

    def __init__(self, channels: int, config: CommunicationConfig) -> None:
        super().__init__()
        self.config = config
        # Tokens have unit length; attention and sigmoid expect channels of unit spread.
        self.spread = channels**0.5
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, tokens: Tensor, reconstructed: Tensor, others: Tensor) -> Injection:
        """What is added to the reconstruction.

        Args:
            tokens: The layer's input Z, (B, N, C).
            reconstructed: Z_bpa, (B, N, C).
            others: Aligned prototypes of the other modality, (B, K, C).
        """
        purified = tokens * torch.sigmoid(self.spread * reconstructed)
        queries, keys = self.query(self.spread * purified), self.key(self.spread * others)
        gate = torch.tanh(self.gamma)
        # Not torch's fused attention: on a CPU it is ten times slower for one head of this width.
        added = gate * (attend(queries, keys) @ self.value(others))
        if self.config.residual == "paper":
            # As written: Z' holds the input itself, so that defects can be copied to the reconstruction.
            added = purified + added
        return Injection(added, queries, keys, float(gate.detach()))

    @property
    def silent(self) -> bool:
        """True when nothing is added, so that the work can be saved while inspecting."""
        return self.config.residual == "prototype" and float(self.gamma.detach()) == 0.0


def attend(queries: Tensor, keys: Tensor) -> Tensor:
    """Softmax weights of equation 4, (B, N, K), for queries (B, N, C) and keys (B, K, C)."""
    return torch.softmax((queries * keys.shape[-1] ** -0.5) @ keys.transpose(1, 2), dim=-1)


@torch.no_grad()
def nearest(nodes: Tensor, others: Tensor, count: int) -> Tensor:
    """Indices (B, K, count) of the nearest `others` (B, M, C) of each of `nodes` (B, K, C), by cosine."""
    similarity = F.normalize(nodes, dim=-1) @ F.normalize(others, dim=-1).transpose(1, 2)
    return similarity.topk(min(count, others.shape[1]), dim=2).indices


def _heads(channels: int, wanted: int) -> int:
    """The largest number of heads up to the wanted one that divides the channels."""
    return next(heads for heads in range(wanted, 0, -1) if channels % heads == 0)
