"""The values an explanation is made of: numbers and numpy arrays only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pirn_core.data.sample import FloatArray, Modality
from pirn_core.results import Verdict


@dataclass(frozen=True)
class TopPrototype:
    """A prototype that explains a patch.

    Attributes:
        index: Its number in the codebook.
        weight: Its share in the patch's row of the plan, 0 to 1.
        cosine: Similarity of the patch's token to its key as used for this part (refined), -1 to 1.
        expected: Residual that good parts show at it: confirmed-good calibration divides by this.
        use: Share of the part's tokens that it explains, 0 to 1.
    """

    index: int
    weight: float
    cosine: float
    expected: float
    use: float


@dataclass(frozen=True)
class PatchView:
    """The patch under the highest score of the map.

    Attributes:
        token: Its number, row by row.
        row: Row in the grid of tokens.
        column: Column likewise.
        pixel: Pixel (row, column) of the image at the patch's centre.
        peak_at: Pixel (row, column) of the highest score of the fused map.
        score: That score.
        share: Share of each modality in it, sums to 1.
        residual: d = 1 - cos(E, Z_rec) of the patch's token per modality, 0 to 2.
        prototypes: The prototypes that explain it best per modality, by falling weight.
    """

    token: int
    row: int
    column: int
    pixel: tuple[int, int]
    peak_at: tuple[int, int]
    score: float
    share: Mapping[Modality, float]
    residual: Mapping[Modality, float]
    prototypes: Mapping[Modality, tuple[TopPrototype, ...]]


@dataclass(frozen=True)
class Displacement:
    """How far reconstruction moves tokens: lengths of Z_rec - E between unit vectors, 0 to 2.

    Attributes:
        inside: Tokens whose centre lies in a region above the threshold; None without such tokens.
        outside: The other tokens on the part.
        tokens_inside: Their number.
        tokens_outside: Likewise.
    """

    inside: Mapping[str, float] | None
    outside: Mapping[str, float] | None
    tokens_inside: int
    tokens_outside: int


@dataclass(frozen=True)
class PrototypeUse:
    """How a part's tokens spread over the codebook.

    Attributes:
        prototypes: K.
        shown: Prototypes that explain at least 5 % of a token.
        effective: exp of the entropy of the use: K when all are used alike, 1 when one is.
        largest: The most used ones and their share of the tokens.
    """

    prototypes: int
    shown: int
    effective: float
    largest: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class RefinementEffect:
    """What adaptive prototype refinement (APR) changed for this part.

    Attributes:
        score: With refinement: the score in force.
        score_without: With the prototypes as trained.
        verdict: With refinement.
        verdict_without: Without.
        moved: Prototypes that moved at all, per modality.
        mean_move: Mean length by which those moved, per modality; keys have unit length.
        left_out: Share of the part's tokens that refinement did not look at, per modality.
        lowered: Regions of the unrefined map that refinement took below the threshold: their number of pixels
            and their peak without and with refinement.
    """

    score: float
    score_without: float
    verdict: Verdict
    verdict_without: Verdict
    moved: Mapping[Modality, int]
    mean_move: Mapping[Modality, float]
    left_out: Mapping[Modality, float]
    lowered: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class TokenArrays:
    """Per token, for further work: all (N,) unless said otherwise, row by row.

    Attributes:
        residual: Per modality.
        displacement: Per modality.
        score: Fused score over what good parts show, before smoothing.
    """

    residual: Mapping[Modality, FloatArray]
    displacement: Mapping[Modality, FloatArray]
    score: FloatArray
