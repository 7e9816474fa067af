"""Tools to draw a defect with: its surroundings, irregular outlines, wandering lines. Lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.shapes import PITCH, Plane, segment

REACH = 14.0
"""No defect reaches farther from its middle than this, mm."""


@dataclass(frozen=True)
class Patch:
    """The surroundings of a defect's middle, 2 REACH wide: where it may change the part.

    Attributes:
        plane: Coordinates from the middle, turned at random, mm.
        height: The undamaged height, mm.
        rng: Draws the defect.
        scale: Factor on its size.
        part: The type of part.
    """

    plane: Plane
    height: FloatArray
    rng: np.random.Generator
    scale: float
    part: str

    def size(self, low: float, high: float) -> float:
        """A length, evenly drawn on a logarithmic scale, times `scale`, within REACH."""
        drawn = float(np.exp(self.rng.uniform(np.log(low), np.log(high)))) * self.scale
        return min(drawn, 0.65 * REACH)

    def clouds(self, feature: float) -> FloatArray:
        """Smooth noise with features of about `feature` mm, about normal (0, 1)."""
        side = self.height.shape[0]
        cells = max(round(side * PITCH / feature), 2)
        noise = self.rng.standard_normal((cells, cells), np.float32)
        return np.asarray(cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC) * 1.3, np.float32)


@dataclass(frozen=True)
class Damage:
    """What a defect does within its patch; None where it does nothing.

    Attributes:
        height: The damaged height.
        cover: Share of the surface that is covered by `colour`, 0 to 1.
        colour: Linear (..., 3), broadcast over the patch.
        mirror: Reflectance of what covers.
    """

    height: FloatArray | None = None
    cover: FloatArray | None = None
    colour: FloatArray | None = None
    mirror: float = 0.03


def blob(patch: Patch, radius: float, roughness: float = 0.22) -> FloatArray:
    """Distance from the middle as a multiple of an irregular outline's radius."""
    angle = np.arctan2(patch.plane.y, patch.plane.x)
    outline = np.ones_like(angle)
    for order in range(2, 7):
        strength = roughness * patch.rng.uniform(0.3, 1.0) / order**0.7
        outline += np.float32(strength) * np.cos(order * angle + np.float32(patch.rng.uniform(0, 6.283)))
    squeeze = np.float32(patch.rng.uniform(1.0, 1.5))
    return np.asarray(np.hypot(patch.plane.x, patch.plane.y * squeeze) / (radius * outline), np.float32)


def walk(patch: Patch, length: float, unrest: float, step: float = 0.7) -> list[tuple[float, float]]:
    """Corners of a wandering line of this length, its middle near the patch's middle."""
    count = max(int(length / step), 3)
    headings = np.cumsum(patch.rng.normal(0, unrest, count))
    headings -= headings.mean()
    points = np.cumsum(np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count), axis=0)
    points -= points.mean(axis=0)
    return [(float(x), float(y)) for x, y in points]


def line(patch: Patch, points: list[tuple[float, float]], half_width: float) -> FloatArray:
    """1 on the middle of a line, 0 from `half_width` on; the width tapers towards the ends."""
    inside = np.zeros_like(patch.height)
    last = len(points) - 1
    for index in range(last):
        taper = 1 - abs(2 * (index + 0.5) / last - 1) ** 3
        width = max(half_width * taper, 0.05)
        near = 1 - segment(patch.plane, points[index], points[index + 1]) / np.float32(width)
        np.maximum(inside, near, out=inside)
    return inside
