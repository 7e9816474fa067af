"""A plane for tokens and prototypes: t-SNE or PCA, fitted once; what comes later is placed into it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import FloatArray
from pirn_core.errors import SampleError

Method = Literal["tsne", "pca"]

PERPLEXITY = 30.0
NEIGHBOURS = 3
"""Fitted points that a further one is placed between."""

_ITERATIONS = (250, 250, 250)
"""Of t-SNE, in rounds: the first with early exaggeration. The library knows no callback, so that between two rounds is
the only place where the work can be given up; 250 is the fewest that it allows."""

_EXAGGERATION = 12.0
_MOMENTUM_GAIN = 2.5
"""A round on its own runs at momentum 0.5, where one long run would switch to 0.8: steps of (1 - 0.5) / (1 - 0.8) times
the length make up for it (cost after 750 iterations, 3,000 tokens: 1.12; in one run 1.10, at 500 iterations 1.21)."""

_THREADS, _SHARED = 2, 1000
"""Threads for so many points and more. A fixed number: a layout's digits were the same with one and with two, and with
more they would depend on the order in which they end; two threads that wait for each other on a busy machine are slower
than one where there is little to do."""

_CHUNK = 4096


@dataclass(frozen=True)
class Layout:
    """Where points lie in the plane.

    Attributes:
        method: How it was made.
        vectors: The fitted points, unit length, (F, C).
        places: Where they lie, float32 (F, 2).
        shares: Of the points' variance along both axes; None for t-SNE, whose axes have no meaning.
        seed: Of the start.
        axes: For PCA, mean (C,) and directions (2, C) by which further points are projected; None for t-SNE.
    """

    method: Method
    vectors: FloatArray
    places: FloatArray
    seed: int
    shares: tuple[float, float] | None = None
    axes: tuple[FloatArray, FloatArray] | None = None

    def place(self, vectors: FloatArray) -> FloatArray:
        """Places further points without moving the fitted ones.

        PCA projects them. t-SNE has no such map: they go to the mean of the places of their nearest fitted points by
        cosine, weighted by the inverse squared distance, so that a fitted point placed again stays where it is.

        Args:
            vectors: Unit length, (M, C).

        Returns:
            float32 (M, 2).
        """
        if not len(vectors):
            return np.zeros((0, 2), np.float32)
        if self.axes is not None:
            mean, directions = self.axes
            return _float((vectors - mean) @ directions.T)
        chunks = [self._between(vectors[start : start + _CHUNK]) for start in range(0, len(vectors), _CHUNK)]
        return np.concatenate(chunks)

    def _between(self, vectors: FloatArray) -> FloatArray:
        count = min(NEIGHBOURS, len(self.vectors))
        cosine = vectors @ self.vectors.T
        nearest = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
        squared = np.maximum(2.0 - 2.0 * np.take_along_axis(cosine, nearest, axis=1), 1e-6)
        weights = 1.0 / squared
        weights = weights / weights.sum(axis=1, keepdims=True)
        return _float((self.places[nearest] * weights[..., None]).sum(axis=1))

    @property
    def names(self) -> tuple[str, str]:
        """Names of both axes."""
        if self.shares is None:
            return "t-SNE 1 (no unit)", "t-SNE 2 (no unit)"
        first, second = (f"PCA {k} ({share:.0%} of the variance)" for k, share in enumerate(self.shares, start=1))
        return first, second

    @property
    def caption(self) -> str:
        """How further points come into it, and the seed, in one sentence."""
        if self.method == "pca":
            return "Other points are projected by the same axes."
        return (
            f"Other points lie between their {NEIGHBOURS} nearest fitted points by cosine; the layout does not move. "
            f"Seed {self.seed}."
        )


def fit_pca(vectors: FloatArray, seed: int = 0) -> Layout:
    """The plane of largest variance; `seed` has no influence and is only noted.

    Raises:
        SampleError: For fewer than three points.
    """
    _require(vectors)
    mean, directions, spread = _principal(vectors)
    places = ((vectors - mean) @ directions.T).astype(np.float32)
    total = max(float(((vectors - mean) ** 2).sum()), 1e-12)
    shares = (float(spread[0] / total), float(spread[1] / total))
    return Layout("pca", vectors, places, seed, shares, (mean, directions))


def fit_tsne(vectors: FloatArray, seed: int = 0) -> Generator[float, None, Layout]:
    """t-SNE (van der Maaten & Hinton 2008, Barnes-Hut) of unit vectors, started from their PCA.

    The Euclidean distance of unit vectors is a rising function of their cosine distance.

    Args:
        vectors: (F, C), at least three.
        seed: Of scikit-learn's random state.

    Yields:
        The share that is done, after each round.

    Raises:
        SampleError: For fewer than three points.
    """
    _require(vectors)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    mean, directions, _ = _principal(vectors)
    start = (vectors - mean) @ directions.T
    places = (start / max(float(start[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    rate = max(len(vectors) / _EXAGGERATION / 4.0, 50.0)
    for number, iterations in enumerate(_ITERATIONS):
        method = TSNE(
            2,
            init=places,
            perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3.0),
            random_state=seed,
            max_iter=iterations,
            early_exaggeration=_EXAGGERATION if number == 0 else 1.0,
            learning_rate=rate if number == 0 else rate * _MOMENTUM_GAIN,
        )
        with threadpool_limits(_THREADS if len(vectors) >= _SHARED else 1, user_api="openmp"):
            places = method.fit_transform(vectors).astype(np.float32)
        yield (number + 1) / len(_ITERATIONS)
    return Layout("tsne", vectors, places - places.mean(axis=0), seed)


def _principal(vectors: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.float64]]:
    """Mean (C,), the two directions of largest variance (2, C) and the sums of squares along them."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    values, columns = np.linalg.eigh(centred.T @ centred)
    directions = columns[:, ::-1][:, :2].T
    # An axis may point either way: its largest entry is made positive, so that a layout is the same everywhere.
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    directions = directions * np.sign(largest)
    return mean.astype(np.float32), directions.astype(np.float32), values[::-1][:2]


def _float(values: NDArray[Any]) -> FloatArray:
    return np.asarray(values, np.float32)


def _require(vectors: FloatArray) -> None:
    if len(vectors) < 3 or vectors.shape[1] < 2:
        raise SampleError(f"{len(vectors)} points are too few for a layout.", "Train with more shots or prototypes.")
