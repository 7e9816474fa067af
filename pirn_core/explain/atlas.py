"""Tokens of parts and the prototypes in one feature space: what the prototype views are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from pirn_core.data.sample import FloatArray, Modality, PartRef
from pirn_core.encoding import Prepared
from pirn_core.errors import ConfigError, SampleError
from pirn_core.explain.patch import token_pixels
from pirn_core.inspector import Inspector
from pirn_core.model import Shot, TrainedModel

IntArray = NDArray[np.int32]

POINTS = 3000
"""Tokens and prototypes that a layout is fitted to."""

_PROTOTYPE_SHARE = 1 / 3
"""Largest share of the prototypes among them: the others are placed into the layout like further tokens."""


@dataclass(frozen=True)
class PartTokens:
    """The tokens on one part, in every modality and layer.

    Attributes:
        part: Its id.
        vectors: Per modality and decoder layer, the layer's input tokens, unit length, float32 (M, C); those of the
            first layer are the standardised encoder tokens.
        index: Numbers of the tokens in the grid, row by row, (M,).
        centres: Pixel (row, column) of every token's centre in the part's image, (M, 2).
        side_px: Side of a token's patch in image pixels.
    """

    part: str
    vectors: Mapping[Modality, tuple[FloatArray, ...]]
    index: IntArray
    centres: FloatArray
    side_px: float


@dataclass(frozen=True)
class Tokens:
    """Tokens of several parts in one modality and layer.

    Attributes:
        parts: Ids of the parts.
        part: Which of them each token belongs to, (M,).
        index: Numbers of the tokens in their grids, (M,).
        centres: Pixel (row, column) of every token's centre in its part's image, (M, 2).
        side_px: Side of a patch in image pixels, per part.
        vectors: Unit length, float32 (M, C).
    """

    parts: tuple[str, ...]
    part: IntArray
    index: IntArray
    centres: FloatArray
    side_px: tuple[float, ...]
    vectors: FloatArray

    def __len__(self) -> int:
        return len(self.part)

    def take(self, chosen: NDArray[np.intp]) -> Tokens:
        """Some of the tokens, all parts."""
        return replace(
            self,
            part=self.part[chosen],
            index=self.index[chosen],
            centres=self.centres[chosen],
            vectors=self.vectors[chosen],
        )

    def drawn(self, most: int, seed: int) -> Tokens:
        """At most so many tokens, drawn at random without regard to their part, in their order."""
        if len(self) <= most:
            return self
        chosen = np.random.default_rng(seed).choice(len(self), most, replace=False)
        return self.take(np.sort(chosen))

    def box(self, token: int) -> tuple[int, int, int, int]:
        """Pixel box (row0, col0, row1, col1), half open, of a token's patch; may exceed the image."""
        return box_of(self.centres[token], self.side_px[int(self.part[token])])


def box_of(centre: FloatArray, side_px: float) -> tuple[int, int, int, int]:
    """The pixels of a patch around its centre (row, column), half open, at least one."""
    side = max(1, round(side_px))
    row, column = (round(float(value) - (side - 1) / 2) for value in centre)
    return row, column, row + side, column + side


@dataclass(frozen=True)
class Atlas:
    """What a layout is fitted to.

    Attributes:
        modality: Of tokens and prototypes.
        layer: Decoder layer, from 0.
        tokens: The drawn tokens of the shots.
        of: Number of tokens on all shots, before drawing.
        prototypes: Keys as trained, unit length, (K, C): all layers start from them, and refine them per part.
        fitted: Prototypes that the layout is fitted to, drawn at random where there are too many; rising, (F,).
        seed: Of both draws.
    """

    modality: Modality
    layer: int
    tokens: Tokens
    of: int
    prototypes: FloatArray
    fitted: IntArray
    seed: int

    @property
    def vectors(self) -> FloatArray:
        """All points of the layout: tokens first, then the fitted prototypes, (M + F, C)."""
        return np.concatenate([self.tokens.vectors, self.prototypes[self.fitted]])

    @property
    def caption(self) -> str:
        """How the points were drawn, in one sentence."""
        shots, count, keys = len(self.tokens.parts), len(self.fitted), len(self.prototypes)
        which = f"all {keys:,}" if count == keys else f"{count:,} of {keys:,}"
        return f"Fitted to {len(self.tokens):,} of {self.of:,} patches of {shots} shots and {which} prototypes."


@torch.inference_mode()
def part_tokens(inspector: Inspector, prepared: Prepared) -> PartTokens:
    """Foreground tokens of a prepared part, as inspection sees them (refined prototypes, relaxed marginal).

    A part without foreground gives all its tokens.
    """
    model, frame = inspector.model, prepared.frame
    kept = frame.foreground if frame.foreground.any() else np.ones_like(frame.foreground)
    inputs: dict[Modality, tuple[torch.Tensor, ...]]
    if model.config.decoder.layers == 1:  # the decoder need not run: its input is the standardised tokens
        inputs = {m: (model.pirn.codebook(m).standardise(t),) for m, t in prepared.tokens.items()}
    else:
        found = inspector.explain(prepared)
        inputs = {m: tuple(layer.inputs for layer in r.layers) for m, r in found.items()}
    x, y = token_pixels(frame)
    to_image = frame.view.to_image[:, :2]
    cell = frame.view.foreground.shape[0] / frame.grid * float(np.sqrt(abs(np.linalg.det(to_image))))
    return PartTokens(
        part=prepared.ref.id,
        vectors={m: tuple(t[0].float().cpu().numpy()[kept] for t in some) for m, some in inputs.items()},
        index=np.flatnonzero(kept).astype(np.int32),
        centres=np.column_stack([y, x])[kept].astype(np.float32),
        side_px=cell,
    )


def joined(parts: Sequence[PartTokens], modality: Modality, layer: int) -> Tokens:
    """The tokens of several parts in one modality and layer; parts without the modality are left out.

    Raises:
        SampleError: When no part has the modality.
        ConfigError: When the model has no such layer.
    """
    having = [part for part in parts if modality in part.vectors]
    if not having:
        raise SampleError(f"None of {len(parts)} parts has the modality {modality!r}.", "Choose the other one.")
    layers = len(having[0].vectors[modality])
    if not 0 <= layer < layers:
        raise ConfigError(f"layer {layer + 1}: the model has {layers}.", "Choose one of them.")
    counts = [len(part.index) for part in having]
    return Tokens(
        parts=tuple(part.part for part in having),
        part=np.repeat(np.arange(len(having)), counts).astype(np.int32),
        index=np.concatenate([part.index for part in having]),
        centres=np.concatenate([part.centres for part in having]),
        side_px=tuple(part.side_px for part in having),
        vectors=np.concatenate([part.vectors[modality][layer] for part in having]).astype(np.float32, copy=False),
    )


def make_atlas(
    tokens: Tokens, prototypes: FloatArray, modality: Modality, layer: int, *, points: int = POINTS, seed: int = 0
) -> Atlas:
    """Draws tokens of the shots and, where there are too many, prototypes: so many points in all.

    Args:
        tokens: All foreground tokens of the shots' upright views.
        prototypes: Keys, unit length, (K, C).
        modality: Of both.
        layer: From 0.
        points: Tokens and prototypes together.
        seed: Of the draws.
    """
    most = round(points * _PROTOTYPE_SHARE)
    chosen = np.arange(len(prototypes))
    if len(prototypes) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(prototypes), most, replace=False))
    drawn = tokens.drawn(points - len(chosen), seed)
    return Atlas(modality, layer, drawn, len(tokens), prototypes, chosen.astype(np.int32), seed)


@torch.inference_mode()
def prototype_keys(model: TrainedModel, modality: Modality) -> FloatArray:
    """The trained prototypes of one modality as tokens are matched with them, unit length, (K, C)."""
    keys: FloatArray = functional.normalize(model.pirn.codebook(modality).keys, dim=-1).float().cpu().numpy()
    return keys


def find_shots(
    shots: Iterable[Shot], refs: Sequence[PartRef], hash_of: Callable[[PartRef], str]
) -> tuple[dict[str, PartRef], tuple[str, ...]]:
    """The model's shots among parts, recognised by content: a folder may have been moved or renamed.

    Args:
        shots: Of the model.
        refs: The parts that are open.
        hash_of: Content hash of a part, e.g. `pirn_core.learn.content_hash`. A part of the shot's own id is looked at
            first, the others only where that is no match.

    Returns:
        The parts by the shots' ids, and the ids of shots that are not there.

    Raises:
        SampleError: When none of them is there.
    """
    by_id = {ref.id: ref for ref in refs}
    wanted = {shot.sha256: shot.id for shot in shots}
    found: dict[str, PartRef] = {}
    looked: set[str] = set()
    for digest, name in wanted.items():
        if (ref := by_id.get(name)) is not None and _hashed(ref, hash_of) == digest:
            found[name] = ref
            looked.add(ref.id)
    for ref in refs if len(found) < len(wanted) else ():
        if ref.id not in looked and (own := wanted.get(_hashed(ref, hash_of))) is not None:
            found.setdefault(own, ref)
        if len(found) == len(wanted):
            break
    missing = tuple(name for name in wanted.values() if name not in found)
    if not found:
        raise SampleError(
            f"None of the model's {len(wanted)} shots ({', '.join(list(wanted.values())[:3])}, ...) is in this folder.",
            "Open the folder that the model was trained on.",
        )
    return {name: found[name] for name in wanted.values() if name in found}, missing


def _hashed(ref: PartRef, hash_of: Callable[[PartRef], str]) -> str:
    """Its hash; `` where its files cannot be read, which matches no shot."""
    try:
        return hash_of(ref)
    except OSError:
        return ""
