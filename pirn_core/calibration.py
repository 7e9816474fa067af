"""What good parts look like to a model that has not seen them: expected residuals, scores and the threshold.

Calibration is a pure function of a list of records, one for every good part: folds of the shots to begin with, then
every part that the user confirms. Adding or removing a record needs no training and no images, and can be undone
exactly. A confirmed region is a record of some tokens of a part: it widens what is normal at their prototypes and
leaves the thresholds to whole parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pirn_core.config import ScoringConfig
from pirn_core.data.sample import FloatArray, Modality
from pirn_core.errors import NotFittedError
from pirn_core.scoring import Frame, fused, image_map, part_score, token_scores

Source = Literal["held-out shot", "confirmed", "confirmed region"]

_REGION_SHRINK = 0.5
"""Tokens by which a confirmed region's residual is drawn to the known one."""

_BISECTIONS = 7
_MOST_RISE = 64.0

TOP_PROTOTYPES = 32
"""Prototypes per token that calibration keeps; the rest of a soft assignment carries no structure."""


@dataclass(frozen=True)
class Evidence:
    """One modality of a part as the model explains it.

    Attributes:
        residual: d = 1 - cos(E, Z_rec) of every token, float32 (N,).
        prototypes: The prototypes that explain it best, int32 (N, T).
        weights: Their weights, float32 (N, T), rows summing to 1.
    """

    residual: FloatArray
    prototypes: NDArray[np.int32]
    weights: FloatArray


@dataclass(frozen=True)
class NormalRecord:
    """A good part, seen by a model that was not trained on it.

    Attributes:
        part: Its id.
        source: Where it comes from.
        frame: Where its tokens lie.
        evidence: Per modality.
        limit: For a confirmed region: the score that it may have at most, see `_widened`; None for a whole part.
    """

    part: str
    source: Source
    frame: Frame
    evidence: Mapping[Modality, Evidence]
    limit: float | None = None


@dataclass(frozen=True)
class Calibration:
    """Constants of a model, made from normal records only.

    Attributes:
        expected: Expected residual of every prototype per modality, float32 (K,).
        scores: Score of every whole part, under the calibration of the other whole parts.
        sure: Below it a part is certainly normal.
        threshold: At or above it a part is NG.
    """

    expected: Mapping[Modality, FloatArray]
    scores: Mapping[str, float]
    sure: float
    threshold: float

    @property
    def colour_range(self) -> tuple[float, float]:
        """Lower and upper end of the anomaly map's colours: constants of the model, never of an image."""
        return (0.5 * self.sure, 1.5 * self.threshold)


@dataclass(frozen=True)
class _Sums:
    """Residual mass and token mass that every prototype received."""

    residual: NDArray[np.float64]
    mass: NDArray[np.float64]

    def without(self, other: _Sums) -> _Sums:
        return _Sums(self.residual - other.residual, self.mass - other.mass)

    def expected(self, config: ScoringConfig) -> FloatArray:
        """Mean residual of every prototype, shrunk to the global mean."""
        level = self.residual.sum() / max(self.mass.sum(), 1e-9)
        if not config.prototype_scale:
            return np.full(self.mass.shape, level, np.float32)
        # A hundredth of a token is too little to divide by, and rounding where a record was taken out.
        shrink = max(config.shrink, 0.01)
        shrunk = (self.residual + shrink * level) / np.maximum(self.mass + shrink, shrink)
        expected: FloatArray = np.maximum(shrunk, 1e-6).astype(np.float32)
        return expected


def calibrate(records: Sequence[NormalRecord], prototypes: int, config: ScoringConfig) -> Calibration:
    """Expected residuals and threshold from good parts.

    Regions come last: they only ever raise expected residuals, see `_widened`, so that confirming one can turn no
    part NG, and scores of whole parts, from which the thresholds follow, do not know them.

    Args:
        records: At least one of a whole part.
        prototypes: K of the model.
        config: Shrinkage, quantile and margin.

    Raises:
        NotFittedError: Without any record.
    """
    regions = [r for r in records if r.source == "confirmed region"]
    records = [r for r in records if r.source != "confirmed region"]
    if not records:
        raise NotFittedError("There is no good part to calibrate with.", "Train with at least one shot.")
    single = [{m: _sums([e], r.frame, prototypes) for m, e in r.evidence.items()} for r in records]
    total = {m: _total([s[m] for s in single if m in s]) for m in dict.fromkeys(m for s in single for m in s)}
    scores: dict[str, float] = {}
    for record, own in zip(records, single, strict=True):
        others = {m: total[m].without(own[m]) if _enough(total[m], own[m]) else total[m] for m in own}
        expected = {m: sums.expected(config) for m, sums in others.items()}
        scores[record.part] = part_score(record_map(record, expected, config))
    sure, threshold = thresholds(list(scores.values()), config)
    known = {m: sums.expected(config) for m, sums in total.items()}
    return Calibration(_widened(known, regions, config), scores, sure, threshold)


def expected_residuals(
    records: Sequence[NormalRecord], prototypes: int, config: ScoringConfig
) -> dict[Modality, FloatArray]:
    """Expected residual of every prototype from whole parts, as `calibrate` finds it, without scores and thresholds."""
    single = [{m: _sums([e], r.frame, prototypes) for m, e in r.evidence.items()} for r in records]
    return {
        m: _total([s[m] for s in single if m in s]).expected(config)
        for m in dict.fromkeys(m for s in single for m in s)
    }


def record_map(record: NormalRecord, expected: Mapping[Modality, FloatArray], config: ScoringConfig) -> FloatArray:
    """The fused map of a record under given expected residuals, at the image's size."""
    return fused(evidence_maps(record.evidence, record.frame, expected, config), config.exponent)


def evidence_maps(
    evidence: Mapping[Modality, Evidence],
    frame: Frame,
    expected: Mapping[Modality, FloatArray],
    config: ScoringConfig,
) -> dict[Modality, FloatArray]:
    """The map of every modality at the image's size: the one way from residuals to maps."""
    return {
        m: image_map(
            token_scores(e.residual, e.prototypes, e.weights, expected[m]), frame, config.smoothing, config.exponent
        )
        for m, e in evidence.items()
    }


def thresholds(scores: Sequence[float], config: ScoringConfig) -> tuple[float, float]:
    """`sure` and `threshold` from the held-out scores of good parts, never from defective ones.

    The threshold lies `margin` robust standard deviations above the largest good score, since a few shots rarely show
    the worst good part; a spread below 5 % of the median is not believed of so few parts.
    """
    values = np.asarray(scores, np.float64)
    median = float(np.median(values))
    spread = max(1.4826 * float(np.median(np.abs(values - median))), 0.05 * median)
    threshold = float(values.max()) + config.margin * spread
    return min(float(np.quantile(values, config.quantile)), threshold), threshold


def _widened(
    expected: Mapping[Modality, FloatArray], regions: Sequence[NormalRecord], config: ScoringConfig
) -> dict[Modality, FloatArray]:
    """Expected residuals that confirmed regions count as normal, too.

    A mean over all parts would drown a region's few tokens. The expected residuals at their prototypes are therefore
    raised towards the region's own (or past it), all by the same share of the way, and no further than it takes to
    bring the region's score down to its limit: other parts use these prototypes, too. Regions do not know of each
    other, so that their order does not matter.
    """
    result = dict(expected)
    for region in regions:
        for m, values in _raised(expected, region, config).items():
            result[m] = np.maximum(result[m], values)
    return result


def _raised(
    expected: Mapping[Modality, FloatArray], region: NormalRecord, config: ScoringConfig
) -> dict[Modality, FloatArray]:
    """For one region, by bisection."""
    known = {m: expected[m] for m in region.evidence if m in expected}
    region = replace(region, evidence={m: region.evidence[m] for m in known})
    limit = 0.0 if region.limit is None else region.limit

    def at(share: float) -> dict[Modality, FloatArray]:
        return {m: (known[m] + share * rise[m]).astype(np.float32) for m in known}

    def score(share: float) -> float:
        return part_score(record_map(region, at(share), config)) if known else 0.0

    rise = {m: _rise(known[m], region.evidence[m], region.frame) for m in known}
    low, high = 0.0, 1.0
    # Beyond the region's own mean where single tokens stand out of it.
    while high < _MOST_RISE and score(high) > limit:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if score(middle) <= limit else (middle, high)
    return at(high)


def _rise(known: FloatArray, evidence: Evidence, frame: Frame) -> NDArray[np.float64]:
    """How far a region's own residual at every prototype lies above the known one, drawn to it by half a token."""
    own = _sums([evidence], frame, len(known))
    drawn = (own.residual + _REGION_SHRINK * known) / (own.mass + _REGION_SHRINK)
    rise: NDArray[np.float64] = np.maximum(drawn - known, 0.0)
    return rise


def _sums(evidence: Iterable[Evidence], frame: Frame, prototypes: int) -> _Sums:
    residual, mass = np.zeros(prototypes), np.zeros(prototypes)
    on_part = frame.foreground if frame.foreground.any() else np.ones_like(frame.foreground)
    for item in evidence:
        index, weight = item.prototypes[on_part].ravel(), item.weights[on_part].astype(np.float64)
        mass += np.bincount(index, weight.ravel(), minlength=prototypes)
        pushed = weight * item.residual[on_part].astype(np.float64)[:, None]
        residual += np.bincount(index, pushed.ravel(), minlength=prototypes)
    return _Sums(residual, mass)


def _total(sums: Sequence[_Sums]) -> _Sums:
    return _Sums(
        np.sum([s.residual for s in sums], axis=0),
        np.sum([s.mass for s in sums], axis=0),
    )


def _enough(total: _Sums, own: _Sums) -> bool:
    """Whether anything is left when a record is taken out."""
    return bool(total.mass.sum() - own.mass.sum() > 0.5)
