"""Organised points: what is missing, and which way the axes point."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.source import short
from pirn_core.data.reading.units import Unit, sampled
from pirn_core.data.sample import ByteArray
from pirn_core.errors import SampleError

Points = NDArray[np.float64]

FEWEST_POINTS = 16
"""A scan with fewer points is as good as empty."""


@dataclass(frozen=True)
class Grid:
    """Organised points as a file gives them.

    Attributes:
        xyz: In the file's unit, shape (H, W, 3), NaN where there is no point.
        colours: Colours that came with the points, uint8 (H, W, 3), if any.
        stated: The unit, where the part's files name it.
    """

    xyz: Points
    colours: ByteArray | None = None
    stated: Unit | None = None


def without_missing(path: Path, points: NDArray[Any], notes: list[str]) -> Points:
    """Points in double precision, shape kept, NaN in all three coordinates where there is none.

    Missing is what is not finite in any coordinate, and exactly (0, 0, 0).

    Raises:
        SampleError: When next to nothing is left.
    """
    xyz = np.array(points, dtype=np.float64)
    x, y, z = np.moveaxis(xyz, -1, 0)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(x + y + z)  # a sum is finite only when all its terms are
    zero = (x == 0) & (y == 0) & (z == 0)
    infinite = 0 if finite.all() else int(np.isinf(xyz[~finite]).any(axis=-1).sum())
    if infinite:
        notes.append(f"{path.name} has infinite coordinates at {infinite} points; they count as missing.")
    left = finite & ~zero
    xyz[~left] = np.nan
    count = int(left.sum())
    if count < FEWEST_POINTS:
        what = f"{count} points" if count else "all are (0, 0, 0)" if finite.any() else "all are NaN"
        raise SampleError(f"{short(path)}: holds no usable points ({what}).", "Scan the part again.")
    return xyz


def constant_plane(xyz: Points) -> bool:
    """Whether x and y are placeholders: one value each, although z differs."""
    if np.ptp(sampled(xyz, 1000)[:, :2], axis=0).any():
        return False
    points = sampled(xyz, xyz.size)
    return not np.ptp(points[:, :2], axis=0).any() and bool(np.ptp(points[:, 2]) > 0)


def to_camera_frame(xyz: Points) -> tuple[Points, str | None]:
    """Turns points so that x grows with the column and y with the row; then z points away from the camera.

    A right-handed frame that shows the surface from the front is either that one or it, turned by 180
    degrees about an axis (e.g. y up and z to the camera, as in OpenGL); a turn keeps the shape, a mirror
    would not.

    Returns:
        The points, and a sentence when they were turned.
    """
    across, down = _mean_step(xyz, axis=1)[0], _mean_step(xyz, axis=0)[1]
    signs = {
        (False, True): ((1.0, -1.0, -1.0), "x"),
        (True, False): ((-1.0, 1.0, -1.0), "y"),
        (True, True): ((-1.0, -1.0, 1.0), "z"),
    }.get((bool(across < 0), bool(down < 0)))
    if signs is None:
        return xyz, None
    factors, axis = signs
    return (
        xyz * factors,
        f"The points were turned by 180 degrees about {axis}: now x is right, y down and z away.",
    )


def _mean_step(xyz: Points, axis: int) -> Points:
    """Median difference of neighbouring points along an image axis; 0 where there are no neighbours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nan_to_num(np.nanmedian(np.diff(xyz, axis=axis), axis=(0, 1)))
