"""Figures and hits."""

import pytest

from pirn_app.render.overlay import decimals, figure, region_at
from pirn_core.results import Region


def region(label: int, box: tuple[int, int, int, int]) -> Region:
    return Region(label, box, 10, 1.0, (box[0], box[1]), {"rgb": 1.0})


@pytest.mark.parametrize(
    ("value", "text"), [(0.614, "0.61"), (-0.2, "−0.20"), (-0.001, "0.00"), (12.0, "12.00"), (float("nan"), "–")]
)
def test_figures(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(("high", "places"), [(12.0, 2), (0.6, 2), (0.1, 2), (0.06, 3), (0.002, 4), (0.0, 2)])
def test_small_scores_get_more_decimals(high, places):
    assert decimals(high) == places


def test_the_smallest_box_at_a_pixel_is_hit():
    regions = (region(1, (10, 10, 50, 50)), region(2, (20, 20, 26, 26)), region(3, (80, 80, 82, 82)))
    assert region_at(regions, (22, 23)).label == 2
    assert region_at(regions, (40, 40)).label == 1
    assert region_at(regions, (83, 83)).label == 3
    assert region_at(regions, (70, 10)) is None
