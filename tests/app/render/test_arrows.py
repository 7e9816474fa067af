"""Lines two by two, heads in pixels, and the line under the mouse."""

import numpy as np
import pytest

from pirn_app.render.arrows import head, nearest, paired


def test_starts_and_ends_take_turns():
    before, after = np.array([[0, 1], [2, 3]], np.float32), np.array([[4, 5], [6, 7]], np.float32)
    assert paired(before, after).tolist() == [[0, 1], [4, 5], [2, 3], [6, 7]]
    assert paired(before[:0], after[:0]).shape == (0, 2)


def test_a_head_points_along_its_arrow():
    found = head((0, 0), (10, 0), 3, 2)
    np.testing.assert_allclose(found, [[10, 0], [7, 1], [7, -1], [10, 0]])
    slanted = head((0, 0), (6, 8), 5, 4)
    back = slanted[1:3].mean(axis=0)
    np.testing.assert_allclose(back, [3, 4], atol=1e-5)
    assert np.dot(slanted[1] - slanted[2], (6, 8)) == pytest.approx(0, abs=1e-4)


def test_a_short_arrow_has_a_small_head_and_none_has_none():
    short = head((0, 0), (1, 0), 4, 4)
    assert short[1:3, 0].tolist() == [0, 0] and abs(short[1, 1]) == pytest.approx(0.5)
    assert head((2, 2), (2, 2), 4, 4).shape == (0, 2)


def test_the_nearest_line_is_measured_to_its_whole_length():
    before = np.array([[0, 0], [0, 5], [9, 9]], np.float32)
    after = np.array([[10, 0], [0, 6], [9, 9]], np.float32)
    assert nearest(before, after, (5, 1)) == (0, pytest.approx(1.0))
    assert nearest(before, after, (0, 8)) == (1, pytest.approx(2.0))
    assert nearest(before, after, (9, 10)) == (2, pytest.approx(1.0)), "a line without length is a point"
