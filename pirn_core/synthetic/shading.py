"""The colour of every hit: table and part, under the lamps of a look."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pirn_core.data.sample import FloatArray
from pirn_core.synthetic.camera import Camera
from pirn_core.synthetic.designs import Design
from pirn_core.synthetic.lighting import COARSE, coarse, highlight, shadow
from pirn_core.synthetic.look import GRAIN_PITCH, TILE, Look, texture
from pirn_core.synthetic.shapes import HALF, PITCH
from pirn_core.synthetic.tracing import Hits, looked_up

ON_PART = 0.03
"""What is seen above this height in mm belongs to the part."""

_TABLE = np.array([0.0105, 0.0108, 0.0118], np.float32)
_LAMP_DISTANCE = 650.0

Components = list[FloatArray]
"""The x, y and z components of vectors, each of the hits' shape."""


@dataclass(frozen=True)
class Paint:
    """Colour that covers a part.

    Attributes:
        layer: Linear RGB and cover in [0, 1] on the part's grid, shape (CELLS, CELLS, 4).
        mirror: Reflectance of what covers.
    """

    layer: FloatArray
    mirror: float = 0.03


class Studio:
    """The lamps around one part in one pose."""

    def __init__(self, camera: Camera, design: Design, look: Look) -> None:
        self._look = look
        self._eye = look.pose.to_part(camera.position - np.array([look.pose.x, look.pose.y, 0], np.float32))
        self._lamps = [look.pose.to_part(lamp.direction) for lamp in look.lamps]
        self._colours = np.array([*(lamp.colour for lamp in look.lamps), look.sky], np.float32)
        key = look.lamps[0]
        self._shadow = shadow(coarse(design.height), self._lamps[0], key.spread * 0.6)

    def shade(self, hits: Hits, relief: FloatArray, marks: FloatArray, paint: Paint | None = None) -> FloatArray:
        """Linear colour (H, W, 3).

        Args:
            hits: What is seen, (H, W).
            relief: As `Design.relief`, of the part as it is.
            marks: As `Design.marks`.
            paint: Colour defects, if any.
        """
        picture = np.empty((hits.height.size, 3), np.float32)
        part = hits.height > ON_PART
        on, off = np.flatnonzero(part), np.flatnonzero(~part)
        if on.size:
            picture[on] = self._part(hits.chosen(on), relief, marks, paint).reshape(-1, 3)[: on.size]
        if off.size:
            picture[off] = self.table(hits.chosen(off), relief).reshape(-1, 3)[: off.size]
        return picture.reshape(*part.shape, 3)

    def table(self, hits: Hits, relief: FloatArray) -> FloatArray:
        """Linear colour (..., 3) of the table at the hits, whatever they are."""
        open_sky = hits.sampled(relief, (0, 0, 1))[..., 2]
        shares = [direction[2] * open_sky for direction in self._lamps]
        shares[0] = self._lamps[0][2] * self._key_light(hits)
        light = np.stack([*shares, open_sky], axis=-1) @ self._colours
        return np.asarray(light * _TABLE * (1 + np.float32(0.045) * self._texture(hits)[..., 2:]), np.float32)

    def _part(self, hits: Hits, relief: FloatArray, marks: FloatArray, paint: Paint | None) -> FloatArray:
        ground = hits.sampled(relief, (0, 0, 1))
        normal, along, tone = self._surface(hits, ground, hits.sampled(marks))
        open_sky = ground[..., 2]
        view = _unit(*(np.float32(self._eye[i]) - axis for i, axis in enumerate(_places(hits))))
        diffuse, shine = self._received(hits, normal, along, view, open_sky)
        finish = self._look.finish
        base, mirror = finish.base * tone[..., None], finish.mirror * tone[..., None]
        if paint is not None:
            cover = hits.sampled(paint.layer)
            base = base + cover[..., 3:] * (cover[..., :3] - base)
            mirror = mirror + cover[..., 3:] * (np.float32(paint.mirror) - mirror)
        graze = np.float32(0.4) * _schlick(normal, view)[..., None]
        return np.asarray(base * diffuse + (mirror + (1 - mirror) * graze) * shine, np.float32)

    def _surface(self, hits: Hits, ground: FloatArray, marks: FloatArray) -> tuple[Components, Components, FloatArray]:
        """Normal with working marks and texture, direction of the marks, and the brightness they give."""
        look = self._look
        rough = self._texture(hits)
        across = (marks[..., 2] * np.float32(1 / GRAIN_PITCH)).astype(np.int32) % look.grain.size
        bump = np.float32(look.grain_depth) * look.grain[across]
        fine = np.float32(look.texture_depth)
        slope_x = ground[..., 0] + bump * marks[..., 1] + fine * rough[..., 0]
        slope_y = ground[..., 1] - bump * marks[..., 0] + fine * rough[..., 1]
        normal = _unit(-slope_x, -slope_y, np.ones_like(slope_x))
        along = _unit(marks[..., 0], marks[..., 1], marks[..., 0] * slope_x + marks[..., 1] * slope_y)
        return normal, along, 1 + np.float32(0.025) * rough[..., 2] + np.float32(1.8) * bump

    def _received(
        self, hits: Hits, normal: Components, along: Components, view: Components, open_sky: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Light for the diffuse and for the mirror part of the surface, both linear (..., 3)."""
        diffuse, shine = [], []
        for index, (lamp, direction) in enumerate(zip(self._look.lamps, self._lamps, strict=True)):
            share = self._key_light(hits) if index == 0 else open_sky
            facing = normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2]
            half = _half(direction, view, hits)
            bright = np.float32(0.25) * highlight(normal, along, half, self._look.finish, lamp.spread)
            shine.append(bright * share * np.clip(facing * 6, 0, 1))
            diffuse.append(np.maximum(facing, 0) * share)
        shine.append(_room(normal, view) * open_sky)
        diffuse.append(open_sky)
        return np.stack(diffuse, axis=-1) @ self._colours, np.stack(shine, axis=-1) @ self._colours

    def _key_light(self, hits: Hits) -> FloatArray:
        """Share of the key light that arrives."""
        return coarse_sampled(self._shadow, hits)

    def _texture(self, hits: Hits) -> FloatArray:
        """The texture tile at the hits, (..., 3)."""
        column = _wrapped(hits.column + np.float32(self._look.texture_shift[0]))
        row = _wrapped(hits.row + np.float32(self._look.texture_shift[1]))
        return np.asarray(cv2.remap(texture(), column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def _wrapped(cells: FloatArray) -> FloatArray:
    """Into [0, TILE); several times faster than the `%` operator on floats."""
    return np.asarray(cells - np.float32(TILE) * np.floor(cells * np.float32(1 / TILE)), np.float32)


def coarse_sampled(light: FloatArray, hits: Hits) -> FloatArray:
    """A field of `lighting.shadow` at the hits; full light outside the grid."""
    column = (hits.column + np.float32(0.5)) * np.float32(1 / COARSE) - np.float32(0.5)
    row = (hits.row + np.float32(0.5)) * np.float32(1 / COARSE) - np.float32(0.5)
    return looked_up(light, column, row, (1.0,))


def _places(hits: Hits) -> Components:
    """Coordinates of the hits in the part's frame, mm."""
    x = (hits.column + np.float32(0.5)) * np.float32(PITCH) - np.float32(HALF)
    y = (hits.row + np.float32(0.5)) * np.float32(PITCH) - np.float32(HALF)
    return [x, y, hits.height]


def _unit(x: FloatArray, y: FloatArray, z: FloatArray) -> Components:
    scale = 1 / np.sqrt(x * x + y * y + z * z)
    return [x * scale, y * scale, z * scale]


def _half(direction: FloatArray, view: Components, hits: Hits) -> Components:
    """Half vectors between the camera and a lamp at `_LAMP_DISTANCE` in `direction` of the part's middle."""
    near = np.float32(1 / _LAMP_DISTANCE)
    return _unit(*(direction[i] - near * axis + view[i] for i, axis in enumerate(_places(hits))))


def _room(normal: Components, view: Components) -> FloatArray:
    """What a mirror shows beside the lamps: a dim room, brighter above."""
    facing = normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2]
    up = np.clip(np.float32(0.5) + np.float32(0.5) * (2 * facing * normal[2] - view[2]), 0, 1)
    return np.asarray(np.float32(0.10) + np.float32(0.8) * up * up, np.float32)


def _schlick(normal: Components, view: Components) -> FloatArray:
    """(1 - cos)^5 of the angle between normal and view (Schlick 1994)."""
    away = np.clip(1 - (normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2]), 0, 1)
    squared = away * away
    return np.asarray(squared * squared * away, np.float32)
