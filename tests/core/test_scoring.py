"""From residuals to maps: what is kept, what must not leak, and where things end up."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pirn_core.scoring import CELLS_PER_TOKEN, Frame, fused, image_map, part_score, smooth_map, token_scores

GRID = 8


@pytest.fixture
def part():
    """A foreground of 4 x 5 tokens in a grid of 8 x 8."""
    mask = np.zeros((GRID, GRID), bool)
    mask[2:6, 1:6] = True
    return mask.reshape(-1)


def test_token_scores_by_hand():
    residual = np.float32([0.2, 0.6])
    prototypes = np.array([[0, 1], [2, 0]], np.int32)
    weights = np.float32([[0.5, 0.5], [1.0, 0.0]])
    expected = np.float32([0.1, 0.3, 0.2])
    np.testing.assert_allclose(token_scores(residual, prototypes, weights, expected), [1.0, 3.0], rtol=1e-6)
    assert token_scores(residual, prototypes, weights, expected).dtype == np.float32


def test_token_scores_are_bounded(frame):
    """A residual of -1e-7, from rounding, and one over next to nothing: no power of them is NaN or infinite."""
    prototypes, weights = np.zeros((64, 1), np.int32), np.ones((64, 1), np.float32)
    residual = np.full(64, -1e-7, np.float32)
    residual[5] = 2.0
    for expected in (0.1, 1e-6, 0.0):
        scores = token_scores(residual, prototypes, weights, np.full(1, expected, np.float32))
        assert scores.min() == 0.0
        for exponent in (1.0, 2.5, 3.0, 8.0):
            laid = image_map(scores, frame(8, None), 0.018, exponent)
            assert np.isfinite(laid).all()
            assert np.isfinite(fused([laid, laid], exponent)).all()
            assert laid.max() > 1.0


@pytest.mark.parametrize("smoothing", [0.0, 0.018, 0.1, 0.5])
def test_a_constant_stays_constant_whatever_is_around_it(part, smoothing):
    """Neither the background's tokens nor the edge leak in: a constant comes out to rounding."""
    for background in (0.0, 50.0):
        tokens = np.where(part, 1.7, background).astype(np.float32)
        cells = smooth_map(tokens, part, smoothing)
        seen = np.isfinite(cells)
        np.testing.assert_allclose(cells[seen], 1.7, rtol=1e-5)
        inside = np.kron(part.reshape(GRID, GRID), np.ones((CELLS_PER_TOKEN, CELLS_PER_TOKEN))).astype(bool)
        if smoothing <= 0.1:
            assert seen[inside].all()


def test_far_from_the_part_nothing_is_seen(part):
    cells = smooth_map(np.ones(GRID * GRID, np.float32), part, 0.018)
    assert cells.shape == (GRID * CELLS_PER_TOKEN,) * 2
    assert cells.dtype == np.float32
    assert np.isnan(cells[:3, :]).all()
    assert np.isnan(cells[:, -4:]).all()


def test_without_foreground_all_tokens_count():
    tokens = np.linspace(0, 1, GRID * GRID).astype(np.float32)
    one = smooth_map(tokens, np.zeros(GRID * GRID, bool), 0.02)
    np.testing.assert_array_equal(one, smooth_map(tokens, np.ones(GRID * GRID, bool), 0.02))
    assert np.isfinite(one).all()


def test_smoothing_neither_raises_the_peak_nor_lowers_the_floor(part):
    tokens = np.random.default_rng(0).random(GRID * GRID).astype(np.float32) + 1.0
    peaks = []
    for smoothing in (0.0, 0.01, 0.03, 0.1):
        cells = smooth_map(tokens, part, smoothing)
        peaks.append(np.nanmax(cells))
        assert np.nanmin(cells) >= tokens[part].min() - 1e-5
        assert peaks[-1] <= tokens[part].max() + 1e-5
    assert peaks == sorted(peaks, reverse=True)


def test_a_peak_lies_where_its_token_is():
    tokens = np.zeros(GRID * GRID, np.float32)
    tokens[3 * GRID + 5] = 1.0
    cells = smooth_map(tokens, np.ones(GRID * GRID, bool), 0.02)
    row, column = np.array(np.unravel_index(cells.argmax(), cells.shape)) / CELLS_PER_TOKEN
    assert 3 <= row < 4
    assert 5 <= column < 6
    np.testing.assert_allclose(cells, cells[::1], rtol=0)
    weight = cells / cells.sum()
    rows, columns = np.mgrid[0 : cells.shape[0], 0 : cells.shape[1]] + 0.5
    centre = np.array([(rows * weight).sum(), (columns * weight).sum()]) / CELLS_PER_TOKEN
    np.testing.assert_allclose(centre, [3.5, 5.5], atol=0.01)


def shifted(frame, shape, offset, scale):
    """The view placed at `offset` (x, y) in an image of `shape`, `scale` image pixels per view pixel."""
    half = (scale - 1) / 2
    to_image = np.array([[scale, 0.0, offset[0] + half], [0.0, scale, offset[1] + half]])
    view = replace(frame.view, to_image=to_image)
    return Frame(view, np.ones(shape, bool), frame.foreground)


@pytest.mark.parametrize(("offset", "scale"), [((10, 20), 1.0), ((0, 0), 2.0), ((7, 3), 0.5)])
def test_the_map_lies_where_the_view_does(frame, offset, scale):
    """The score-weighted centre of a single token, against its place worked out by hand."""
    whole = frame(GRID, None, pixels=8)
    shape = (160, 180)
    tokens = np.zeros(GRID * GRID, np.float32)
    tokens[2 * GRID + 6] = 1.0
    laid = image_map(tokens, shifted(whole, shape, offset, scale), 0.01)
    assert laid.shape == shape
    assert laid.dtype == np.float32
    weight = np.nan_to_num(laid)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    centre = (rows * weight).sum() / weight.sum(), (columns * weight).sum() / weight.sum()
    expected = (offset[1] + 2.5 * 8 * scale - 0.5, offset[0] + 6.5 * 8 * scale - 0.5)
    np.testing.assert_allclose(centre, expected, atol=0.1 * scale * 8)
    side = 64 * scale
    inside = np.zeros(shape, bool)
    inside[offset[1] : int(offset[1] + side), offset[0] : int(offset[0] + side)] = True
    assert np.isnan(laid[~inside]).all()
    assert np.isfinite(laid[inside]).all()


def test_a_constant_part_has_a_constant_map(frame, part):
    one = frame(GRID, part, pixels=8)
    wider = one.seen.copy()
    wider[:, :-4] |= one.seen[:, 4:]  # the dilated part reaches beyond its tokens
    tokens = np.where(part, 2.5, 99.0).astype(np.float32)
    laid = image_map(tokens, Frame(one.view, wider, part), 0.018)
    np.testing.assert_allclose(laid[wider], 2.5, rtol=1e-5)
    assert np.isnan(laid[~wider]).all()


def test_what_was_not_seen_is_nan(frame, part):
    one = frame(GRID, part, pixels=8)
    laid = image_map(np.ones(GRID * GRID, np.float32), one, 0.018)
    np.testing.assert_array_equal(np.isnan(laid), ~one.seen)


def test_values_beyond_the_tokens_come_from_the_nearest_seen_ones(frame, part):
    """At the part's rim the map goes on as it ended, rather than fading to what is lowest elsewhere."""
    tokens = np.where(np.arange(GRID * GRID) % GRID < 3, 5.0, 1.0).astype(np.float32)
    one = frame(GRID, part, pixels=8)
    everywhere = Frame(one.view, np.ones((64, 64), bool), part)
    laid = image_map(tokens, everywhere, 0.0)
    assert laid[32, 0] == pytest.approx(5.0, rel=1e-3)
    assert laid[32, 63] == pytest.approx(1.0, rel=1e-3)


def test_fusion_is_the_mean_and_ranks_as_the_sum():
    rng = np.random.default_rng(0)
    maps = {"rgb": rng.random((5, 6), np.float32), "sn": rng.random((5, 6), np.float32)}
    both = fused(maps)
    np.testing.assert_allclose(both, (maps["rgb"] + maps["sn"]) / 2, rtol=1e-6)
    np.testing.assert_array_equal(both.ravel().argsort(), (maps["rgb"] + maps["sn"]).ravel().argsort())
    np.testing.assert_array_equal(fused(list(maps.values())), both)
    assert both.dtype == np.float32


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0, 8.0])
def test_the_power_mean_by_hand(frame, part, exponent):
    one, other = np.float32([[1.0, 0.0]]), np.float32([[3.0, 2.0]])
    expected = [[((1 + 3**exponent) / 2) ** (1 / exponent), (2**exponent / 2) ** (1 / exponent)]]
    np.testing.assert_allclose(fused([one, other], exponent), expected, rtol=1e-5)
    np.testing.assert_allclose(fused([other], exponent), other, rtol=1e-5)
    constant = np.where(part, 2.5, 50.0).astype(np.float32)
    laid = image_map(constant, frame(GRID, part), 0.018, exponent)
    np.testing.assert_allclose(laid[~np.isnan(laid)], 2.5, rtol=1e-4)


def test_a_larger_exponent_lets_high_tokens_outweigh_ordinary_ones(frame):
    tokens = np.random.default_rng(0).random(GRID * GRID).astype(np.float32) + 0.5
    maps = [image_map(tokens, frame(GRID, None), 0.05, exponent) for exponent in (1.0, 2.0, 3.0, 8.0)]
    for lower, higher in pairwise(maps):
        assert (higher >= lower - 1e-4).all()
    assert maps[-1].max() <= tokens.max() + 1e-4
    rng = np.random.default_rng(1)
    layers = [rng.random((4, 4), np.float32) for _ in range(2)]
    assert (fused(layers, 3.0) >= fused(layers, 1.0) - 1e-6).all()


def test_a_missing_modality_keeps_the_scale():
    one = np.full((4, 4), 1.2, np.float32)
    np.testing.assert_allclose(fused({"rgb": one, "sn": one}), fused({"rgb": one}))


def test_pixels_that_one_modality_did_not_see_are_not_seen():
    one, other = np.ones((2, 2), np.float32), np.ones((2, 2), np.float32)
    other[0, 0] = np.nan
    assert np.isnan(fused({"rgb": one, "sn": other})[0, 0])


def test_the_part_score_is_the_largest_value():
    values = np.float32([[np.nan, 1.0], [3.5, 2.0]])
    assert part_score(values) == 3.5
    assert part_score(np.full((3, 3), np.nan, np.float32)) == 0.0
