"""Procedural pictures: random height fields with materials and lights, as colour and normal map."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from pirn_core.data.sample import ByteArray, FloatArray
from pirn_core.pretraining.pictures import Picture, decode_normals, height_normals

Rng = np.random.Generator


def fractal_noise(rng: Rng, size: int, coarsest: int, falloff: float = 0.5) -> FloatArray:
    """Sum of smooth random grids of doubling fineness, (size, size), about zero mean and unit deviation."""
    total, weight, cells = np.zeros((size, size), np.float32), 1.0, coarsest
    while cells <= size // 2:
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        total += weight * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        weight, cells = weight * falloff, cells * 2
    return total / max(float(total.std()), 1e-6)


def _local_frame(rng: Rng, size: int) -> tuple[FloatArray, FloatArray, float]:
    """Coordinates (size, size) in pixels about a random centre and direction, and a random radius."""
    centre, angle = rng.uniform(0.15, 0.85, 2) * size, rng.uniform(0, 2 * np.pi)
    rows, cols = np.mgrid[:size, :size].astype(np.float32)
    x, y = cols - centre[0], rows - centre[1]
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cos * x + sin * y, cos * y - sin * x, float(size * rng.uniform(0.04, 0.35))


def primitive(rng: Rng, size: int) -> FloatArray:
    """Height (size, size) in pixels of a dome, cylinder, box, ring, cone or slotted disc; 0 outside."""
    x, y, radius = _local_frame(rng, size)
    distance = np.sqrt(x * x + y * y)
    flat = float(rng.uniform(0.1, 0.6)) * radius
    shape = int(rng.integers(6))
    if shape == 0:
        return np.sqrt(np.maximum(radius**2 - distance**2, 0))
    if shape == 1:
        length = radius * float(rng.uniform(1, 4))
        return np.where(np.abs(x) < length, np.sqrt(np.maximum(radius**2 * 0.3 - y * y, 0)), 0)
    if shape == 2:
        aspect = float(rng.uniform(0.3, 1))
        edge = np.minimum(radius - np.abs(x), radius * aspect - np.abs(y))
        return np.clip(edge * float(rng.uniform(0.5, 4)), 0, flat)
    if shape == 3:
        tube = radius * float(rng.uniform(0.15, 0.4))
        return np.sqrt(np.maximum(tube**2 - (distance - radius) ** 2, 0))
    if shape == 4:
        return np.clip((radius - distance) * float(rng.uniform(0.4, 2)), 0, flat)
    disc = np.where(distance < radius, flat, 0)
    return np.where(np.abs(y) < radius * 0.15, disc * 0.3, disc).astype(np.float32)


def _pattern(rng: Rng, size: int) -> FloatArray:
    """A repeated relief (size, size) in pixels: ribs, a thread, a grid of studs or steps of noise."""
    x, y, _ = _local_frame(rng, size)
    period, depth = float(rng.uniform(6, 40)), float(rng.uniform(0.5, 4))
    shape = int(rng.integers(4))
    if shape == 0:
        wave = np.sin(2 * np.pi * x / period)
    elif shape == 1:
        wave = 2 * np.abs((x / period + 0.1 * np.sin(y / period)) % 1 - 0.5)
    elif shape == 2:
        wave = np.maximum(np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period), 0)
    else:
        wave = np.round(fractal_noise(rng, size, 3) * 1.5)
    relief: FloatArray = (depth * wave).astype(np.float32)
    return relief


def random_height(rng: Rng, size: int) -> tuple[FloatArray, ByteArray]:
    """A scene: solids on a ground, with relief and roughness.

    Returns:
        Height (size, size) in pixels towards the camera; label (size, size) of the solid on top, 0 = ground.
    """
    height, labels = np.zeros((size, size), np.float32), np.zeros((size, size), np.uint8)
    for index in range(int(rng.integers(0, 9))):
        solid = primitive(rng, size).astype(np.float32)
        labels = np.where(solid > height, np.uint8(index + 1), labels)
        height = np.maximum(height, solid)
    on_solids = rng.random() < 0.5
    if rng.random() < 0.4 or not labels.any():
        height += _pattern(rng, size) * np.where(labels > 0, 1, 0 if on_solids and labels.any() else 1)
    height += fractal_noise(rng, size, int(rng.choice([2, 4, 16, 48]))) * float(rng.uniform(0, 1.5) ** 2)
    return cv2.GaussianBlur(height, (0, 0), float(rng.uniform(0.5, 2.0))), labels


def _albedo(rng: Rng, labels: ByteArray, texture: ByteArray | None) -> FloatArray:
    """Colours (H, W, 3) in [0, 1]: one tone per solid, stained by noise, or a photographed texture on top."""
    size = labels.shape[0]
    tones = rng.uniform(0.05, 0.95, (16, 1)) + rng.normal(0, rng.uniform(0, 0.25), (16, 3))
    colours = tones.astype(np.float32)[labels]
    stain = fractal_noise(rng, size, int(rng.choice([3, 8, 32, 64])))[..., None]
    colours = colours * (1 + float(rng.uniform(0, 0.25)) * stain)
    if texture is not None:
        strength = float(rng.uniform(0.2, 0.9))
        pattern = cv2.resize(texture, (size, size)).astype(np.float32) / 255
        colours = colours * (1 - strength) + strength * pattern
    clipped: FloatArray = np.clip(colours, 0.01, 1)
    return clipped


def shade(rng: Rng, normals: FloatArray, height: FloatArray, colours: FloatArray) -> ByteArray:
    """Colour image uint8 (H, W, 3) under one to three lights (Blinn-Phong), with dim hollows."""
    gloss, hardness = float(rng.uniform(0, 0.9)), float(rng.choice([4, 12, 40, 120]))
    light = np.full((*height.shape, 1), float(rng.uniform(0.1, 0.5)), np.float32)
    mirror = np.zeros_like(light)
    for _ in range(int(rng.integers(1, 4))):
        towards = np.append(rng.normal(0, 0.7, 2), -1.0)
        towards = (towards / np.linalg.norm(towards)).astype(np.float32)
        half = towards + np.array([0, 0, -1], np.float32)
        half /= np.linalg.norm(half)
        power = float(rng.uniform(0.2, 0.8))
        light += power * np.maximum(normals @ towards, 0)[..., None]
        mirror += power * np.maximum(normals @ half, 0)[..., None] ** hardness
    hollow = cv2.GaussianBlur(height, (0, 0), 6.0) - height
    occlusion = np.exp(-np.maximum(hollow, 0) * float(rng.uniform(0, 0.15)))[..., None]
    image = colours * light * occlusion + gloss * mirror
    image = image + rng.normal(0, rng.uniform(0, 0.03), image.shape).astype(np.float32)
    shaded: ByteArray = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    return shaded


def render(rng: Rng, size: int, texture: ByteArray | None = None) -> tuple[ByteArray, ByteArray]:
    """One scene: colour uint8 (size, size, 3) and encoded camera-frame normals uint8 (size, size, 3)."""
    height, labels = random_height(rng, size)
    encoded = height_normals(height)
    colour = shade(rng, decode_normals(encoded), height, _albedo(rng, labels, texture))
    if labels.any() and rng.random() < 0.25:  # A blanked background, as the inspection makes it.
        colour = np.where(labels[..., None] > 0, colour, rng.integers(0, 256, dtype=np.uint8))
    return colour, encoded


def renders(count: int, seed: int, textures: list[Picture], size: int = 256) -> Iterator[tuple[Picture, Picture]]:
    """`count` scenes as pairs of colour and normal picture; scene i depends on (seed, i) alone."""
    for index in range(count):
        rng = np.random.default_rng([seed, 23, index])
        textured = bool(textures) and rng.random() < 0.5
        texture = textures[int(rng.integers(len(textures)))].image if textured else None
        colour, normals = render(rng, size, texture)
        group = f"render {index}"
        yield Picture(colour, "photo", group), Picture(normals, "normal", group)
