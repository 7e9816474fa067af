"""One part of the sample set: picture, scan and ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.errors import SampleError
from pirn_core.synthetic.damage import apply
from pirn_core.synthetic.defects import AT_EDGE, DEFECTS, ROOM
from pirn_core.synthetic.designs import DRAWINGS
from pirn_core.synthetic.look import draw
from pirn_core.synthetic.scene import Scene, View
from pirn_core.synthetic.sensor import Scanner, expose

SMALLEST_DEFECT = 2e-4
"""Every defect clearly changes at least this share of the image, and at least 5 pixels."""

CLEARLY = 2.0
"""Clearly changed is what exceeds the tolerances of the mask by this factor."""

SMALLEST_IMAGE = 48
LARGEST_IMAGE = 2000

_ATTEMPTS = 16


@dataclass(frozen=True)
class RenderedPart:
    """What the sample set stores of one part.

    Attributes:
        rgb: Colour image, uint8, (H, W, 3).
        xyz: Organised points in metres in the camera frame (x right, y down, z away from the camera),
            float32, (H, W, 3); a missing point is exactly (0, 0, 0).
        mask: Where the defect changed colour or geometry beyond the tolerances of `scene`, bool, (H, W).
        label: `good` or the defect's name.
    """

    rgb: ByteArray
    xyz: FloatArray
    mask: BoolArray
    label: str


def render_part(
    kind: str, seed: int | np.random.SeedSequence = 0, size: int = 400, defect: str | None = None
) -> RenderedPart:
    """Renders one part. The same seed gives the same pose, light, material and noise with any defect or none.

    Args:
        kind: `flange` or `housing`.
        seed: Of everything that is drawn; a seed sequence is left as it is.
        size: Side of the square image in pixels, 48 to 2000.
        defect: One of `DEFECTS`; None for a good part.

    Raises:
        SampleError: For an unknown part type or defect, or a size out of range.
    """
    _check(kind, size, defect)
    looks, noise, damage = (np.random.default_rng(child) for child in _streams(seed))
    scene = Scene(kind, size, draw(kind, looks))
    scanner = Scanner(size, scene.look.depth_noise, scene.look.dropout, noise)
    view = scene.view if defect is None else _damaged(scene, defect, damage)
    xyz = scanner.scan(view.depth, scene.rays, view.facing, scene.projected, scene.glare)
    return RenderedPart(expose(view.picture, noise), xyz, view.mask, defect or "good")


def _streams(seed: int | np.random.SeedSequence) -> list[np.random.SeedSequence]:
    """Independent seeds for look, noise and defect."""
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return [np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, index)) for index in range(3)]


def _check(kind: str, size: int, defect: str | None) -> None:
    if kind not in DRAWINGS:
        raise SampleError(f"there is no part type {kind!r}.", f"Choose one of {', '.join(DRAWINGS)}.")
    if defect is not None and defect not in DEFECTS:
        raise SampleError(f"there is no defect {defect!r}.", f"Choose one of {', '.join(DEFECTS)}.")
    if not SMALLEST_IMAGE <= size <= LARGEST_IMAGE:
        raise SampleError(f"size is {size}.", f"Choose a number from {SMALLEST_IMAGE} to {LARGEST_IMAGE}.")


def _damaged(scene: Scene, name: str, rng: np.random.Generator) -> View:
    """The scene with a defect, drawn anew and larger until it shows clearly."""
    least = max(SMALLEST_DEFECT * scene.camera.size**2, 5)
    scale = 1.0
    for _ in range(_ATTEMPTS):
        place = scene.place(rng, ROOM[name], at_edge=name in AT_EDGE)
        view = scene.with_damage(apply(name, scene.design, place, scale, rng))
        if np.count_nonzero(view.mask & (view.change >= CLEARLY)) >= least:
            return view
        scale *= 1.15
    raise AssertionError(f"no visible {name} on a {scene.design.kind} of {scene.camera.size} px")
