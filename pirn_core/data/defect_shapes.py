"""Outlines of synthetic defects: soft profiles between 0 and 1 on the part."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray

EDGE = 0.15
"""A pixel belongs to a defect where its profile exceeds this."""

_HARMONICS = (2, 3, 4, 5)
_IRREGULAR = 0.14
_BENDS = 4

Rng = np.random.Generator


def blob(shape: tuple[int, int], centre: tuple[int, int], area: float, rng: Rng) -> FloatArray:
    """An irregular ellipse that falls smoothly from 1 in its middle to 0 at its outline.

    Args:
        shape: Of the image.
        centre: Pixel (row, column).
        area: Pixels above `EDGE`, approximately.
        rng: Draws elongation, direction and outline.
    """
    elongation, direction = rng.uniform(1.0, 2.2), rng.uniform(0.0, math.pi)
    y = (np.arange(shape[0], dtype=np.float64) - centre[0])[:, None]
    x = (np.arange(shape[1], dtype=np.float64) - centre[1])[None, :]
    along = (x * math.cos(direction) + y * math.sin(direction)) / math.sqrt(elongation)
    across = (y * math.cos(direction) - x * math.sin(direction)) * math.sqrt(elongation)
    angle = np.arctan2(across, along)
    outline = np.ones(shape)
    for harmonic in _HARMONICS:
        phase, size = rng.uniform(0.0, 2.0 * math.pi), rng.normal(0.0, _IRREGULAR / harmonic * 2.0)
        outline += size * np.cos(harmonic * angle + phase)
    radius = math.sqrt(area / math.pi) / _edge_distance()
    distance = np.hypot(along, across) / (radius * np.clip(outline, 0.4, 1.8))
    return _smooth_step(1.0 - distance)


def stroke(shape: tuple[int, int], centre: tuple[int, int], area: float, width: float, rng: Rng) -> FloatArray:
    """A bent line of the given width whose ends run out.

    Args:
        shape: Of the image.
        centre: Pixel (row, column) of its middle.
        area: Pixels above `EDGE`, approximately.
        width: In pixels.
        rng: Draws direction and bends.
    """
    line = _bent_line(centre, max(area / width, 3.0 * width), rng)
    reach = 0.5 * width / _edge_distance()
    return _smooth_step(1.0 - _distance_to_line(shape, line) / reach)


def fits(profile: FloatArray, part: BoolArray, least: float) -> bool:
    """Whether at least this share of the profile's pixels lies on the part."""
    inside = profile > EDGE
    return bool(inside.any()) and float(part[inside].mean()) >= least


def _bent_line(centre: tuple[int, int], length: float, rng: Rng) -> NDArray[np.float64]:
    """Points (x, y) of a line that turns a little at each of its bends, centred."""
    direction = rng.uniform(0.0, 2.0 * math.pi) + np.cumsum(rng.normal(0.0, 0.25, _BENDS))
    steps = np.column_stack([np.cos(direction), np.sin(direction)]) * (length / _BENDS)
    points = np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    return np.asarray(points - points.mean(axis=0) + np.array([centre[1], centre[0]]))


def _distance_to_line(shape: tuple[int, int], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of every pixel to the nearest segment between successive points (x, y), in pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    nearest = np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(x - x0 - along * dx, y - y0 - along * dy))
    return nearest


def _smooth_step(values: NDArray[np.float64]) -> FloatArray:
    inside = np.clip(values, 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside), np.float32)


def _edge_distance() -> float:
    """The distance, as a share of the outline's, at which the profile equals `EDGE`."""
    samples = np.linspace(0.0, 1.0, 1001)
    return float(samples[np.argmax(_smooth_step(1.0 - samples) <= EDGE)])
