"""One part of the sample set: picture, scan and ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.errors import SampleError
from pirn_core.synthetic.camera import Camera, Hits, Pose, Tracer, Window
from pirn_core.synthetic.defects import DEFECTS, ROOM, Damaged, apply
from pirn_core.synthetic.designs import DRAWINGS, Design, design
from pirn_core.synthetic.lighting import coarse, shadow
from pirn_core.synthetic.look import Look, draw
from pirn_core.synthetic.sensor import Scanner, develop, expose
from pirn_core.synthetic.shading import ON_PART, Paint, Studio, coarse_sampled

COLOUR_TOLERANCE = 8.0
"""A pixel belongs to the mask when a channel of the noise-free picture changed by at least this (0 to 255) ..."""

DEPTH_TOLERANCE = 0.1
"""... or its true depth by at least this, mm."""

SMALLEST = 2e-4
"""Every defect covers at least this share of the image, and at least 5 pixels."""

_HEADROOM = 3.0
_OVER = 2
_PROJECTOR = np.array([-np.sin(np.deg2rad(13.0)), 0.0, np.cos(np.deg2rad(13.0))], np.float32)
_ATTEMPTS = 12


@dataclass(frozen=True)
class RenderedPart:
    """What the sample set stores of one part.

    Attributes:
        rgb: Colour image, uint8, (H, W, 3).
        xyz: Organised points in metres in the camera frame (x right, y down, z away from the camera), float32,
            (H, W, 3); a missing point is exactly (0, 0, 0).
        mask: Where the defect changed colour or geometry beyond the tolerances, bool, (H, W).
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
        seed: Of everything that is drawn.
        size: Side of the square image in pixels, at least 48.
        defect: One of `DEFECTS`; None for a good part.

    Raises:
        SampleError: For an unknown part type, defect or size.
    """
    _check(kind, size, defect)
    looks, noise, damage = (np.random.default_rng(child) for child in _streams(seed))
    scene = Scene(kind, size, draw(kind, looks))
    scanner = Scanner(size, scene.look.depth_noise, scene.look.dropout, noise)
    if defect is None:
        picture, changed, depth, facing = scene.picture, np.zeros((size, size), bool), scene.hits.depth, scene.facing
    else:
        picture, changed, depth, facing = scene.damaged(defect, damage)
    xyz = scanner.scan(depth, scene.rays, facing, scene.projected, scene.glare)
    return RenderedPart(expose(picture, noise), xyz, changed, defect or "good")


def _streams(seed: int | np.random.SeedSequence) -> list[np.random.SeedSequence]:
    """Independent seeds for look, noise and defect; nothing is taken from the given sequence."""
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return [np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, index)) for index in range(3)]


def _check(kind: str, size: int, defect: str | None) -> None:
    if kind not in DRAWINGS:
        raise SampleError(f"there is no part type {kind!r}.", f"Choose one of {', '.join(DRAWINGS)}.")
    if defect is not None and defect not in DEFECTS:
        raise SampleError(f"there is no defect {defect!r}.", f"Choose one of {', '.join(DEFECTS)}.")
    if not 48 <= size <= 2000:
        raise SampleError(f"an image of {size} pixels cannot be rendered.", "Choose a size from 48 to 2000.")


class Scene:
    """One part as it lies before the camera, without noise; every property is computed once."""

    def __init__(self, kind: str, size: int, look: Look) -> None:
        self.design: Design = design(kind)
        self.look = look
        self.camera = Camera(size)
        self._top = self.design.top + _HEADROOM
        self._studio = Studio(self.camera, self.design, look)

    @cached_property
    def rays(self) -> FloatArray:
        """Right, down and forward component of each pixel's ray, (H, W, 3)."""
        right, down = self.camera.view_rays(self.camera.whole())
        shape = (self.camera.size, self.camera.size)
        ones = np.ones(shape, np.float32)
        return np.stack([np.broadcast_to(right, shape), np.broadcast_to(down, shape), ones], axis=-1)

    @cached_property
    def hits(self) -> Hits:
        """What each pixel's centre sees."""
        return self._tracer(self.camera.whole()).trace(self.design.height)

    @cached_property
    def light(self) -> FloatArray:
        """Linear colour of the undamaged part, (H, W, 3)."""
        picture = self._studio.table(self.hits, self.design.relief)
        window = self._window(self.design.outline)
        picture[window.slices] = self._seen(window, self.hits, self.design.height, self.design.relief)
        return picture

    @cached_property
    def picture(self) -> FloatArray:
        """Noise-free picture of the undamaged part, 0 to 255, (H, W, 3)."""
        return develop(self.light, self.look.exposure)

    @cached_property
    def facing(self) -> FloatArray:
        """Cosine between the undamaged surface and the pixel's ray, (H, W)."""
        return self._facing(self.hits, self.design.relief, self.camera.whole())

    @cached_property
    def projected(self) -> FloatArray:
        """Share of the projector's light that arrives, (H, W); blocked by the undamaged part only."""
        direction = self.look.pose.to_part(_PROJECTOR)
        return coarse_sampled(shadow(coarse(self.design.height), direction, 0.0), self.hits)

    @cached_property
    def glare(self) -> FloatArray:
        """Chance that the projector's mirror image blinds a pixel, (H, W)."""
        strength = float(self.look.finish.mirror.mean())
        shine = self.picture.min(axis=-1) * np.float32(1 / 255)
        return np.asarray(np.clip(shine - 0.86, 0, 1) * np.float32(2.5 * strength), np.float32)

    def damaged(
        self, name: str, rng: np.random.Generator
    ) -> tuple[FloatArray, BoolArray, FloatArray, FloatArray]:
        """Picture, mask, depth and facing with a defect, which grows until it is large enough to be seen."""
        least = max(SMALLEST * self.camera.size**2, 5)
        scale = 1.0
        for _ in range(_ATTEMPTS):
            found = self._with(apply(name, self.design, self._place(name, rng), scale, rng))
            if np.count_nonzero(found[1]) >= least:
                return found
            scale *= 1.2
        raise SampleError(f"no visible {name} found a place on a {self.design.kind}.", "Choose another seed.")

    def _place(self, name: str, rng: np.random.Generator) -> tuple[float, float]:
        """A point of the part that the camera sees and that suits the defect, mm of the part's plane."""
        if name == "chip":
            suitable = self.hits.sampled(self.design.edge) > 0.6
        else:
            suitable = self.hits.sampled(self.design.room) > ROOM[name]
        places = np.flatnonzero(suitable & (self.hits.height > ON_PART))
        place = int(places[rng.integers(places.size)])
        return float(_to_mm(self.hits.column.flat[place])), float(_to_mm(self.hits.row.flat[place]))

    def _with(self, part: Damaged) -> tuple[FloatArray, BoolArray, FloatArray, FloatArray]:
        window = self._window(_corners(part.box))
        hits = self._tracer(window).trace(part.height)
        depth, facing = self.hits.depth.copy(), self.facing.copy()
        depth[window.slices] = hits.depth
        facing[window.slices] = self._facing(hits, part.relief, window)
        changed = np.abs(depth - self.hits.depth) >= DEPTH_TOLERANCE
        picture = self.picture
        if part.shows:
            picture = self._retaken(window, hits, part)
            changed |= np.abs(picture - self.picture).max(axis=-1) >= COLOUR_TOLERANCE
        same = ~cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        depth[same], facing[same] = self.hits.depth[same], self.facing[same]
        return picture, _whole(changed), depth, facing

    def _retaken(self, window: Window, hits: Hits, part: Damaged) -> FloatArray:
        light = self.light.copy()
        light[window.slices] = self._seen(window, hits, part.height, part.relief, part.paint)
        picture = develop(light, self.look.exposure)
        little = np.abs(picture - self.picture).max(axis=-1, keepdims=True) < 1.0
        return np.where(little, self.picture, picture)

    def _seen(
        self, window: Window, hits: Hits, height: FloatArray, relief: FloatArray, paint: Paint | None = None
    ) -> FloatArray:
        """Linear colour of a window, oversampled and averaged."""
        near = hits.progress if hits.progress.shape == window.shape else hits.progress[window.slices]
        fine = self._tracer(window, _OVER).trace(height, near)
        light = np.minimum(self._studio.shade(fine, relief, self.design.marks, paint), 6.0)
        return np.asarray(cv2.resize(light, window.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def _tracer(self, window: Window, over: int = 1) -> Tracer:
        return Tracer(self.camera, self.look.pose, window, self._top, over)

    def _facing(self, hits: Hits, relief: FloatArray, window: Window) -> FloatArray:
        slope = hits.sampled(relief, (0, 0, 1))
        axes = self.look.pose.to_part(self.camera.axes)
        ray = self.rays[window.slices] @ axes
        against = ray[..., 0] * slope[..., 0] + ray[..., 1] * slope[..., 1] - ray[..., 2]
        length = np.sqrt(1 + np.square(slope[..., 0]) + np.square(slope[..., 1]))
        return np.asarray(np.clip(against / (length * np.linalg.norm(ray, axis=-1)), 0, 1), np.float32)

    def _window(self, corners: FloatArray) -> Window:
        """The pixels that see anything between table and top over these points (n, 2) of the part's plane."""
        table = _on_table(self.look.pose, corners)
        points = np.concatenate([np.insert(table, 2, level, axis=1) for level in (0.0, self._top)])
        pixels = self.camera.project(points.astype(np.float32))
        low = np.clip(np.floor(pixels.min(axis=0)).astype(int) - 2, 0, self.camera.size)
        high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 3, 0, self.camera.size)
        return Window(int(low[0]), int(high[0]), int(low[1]), int(high[1]))


def _to_mm(cell: float) -> float:
    from pirn_core.synthetic.shapes import HALF, PITCH

    return (cell + 0.5) * PITCH - HALF


def _corners(box: FloatArray) -> FloatArray:
    (x0, y0), (x1, y1) = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)


def _on_table(pose: Pose, points: FloatArray) -> FloatArray:
    """Points (n, 2) of the part's plane on the table, mm."""
    turn = np.deg2rad(pose.degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]) + np.array([pose.x, pose.y]), np.float32)


def _whole(changed: BoolArray) -> BoolArray:
    """The mask: gaps of up to two pixels closed, single pixels dropped."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    closed = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    count, names, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    kept = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= 3)
    return np.isin(names, kept[kept > 0]) if count > 1 else closed.astype(bool)
