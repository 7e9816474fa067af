"""Layouts: fitted once, the same for a seed, and further points placed without moving them."""

import numpy as np
import pytest

from pirn_core.errors import SampleError
from pirn_core.explain import embedding
from pirn_core.explain.embedding import fit_pca, fit_tsne


def unit(values):
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def clusters(count, each, seed=0, noise=0.15):
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(count, 16)))
    return unit(np.repeat(centres, each, axis=0) + noise * rng.normal(size=(count * each, 16))), np.repeat(
        np.arange(count), each
    )


def finished(steps):
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


@pytest.fixture(scope="module")
def laid_out():
    vectors, labels = clusters(4, 40)
    layout, told = finished(fit_tsne(vectors, seed=3))
    return vectors, labels, layout, told


def test_tsne_keeps_clusters_together(laid_out):
    _, labels, layout, told = laid_out
    assert layout.places.shape == (160, 2) and np.isfinite(layout.places).all()
    away = np.linalg.norm(layout.places[:, None] - layout.places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    assert (labels[away.argmin(axis=1)] == labels).mean() > 0.97
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0]), "places to cancel at"


def test_tsne_is_the_same_for_a_seed(laid_out):
    vectors, _, layout, _ = laid_out
    again, _ = finished(fit_tsne(vectors, seed=3))
    np.testing.assert_array_equal(layout.places, again.places)


def test_tsne_in_rounds_is_as_good_as_in_one_run(laid_out):
    """Against scikit-learn's own single run, by the share of true neighbours that stay neighbours."""
    from sklearn.manifold import TSNE, trustworthiness

    vectors, _, layout, _ = laid_out
    whole = TSNE(2, init="pca", random_state=3, max_iter=750).fit_transform(vectors)
    own, other = (trustworthiness(vectors, places, n_neighbors=10) for places in (layout.places, whole))
    assert own > other - 0.02


def test_fitted_points_are_placed_where_they_are(laid_out):
    vectors, _, layout, _ = laid_out
    scale = np.ptp(layout.places, axis=0).max()
    np.testing.assert_allclose(layout.place(vectors), layout.places, atol=1e-3 * scale)


def test_further_points_come_to_their_cluster_and_move_nothing(laid_out):
    _, labels, layout, _ = laid_out
    before = layout.places.copy()
    more, own = clusters(4, 5, noise=0.15)
    placed = layout.place(more)
    np.testing.assert_array_equal(layout.places, before)
    middles = np.stack([layout.places[labels == k].mean(axis=0) for k in range(4)])
    nearest = np.linalg.norm(placed[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == own).mean() > 0.9
    assert layout.place(more[:0]).shape == (0, 2)
    assert "nearest fitted points" in layout.caption and "Seed 3" in layout.caption


def test_many_points_are_placed_as_few_are(laid_out, monkeypatch):
    vectors, _, layout, _ = laid_out
    whole = layout.place(vectors[:50])
    monkeypatch.setattr(embedding, "_CHUNK", 7)
    np.testing.assert_allclose(layout.place(vectors[:50]), whole, atol=1e-5)


def test_pca_is_that_of_an_svd():
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(60, 8)) * np.array([5, 3, 1, 1, 1, 1, 1, 1]))
    layout = fit_pca(vectors)
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * spread[:2]
    np.testing.assert_allclose(np.abs(layout.places), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(layout.shares, (spread[:2] ** 2 / (spread**2).sum()), atol=1e-5)
    np.testing.assert_allclose(layout.place(vectors), layout.places, atol=1e-6)
    assert layout.shares[0] > layout.shares[1] and "% of the variance" in layout.names[0]


@pytest.mark.parametrize("fit", [fit_pca, lambda v: next(fit_tsne(v))])
def test_too_few_points_are_refused(fit):
    with pytest.raises(SampleError, match="2 points are too few"):
        fit(np.eye(2, 4, dtype=np.float32))


def test_a_handful_of_points_suffices():
    vectors, _ = clusters(2, 2)
    layout, _ = finished(fit_tsne(vectors))
    assert np.isfinite(layout.places).all()
