"""Defects: what they do to a part's height and colour. All lengths in mm, all colours linear RGB.

Three families, so that each modality is needed: colour only (`stain`, `scratch`), geometry only (`dent`, `bump`:
under diffuse light a shallow dent of the same colour does not show in a photograph), and both (`crack`, `chip`,
`contamination`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.designs import Design, slopes
from pirn_core.synthetic.shading import Paint
from pirn_core.synthetic.shapes import CELLS, HALF, PITCH, Plane, segment, smooth_step

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


@dataclass(frozen=True)
class Damaged:
    """A part after a defect, on the whole grid.

    Attributes:
        height: As `Design.height`.
        relief: As `Design.relief`.
        paint: Colour that was added; None for geometry-only defects.
        shows: False when the camera sees the undamaged geometry.
        box: Lower and upper corner of what may have changed, mm, (2, 2).
    """

    height: FloatArray
    relief: FloatArray
    paint: Paint | None
    shows: bool
    box: FloatArray


def _rgb(*colour: float) -> FloatArray:
    return np.array(colour, np.float32)


_STAINS = {
    "flange": (_rgb(0.17, 0.052, 0.012), _rgb(0.03, 0.022, 0.012), _rgb(0.05, 0.06, 0.20), _rgb(0.20, 0.11, 0.03)),
    "housing": (_rgb(0.40, 0.38, 0.31), _rgb(0.012, 0.016, 0.018), _rgb(0.20, 0.15, 0.03), _rgb(0.015, 0.04, 0.11)),
}
_BARE = {"flange": _rgb(0.24, 0.24, 0.245), "housing": _rgb(0.16, 0.42, 0.45)}
"""Fresh fracture: coarse grey metal; whitened polymer."""


def _blob(patch: Patch, radius: float, roughness: float = 0.22) -> FloatArray:
    """Distance from the middle as a multiple of an irregular outline's radius."""
    angle = np.arctan2(patch.plane.y, patch.plane.x)
    outline = np.ones_like(angle)
    for order in range(2, 7):
        strength = roughness * patch.rng.uniform(0.3, 1.0) / order**0.7
        outline += np.float32(strength) * np.cos(order * angle + np.float32(patch.rng.uniform(0, 6.283)))
    squeeze = np.float32(patch.rng.uniform(1.0, 1.5))
    return np.asarray(np.hypot(patch.plane.x, patch.plane.y * squeeze) / (radius * outline), np.float32)


def _walk(patch: Patch, length: float, unrest: float, step: float = 0.7) -> list[tuple[float, float]]:
    """Corners of a wandering line of this length, its middle near the patch's middle."""
    count = max(int(length / step), 3)
    headings = np.cumsum(patch.rng.normal(0, unrest, count))
    headings -= headings.mean()
    points = np.cumsum(np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count), axis=0)
    points -= points.mean(axis=0)
    return [(float(x), float(y)) for x, y in points]


def _line(patch: Patch, points: list[tuple[float, float]], half_width: float) -> FloatArray:
    """1 on the middle of a line, 0 from `half_width` on; the width tapers towards the ends."""
    inside = np.zeros_like(patch.height)
    last = len(points) - 1
    for index in range(last):
        taper = 1 - abs(2 * (index + 0.5) / last - 1) ** 3
        width = max(half_width * taper, 0.05)
        near = 1 - segment(patch.plane, points[index], points[index + 1]) / np.float32(width)
        np.maximum(inside, near, out=inside)
    return inside


def stain(patch: Patch) -> Damage:
    """Rust, oil, heat tint or a spill: an irregular spot with a darker rim, and sometimes splashes."""
    rho = _blob(patch, patch.size(1.6, 4.6))
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
        cover = np.maximum(cover, smooth_step(_line(patch, points, width), 0.0, 0.5))
    dark = patch.rng.random() < 0.5
    return Damage(cover=cover * patch.rng.uniform(0.6, 0.9), colour=_rgb(0.02, 0.02, 0.02) if dark else _rgb(0.7, 0.7, 0.69))


def dent(patch: Patch) -> Damage:
    """A smooth hollow with a slightly raised rim."""
    rho = _blob(patch, patch.size(1.9, 4.6), 0.1)
    depth = min(patch.size(0.4, 1.5), 2.0)
    hollow = np.square(np.maximum(1 - rho * rho, 0))
    rim = 0.12 * np.exp(-np.square((rho - 1.05) / 0.18))
    return Damage(height=np.maximum(patch.height + np.float32(depth) * (rim - hollow), 0.4))


def bump(patch: Patch) -> Damage:
    """A smooth blister of the part's own colour."""
    rho = _blob(patch, patch.size(1.7, 4.0), 0.12)
    rise = min(patch.size(0.35, 1.2), 1.8)
    return Damage(height=patch.height + np.float32(rise) * np.power(np.maximum(1 - rho * rho, 0), np.float32(1.5)))


def crack(patch: Patch) -> Damage:
    """A branching line, open and dark inside."""
    length, width = patch.size(8.0, 14.0) * 1.3, patch.rng.uniform(0.28, 0.5) * patch.scale
    points = _walk(patch, length, 0.42)
    inside = _line(patch, points, width)
    for _ in range(int(patch.rng.integers(0, 3))):
        root = points[int(patch.rng.integers(len(points)))]
        branch = _walk(patch, length * 0.35, 0.4)
        turned = [(root[0] + y - branch[0][1], root[1] + x - branch[0][0]) for x, y in branch]
        inside = np.maximum(inside, _line(patch, turned, width * 0.7))
    depth = patch.rng.uniform(0.8, 2.2)
    height = np.maximum(patch.height - np.float32(depth) * smooth_step(inside, 0.0, 0.9), 0.3)
    cover = smooth_step(inside, 0.05, 0.45) * 0.93
    return Damage(np.minimum(patch.height, height), cover, _rgb(0.006, 0.006, 0.006))


def chip(patch: Patch) -> Damage:
    """Material broken out at an edge, with a rough, fresh fracture face."""
    rho = _blob(patch, patch.size(2.2, 5.0), 0.25)
    middle = patch.height.shape[0] // 2
    top = float(patch.height[middle - 3 : middle + 4, middle - 3 : middle + 4].max())
    depth = patch.rng.uniform(1.4, 3.4)
    face = top - np.float32(depth) * np.sqrt(np.maximum(1 - rho, 0)) + 0.16 * patch.clouds(0.7)
    broken = (rho < 1) & (patch.height > 0.4) & (face < patch.height)
    height = np.where(broken, np.clip(face, 0.4, patch.height), patch.height).astype(np.float32)
    shade = (1 + 0.22 * patch.clouds(0.6))[..., None]
    cover = cv2.GaussianBlur(broken.astype(np.float32), (0, 0), 1.0) * 0.8
    return Damage(height, cover, _BARE[patch.part] * shade)


def contamination(patch: Patch) -> Damage:
    """Something that does not belong there: a swarf curl, a lump of dirt, or a drop of glue."""
    lying = patch.height
    kind = int(patch.rng.integers(3))
    if kind == 0:
        thick = max(0.38 * patch.scale, 0.3) * patch.rng.uniform(0.9, 1.4)
        tube = _line(patch, _curl(patch, patch.size(1.8, 3.6)), thick)
        cover = smooth_step(tube, 0.0, 0.25)
        rise = np.float32(1.7 * thick) * np.sqrt(np.clip(tube * (2 - tube), 0, 1))
        return Damage(lying + rise, cover, _rgb(0.22, 0.20, 0.17), 0.45)
    rho = _blob(patch, patch.size(1.5, 3.6), 0.18 if kind == 2 else 0.3)
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

ROOM = {"stain": 0.8, "scratch": 0.6, "dent": 1.6, "bump": 1.6, "crack": 0.5, "chip": 0.0, "contamination": 1.0}
"""Distance of a defect's middle from the nearest edge, at least, mm."""


def apply(name: str, design: Design, middle: tuple[float, float], scale: float, rng: np.random.Generator) -> Damaged:
    """The part with a defect around `middle` (x, y in mm of the part's plane)."""
    half = round(REACH / PITCH)
    column, row = (int(np.clip(round((v + HALF) / PITCH), half, CELLS - half)) for v in middle)
    window = slice(row - half, row + half), slice(column - half, column + half)
    axis = ((np.arange(2 * half, dtype=np.float32) + 0.5) * PITCH - REACH).astype(np.float32)
    plane = Plane(*np.meshgrid(axis, axis)).at(0, 0, rng.uniform(0, 360))
    damage = DEFECTS[name](Patch(plane, design.height[window], rng, scale, design.kind))
    height, relief = design.height, design.relief
    if damage.height is not None:
        height = design.height.copy()
        height[window] = damage.height
        relief = _relief(design, height, window)
    paint = None
    if damage.cover is not None and damage.colour is not None:
        layer = np.zeros((CELLS, CELLS, 4), np.float32)
        layer[(*window, slice(0, 3))] = damage.colour
        layer[(*window, 3)] = damage.cover
        paint = Paint(layer, damage.mirror)
    corner = np.array([column, row], np.float32) * np.float32(PITCH) - np.float32(HALF)
    return Damaged(height, relief, paint, name not in HIDDEN, np.stack([corner - REACH, corner + REACH]))


def _relief(design: Design, height: FloatArray, window: tuple[slice, slice]) -> FloatArray:
    """Slopes of the damaged part, and the sky that new hollows and new walls take away."""
    relief = design.relief.copy()
    relief[(*window, slice(0, 2))] = slopes(height[window])
    new, old = height[window], design.height[window]
    sunk = (cv2.GaussianBlur(new, (0, 0), 5) - new) - (cv2.GaussianBlur(old, (0, 0), 5) - old)
    relief[(*window, 2)] *= np.exp(-np.maximum(sunk, 0) / np.float32(0.9))
    return relief
