"""Would another shot help? Held-out scores of good parts against the number of parts that calibration knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from pirn_core.calibration import NormalRecord, expected_residuals, record_map
from pirn_core.config import ScoringConfig
from pirn_core.scoring import part_score

_STILL = 0.05
"""A change of the highest held-out score by less than this share, or of its spread, is not worth a shot."""


@dataclass(frozen=True)
class CurvePoint:
    """Scores of held-out parts under calibrations from so many others.

    Attributes:
        parts: Number of good parts in the calibration.
        scores: Of the held-out parts, rising, over all subsets that were tried.
    """

    parts: int
    scores: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the scores."""
        return float(np.median(self.scores))

    @property
    def low(self) -> float:
        """Lowest score."""
        return self.scores[0]

    @property
    def high(self) -> float:
        """Highest score."""
        return self.scores[-1]


def curve_steps(
    records: Sequence[NormalRecord], prototypes: int, config: ScoringConfig, *, subsets: int = 3, seed: int = 0
) -> Iterator[CurvePoint]:
    """One point per number of parts, from 1 to one less than there are; nothing for fewer than two whole parts.

    Only the calibration is done again: the decoder is the one that was trained with all shots (every shot's residuals
    come from the fold that had not seen it). What the curve shows is therefore the least that a shot can bring.

    Args:
        records: Of the model; confirmed regions are left out.
        prototypes: K of the model.
        config: Scoring.
        subsets: Random subsets for every part and number.
        seed: Of the subsets.
    """
    whole = [record for record in records if record.source != "confirmed region"]
    generator = np.random.default_rng(seed)
    for count in range(1, len(whole)):
        scores = []
        for k, record in enumerate(whole):
            others = [other for j, other in enumerate(whole) if j != k]
            for chosen in _subsets(len(others), count, subsets, generator):
                expected = expected_residuals([others[j] for j in chosen], prototypes, config)
                if record.evidence.keys() <= expected.keys():
                    scores.append(part_score(record_map(record, expected, config)))
        if not scores:  # parts of different modalities cannot stand in for each other
            continue
        yield CurvePoint(count, tuple(sorted(scores)))


def worth_another(points: Sequence[CurvePoint]) -> bool | None:
    """Whether the highest held-out score still falls with the last part; None for fewer than two points."""
    if len(points) < 2:
        return None
    last, former = points[-1], points[-2]
    return last.high < former.high * (1.0 - _STILL)


def _subsets(total: int, size: int, most: int, generator: np.random.Generator) -> list[tuple[int, ...]]:
    """Different subsets of `range(total)` of a size: all of them where they are few, else random ones."""
    if comb(total, size) <= most:
        return list(combinations(range(total), size))
    found: set[tuple[int, ...]] = set()
    while len(found) < most:
        found.add(tuple(sorted(generator.choice(total, size, replace=False).tolist())))
    return sorted(found)
