"""The defects: what each does to height and colour around its middle. Lengths in mm, colours linear RGB.

Three families, so that each modality is needed: colour only (`stain`, `scratch`), geometry only (`dent`,
`bump`: under diffuse light a shallow dent of the same colour does not show in a photograph), and both
(`crack`, `chip`, `contamination`).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.patch import Damage, Patch, blob, line, walk
from pirn_core.synthetic.shapes import smooth_step


def _rgb(*colour: float) -> FloatArray:
    return np.array(colour, np.float32)


_STAINS = {
    "flange": (
        _rgb(0.17, 0.052, 0.012),
        _rgb(0.03, 0.022, 0.012),
        _rgb(0.05, 0.06, 0.20),
        _rgb(0.20, 0.11, 0.03),
    ),
    "housing": (
        _rgb(0.40, 0.38, 0.31),
        _rgb(0.012, 0.016, 0.018),
        _rgb(0.20, 0.15, 0.03),
        _rgb(0.015, 0.04, 0.11),
    ),
}
_BARE = {"flange": _rgb(0.24, 0.24, 0.245), "housing": _rgb(0.16, 0.42, 0.45)}
"""Fresh fracture: coarse grey metal; whitened polymer."""


def stain(patch: Patch) -> Damage:
    """Rust, oil, heat tint or a spill: an irregular spot with a darker rim, and sometimes splashes."""
    rho = blob(patch, patch.size(1.6, 5.5)) + np.float32(0.07) * patch.clouds(1.2)
    body = smooth_step(rho, 1.0, 0.86) * (0.75 + 0.25 * smooth_step(rho, 0.5, 0.95))
    for _ in range(int(patch.rng.integers(0, 5))):
        x, y = patch.rng.uniform(-1, 1, 2) * 6.0
        drop = patch.plane.at(x, y).radius / np.float32(patch.rng.uniform(0.25, 0.7) * patch.scale)
        body = np.maximum(body, smooth_step(drop, 1.0, 0.8))
    strength = patch.rng.uniform(0.5, 0.92) * (1 + 0.12 * patch.clouds(1.5))
    choice = _STAINS[patch.part][int(patch.rng.integers(len(_STAINS[patch.part])))]
    return Damage(cover=np.clip(body * strength, 0, 1), colour=choice)


def scratch(patch: Patch) -> Damage:
    """One to three almost parallel, slightly bent lines that only changed the colour of the surface."""
    length, bend = patch.size(9.0, 20.0) * 1.2, patch.rng.normal(0, 0.02)
    cover = np.zeros_like(patch.height)
    for _ in range(int(patch.rng.integers(1, 4))):
        offset = patch.rng.uniform(-0.9, 0.9)
        along = np.linspace(-length / 2, length / 2, 12) * patch.rng.uniform(0.6, 1.0)
        points = [(float(x), float(offset + bend * x * x + 0.03 * x * offset)) for x in along]
        width = patch.rng.uniform(0.22, 0.42) * patch.scale
        cover = np.maximum(cover, smooth_step(line(patch, points, width), 0.0, 0.5))
    dark = patch.rng.random() < 0.5
    return Damage(
        cover=cover * patch.rng.uniform(0.6, 0.9),
        colour=_rgb(0.02, 0.02, 0.02) if dark else _rgb(0.95, 0.95, 0.93),
    )


def dent(patch: Patch) -> Damage:
    """A smooth hollow with a slightly raised rim."""
    rho = blob(patch, patch.size(2.0, 5.5), 0.1)
    depth = min(patch.size(0.4, 1.5), 2.0)
    hollow = np.square(np.maximum(1 - rho * rho, 0))
    rim = 0.12 * np.exp(-np.square((rho - 1.05) / 0.18))
    return Damage(height=patch.height + np.float32(depth) * (rim - hollow))


def bump(patch: Patch) -> Damage:
    """A smooth blister of the part's own colour."""
    rho = blob(patch, patch.size(1.9, 4.8), 0.12)
    rise = min(patch.size(0.35, 1.2), 1.8)
    return Damage(height=patch.height + np.float32(rise) * np.power(np.maximum(1 - rho * rho, 0), np.float32(1.5)))


def crack(patch: Patch) -> Damage:
    """A branching line, open and dark inside."""
    length, width = patch.size(8.0, 16.0) * 1.3, patch.rng.uniform(0.28, 0.5) * patch.scale
    points = walk(patch, length, 0.42)
    inside = line(patch, points, width)
    for _ in range(int(patch.rng.integers(0, 3))):
        root = points[int(patch.rng.integers(len(points)))]
        branch = walk(patch, length * 0.35, 0.4)
        turned = [(root[0] + y - branch[0][1], root[1] + x - branch[0][0]) for x, y in branch]
        inside = np.maximum(inside, line(patch, turned, width * 0.7))
    depth = patch.rng.uniform(0.8, 2.2)
    height = patch.height - np.float32(depth) * smooth_step(inside, 0.0, 0.9)
    return Damage(height, smooth_step(inside, 0.05, 0.45) * 0.93, _rgb(0.006, 0.006, 0.006))


def chip(patch: Patch) -> Damage:
    """Material broken out at an edge, with a rough, fresh fracture face."""
    rho = blob(patch, patch.size(2.4, 5.5), 0.25)
    middle = patch.height.shape[0] // 2
    top = float(patch.height[middle - 3 : middle + 4, middle - 3 : middle + 4].max())
    depth = patch.rng.uniform(1.4, 3.4)
    face = top - np.float32(depth) * np.sqrt(np.maximum(1 - rho, 0)) + 0.11 * patch.clouds(0.8)
    broken = (rho < 1) & (face < patch.height)
    height = np.where(broken, face, patch.height).astype(np.float32)
    shade = (1 + 0.14 * patch.clouds(0.6))[..., None]
    cover = cv2.GaussianBlur(broken.astype(np.float32), (0, 0), 1.0) * 0.8
    return Damage(height, cover, _BARE[patch.part] * shade)


def contamination(patch: Patch) -> Damage:
    """Something that does not belong there: a swarf curl, a lump of dirt, or a drop of glue."""
    lying = patch.height
    kind = int(patch.rng.integers(3))
    if kind == 0:
        thick = max(0.38 * patch.scale, 0.3) * patch.rng.uniform(0.9, 1.4)
        tube = line(patch, _curl(patch, patch.size(1.8, 3.6)), thick)
        cover = smooth_step(tube, 0.0, 0.25)
        rise = np.float32(1.7 * thick) * np.sqrt(np.clip(tube * (2 - tube), 0, 1))
        return Damage(lying + rise, cover, _rgb(0.07, 0.07, 0.085), 0.28)
    rho = blob(patch, patch.size(1.6, 4.4), 0.18 if kind == 2 else 0.3)
    dome = np.sqrt(np.maximum(1 - rho * rho, 0))
    if kind == 1:
        lumps = np.clip(0.75 + 0.3 * patch.clouds(0.9), 0.2, 1.3)
        tone = (1 + 0.3 * patch.clouds(0.8))[..., None]
        return Damage(lying + dome * lumps * 1.1, smooth_step(rho, 1.0, 0.9), _rgb(0.055, 0.038, 0.022) * tone)
    colour = _rgb(0.52, 0.36, 0.08) if patch.part == "housing" else _rgb(0.45, 0.24, 0.03)
    return Damage(lying + dome * patch.rng.uniform(0.5, 1.3), smooth_step(rho, 1.0, 0.9) * 0.85, colour, 0.12)


def _curl(patch: Patch, radius: float) -> list[tuple[float, float]]:
    """A loosening spiral, as a chip leaves a lathe tool."""
    turns = np.linspace(0, patch.rng.uniform(3.5, 8.0), 26)
    grow = radius * (0.45 + 0.55 * turns / turns[-1])
    return [(float(r * np.cos(t)), float(r * 0.8 * np.sin(t))) for r, t in zip(grow, turns, strict=True)]


DEFECTS: dict[str, Callable[[Patch], Damage]] = {
    "stain": stain,
    "scratch": scratch,
    "dent": dent,
    "bump": bump,
    "crack": crack,
    "chip": chip,
    "contamination": contamination,
}
"""Every defect by the name of its class folder."""

HIDDEN = frozenset({"dent", "bump"})
"""Geometry only: the picture is rendered from the undamaged part."""

AT_EDGE = frozenset({"chip"})
"""These begin at an edge of the part."""

ROOM = {
    "stain": 0.8,
    "scratch": 0.6,
    "dent": 1.6,
    "bump": 1.6,
    "crack": 0.5,
    "chip": 0.0,
    "contamination": 1.0,
}
"""Distance of a defect's middle from the nearest edge, at least, mm."""
