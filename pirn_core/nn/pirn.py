"""PIRN: standardisation, codebooks and decoder, wired together (paper, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pirn_core.config import DecoderConfig
from pirn_core.data.sample import Modality
from pirn_core.nn.decoder import DecoderLayer, LayerTrace, Stream

Tokens = Mapping[Modality, Tensor]
"""Encoder tokens E of every modality that the part has, float32 (B, N, C)."""


@dataclass(frozen=True)
class Reconstruction:
    """One modality through the whole decoder.

    Attributes:
        target: Standardised encoder tokens of unit length, (B, N, C).
        layers: What every layer did.
    """

    target: Tensor
    layers: tuple[LayerTrace, ...]

    @property
    def output(self) -> Tensor:
        """Final Z_rec, (B, N, C)."""
        return self.layers[-1].output

    @property
    def residual(self) -> Tensor:
        """d = 1 - cos(E, Z_rec) in [0, 2], (B, N)."""
        return 1.0 - F.cosine_similarity(self.target, self.output, dim=-1)


class Codebook(nn.Module):
    """K prototypes of one modality, and the standardisation of its tokens.

    Keys match, values reconstruct; with one set for both, the values are the keys.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int, prototypes: int, separate_values: bool) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.keys = nn.Parameter(F.normalize(torch.randn(prototypes, channels), dim=-1))
        self.separate_values = nn.Parameter(self.keys.detach().clone()) if separate_values else None

    def standardise(self, tokens: Tensor) -> Tensor:
        """Encoder tokens (..., C) to channels of zero mean and unit spread on the shots, then unit length."""
        return F.normalize((tokens - self.mean) / self.std, dim=-1)

    @torch.no_grad()
    def set_statistics(self, tokens: Tensor) -> None:
        """Takes the channels' mean and spread from (M, C) tokens."""
        self.mean.copy_(tokens.mean(dim=0))
        # A channel that never changes carries nothing; a floor keeps its noise from being blown up.
        spread = tokens.std(dim=0, correction=0)
        self.std.copy_(spread.clamp_min(1e-3 * spread.median().clamp_min(1e-12)))

    @torch.no_grad()
    def set_prototypes(self, centres: Tensor) -> None:
        """Takes (K, C) cluster centres of standardised tokens."""
        self.keys.copy_(F.normalize(centres, dim=-1))
        if self.separate_values is not None:
            self.separate_values.copy_(centres)

    def stream(self, tokens: Tensor) -> Stream:
        """The decoder's input for standardised tokens (B, N, C)."""
        keys = F.normalize(self.keys, dim=-1)
        values = keys if self.separate_values is None else self.separate_values
        shape = (tokens.shape[0], *keys.shape)
        return Stream(tokens, keys.expand(shape), values.expand(shape))


class Pirn(nn.Module):
    """The trainable part of the method; encoder tokens in, reconstructions out.

    Args:
        channels: C of the encoder tokens.
        modalities: Those that the shots have.
        config: The decoder's settings.
        prototypes: K; None: as configured.
    """

    def __init__(
        self,
        channels: int,
        modalities: tuple[Modality, ...],
        config: DecoderConfig,
        prototypes: int | None = None,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.modalities = modalities
        self.config = config
        self.prototypes = prototypes or config.prototypes
        self.codebooks = nn.ModuleDict(
            {m: Codebook(channels, self.prototypes, config.separate_values) for m in modalities}
        )
        self.layers = nn.ModuleList(DecoderLayer(channels, modalities, config) for _ in range(config.layers))

    def codebook(self, modality: Modality) -> Codebook:
        """The codebook of one modality."""
        found = self.codebooks[modality]
        assert isinstance(found, Codebook)
        return found

    def forward(
        self, tokens: Tokens, foreground: Tensor, *, rho: float, refine: bool
    ) -> dict[Modality, Reconstruction]:
        """Reconstructs the tokens of a batch of parts.

        Args:
            tokens: Encoder tokens; modalities that the model does not know are left out.
            foreground: (B, N) bool: tokens on the part.
            rho: Strength of the prototype marginal: `transport.rho_train` or `transport.rho_infer`.
            refine: Whether the prototypes are refined per part (APR).
        """
        targets = {m: self.codebook(m).standardise(tokens[m]) for m in self.modalities if m in tokens}
        streams: Mapping[Modality, Stream] = {m: self.codebook(m).stream(t) for m, t in targets.items()}
        traces: dict[Modality, list[LayerTrace]] = {m: [] for m in targets}
        for layer in self.layers:
            streams, happened = layer(streams, foreground, rho=rho, refine=refine)
            for modality, trace in happened.items():
                traces[modality].append(trace)
        return {m: Reconstruction(target, tuple(traces[m])) for m, target in targets.items()}

    @torch.no_grad()
    def gates(self) -> dict[str, float]:
        """tanh(gamma) of every layer and modality, by the name `layer/modality`."""
        found = {}
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, DecoderLayer)
            for modality in self.modalities:
                injection = layer.branch(modality).injection
                if injection is not None:
                    found[f"{number + 1}/{modality}"] = float(torch.tanh(injection.gamma))
        return found
