"""The tokens that training sees. The backbone is frozen, so they are computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pirn_core.data.sample import Modality
from pirn_core.scoring import Frame


@dataclass(frozen=True)
class Probes:
    """Synthetic defects on the shots, for choosing settings on held-out shots; never trained on.

    Attributes:
        tokens: (D, N, C) per modality.
        defect: Tokens that show the defect, bool (D, N).
        foreground: bool (D, N).
        shot: Which shot each was made from, int64 (D,).
    """

    tokens: Mapping[Modality, Tensor]
    defect: Tensor
    foreground: Tensor
    shot: Tensor


@dataclass(frozen=True)
class TokenPool:
    """Tokens of all views of all shots.

    Attributes:
        tokens: Encoder tokens E per modality, float32 (V, N, C).
        foreground: Tokens on the part, bool (V, N).
        shot: Which shot each view was made from, int64 (V,).
        upright: Views that are not rotated, flipped or shifted, bool (V,).
        names: The shots' ids, by number.
        frames: Geometry of every shot's upright view, by number.
        probes: Synthetic defects, if any.
    """

    tokens: Mapping[Modality, Tensor]
    foreground: Tensor
    shot: Tensor
    upright: Tensor
    names: tuple[str, ...]
    frames: tuple[Frame, ...]
    probes: Probes | None = None

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that the shots have."""
        return tuple(self.tokens)

    @property
    def channels(self) -> int:
        """C."""
        return int(next(iter(self.tokens.values())).shape[-1])

    def of_shots(self, shots: Sequence[int]) -> TokenPool:
        """The views (and probes) of some shots; numbers, names and frames stay as they are."""
        kept = torch.isin(self.shot, torch.tensor(list(shots), device=self.shot.device))
        return replace(self.of_views(kept), probes=self._probes_of(shots))

    def of_views(self, kept: Tensor) -> TokenPool:
        """Some views, bool (V,); all probes stay."""
        return replace(
            self,
            tokens={m: t[kept] for m, t in self.tokens.items()},
            foreground=self.foreground[kept],
            shot=self.shot[kept],
            upright=self.upright[kept],
        )

    def to(self, device: torch.device) -> TokenPool:
        """A copy on a device."""
        probes = self.probes
        if probes is not None:
            probes = Probes(
                {m: t.to(device) for m, t in probes.tokens.items()},
                probes.defect.to(device),
                probes.foreground.to(device),
                probes.shot.to(device),
            )
        return replace(
            self,
            tokens={m: t.to(device) for m, t in self.tokens.items()},
            foreground=self.foreground.to(device),
            shot=self.shot.to(device),
            upright=self.upright.to(device),
            probes=probes,
        )

    def _probes_of(self, shots: Sequence[int]) -> Probes | None:
        if self.probes is None:
            return None
        p = self.probes
        kept = torch.isin(p.shot, torch.tensor(list(shots), device=p.shot.device))
        return Probes({m: t[kept] for m, t in p.tokens.items()}, p.defect[kept], p.foreground[kept], p.shot[kept])


@dataclass(frozen=True)
class Fold:
    """One split of the shots.

    Attributes:
        train: What is trained on.
        held: What is held out.
        shots: Numbers of the shots held out.
    """

    train: TokenPool
    held: TokenPool
    shots: tuple[int, ...]


def split(pool: TokenPool, folds: int, seed: int) -> list[Fold]:
    """Splits the shots at random into folds of nearly one size, at most one fold per shot.

    A single shot cannot be held out: every other rotated view of it is left out instead, and the upright ones are held.
    """
    shots = len(pool.names)
    if shots == 1:
        even = torch.arange(len(pool.shot), device=pool.shot.device) % 2 == 0
        train = ~even if bool((~even).any()) else even
        return [Fold(pool.of_views(train), pool.of_views(pool.upright), (0,))]
    order = torch.randperm(shots, generator=torch.Generator().manual_seed(seed)).tolist()
    count = min(folds, shots)
    held = [sorted(order[k::count]) for k in range(count)]
    return [Fold(pool.of_shots([s for s in range(shots) if s not in h]), pool.of_shots(h), tuple(h)) for h in held]
