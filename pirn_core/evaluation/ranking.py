"""Positives ranked against normals: ROC area, partial area, average precision, best F1; exact with ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A monotone curve for plots, e.g. a ROC.

    Attributes:
        x: False-positive rate, rising from 0 to 1, shape (P,).
        y: Share of the positives found, rising from 0 to 1, shape (P,).
    """

    x: Doubles
    y: Doubles


def ordered(scores: Sequence[Scores] | Scores) -> Scores:
    """All scores in rising order, NaN as the lowest one, minus infinity."""
    pooled = np.concatenate([np.ravel(piece) for piece in scores]) if len(scores) else np.empty(0, np.float32)
    lowest_for_nan(pooled)
    pooled.sort()
    return pooled


def lowest_for_nan(scores: Scores) -> Scores:
    """Replaces NaN (not seen) by minus infinity, in place."""
    scores[np.isnan(scores)] = -np.inf
    return scores


@dataclass(frozen=True)
class Ranking:
    """How many normals each distinct score of a positive lets through.

    Only the scores of positives are kept as thresholds. Nothing is lost: between two of them the curve is a
    horizontal line, so every distinct score, normal ones included, is a threshold of the areas below.

    Attributes:
        normals: Number of normals.
        above: Normals strictly above each distinct positive score, scores falling, shape (T,).
        reached: Normals at or above it, shape (T,).
        hits: Weight of the positives at or above it, shape (T,); the last one is their total.
    """

    normals: int
    above: NDArray[np.int64]
    reached: NDArray[np.int64]
    hits: Doubles

    def vertices(self) -> tuple[Doubles, Doubles]:
        """Corners of the curve from (0, 0) to (1, 1). A tie of positives and normals is one sloped line."""
        before = np.concatenate(([0.0], self.hits[:-1]))
        x = np.stack([self.above, self.reached], axis=1).ravel() / self.normals
        y = np.stack([before, self.hits], axis=1).ravel() / self.hits[-1]
        return np.concatenate(([0.0], x, [1.0])), np.concatenate(([0.0], y, [1.0]))

    def area(self, limit: float = 1.0) -> float:
        """Area under the curve from a false-positive rate of 0 to `limit`, divided by `limit`: in [0, 1]."""
        x, y = self.vertices()
        end = int(np.searchsorted(x, limit, side="right"))
        if end < len(x):
            slope = (y[end] - y[end - 1]) / (x[end] - x[end - 1])
            y = np.append(y[:end], y[end - 1] + slope * (limit - x[end - 1]))
            x = np.append(x[:end], limit)
        return float(np.clip(np.trapezoid(y, x) / limit, 0.0, 1.0))

    def average_precision(self) -> float:
        """Sum of precision times gain in recall over the distinct scores; no interpolation."""
        gains = np.diff(self.hits, prepend=0.0) / self.hits[-1]
        return float(np.clip(np.sum(gains * self.hits / (self.hits + self.reached)), 0.0, 1.0))

    def best_f1(self) -> float:
        """Largest F1 over all thresholds; it is always reached at the score of a positive."""
        return float(np.max(2.0 * self.hits / (self.hits[-1] + self.hits + self.reached)))

    def curve(self, points: int = 500) -> Curve:
        """At most `points` corners, evenly spaced in x + y, both ends kept.

        x and y never fall, so no thinned-out corner is further than 2 / (points - 1) from the drawn line.
        """
        x, y = self.vertices()
        if len(x) > points:
            # Rounding down to a corner: the next one kept is at most one step further.
            wanted = np.linspace(0.0, 2.0, points)
            kept = np.unique(np.searchsorted(x + y, wanted[1:-1], side="right") - 1)
            kept = np.unique(np.concatenate(([0], kept, [len(x) - 1])))
            x, y = x[kept], y[kept]
        return Curve(x, y)


def rank(normal: Scores, positive: Scores, weights: Doubles | None = None) -> Ranking | None:
    """Ranks positives against normals.

    Args:
        normal: Scores of the normals in rising order, as `ordered` gives them, shape (N,).
        positive: Scores of the positives in any order, no NaN, shape (P,).
        weights: Weight of each positive, > 0, shape (P,); None: 1 each.

    Returns:
        The ranking; None where there is no normal or no positive.
    """
    if not len(normal) or not len(positive):
        return None
    distinct, where = np.unique(positive, return_inverse=True)
    summed = np.bincount(where.ravel(), weights=weights, minlength=len(distinct))
    falling = distinct[::-1]
    return Ranking(
        normals=len(normal),
        above=len(normal) - np.searchsorted(normal, falling, side="right").astype(np.int64),
        reached=len(normal) - np.searchsorted(normal, falling, side="left").astype(np.int64),
        hits=np.cumsum(summed[::-1], dtype=np.float64),
    )
