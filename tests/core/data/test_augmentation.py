"""Poses and their matrices."""

import numpy as np
import pytest

from pirn_core.config import AugmentationConfig
from pirn_core.data.augmentation import Pose, poses


def test_first_pose_is_the_identity():
    for config in (AugmentationConfig(), AugmentationConfig(rotations=1, flips=True, shift=0.2)):
        assert poses(config, seed=3)[0] == Pose()


def test_rotations_are_evenly_spread():
    angles = [pose.angle_deg for pose in poses(AugmentationConfig(rotations=8), seed=0)]
    assert angles == [0, 45, 90, 135, 180, 225, 270, 315]


def test_flips_double_the_views_and_all_differ():
    found = poses(AugmentationConfig(rotations=4, flips=True), seed=0)
    assert len(found) == len(set(found)) == 8
    assert sum(pose.flip for pose in found) == 4
    assert not any(pose.flip for pose in poses(AugmentationConfig(), seed=0))


def test_shifts_are_bounded_and_follow_the_seed():
    config = AugmentationConfig(rotations=16, shift=0.1)
    found = poses(config, seed=5)
    assert found == poses(config, seed=5) != poses(config, seed=6)
    shifts = np.array([pose.shift for pose in found])
    assert np.abs(shifts).max() <= 0.1 and np.abs(shifts[1:]).min() > 0


@pytest.mark.parametrize("angle", [0, 30, 90, 180, 270, 360, -90, 450, 33.3])
@pytest.mark.parametrize("flip", [False, True])
def test_matrix_is_orthogonal(angle, flip):
    matrix = Pose(angle, flip).matrix()
    assert np.allclose(matrix @ matrix.T, np.eye(2), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(-1 if flip else 1)


def test_quarter_turns_are_exact():
    right = np.array([1.0, 0.0])
    assert Pose(90).matrix() @ right == pytest.approx([0, -1], abs=0)  # up on the screen
    assert np.array_equal(Pose(-90).matrix(), Pose(270).matrix())
    assert np.array_equal(Pose(450).matrix(), Pose(90).matrix())


def test_mirrored_before_turned():
    assert Pose(90, flip=True).matrix() @ np.array([1.0, 0.0]) == pytest.approx([0, 1])
