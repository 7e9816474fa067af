"""The cascaded prototype-aware decoder (paper, section 3.1): every layer refines, assigns, communicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pirn_core.config import DecoderConfig
from pirn_core.data.sample import Modality
from pirn_core.nn.assignment import Assignment, assign
from pirn_core.nn.communication import Injection, NormalityInjection, PrototypeAlignment
from pirn_core.nn.refinement import PrototypeRefinement, Refinement


@dataclass(frozen=True)
class Stream:
    """One modality between two layers.

    Attributes:
        tokens: (B, N, C), unit length.
        keys: Prototypes that tokens are matched with, (B, K, C), unit length before refinement.
        values: Prototypes that reconstructions are made of, (B, K, C).
    """

    tokens: Tensor
    keys: Tensor
    values: Tensor


@dataclass(frozen=True)
class LayerTrace:
    """Everything one layer did to one modality.

    Attributes:
        inputs: The layer's input tokens Z, (B, N, C).
        refinement: APR; None where it is off.
        assignment: BPA.
        bpa: Z_bpa, (B, N, C).
        injection: MNC; None where it is off or there is one modality only.
        output: Z_rec, (B, N, C).
    """

    inputs: Tensor
    refinement: Refinement | None
    assignment: Assignment
    bpa: Tensor
    injection: Injection | None
    output: Tensor


class FeedForward(nn.Module):
    """Token-wise, residual, with a zero-initialised output; sees prototype-made features only, so it cannot copy."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.hidden = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        update: Tensor = self.out(F.gelu(self.hidden(self.norm(features))))
        return features + update


class ModalityLayer(nn.Module):
    """The parts of a layer that belong to one modality."""

    def __init__(self, channels: int, config: DecoderConfig, other: bool) -> None:
        super().__init__()
        self.config = config
        self.log_eps = nn.Parameter(torch.tensor(config.transport.eps).log())
        wants_refinement = config.refinement.context != "none"
        self.refinement = (
            PrototypeRefinement(channels, config.refinement, config.transport) if wants_refinement else None
        )
        communicates = config.communication.enabled and other
        self.alignment = PrototypeAlignment(channels, config.communication) if communicates else None
        self.injection = NormalityInjection(channels, config.communication) if communicates else None
        self.feed_forward = FeedForward(channels) if config.feed_forward else None

    def refine(self, stream: Stream, foreground: Tensor, rho: float) -> tuple[Stream, Refinement | None]:
        """APR; values move along with their keys."""
        if self.refinement is None:
            return stream, None
        refinement = self.refinement(stream.tokens, stream.keys, eps=self.log_eps.exp(), rho=rho, foreground=foreground)
        return Stream(stream.tokens, refinement.prototypes, stream.values + refinement.moved), refinement

    def assign(self, stream: Stream, foreground: Tensor, rho: float) -> Assignment:
        """BPA; tokens on the background have no mass in the prototype marginal."""
        return assign(
            stream.tokens,
            stream.keys,
            self.config.transport,
            eps=self.log_eps.exp(),
            rho=rho,
            token_mass=foreground.to(stream.tokens.dtype),
        )


class DecoderLayer(nn.Module):
    """APR, BPA and MNC over all modalities."""

    def __init__(self, channels: int, modalities: tuple[Modality, ...], config: DecoderConfig) -> None:
        super().__init__()
        self.branches = nn.ModuleDict({m: ModalityLayer(channels, config, len(modalities) > 1) for m in modalities})

    def branch(self, modality: Modality) -> ModalityLayer:
        """The parts of one modality."""
        found = self.branches[modality]
        assert isinstance(found, ModalityLayer)
        return found

    def forward(
        self, streams: Mapping[Modality, Stream], foreground: Tensor, *, rho: float, refine: bool
    ) -> tuple[dict[Modality, Stream], dict[Modality, LayerTrace]]:
        """One layer.

        Args:
            streams: Input of every modality that the part has.
            foreground: (B, N) bool.
            rho: Strength of the prototype marginal.
            refine: Whether APR runs.

        Returns:
            The next layer's input, and what happened.
        """
        refined: dict[Modality, tuple[Stream, Refinement | None]] = {
            m: self.branch(m).refine(stream, foreground, rho) if refine else (stream, None)
            for m, stream in streams.items()
        }
        following: dict[Modality, Stream] = {}
        traces: dict[Modality, LayerTrace] = {}
        for modality, (stream, refinement) in refined.items():
            branch = self.branch(modality)
            assignment = branch.assign(stream, foreground, rho)
            bpa = assignment.weights @ stream.values
            others = {m: other.keys for m, (other, _) in refined.items() if m != modality}
            injection = self._communicate(modality, stream, bpa, others)
            output = bpa if injection is None else bpa + injection.added
            if branch.feed_forward is not None:
                output = branch.feed_forward(output)
            traces[modality] = LayerTrace(stream.tokens, refinement, assignment, bpa, injection, output)
            following[modality] = Stream(F.normalize(output, dim=-1), stream.keys, stream.values)
        return following, traces

    def _communicate(
        self, modality: Modality, stream: Stream, bpa: Tensor, others: Mapping[Modality, Tensor]
    ) -> Injection | None:
        branch = self.branch(modality)
        if branch.injection is None or not others or (branch.injection.silent and not torch.is_grad_enabled()):
            return None
        ((other, keys),) = others.items()
        alignment = self.branch(other).alignment
        assert alignment is not None
        injection: Injection = branch.injection(stream.tokens, bpa, alignment(keys, stream.keys))
        return injection
