"""Poses: how a shot is turned, mirrored and shifted to make further views of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pirn_core.config import AugmentationConfig


@dataclass(frozen=True)
class Pose:
    """An in-plane motion of the part inside the view: mirrored first, then turned, then shifted.

    Attributes:
        angle_deg: Counter-clockwise as seen on the screen; 90 equals `numpy.rot90`.
        flip: Mirrored left to right, as `numpy.fliplr`.
        shift: To the right and down, as fractions of the crop's side.
    """

    angle_deg: float = 0.0
    flip: bool = False
    shift: tuple[float, float] = (0.0, 0.0)

    def matrix(self) -> NDArray[np.float64]:
        """The orthogonal (2, 2) matrix that moves image vectors (x right, y down), and normals' x and y."""
        cosine, sine = _cosine_sine(self.angle_deg)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        mirror = np.diag([-1.0 if self.flip else 1.0, 1.0])
        return np.asarray(turn @ mirror)


def poses(config: AugmentationConfig, seed: int) -> tuple[Pose, ...]:
    """The views to make of every shot; the first is the identity.

    Args:
        config: Number of rotations, flips, and the largest shift.
        seed: Of the shifts; the same seed gives the same poses.
    """
    rng = np.random.default_rng(seed)
    found: list[Pose] = []
    for flip in (False, True) if config.flips else (False,):
        for index in range(config.rotations):
            dx, dy = rng.uniform(-config.shift, config.shift, 2) if found else (0.0, 0.0)
            found.append(Pose(360.0 * index / config.rotations, flip, (float(dx), float(dy))))
    return tuple(found)


def _cosine_sine(angle_deg: float) -> tuple[float, float]:
    """Exact at multiples of 90 degrees, so that such views are permutations of the pixels."""
    quarter, rest = divmod(angle_deg, 90.0)
    if rest == 0.0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
    return math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
