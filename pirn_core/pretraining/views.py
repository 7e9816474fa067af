"""Random views of pictures: crops at any rotation and scale, with normal vectors turned along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from pirn_core.data.sample import ByteArray, FloatArray
from pirn_core.pretraining.pictures import Kind, Picture, unit

Rng = np.random.Generator

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

SOURCE_SHARES: Mapping[str, float] = {
    "photo": 0.34,
    "material": 0.08,
    "render": 0.12,
    "material normal": 0.12,
    "relief": 0.14,
    "render normal": 0.20,
}
"""How often each source is drawn: colour and normal views about equally."""


@dataclass(frozen=True)
class ViewSettings:
    """How views vary.

    Attributes:
        scales: Smallest and largest magnification, drawn log-uniformly. Large ones give the soft content that
            the inspection shows when it enlarges a crop of 200 px to 448 px.
        colour: Strength of the colour jitter of photos, 0 to 1.
        tilt: Largest tilt of normal maps, radians: parts do not face the camera squarely.
        blank: Share of views with a blanked background.
    """

    scales: tuple[float, float] = (0.45, 2.8)
    colour: float = 0.4
    tilt: float = 0.6
    blank: float = 0.1


def random_turn(rng: Rng) -> FloatArray:
    """A rotation by any angle or a reflection, orthogonal (2, 2), acting on (x, y)."""
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    return np.array([[cos, -sin * mirror], [sin, cos * mirror]], np.float32)


def warp(image: ByteArray, turn: FloatArray, scale: float, centre: tuple[float, float], size: int) -> ByteArray:
    """The turned and scaled window about `centre` (x, y), uint8 (size, size, 3); outside is mirrored."""
    linear = turn.T / scale  # From output to input pixels: the inverse of scale * turn.
    middle = np.full(2, (size - 1) / 2)
    matrix = np.column_stack([linear, np.asarray(centre) - linear @ middle])
    if scale < 0.7:  # Bilinear alone would alias.
        image = cv2.blur(image, (2, 2)) if scale > 0.5 else cv2.blur(image, (3, 3))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mode = cv2.BORDER_REFLECT_101
    warped: ByteArray = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=mode)
    return warped


def turn_vectors(normals: FloatArray, turn: FloatArray) -> FloatArray:
    """Normals (H, W, 3) of an image that was turned: their x and y turn with it."""
    turned = normals.copy()
    turned[..., :2] = normals[..., :2] @ turn.T
    return turned


def _tilt(rng: Rng, largest: float) -> FloatArray:
    """A rotation (3, 3) about a random axis in the image plane by up to `largest` radians."""
    axis = rng.normal(size=2)
    axis = np.append(axis / np.linalg.norm(axis), 0) * rng.uniform(0, largest)
    return np.asarray(cv2.Rodrigues(axis)[0], np.float32)


def normal_view(rng: Rng, warped: ByteArray, turn: FloatArray, settings: ViewSettings) -> FloatArray:
    """Augments a warped normal map.

    The relief is scaled or inverted (dents and bumps are alike), the surface tilted, noise of a 3D sensor
    added; a fifth of the views uses the other convention, normals with positive z.

    Returns:
        (n + 1) / 2, float32 (size, size, 3) in [0, 1].
    """
    normals = turn_vectors(warped.astype(np.float32) / 127.5 - 1, turn)
    normals[..., :2] *= float(np.exp(rng.uniform(-0.7, 0.9)) * rng.choice([-1, 1]))
    normals = unit(normals) @ _tilt(rng, settings.tilt).T
    if rng.random() < 0.5:
        noise = rng.standard_normal(normals.shape, np.float32) * np.float32(rng.uniform(0, 0.15) ** 1.5)
        normals = normals + (cv2.GaussianBlur(noise, (0, 0), 1.5) * 4 if rng.random() < 0.5 else noise)
    normals = unit(normals)
    if rng.random() < 0.2:
        normals[..., 2] *= -1
    view: FloatArray = ((normals + 1) / 2).astype(np.float32)
    return view


def photo_view(rng: Rng, warped: ByteArray, settings: ViewSettings) -> FloatArray:
    """Jitters brightness, contrast, saturation and channel gains; float32 (size, size, 3) in [0, 1]."""
    s = settings.colour
    view = warped.astype(np.float32) / 255
    gains = np.exp(rng.uniform(-s, s) + rng.uniform(-s / 4, s / 4, 3)).astype(np.float32)
    view = view * gains
    grey = view.mean(-1, keepdims=True)
    view = grey + (view - grey) * np.float32(rng.uniform(0, 1 + s))
    middle = view.mean(dtype=np.float64)
    view = middle + (view - middle) * np.float32(np.exp(rng.uniform(-s, s)))
    if rng.random() < 0.3:
        view = view + rng.standard_normal(view.shape, np.float32) * np.float32(rng.uniform(0, 0.06))
    jittered: FloatArray = np.clip(view, 0, 1).astype(np.float32)
    return jittered


def blank_outside(rng: Rng, view: FloatArray) -> FloatArray:
    """One colour outside a random ellipse, as the inspection blanks the background of a part."""
    size = view.shape[0]
    mask = np.zeros((size, size), np.uint8)
    centre, axes = rng.integers(size // 4, size * 3 // 4, 2), rng.integers(size // 5, size * 2 // 3, 2)
    cv2.ellipse(mask, centre.tolist(), axes.tolist(), float(rng.uniform(0, 180)), 0, 360, 1, -1)
    blanked: FloatArray = np.where(mask[..., None] > 0, view, rng.random(3, np.float32))
    return blanked


def view_of(rng: Rng, picture: Picture, size: int, settings: ViewSettings) -> FloatArray:
    """One random view of a picture, float32 (size, size, 3) in [0, 1]."""
    height, width = picture.image.shape[:2]
    scale, turn = float(np.exp(rng.uniform(*np.log(settings.scales)))), random_turn(rng)
    # The window stays so far inside that little of it is mirrored, where the picture is large enough.
    margin = np.minimum(size / (2 * scale), 0.5 * np.array([width, height]))
    centre = rng.uniform(margin, np.array([width, height]) - margin)
    warped = warp(picture.image, turn, scale, (float(centre[0]), float(centre[1])), size)
    if picture.kind == "normal":
        view = normal_view(rng, warped, turn, settings)
    else:
        view = photo_view(rng, warped, settings)
    return blank_outside(rng, view) if rng.random() < settings.blank else view


def to_tensor(views: Sequence[FloatArray]) -> Tensor:
    """Views in [0, 1] to a batch (B, 3, H, W) with ImageNet mean and deviation removed, channels last."""
    batch = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return ((batch - mean) / std).float()


class ViewStream:
    """Endless batches of views; batch i depends on (seed, i) alone, so a resumed run sees the same ones."""

    def __init__(self, sources: Mapping[str, Sequence[Picture]], seed: int, settings: ViewSettings) -> None:
        self._sources = {name: list(pictures) for name, pictures in sources.items()}
        self._names = [name for name in SOURCE_SHARES if self._sources.get(name)]
        shares = np.array([SOURCE_SHARES[name] for name in self._names])
        self._shares = shares / shares.sum()
        self._seed = seed
        self._settings = settings

    def batch(self, index: int, count: int, size: int) -> Tensor:
        """Batch number `index`: `count` views of `size` px, (count, 3, size, size)."""
        rng = np.random.default_rng([self._seed, 41, index])
        names = rng.choice(self._names, count, p=self._shares)
        return to_tensor([self._one(rng, self._sources[name], size) for name in names])

    def _one(self, rng: Rng, pictures: Sequence[Picture], size: int) -> FloatArray:
        return view_of(rng, pictures[int(rng.integers(len(pictures)))], size, self._settings)


def validation_views(
    sources: Mapping[str, Sequence[Picture]], kind: Kind, count: int, size: int, seed: int = 7
) -> Tensor:
    """A fixed batch of held-out views of one kind, every source in turn, (count, 3, size, size)."""
    rng = np.random.default_rng([seed, count, size])
    pools = [list(pictures) for pictures in sources.values() if pictures and pictures[0].kind == kind]
    pools = [held for pool in pools if (held := [picture for picture in pool if picture.held_out])]
    settings = ViewSettings(blank=0)
    views = []
    for index in range(count):
        pool = pools[index % len(pools)]
        views.append(view_of(rng, pool[int(rng.integers(len(pool)))], size, settings))
    return to_tensor(views)
