import numpy as np
import pytest
from PIL import Image

from pirn_core.errors import ConfigError
from pirn_core.evaluation.parts import EVALUATION_SIZE, to_resolution


def test_the_default_is_the_papers_and_none_keeps_the_original():
    map, mask = np.zeros((400, 300), np.float32), np.zeros((400, 300), bool)
    small = to_resolution(map, mask, mask)
    assert [a.shape for a in small] == [(EVALUATION_SIZE, EVALUATION_SIZE)] * 3
    assert to_resolution(map, mask, None, None) == (map, mask, None)
    assert to_resolution(None, None, None) == (None, None, None)
    assert to_resolution(map, None, None, (20, 30))[0].shape == (20, 30)


@pytest.mark.parametrize("size", [(7, 9), (33, 20), (64, 64)])
def test_masks_agree_with_pillows_nearest_neighbour(size):
    mask = np.random.default_rng(0).random((40, 28)) > 0.5
    _, small, _ = to_resolution(None, mask, None, size)
    expected = np.asarray(Image.fromarray(mask.astype(np.uint8)).resize(size[::-1], Image.Resampling.NEAREST))
    assert small.dtype == np.bool_
    np.testing.assert_array_equal(small, expected > 0)


def test_a_map_is_interpolated_and_never_rescaled():
    ramp = np.tile(np.arange(10, dtype=np.float32), (4, 1))
    twice, _, _ = to_resolution(ramp, None, None, (8, 20))
    inner = twice[3, 1:-1]
    np.testing.assert_allclose(inner, np.arange(1, 19) / 2 - 0.25, atol=1e-5)
    assert (twice.min(), twice.max()) == (0.0, 9.0)
    assert twice.dtype == np.float32


def test_unseen_pixels_neither_spread_nor_dim_their_neighbours():
    map = np.full((20, 20), 3.0, np.float32)
    map[:, 10:] = np.nan
    small, _, _ = to_resolution(map, None, None, 33)
    seen = ~np.isnan(small)
    np.testing.assert_allclose(small[seen], 3.0, rtol=1e-6)
    assert seen[:, :16].all()
    assert not seen[:, 18:].any()


def test_a_map_that_was_seen_nowhere_stays_so():
    assert np.isnan(to_resolution(np.full((8, 8), np.nan, np.float32), None, None, 5)[0]).all()


def test_the_same_size_changes_nothing():
    map = np.random.default_rng(0).random((12, 12)).astype(np.float32)
    map[3, 4] = np.nan
    np.testing.assert_array_equal(to_resolution(map, None, None, 12)[0], map)


@pytest.mark.parametrize("size", [0, -3, (5, 0)])
def test_sizes_below_a_pixel_are_refused(size):
    with pytest.raises(ConfigError, match="not possible"):
        to_resolution(np.zeros((4, 4), np.float32), None, None, size)
