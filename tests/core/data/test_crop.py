"""The crop's size, its centre and its affine mapping."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pirn_core.config import CropConfig
from pirn_core.data.augmentation import Pose
from pirn_core.data.crop import applied, bounding_circle, composed, crop_side, inverted, view_to_image

centres = st.tuples(st.floats(-50, 500), st.floats(-50, 500))
pose_values = st.builds(
    Pose, st.floats(-360, 360), st.booleans(), st.tuples(st.floats(-0.25, 0.25), st.floats(-0.25, 0.25))
)


def test_bounding_circle_of_a_disc():
    row, column = np.mgrid[:100, :120]
    circle = bounding_circle((row - 40) ** 2 + (column - 70) ** 2 <= 20**2)
    assert circle is not None
    assert circle[0] == pytest.approx((40, 70), abs=0.6)
    assert circle[1] == pytest.approx(41, abs=1.0)


def test_bounding_circle_counts_whole_pixels():
    mask = np.zeros((9, 9), bool)
    assert bounding_circle(mask) is None
    mask[4, 6] = True
    centre, diameter = bounding_circle(mask)
    assert centre == pytest.approx((4, 6), abs=1e-3) and diameter == pytest.approx(math.sqrt(2), abs=0.01)


def test_bounding_circle_covers_all_components(rng):
    for _ in range(20):
        mask = rng.random((40, 50)) < 0.01
        if mask.any():
            (row, column), diameter = bounding_circle(mask)
            rows, columns = np.nonzero(mask)
            assert np.hypot(rows - row, columns - column).max() <= diameter / 2 + 1e-3


def test_crop_side_is_a_rounded_up_multiple():
    config = CropConfig(margin=0.1, step_px=32)
    assert crop_side(200, 210, config) == 224  # 220
    assert crop_side(200, 239, config) == 256  # the dilated mask decides
    assert crop_side(203, 210, CropConfig(margin=0.0, step_px=1)) == 210


def test_crop_side_is_stable_across_like_parts():
    sides = {crop_side(diameter, diameter + 16, CropConfig()) for diameter in np.linspace(209, 224, 31)}
    assert sides == {256}


@given(st.floats(3, 400), st.floats(0, 30), st.floats(0, 360))
def test_the_part_stays_inside_however_it_is_turned(diameter, growth, angle):
    side = crop_side(diameter, diameter + growth, CropConfig(margin=0.05, step_px=8))
    rim = np.linspace(0, 2 * np.pi, 50)
    radius = (diameter + growth) / 2
    view = inverted(view_to_image((0.0, 0.0), side, 64, Pose(angle)))
    x, y = applied(view, radius * np.cos(rim), radius * np.sin(rim))
    assert min(x.min(), y.min()) >= -0.5 - 1e-9 and max(x.max(), y.max()) <= 63.5 + 1e-9


@given(centres, st.floats(1, 600), st.integers(8, 512), pose_values)
def test_mapping_and_its_inverse_cancel(centre, side, size, pose):
    there = view_to_image(centre, side, size, pose)
    both = composed(inverted(there), there)
    assert np.allclose(both, [[1, 0, 0], [0, 1, 0]], atol=1e-8)
    assert abs(np.linalg.det(there[:, :2])) == pytest.approx((side / size) ** 2)


def test_pixel_centres():
    """A whole image at its own size is the identity; at half the size, pixels lie between pixels."""
    assert np.allclose(view_to_image((49.5, 49.5), 100, 100, Pose()), [[1, 0, 0], [0, 1, 0]])
    assert np.allclose(view_to_image((49.5, 49.5), 100, 50, Pose()), [[2, 0, 0.5], [0, 2, 0.5]])


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_quarter_turns_permute_pixels(size, turns, flip):
    image = np.arange(size * size, dtype=np.float32).reshape(size, size)
    middle = ((size - 1) / 2, (size - 1) / 2)
    affine = view_to_image(middle, size, size, Pose(90 * turns, flip))
    view = cv2.warpAffine(image, affine, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    assert np.array_equal(view, np.rot90(np.fliplr(image) if flip else image, turns))


def test_shift_moves_the_content_right_and_down():
    back = inverted(view_to_image((50, 50), 100, 100, Pose(shift=(0.1, 0.2))))
    unmoved = inverted(view_to_image((50, 50), 100, 100, Pose()))
    there, here = (
        applied(back, np.array(50.0), np.array(50.0)),
        applied(unmoved, np.array(50.0), np.array(50.0)),
    )
    assert np.subtract(there, here) == pytest.approx((10, 20))


@pytest.fixture
def rng():
    return np.random.default_rng(1)
