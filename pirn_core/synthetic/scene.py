"""One part as it lies before the camera, without noise, whole or damaged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.synthetic.camera import Camera, Pose, Window
from pirn_core.synthetic.damage import Damaged
from pirn_core.synthetic.designs import Design, design
from pirn_core.synthetic.lighting import coarse, shadow
from pirn_core.synthetic.look import Look
from pirn_core.synthetic.sensor import develop
from pirn_core.synthetic.shading import ON_PART, Paint, Studio, coarse_sampled
from pirn_core.synthetic.shapes import HALF, PITCH
from pirn_core.synthetic.tracing import Hits, Tracer

COLOUR_TOLERANCE = 8.0
"""The mask holds pixels where a channel of the noise-free picture, 0 to 255, changed by this at least, ..."""

DEPTH_TOLERANCE = 0.1
"""... or the true depth, mm."""

FRINGE = 3
"""Farther from the mask than this, in pixels, a damaged part equals the undamaged one."""

_HEADROOM = 3.0
_OVERSAMPLING = 2
_BRIGHTEST = 6.0
_PROJECTOR_ANGLE = np.deg2rad(13.0)
_PROJECTOR = np.array([-np.sin(_PROJECTOR_ANGLE), 0.0, np.cos(_PROJECTOR_ANGLE)], np.float32)


@dataclass(frozen=True)
class View:
    """What a camera and a scanner without faults would deliver; arrays (H, W) unless noted.

    Attributes:
        picture: 0 to 255, float, (H, W, 3).
        depth: Along the optical axis, mm.
        facing: Cosine between the surface and the pixel's ray, 0 to 1.
        mask: Where a defect changed picture or depth beyond the tolerances, gaps of up to two pixels closed,
            specks of one or two pixels dropped.
        change: The change against the undamaged part as a multiple of the tolerances.
    """

    picture: FloatArray
    depth: FloatArray
    facing: FloatArray
    mask: BoolArray
    change: FloatArray


class Scene:
    """A part, a camera, a scanner and lamps; what is costly is computed once, when it is first asked for."""

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
        return np.dstack([*np.broadcast_arrays(right, down), np.ones((self.camera.size,) * 2, np.float32)])

    @cached_property
    def hits(self) -> Hits:
        """What each pixel's centre sees of the undamaged part."""
        progress = np.ones((self.camera.size, self.camera.size), np.float32)
        window = self._window(self.design.outline)
        progress[window.slices] = self._tracer(window).trace(self.design.height)
        return self._tracer(self.camera.whole()).hits(progress)

    @cached_property
    def view(self) -> View:
        """The undamaged part."""
        nothing = np.zeros(self.hits.depth.shape, np.float32)
        facing = self._facing(self.hits, self.design.relief, self.camera.whole())
        picture = develop(self._light, self.look.exposure)
        return View(picture, self.hits.depth, facing, nothing.astype(bool), nothing)

    @cached_property
    def projected(self) -> FloatArray:
        """Share of the projector's light that arrives, (H, W); blocked by the undamaged part only."""
        direction = self.look.pose.to_part(_PROJECTOR)
        return coarse_sampled(shadow(coarse(self.design.height), direction, 0.0), self.hits)

    @cached_property
    def glare(self) -> FloatArray:
        """Chance that a highlight of the undamaged part blinds the scanner, (H, W)."""
        red, green, blue = cv2.split(self.view.picture)
        shine = np.minimum(np.minimum(red, green), blue) * np.float32(1 / 255)
        strength = np.float32(2.5 * float(self.look.finish.mirror.mean()))
        return np.asarray(np.clip(shine - np.float32(0.86), 0, 1) * strength, np.float32)

    def place(self, rng: np.random.Generator, room: float, at_edge: bool) -> tuple[float, float]:
        """A visible point of the part, with `room` mm around it or at an edge; mm of the part's plane."""
        if at_edge:
            suitable = self.hits.sampled(self.design.edge) > 0.6
        else:
            suitable = self.hits.sampled(self.design.room) > room
        places = np.flatnonzero(suitable & (self.hits.height > ON_PART))
        chosen = int(places[rng.integers(places.size)])
        cells = self.hits.column.flat[chosen], self.hits.row.flat[chosen]
        return (float(cells[0]) + 0.5) * PITCH - HALF, (float(cells[1]) + 0.5) * PITCH - HALF

    def with_damage(self, part: Damaged) -> View:
        """The part after a defect. Only what lies within `FRINGE` of the mask differs from `view`."""
        window = self._window(_corners(part.box))
        tracer = self._tracer(window)
        hits = tracer.hits(tracer.trace(part.height))
        whole = self.view
        depth, facing, picture = whole.depth.copy(), whole.facing.copy(), whole.picture
        depth[window.slices] = hits.depth
        facing[window.slices] = self._facing(hits, part.relief, window)
        change = np.abs(depth - whole.depth) * np.float32(1 / DEPTH_TOLERANCE)
        if part.shows:
            picture = self._retaken(window, hits, part)
            np.maximum(change, _difference(picture, whole.picture) * np.float32(1 / COLOUR_TOLERANCE), out=change)
        mask = _tidy(change >= 1)
        same = cv2.dilate(mask.astype(np.uint8), np.ones((2 * FRINGE + 1,) * 2, np.uint8)) == 0
        depth[same], facing[same] = whole.depth[same], whole.facing[same]
        picture = np.where(same[..., None], whole.picture, picture)
        return View(picture, depth, facing, mask, change)

    @cached_property
    def _light(self) -> FloatArray:
        """Linear colour of the undamaged part, (H, W, 3)."""
        light = self._studio.table(self.hits, self.design.relief)
        window = self._window(self.design.outline)
        near = self.hits.progress[window.slices]
        light[window.slices] = self._seen(window, near, self.design.height, self.design.relief)
        return light

    def _retaken(self, window: Window, hits: Hits, part: Damaged) -> FloatArray:
        light = self._light.copy()
        light[window.slices] = self._seen(window, hits.progress, part.height, part.relief, part.paint)
        return develop(light, self.look.exposure)

    def _seen(
        self,
        window: Window,
        near: FloatArray,
        height: FloatArray,
        relief: FloatArray,
        paint: Paint | None = None,
    ) -> FloatArray:
        """Linear colour of a window, oversampled and averaged."""
        tracer = self._tracer(window, _OVERSAMPLING)
        hits = tracer.hits(tracer.refine(height, near))
        light = np.minimum(self._studio.shade(hits, relief, self.design.marks, paint), np.float32(_BRIGHTEST))
        return np.asarray(cv2.resize(light, window.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def _tracer(self, window: Window, over: int = 1) -> Tracer:
        return Tracer(self.camera, self.look.pose, window, self._top, over)

    def _facing(self, hits: Hits, relief: FloatArray, window: Window) -> FloatArray:
        slope = hits.sampled(relief, (0, 0, 1))
        ray = self.rays[window.slices] @ self.look.pose.to_part(self.camera.axes)
        against = ray[..., 0] * slope[..., 0] + ray[..., 1] * slope[..., 1] - ray[..., 2]
        length2 = (1 + np.square(slope[..., 0]) + np.square(slope[..., 1])) * np.square(ray).sum(axis=-1)
        return np.asarray(np.clip(against / np.sqrt(length2), 0, 1), np.float32)

    def _window(self, corners: FloatArray) -> Window:
        """The pixels that see anything between table and top over these points (n, 2) of the part's plane."""
        table = _on_table(self.look.pose, corners)
        points = np.concatenate([np.insert(table, 2, level, axis=1) for level in (0.0, self._top)])
        pixels = self.camera.project(points.astype(np.float32))
        low = np.clip(np.floor(pixels.min(axis=0)).astype(int) - 2, 0, self.camera.size - 1)
        high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 3, low + 1, self.camera.size)
        return Window(int(low[0]), int(high[0]), int(low[1]), int(high[1]))


def _difference(one: FloatArray, other: FloatArray) -> FloatArray:
    """Largest absolute difference of the three channels, (H, W)."""
    red, green, blue = cv2.split(cv2.absdiff(one, other))
    return np.asarray(np.maximum(np.maximum(red, green), blue), np.float32)


def _corners(box: FloatArray) -> FloatArray:
    (x0, y0), (x1, y1) = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)


def _on_table(pose: Pose, points: FloatArray) -> FloatArray:
    """Points (n, 2) of the part's plane on the table, mm."""
    turn = np.deg2rad(pose.degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]) + np.array([pose.x, pose.y]), np.float32)


def _tidy(changed: BoolArray) -> BoolArray:
    """A mask as `View.mask` describes it."""
    kernel = np.ones((3, 3), np.uint8)
    framed = np.pad(changed.astype(np.uint8), 2)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, kernel)[2:-2, 2:-2]
    _, names, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(closed), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= 3
    kept[0] = False
    return np.asarray(kept[names], bool)
