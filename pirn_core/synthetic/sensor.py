"""From clean light and depth to what a camera and a structured-light scanner deliver."""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray

RESOLUTION = 2.0**-20
"""Points are multiples of this, in metres: about a micrometre, and half the size on the disk."""

_WHITE = 3.0
_READ_NOISE = 0.9
_SHOT_NOISE = 0.085


def develop(light: FloatArray, exposure: float) -> FloatArray:
    """Noise-free picture, 0 to 255, float (H, W, 3), from linear light (H, W, 3).

    The lens blurs by about half a pixel; highlights roll off (Reinhard's curve with a white point); the
    transfer curve is a power of 1/2.2.
    """
    blurred = cv2.GaussianBlur(light * np.float32(exposure), (0, 0), 0.45)
    toned = blurred * (1 + blurred * np.float32(1 / _WHITE**2)) / (1 + blurred)
    return np.asarray(255 * np.power(np.clip(toned, 0, 1), np.float32(1 / 2.2)), np.float32)


def expose(picture: FloatArray, rng: np.random.Generator) -> ByteArray:
    """The picture with read and shot noise, 8 bit."""
    noise = rng.standard_normal(picture.shape, np.float32)
    spread = _READ_NOISE + _SHOT_NOISE * np.sqrt(picture)
    return np.asarray(np.clip(np.rint(picture + spread * noise), 0, 255), np.uint8)


def cloudy(rng: np.random.Generator, size: int, cells: int) -> FloatArray:
    """Smooth noise (size, size), about normal (0, 1), with features of size / cells pixels."""
    noise = rng.standard_normal((cells + 3, cells + 3), np.float32)
    wide = cv2.resize(noise, None, fx=size / cells, fy=size / cells, interpolation=cv2.INTER_CUBIC)
    start = size // cells
    return np.asarray(wide[start : start + size, start : start + size] * 1.4, np.float32)


class Scanner:
    """Noise and dropout of one shot; the same draws serve the part with and without its defect."""

    def __init__(self, size: int, depth_noise: float, dropout: float, rng: np.random.Generator) -> None:
        grains = max(size // 3, 8)
        ripple = cloudy(rng, size, grains)
        white = rng.standard_normal((size, size), np.float32)
        self._depth = np.float32(depth_noise) * (np.float32(0.75) * white + np.float32(0.66) * ripple)
        self._chance = rng.random((size, size), np.float32) / np.float32(dropout)
        self._patches = cloudy(rng, size, max(size // 9, 6)) * np.float32(dropout)

    def scan(
        self, depth: FloatArray, rays: FloatArray, facing: FloatArray, lit: FloatArray, glare: FloatArray
    ) -> FloatArray:
        """Organised points in metres in the camera frame, (H, W, 3); a missing point is (0, 0, 0).

        Args:
            depth: True distance along the optical axis, mm, (H, W).
            rays: Right, down and forward component of each pixel's ray, (H, W, 3); forward is 1.
            facing: Cosine between surface normal and ray, 0 to 1.
            lit: Share of the projector's light that arrives, 0 to 1.
            glare: Chance of a blinded pixel, 0 to 1.
        """
        oblique = 1 / np.maximum(facing, 0.3)
        measured = depth + self._depth * oblique
        points = np.rint(measured[..., None] * rays * np.float32(1e-3 / RESOLUTION)) * np.float32(RESOLUTION)
        points[self._lost(depth, facing, lit, glare)] = 0
        return points

    def _lost(self, depth: FloatArray, facing: FloatArray, lit: FloatArray, glare: FloatArray) -> BoolArray:
        kernel = np.ones((3, 3), np.uint8)
        jump = cv2.dilate(depth, kernel) - cv2.erode(depth, kernel)
        ragged = np.float32(0.06) * self._patches
        lost = facing + ragged < 0.24
        lost |= lit + ragged * 2 < 0.5
        lost |= (jump > 2.0) & (self._chance < 0.45)
        lost |= self._chance < glare
        lost |= self._patches > 4.6
        return np.asarray(lost | (self._chance < 0.0035), bool)
