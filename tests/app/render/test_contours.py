"""Outlines enclose exactly the pixels that they are of."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pirn_app.render.contours import level_lines, outline


def segments(points: np.ndarray) -> np.ndarray:
    return points.reshape(-1, 2, 2)


def winding_inside(pairs: np.ndarray, height: int, width: int) -> np.ndarray:
    """Even-odd rule along a ray to the right from every pixel's middle, independent of how the line was found."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    rows = rows + 1e-4  # no ray through a vertex
    crossings = np.zeros((height, width), int)
    for (x0, y0), (x1, y1) in pairs:
        if y0 == y1:
            continue
        at = x0 + (rows - y0) / (y1 - y0) * (x1 - x0)
        crossings += (min(y0, y1) <= rows) & (rows < max(y0, y1)) & (at > columns)
    return crossings % 2 == 1


def test_level_lines_meet_a_circle_below_a_tenth_of_a_pixel():
    rows, columns = np.mgrid[:80, :90] + 0.5
    cone = (30 - np.hypot(columns - 45, rows - 40)).astype(np.float32)
    points = level_lines(cone, 10.0)
    assert len(points) > 100
    assert np.abs(np.hypot(points[:, 0] - 45, points[:, 1] - 40) - 20).max() < 0.1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_level_lines_enclose_all_that_is_at_or_above_the_level(seed):
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 5, (7, 9)).astype(np.float32)
    values[generator.random(values.shape) < 0.15] = np.nan
    above = np.nan_to_num(values, nan=-np.inf) >= 2.0
    pairs = segments(level_lines(values, 2.0))
    assert np.isfinite(pairs).all()
    assert np.array_equal(winding_inside(pairs, *values.shape), above)


def test_level_lines_are_closed():
    values = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    ends, counts = np.unique(level_lines(values, 0.5).round(4), axis=0, return_counts=True)
    assert (counts % 2 == 0).all() and len(ends) > 0


def test_areas_that_touch_by_a_corner_hang_together_as_regions_do():
    values = np.zeros((4, 4), np.float32)
    values[1, 1] = values[2, 2] = 1.0
    pairs = segments(level_lines(values, 0.5))
    middle = np.abs(pairs.mean(axis=1) - 2.0).sum(axis=1) < 0.6
    slopes = np.diff(pairs[middle], axis=1)[:, 0]
    assert middle.sum() == 2 and (np.sign(slopes[:, 0]) == np.sign(slopes[:, 1])).all()


def test_nothing_above_the_level_gives_no_line():
    assert level_lines(np.full((5, 6), np.nan, np.float32), 0.0).shape == (0, 2)
    assert level_lines(np.zeros((5, 6), np.float32), 1.0).shape == (0, 2)


def test_an_area_at_the_border_is_closed_along_the_border():
    points = level_lines(np.ones((5, 6), np.float32), 0.5)
    assert points.min() == 0.0 and points[:, 0].max() == 6.0 and points[:, 1].max() == 5.0


@pytest.mark.parametrize("size", [1, 3, 8])
def test_outline_lies_a_quarter_of_a_pixel_inside_the_edge(size):
    mask = np.zeros((12, 14), bool)
    mask[2 : 2 + size, 3 : 3 + size] = True
    points = outline(mask)
    assert points.min(axis=0) == pytest.approx([3.25, 2.25])
    assert points.max(axis=0) == pytest.approx([3 + size - 0.25, 2 + size - 0.25])
    assert np.array_equal(points[0], points[-1])


def test_long_outlines_have_few_points_and_stay_near_their_edge():
    rows, columns = np.mgrid[:400, :400] + 0.5
    points = outline(np.hypot(rows - 200, columns - 200) < 150)
    assert len(points) < 200  # of 1,200 corners of pixels
    middles = (points[1:] + points[:-1]) / 2
    for some in (points, middles):
        assert np.abs(np.hypot(some[:, 0] - 200, some[:, 1] - 200) - 149.5).max() < 1.3


def test_outlines_are_apart_and_holes_have_their_own():
    mask = np.zeros((30, 30), bool)
    mask[2:12, 2:12] = True
    mask[5:8, 5:8] = False
    mask[20:25, 20:25] = True
    gaps = np.isnan(outline(mask)).all(axis=1)
    expected, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    assert gaps.sum() + 1 == len(expected) == 3
    assert not gaps[-1]


def test_an_empty_mask_has_no_outline():
    assert outline(np.zeros((5, 5), bool)).shape == (0, 2)
