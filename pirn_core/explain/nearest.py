"""Which patch of the shots a patch looks like most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pirn_core.data.sample import BoolArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.patch import token_pixels
from pirn_core.explain.refinement import trained_keys
from pirn_core.explain.sources import FeatureSpace, LayerMoves, Lookup
from pirn_core.explain.summary import NearestPattern
from pirn_core.model import TrainedModel


@dataclass(frozen=True)
class ShotPatches:
    """The patches of one shot in its upright view, those on the part only.

    Attributes:
        part: Id of the shot.
        tokens: Encoder tokens per modality, float16 (M, C).
        pixels: Pixel (row, column) of the patches' centres, int32 (M, 2).
    """

    part: str
    tokens: Mapping[Modality, NDArray[np.float16]]
    pixels: NDArray[np.int32]


def shot_patches(prepared: Prepared) -> ShotPatches:
    """What is kept of a prepared shot."""
    kept = prepared.frame.foreground if prepared.frame.foreground.any() else np.ones_like(prepared.frame.foreground)
    x, y = token_pixels(prepared.frame)
    pixels = np.column_stack([np.rint(y), np.rint(x)]).astype(np.int32)[kept]
    chosen = torch.from_numpy(kept)
    tokens = {m: t[0].cpu()[chosen].half().numpy() for m, t in prepared.tokens.items()}
    return ShotPatches(prepared.ref.id, tokens, pixels)


class PatchBank:
    """The patches of a model's shots, standardised as the model sees them.

    Args:
        model: Its codebooks standardise.
        shots: At least one; modalities that one of them lacks are left out.
    """

    def __init__(self, model: TrainedModel, shots: Sequence[ShotPatches]) -> None:
        self._model = model
        self.shots = tuple(shot.part for shot in shots)
        self._shot = np.concatenate([np.full(len(shot.pixels), k, np.int32) for k, shot in enumerate(shots)])
        self._pixels = np.concatenate([shot.pixels for shot in shots])
        shared = [m for m in model.modalities if all(m in shot.tokens for shot in shots)]
        self._tokens = {
            m: self._standard(m, torch.from_numpy(np.concatenate([shot.tokens[m] for shot in shots]))) for m in shared
        }

    @torch.inference_mode()
    def lookup(self, prepared: Prepared, tokens: BoolArray | None = None) -> dict[FeatureSpace, Lookup]:
        """The nearest patch of tokens on the part: per modality, and by the mean of both.

        Args:
            prepared: The part.
            tokens: Those to look up, bool (N,); None: all on the part.
        """
        wanted = prepared.frame.foreground if tokens is None else tokens & prepared.frame.foreground
        on_part = torch.from_numpy(wanted)
        if not bool(on_part.any()) or not len(self._pixels):
            return {}
        alike: dict[FeatureSpace, Tensor] = {
            m: self._standard(m, prepared.tokens[m][0].cpu()[on_part]) @ bank.T
            for m, bank in self._tokens.items()
            if m in prepared.tokens
        }
        if len(alike) > 1:
            alike["both"] = (alike["rgb"] + alike["sn"]).mul_(0.5)
        return {space: self._found(values, wanted) for space, values in alike.items()}

    @torch.inference_mode()
    def named(self, moves: LayerMoves) -> LayerMoves:
        """The same moves with the patches that the prototypes stand for."""
        bank = self._tokens.get(moves.modality)
        if bank is None or not moves.largest:
            return moves
        keys = trained_keys(self._model, moves.modality).cpu()[[p.index for p in moves.largest]]
        best = (keys @ bank.T).max(dim=1)
        patterns = [self._pattern(k, c) for k, c in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
        named = tuple(replace(p, pattern=q) for p, q in zip(moves.largest, patterns, strict=True))
        return replace(moves, largest=named)

    def _standard(self, modality: Modality, tokens: Tensor) -> Tensor:
        codebook = self._model.pirn.codebook(modality)
        with torch.inference_mode():
            return codebook.standardise(tokens.float().to(codebook.mean.device)).cpu()

    def _pattern(self, patch: int, cosine: float) -> NearestPattern:
        row, column = (int(v) for v in self._pixels[patch])
        return NearestPattern(self.shots[self._shot[patch]], row, column, cosine)

    def _found(self, alike: Tensor, on_part: NDArray[np.bool_]) -> Lookup:
        best = alike.max(dim=1)
        index = best.indices.numpy()
        shot = np.full(on_part.size, -1, np.int32)
        pixels, cosine = np.zeros((on_part.size, 2), np.int32), np.zeros(on_part.size, np.float32)
        shot[on_part], pixels[on_part] = self._shot[index], self._pixels[index]
        cosine[on_part] = best.values.numpy()
        return Lookup(self.shots, shot, pixels, cosine)
