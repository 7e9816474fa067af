"""The plane of each window of an organised scan: second moments, and their smallest eigenvector."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray

_MIN_POINTS = 6
_MIN_LINE_RATIO = 1e-6

Scalar = TypeVar("Scalar", np.float32, np.float64)

Moments = NDArray[np.float64]
"""Upper triangles (xx, xy, xz, yy, yz, zz) of symmetric 3x3 matrices, shape (6, H, W)."""


def window_normals(points: FloatArray, valid: BoolArray, window: int) -> tuple[FloatArray, BoolArray]:
    """Normals of the least-squares planes over square windows.

    Args:
        points: About the origin, zero where not valid, shape (3, H, W).
        valid: Shape (H, W).
        window: Side of the window, odd, pixels.

    Returns:
        Unit normals of arbitrary sign, shape (3, H, W), and where the window's points determine a plane: at
        least six of them, not all on one line. Elsewhere the normals mean nothing.
    """
    moments, count = _window_moments(points, valid, window)
    normals, plane_like = smallest_eigenvector(moments)
    return normals.astype(np.float32), plane_like & (count >= _MIN_POINTS)


def _window_moments(points: FloatArray, valid: BoolArray, window: int) -> tuple[Moments, NDArray[np.float64]]:
    """Covariance of the valid points of each window, and their number."""
    x, y, z = points.astype(np.float64)
    planes = [valid.astype(np.float64), x, y, z, x * x, x * y, x * z, y * y, y * z, z * z]
    sums = [_window_sum(plane, window) for plane in planes]
    count = np.round(sums[0])
    mx, my, mz, xx, xy, xz, yy, yz, zz = (s / np.maximum(count, 1.0) for s in sums[1:])
    moments = [xx - mx * mx, xy - mx * my, xz - mx * mz, yy - my * my, yz - my * mz, zz - mz * mz]
    return np.stack(moments), count


def _window_sum(plane: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    return np.asarray(cv2.boxFilter(plane, -1, (window, window), normalize=False, borderType=cv2.BORDER_CONSTANT))


def smallest_eigenvector(matrices: Moments) -> tuple[NDArray[np.float64], BoolArray]:
    """Unit eigenvector of the smallest eigenvalue, and where the middle eigenvalue is not zero.

    Closed form (trigonometric roots of the characteristic polynomial) on whole images; the eigenvector is
    the longest cross product of two rows of A - lambda I.
    """
    xx, xy, xz, yy, yz, zz = matrices
    smallest, middle = _two_smallest_eigenvalues(matrices)
    r0 = np.stack([xx - smallest, xy, xz])
    r1 = np.stack([xy, yy - smallest, yz])
    r2 = np.stack([xz, yz, zz - smallest])
    vector, length = cross(r0, r1), np.zeros(xx.shape)
    for candidate in (vector, cross(r0, r2), cross(r1, r2)):
        squared = np.einsum("chw,chw->hw", candidate, candidate)
        vector = np.where(squared > length, candidate, vector)
        length = np.maximum(length, squared)
    determined = (middle > _MIN_LINE_RATIO * (xx + yy + zz)) & (length > 0.0)
    return vector / np.sqrt(np.where(length > 0.0, length, 1.0)), determined


def _two_smallest_eigenvalues(matrices: Moments) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    xx, xy, xz, yy, yz, zz = matrices
    mean = (xx + yy + zz) / 3.0
    ax, ay, az = xx - mean, yy - mean, zz - mean
    spread = np.sqrt((ax * ax + ay * ay + az * az + 2.0 * (xy * xy + xz * xz + yz * yz)) / 6.0)
    determinant = ax * (ay * az - yz * yz) - xy * (xy * az - yz * xz) + xz * (xy * yz - ay * xz)
    half = determinant / np.maximum(2.0 * spread**3, 1e-300)
    angle = np.arccos(np.clip(half, -1.0, 1.0)) / 3.0
    largest = mean + 2.0 * spread * np.cos(angle)
    smallest = mean + 2.0 * spread * np.cos(angle + 2.0 * np.pi / 3.0)
    return smallest, 3.0 * mean - smallest - largest


def cross(a: NDArray[Scalar], b: NDArray[Scalar]) -> NDArray[Scalar]:
    """Cross product of vector images (3, H, W); many times faster than numpy.cross along the first axis."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
