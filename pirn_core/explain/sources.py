"""Where a score comes from, as values: numbers and numpy arrays only, safe to hand across threads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.preprocessing import map_to_image
from pirn_core.data.sample import FloatArray, Modality
from pirn_core.explain.patch import nearest_token
from pirn_core.explain.summary import NearestPattern, region_sentences
from pirn_core.results import Region
from pirn_core.scoring import Frame

FeatureSpace = Literal["rgb", "sn", "both"]
"""Where patches are compared: in the tokens of one modality, or by the mean similarity in both."""


@dataclass(frozen=True)
class LayerMaps:
    """What a decoder layer leaves unexplained.

    All maps are float32 (H, W) on the scale of the model's fused map, NaN outside of what was seen.

    Attributes:
        number: Of the layer, from 1.
        modalities: Of every modality, after the whole layer.
        fused: Of all modalities, after the whole layer; for the last layer, the map that the verdict rests on.
        bpa: Fused, from Z_bpa alone: without communication and feed-forward.
        silent: Fused, without the layer's communication; None where it does not communicate.
    """

    number: int
    modalities: Mapping[Modality, FloatArray]
    fused: FloatArray
    bpa: FloatArray
    silent: FloatArray | None


@dataclass(frozen=True)
class RefinementStep:
    """The inspection with the prototypes refined in the first few layers only.

    Attributes:
        layers: How many; 0: as trained.
        score: Largest value of the map.
        map: Fused, float32 (H, W), NaN outside of what was seen.
        modalities: Likewise, of every modality.
    """

    layers: int
    score: float
    map: FloatArray
    modalities: Mapping[Modality, FloatArray]


@dataclass(frozen=True)
class MovedPrototype:
    """A prototype that refinement moved.

    Attributes:
        index: Its number in the codebook.
        length: By how much; keys have unit length before the first refinement.
        pattern: The shots' patch that it stands for; None where the shots are not at hand.
    """

    index: int
    length: float
    pattern: NearestPattern | None = None


@dataclass(frozen=True)
class LayerMoves:
    """What refinement did to one modality's prototypes in one layer.

    Attributes:
        layer: From 1.
        modality: Whose prototypes.
        prototypes: K.
        moved: Those that moved at all.
        mean: Their mean length, 0 where none moved.
        largest: Those that moved furthest, by falling length, ten at most.
        left_out: Share of the part's tokens that refinement did not look at; None where it looks at no single tokens.
    """

    layer: int
    modality: Modality
    prototypes: int
    moved: int
    mean: float
    largest: tuple[MovedPrototype, ...]
    left_out: float | None


@dataclass(frozen=True)
class Message:
    """What one modality reads from the other in one layer (MNC).

    Attributes:
        layer: From 1.
        modality: Who reads.
        other: Whose prototypes are read.
        gate: tanh(gamma), -1 to 1; 0: closed.
        best: The prototypes that every token attends to most, int32 (N, T).
        weights: Their attention, float32 (N, T), falling, at most 1.
        regions: For every token (row) how much of every token of the other modality (column) is made of the
            prototypes that it attends to: attention times assignment, float16 (N, N), 0 to 1.
    """

    layer: int
    modality: Modality
    other: Modality
    gate: float
    best: NDArray[np.int32]
    weights: FloatArray
    regions: NDArray[np.float16]


@dataclass(frozen=True)
class Lookup:
    """For tokens that may lie in a region the nearest patch of the shots.

    Attributes:
        shots: Ids of the shots.
        shot: Which of them, int32 (N,); -1 for tokens that were not looked up.
        pixels: Pixel (row, column) of the patch's centre in that shot, int32 (N, 2).
        cosine: Similarity of the standardised tokens, float32 (N,), -1 to 1.
    """

    shots: tuple[str, ...]
    shot: NDArray[np.int32]
    pixels: NDArray[np.int32]
    cosine: FloatArray

    def at(self, token: int) -> NearestPattern | None:
        """The patch of the shots that is nearest to a token."""
        if self.shot[token] < 0:
            return None
        row, column = (int(v) for v in self.pixels[token])
        return NearestPattern(self.shots[self.shot[token]], row, column, float(self.cosine[token]))


@dataclass(frozen=True)
class LostRegion:
    """An area that is above the threshold with the prototypes as trained, and not after refinement.

    Attributes:
        box: Pixel box (row0, col0, row1, col1), half open.
        peak_at: Pixel (row, column) of its peak before refinement.
        pixels: Number of pixels above the threshold before refinement.
        before: That peak.
        after: Largest score inside after refinement.
    """

    box: tuple[int, int, int, int]
    peak_at: tuple[int, int]
    pixels: int
    before: float
    after: float


@dataclass(frozen=True)
class OriginExplanation:
    """Where a part's score comes from.

    Attributes:
        part: Its id.
        model_id: Identity of the model.
        sure: Limits of the verdict that the inspection used.
        threshold: Likewise.
        frame: Where the tokens lie in the image.
        layers: Maps of every decoder layer, as inspected.
        steps: From the prototypes as trained to all layers refined; one step where the model does not refine.
        moves: What refinement did, per layer and modality.
        messages: What was communicated, per layer and modality.
        silence: Why nothing is communicated, one sentence; `` where something is.
        gates: tanh(gamma) by `layer/modality`, of all layers that have a gate.
        peak_at: Pixel (row, column) of the score.
        share: Share of each modality in it, sums to 1.
        nearest: Nearest patches of the shots by where they are compared; empty where the shots are not at hand.
        missing: Why only one modality speaks, one sentence; ``: both do.
    """

    part: str
    model_id: str
    sure: float
    threshold: float
    frame: Frame
    layers: tuple[LayerMaps, ...]
    steps: tuple[RefinementStep, ...]
    moves: tuple[LayerMoves, ...]
    messages: tuple[Message, ...]
    silence: str
    gates: Mapping[str, float]
    peak_at: tuple[int, int]
    share: Mapping[Modality, float]
    nearest: Mapping[FeatureSpace, Lookup] = field(default_factory=dict)
    missing: str = ""

    @property
    def score(self) -> float:
        """With refinement: the score in force."""
        return self.steps[-1].score

    @property
    def refines(self) -> bool:
        """Whether the model refines its prototypes."""
        return len(self.steps) > 1

    def difference(self) -> FloatArray:
        """What refinement changed: the map with it minus the map without, (H, W), NaN where nothing was seen."""
        change: FloatArray = self.steps[-1].map - self.steps[0].map
        return change

    def lost(self, threshold: float) -> tuple[LostRegion, ...]:
        """Areas that refinement took below a threshold, by falling peak."""
        from pirn_core.explain.refinement import lost_regions

        return lost_regions(self.steps[0].map, self.steps[-1].map, threshold)

    def token_at(self, pixel: tuple[int, int]) -> int:
        """The token on the part that is nearest to a pixel (row, column)."""
        return nearest_token(self.frame, *pixel)

    def attention(self, message: Message, token: int) -> FloatArray:
        """Where in the image a token finds the prototypes that it attends to, (H, W), 0 to 1, NaN outside."""
        side = math.isqrt(message.regions.shape[1])
        values = message.regions[token].astype(np.float32).reshape(side, side)
        laid = map_to_image(values, self.frame.view, (self.frame.seen.shape[0], self.frame.seen.shape[1]))
        laid[~self.frame.seen] = np.nan
        return laid

    def pattern(self, region: Region) -> NearestPattern | None:
        """The shots' patch nearest to a region's peak, where what fired is compared; None without the shots."""
        space: FeatureSpace = "both"
        for modality, share in region.share.items():
            if share > 0.5 + _EVEN:
                space = modality
        found = self.nearest.get(space) or next(iter(self.nearest.values()), None)
        return None if found is None else found.at(self.token_at(region.peak_at))

    def sentences(self, regions: Sequence[Region], threshold: float) -> tuple[str, ...]:
        """One sentence for every region, see `pirn_core.explain.summary`."""
        return region_sentences(regions, threshold, [self.pattern(region) for region in regions])


_EVEN = 0.1
"""Modalities whose shares differ by less than twice this fired together."""
