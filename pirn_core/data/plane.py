"""A plane found among outliers: deterministic RANSAC with a least-squares refit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import FloatArray

_HYPOTHESES = 256
_SCORED = 1500
_REFITS = 3
_NOISE_REACH = 3.0

Plane = tuple[float, float, float, float]
"""(a, b, c, d) with a x + b y + c z + d = signed distance in mm, (a, b, c) a unit vector."""


@dataclass(frozen=True)
class PlaneFit:
    """A plane and how well the points support it.

    Attributes:
        plane: Coefficients; the normal looks to the camera (c < 0), so that distances are positive above it.
        share: Share of the points within the tolerance.
        noise: Robust standard deviation of the distances of the points near the plane (three times the
            tolerance), mm.
    """

    plane: Plane
    share: float
    noise: float


def fit_plane(points: FloatArray, tolerance: float, seed: int = 0) -> PlaneFit | None:
    """The plane that most points lie on (MSAC: Torr and Zisserman, 2000), the same on every call.

    Args:
        points: Shape (N, 3), mm, all finite.
        tolerance: Distance up to which a point supports a plane, mm.
        seed: Of the random triplets.

    Returns:
        None where fewer than three points, or only collinear ones, are given.
    """
    if len(points) < 3:
        return None
    rng = np.random.default_rng(seed)
    centre = points.mean(axis=0, dtype=np.float64)
    centred = points.astype(np.float64) - centre
    scored = centred[rng.choice(len(centred), min(_SCORED, len(centred)), replace=False)]
    best = _best_hypothesis(scored, tolerance, rng)
    if best is None:
        return None
    normal, offset = best
    for _ in range(_REFITS):
        inliers = np.abs(centred @ normal + offset) <= tolerance
        if inliers.sum() < 3:
            break
        normal, offset = _least_squares(centred[inliers])
    return _result(centred, centre, normal, offset, tolerance)


def distances(points: FloatArray, plane: Plane) -> FloatArray:
    """Signed distances in mm, positive on the camera's side; NaN where the point is. Shape (...)."""
    a, b, c, d = plane
    result: FloatArray = (points @ np.array([a, b, c], np.float32)) + np.float32(d)
    return result


def _best_hypothesis(
    points: NDArray[np.float64], tolerance: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float] | None:
    first, second, third = (points[rng.integers(0, len(points), _HYPOTHESES)] for _ in range(3))
    normals = np.cross(second - first, third - first)
    length = np.linalg.norm(normals, axis=1)
    scale = np.linalg.norm(second - first, axis=1) * np.linalg.norm(third - first, axis=1)
    sound = length > 1e-3 * np.maximum(scale, 1e-12)
    if not sound.any():
        return None
    normals = normals[sound] / length[sound, None]
    offsets = -(normals * first[sound]).sum(axis=1)
    residual = np.abs(normals @ points.T + offsets[:, None])
    cost = np.minimum(residual / tolerance, 1.0) ** 2
    best = int(cost.sum(axis=1).argmin())
    return normals[best], float(offsets[best])


def _least_squares(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    mean = points.mean(axis=0)
    _, vectors = np.linalg.eigh((points - mean).T @ (points - mean))
    normal = vectors[:, 0]
    return normal, -float(normal @ mean)


def _result(
    centred: NDArray[np.float64],
    centre: NDArray[np.float64],
    normal: NDArray[np.float64],
    offset: float,
    tolerance: float,
) -> PlaneFit:
    if normal[2] > 0.0:
        normal, offset = -normal, -offset
    residual = np.abs(centred @ normal + offset)
    near = residual[residual <= _NOISE_REACH * tolerance]
    noise = float(1.4826 * np.median(near)) if near.size else 0.0
    share = float((residual <= tolerance).mean())
    a, b, c = (float(value) for value in normal)
    return PlaneFit((a, b, c, float(offset - normal @ centre)), share, noise)
