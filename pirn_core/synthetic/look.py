"""What differs between good parts: pose, light, material and exposure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.camera import Pose
from pirn_core.synthetic.lighting import Finish, Softbox

TILE = 512
"""Side of the texture tile, in grid points."""

GRAIN_PITCH = 0.05
"""Sampling of the profile of the working marks, mm."""


@dataclass(frozen=True)
class Look:
    """One draw of everything that varies without being a defect.

    Attributes:
        pose: How the part lies.
        lamps: Key, fill and back light, in the table's frame; only the key light casts shadows.
        sky: Colour of the even light from above, linear (3,).
        finish: The part's surface.
        grain: Profile of the working marks over `GRAIN_PITCH`, about normal (0, 1); repeats at its end.
        grain_depth: Slope of the marks' flanks; 0 for moulded parts.
        texture_depth: Slope of the fine texture.
        texture_shift: Where the texture tile begins, grid points (2,).
        exposure: Factor of the camera's gain.
        depth_noise: Standard deviation of the depth, mm.
        dropout: Factor on the share of lost 3D points.
    """

    pose: Pose
    lamps: tuple[Softbox, ...]
    sky: FloatArray
    finish: Finish
    grain: FloatArray
    grain_depth: float
    texture_depth: float
    texture_shift: tuple[float, float]
    exposure: float
    depth_noise: float
    dropout: float


def draw(kind: str, rng: np.random.Generator) -> Look:
    """A look for a part type; the same distribution for good and defective parts."""
    warm = 1 + rng.uniform(-0.03, 0.03) * np.array([1.0, 0.0, -1.0])
    return Look(
        pose=Pose(rng.uniform(0, 360), rng.uniform(-3.5, 3.5), rng.uniform(-3.5, 3.5)),
        lamps=(
            _lamp(rng, (128, 20), (50, 5), 2.7 * warm, 0.12),
            _lamp(rng, (8, 20), (38, 5), 0.55 * np.array([0.92, 0.98, 1.08]), 0.30),
            _lamp(rng, (78, 15), (62, 4), 0.6 * warm, 0.40),
        ),
        sky=(0.42 * rng.uniform(0.9, 1.1) * np.array([0.95, 1.0, 1.06])).astype(np.float32),
        finish=_finish(kind, rng),
        grain=_grain(rng),
        grain_depth=rng.uniform(0.035, 0.06) if kind == "flange" else 0.0,
        texture_depth=rng.uniform(0.008, 0.014) if kind == "flange" else rng.uniform(0.03, 0.045),
        texture_shift=(rng.uniform(0, TILE), rng.uniform(0, TILE)),
        exposure=float(np.exp(np.clip(rng.normal(0, 0.08), -0.2, 0.2))),
        depth_noise=rng.uniform(0.02, 0.05),
        dropout=rng.uniform(0.6, 1.6),
    )


def _lamp(
    rng: np.random.Generator,
    azimuth: tuple[float, float],
    elevation: tuple[float, float],
    colour: FloatArray | np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    spread: float,
) -> Softbox:
    turn = np.deg2rad(azimuth[0] + rng.uniform(-1, 1) * azimuth[1])
    lift = np.deg2rad(elevation[0] + rng.uniform(-1, 1) * elevation[1])
    direction = [np.cos(lift) * np.cos(turn), np.cos(lift) * np.sin(turn), np.sin(lift)]
    strength = rng.uniform(0.88, 1.12)
    return Softbox(np.array(direction, np.float32), np.asarray(colour * strength, np.float32), spread)


def _finish(kind: str, rng: np.random.Generator) -> Finish:
    tint = 1 + rng.normal(0, 0.012, 3)
    rough = rng.uniform(0.88, 1.14)
    if kind == "flange":
        base, mirror = np.array([0.055, 0.055, 0.056]), np.array([0.60, 0.585, 0.56])
        along, across = 0.10 * rough, 0.36 * rough
    else:
        base, mirror = np.array([0.018, 0.205, 0.245]) * rng.uniform(0.94, 1.06), np.full(3, 0.045)
        along = across = 0.38 * rough
    return Finish((base * tint).astype(np.float32), (mirror * tint).astype(np.float32), along, across)


def _grain(rng: np.random.Generator) -> FloatArray:
    count = round(100 / GRAIN_PITCH)
    fine, coarse = rng.standard_normal((2, count)).astype(np.float32)
    smooth = cv2.GaussianBlur(coarse[None], (0, 0), 7, borderType=cv2.BORDER_REFLECT)[0]
    fine = cv2.GaussianBlur(fine[None], (0, 0), 1.6, borderType=cv2.BORDER_REFLECT)[0]
    mixed = 0.8 * fine / fine.std() + 0.6 * smooth / smooth.std()
    return np.asarray(mixed, np.float32)


@cache
def texture() -> FloatArray:
    """A seamless tile (TILE, TILE, 3): slope along x, slope along y, cloudiness, each about normal (0, 1)."""
    rng = np.random.default_rng(20)
    layers = [_periodic(rng.standard_normal((TILE, TILE), np.float32), sigma) for sigma in (1.6, 1.6, 9.0)]
    tile = np.stack([layer / layer.std() for layer in layers], axis=-1).astype(np.float32)
    tile.setflags(write=False)
    return tile


def _periodic(noise: FloatArray, sigma: float) -> FloatArray:
    wide = np.pad(noise, 64, mode="wrap")
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), sigma)[64:-64, 64:-64], np.float32)
