"""Planes, histograms and masks by themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pirn_core.explain.displacement import compared, fit_plane, tokens_in


def test_overlap_of_known_histograms():
    lengths = np.array([0.05, 0.15, 0.25, 0.95, 0.25, 0.95, 0.95, 0.95], np.float32)
    anomalous = np.arange(8) >= 4
    found = compared(lengths, anomalous, ~anomalous, bins=9)
    # Bins of 0.1 from 0.05: the normal ones share a quarter each, of which the anomalous ones hold the third and last.
    assert found.overlap == pytest.approx(0.25 + 0.25)
    assert found.ratio == pytest.approx(((0.25 + 3 * 0.95) / 4) / ((0.05 + 0.15 + 0.25 + 0.95) / 4), rel=1e-5)
    assert found.normal_arrow is None


def test_equal_groups_overlap_wholly_and_apart_ones_not():
    lengths = np.concatenate([np.linspace(0.1, 0.3, 50)] * 2).astype(np.float32)
    first = np.arange(100) < 50
    assert compared(lengths, first, ~first).overlap == pytest.approx(1.0)
    assert compared(lengths, first, ~first).ratio == pytest.approx(1.0)
    far = np.where(first, lengths + 1, lengths).astype(np.float32)
    assert compared(far, first, ~first).overlap == 0.0


@given(
    arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 2, width=32)),
    st.randoms(use_true_random=False),
)
def test_every_token_is_in_one_bin(lengths, random):
    anomalous = np.array([random.random() < 0.5 for _ in lengths])
    found = compared(lengths, anomalous, ~anomalous)
    for shares, group in ((found.anomalous, anomalous), (found.normal, ~anomalous)):
        assert shares.sum() == pytest.approx(1.0 if group.any() else 0.0)
    assert (np.diff(found.edges) > 0).all()
    assert found.overlap is None or -1e-9 <= found.overlap <= 1 + 1e-9


def test_no_token_at_all():
    found = compared(np.ones(3, np.float32), np.zeros(3, bool), np.zeros(3, bool))
    assert found.ratio is None and found.overlap is None and found.normal.sum() == found.anomalous.sum() == 0


def test_mean_arrows_join_the_means():
    before = np.array([[0, 0], [2, 0], [5, 5]], np.float32)
    after = np.array([[0, 1], [2, 3], [6, 5]], np.float32)
    group = np.array([True, True, False])
    found = compared(np.ones(3, np.float32), group, ~group, (before, after))
    assert found.anomalous_arrow.start == (1.0, 0.0) and found.anomalous_arrow.end == (1.0, 2.0)
    assert found.normal_arrow.start == (5.0, 5.0) and found.normal_arrow.end == (6.0, 5.0)


def test_a_plane_is_orthonormal_and_holds_flat_points():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(10, 2)))[0]
    points = (rng.normal(size=(40, 2)) * [3, 1]) @ axes.T + 7
    plane = fit_plane(points.astype(np.float32))
    assert sum(plane.explained) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-9)
    apart = np.linalg.norm(points[3] - points[9])
    placed = plane.project(points.astype(np.float32))
    assert np.linalg.norm(placed[3] - placed[9]) == pytest.approx(apart, rel=1e-4)
    again = fit_plane(points[::-1].astype(np.float32))
    np.testing.assert_allclose(again.axes, plane.axes, atol=1e-6)


def test_one_point_has_a_plane():
    plane = fit_plane(np.full((1, 5), 2.0, np.float32))
    assert np.isfinite(plane.axes).all() and plane.explained == (0.0, 0.0)
    np.testing.assert_allclose(plane.project(np.full((1, 5), 2.0, np.float32)), 0, atol=1e-6)


def test_tokens_of_a_mask_by_share(frame):
    made = frame(4)  # tokens of 8 x 8 pixels
    mask = np.zeros((32, 32), bool)
    mask[8:16, 8:16] = True  # all of token 5
    mask[16:24, 16:18] = True  # a quarter of token 10
    mask[31, 31] = True  # one pixel of token 15
    assert np.flatnonzero(tokens_in(mask, made)).tolist() == [5, 10]
    assert np.flatnonzero(tokens_in(mask, made, 0.5)).tolist() == [5]
    assert np.flatnonzero(tokens_in(mask, made, 0.0)).tolist() == [5, 10, 15]
    assert not tokens_in(np.zeros_like(mask), made, 0.0).any()
