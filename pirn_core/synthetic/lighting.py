"""Light: how much of it reaches a height field, and what a surface sends to the camera.

Directions are unit vectors towards the light. A softbox is a directional light with an angular size, which
widens its highlight. Highlights follow the anisotropic GGX distribution (Burley 2012, "Physically based
shading at Disney", appendix B) without the masking term.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.shapes import PITCH

COARSE = 4
"""Shadows and occlusion are computed on every COARSE-th point of the grid."""

_SHARPEST = 0.15
_AMBIENT_DIRECTIONS = 12
_AMBIENT_STEPS = (0.8, 1.6, 2.8, 4.6, 7.5, 12.0)


@dataclass(frozen=True)
class Softbox:
    """One lamp: direction (3,), linear colour (3,), and angular radius in radians."""

    direction: FloatArray
    colour: FloatArray
    spread: float


@dataclass(frozen=True)
class Finish:
    """How a surface reflects; colours are linear (3,).

    Attributes:
        base: Diffuse colour.
        mirror: Reflectance at normal incidence.
        along: Roughness along the working marks (GGX alpha).
        across: Roughness across them.
    """

    base: FloatArray
    mirror: FloatArray
    along: float
    across: float


def coarse(height: FloatArray) -> FloatArray:
    """The height field on every COARSE-th point, averaged."""
    side = height.shape[0] // COARSE
    return np.asarray(cv2.resize(height, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _moved(field: FloatArray, x: float, y: float) -> FloatArray:
    """field(point + (x, y) mm); the table's height outside."""
    step = PITCH * COARSE
    shift = np.array([[1, 0, x / step], [0, 1, y / step]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, shift, field.shape[::-1], flags=flags), np.float32)


def ambient_occlusion(height: FloatArray) -> FloatArray:
    """Share of an even sky that reaches each point, 0 to 1, at the shape of `height`.

    Horizon-based: the mean over directions of 1 - sin^2 of the horizon's elevation (cosine-weighted sky).
    """
    field = coarse(height)
    light = np.zeros_like(field)
    for angle in np.arange(_AMBIENT_DIRECTIONS) * (2 * np.pi / _AMBIENT_DIRECTIONS):
        horizon = np.zeros_like(field)
        for reach in _AMBIENT_STEPS:
            rise = _moved(field, reach * np.cos(angle), reach * np.sin(angle)) - field
            np.maximum(horizon, rise / np.float32(reach), out=horizon)
        slope2 = np.square(horizon)
        light += 1 - slope2 / (1 + slope2)
    light = cv2.GaussianBlur(light / np.float32(_AMBIENT_DIRECTIONS), (0, 0), 0.8)
    return np.asarray(cv2.resize(light, height.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)


def shadow(field: FloatArray, direction: FloatArray, spread: float, bias: float = 0.25) -> FloatArray:
    """Share of a lamp's light that passes over a coarse height field, 0 to 1.

    Args:
        field: From `coarse`, mm.
        direction: Unit vector to the lamp, in the part's frame.
        spread: Angular radius of the lamp, radians; the half shadow widens with the distance by it.
        bias: Height in mm below which a surface does not shade itself.
    """
    flat = float(np.hypot(direction[0], direction[1]))
    unit = direction[:2] / max(flat, 1e-6)
    climb = float(direction[2]) / max(flat, 1e-6)
    blocked = np.zeros_like(field)
    reach, farthest = 0.5, (float(field.max()) + _SHARPEST) / max(climb - spread, 0.1)
    while reach < farthest:
        over = _moved(field, float(unit[0]) * reach, float(unit[1]) * reach) - field - np.float32(reach * climb)
        half = _SHARPEST + spread * reach
        np.maximum(blocked, (over - np.float32(bias)) * np.float32(1 / (2 * half)) + np.float32(0.5), out=blocked)
        reach *= 1.07
        reach += 0.12
    clear = 1 - np.clip(blocked, 0, 1)
    return np.asarray(cv2.GaussianBlur(clear, (0, 0), 0.7), np.float32)


def highlight(
    normal: list[FloatArray], along: list[FloatArray], half: list[FloatArray], finish: Finish, spread: float
) -> FloatArray:
    """The GGX distribution D(h), widened by the lamp's size.

    Args:
        normal: Components x, y, z, all of one shape.
        along: The marks' direction, orthogonal to the normal, components alike.
        half: Half vector between lamp and camera, components alike.
        finish: Its roughness along and across the marks.
        spread: Angular radius of the lamp, radians.
    """
    wide = (spread / 2) ** 2
    a, b = np.sqrt(finish.along**2 + wide), np.sqrt(finish.across**2 + wide)
    h_n = normal[0] * half[0] + normal[1] * half[1] + normal[2] * half[2]
    h_t = along[0] * half[0] + along[1] * half[1] + along[2] * half[2]
    h_b2 = np.maximum(1 - h_n * h_n - h_t * h_t, 0)
    bell = np.square(h_t) * np.float32(1 / a**2) + h_b2 * np.float32(1 / b**2) + np.square(h_n)
    return np.asarray(np.float32(1 / (np.pi * a * b)) / np.square(bell), np.float32)
