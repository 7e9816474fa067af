"""The square that shows a part, its side common to all parts, and the mapping between view and image.

Pixel coordinates are those of pixel centres: (x, y) = (0, 0) is the middle of the top left pixel, and the
image spans -0.5 ... W - 0.5. A view of S pixels on a square of L image pixels has its pixel v at
(v + 0.5) / S * L - L / 2 from the square's centre.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.config import CropConfig
from pirn_core.data.augmentation import Pose
from pirn_core.data.sample import BoolArray

Affine = NDArray[np.float64]
"""Shape (2, 3): (x', y') = A (x, y, 1)."""


def bounding_circle(mask: BoolArray) -> tuple[tuple[float, float], float] | None:
    """Centre (row, column) and diameter in pixels of the smallest circle around the mask's pixels.

    The diameter counts whole pixels, so that a single pixel has a diameter of sqrt(2). None for an empty
    mask.
    """
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    hull = cv2.convexHull(np.concatenate(contours).reshape(-1, 1, 2))
    (x, y), radius = cv2.minEnclosingCircle(hull.astype(np.float32))
    return (float(y), float(x)), 2.0 * float(radius) + math.sqrt(2.0)


def crop_side(raw: float, dilated: float, config: CropConfig) -> int:
    """Side in pixels of a square in which the part stays whole however it is turned.

    Args:
        raw: Diameter of the largest part's bounding circle, pixels.
        dilated: The same of its dilated mask, where anomalies are looked for.
        config: Margin (shared by both sides) and step.
    """
    side = max(raw * (1.0 + config.margin), dilated)
    return math.ceil(side / config.step_px) * config.step_px


def view_to_image(centre: tuple[float, float], side: float, size: int, pose: Pose) -> Affine:
    """The affine mapping from view pixels (x, y) to image pixels (x, y).

    Args:
        centre: Middle of the square in the image, (row, column).
        side: Side of the square, image pixels.
        size: Side of the view, pixels.
        pose: How the part is turned, mirrored and shifted inside the view.
    """
    linear = pose.matrix().T * (side / size)  # the inverse of an orthogonal matrix is its transpose
    middle = np.full(2, (size - 1) / 2.0) + np.asarray(pose.shift, np.float64) * size
    offset = np.array([centre[1], centre[0]]) - linear @ middle
    return np.column_stack([linear, offset])


def inverted(affine: Affine) -> Affine:
    """The mapping back."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def composed(outer: Affine, inner: Affine) -> Affine:
    """The mapping that applies `inner` first."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def applied(affine: Affine, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Affine, Affine]:
    """Maps coordinates; `x` and `y` may have any shape, or broadcast against each other."""
    a = affine
    return a[0, 0] * x + a[0, 1] * y + a[0, 2], a[1, 0] * x + a[1, 1] * y + a[1, 2]
