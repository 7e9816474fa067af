"""What a recipe takes from the shots: the crop's side, the colours of part and background."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pirn_core.config import Recipe, Settings
from pirn_core.data.crop import bounding_circle, crop_side
from pirn_core.data.foreground import find_foreground
from pirn_core.data.photometric import part_median
from pirn_core.data.sample import Sample
from pirn_core.errors import SampleError


class FittedRecipe(Settings, frozen=True):
    """A recipe with what was taken from the shots; stored in the model.

    Attributes:
        recipe: The settings it was made with.
        input_size: Side of the network's input, pixels.
        grid: Tokens per side.
        crop_px: Side of the square around the part, image pixels; None: the whole image, letterboxed.
        gain_reference: Median red, green, blue (0 to 255) of the shots' parts; None without colour.
        background: Mean colour of the shots (0 to 255), for blanked backgrounds.
        image_shape: Median height and width of the shots' images; a part of another size is warned about.
    """

    recipe: Recipe
    input_size: int
    grid: int
    crop_px: int | None = None
    gain_reference: tuple[float, float, float] | None = None
    background: tuple[float, float, float] = (127.5, 127.5, 127.5)
    image_shape: tuple[int, int] | None = None


def fit_recipe(samples: Iterable[Sample], recipe: Recipe, *, input_size: int, grid: int) -> FittedRecipe:
    """Takes the crop's side, the gain reference and the background colour from the shots.

    Raises:
        SampleError: When there is no shot.
    """
    seen = [_seen(sample, recipe) for sample in samples]
    if not seen:
        raise SampleError("There is no shot to take the crop from.", "Choose at least one normal part.")
    colours = [s.median for s in seen if s.median is not None]
    means = [s.mean for s in seen if s.mean is not None]
    shape = np.median([s.shape for s in seen], axis=0)
    return FittedRecipe(
        recipe=recipe,
        input_size=input_size,
        grid=grid,
        crop_px=_crop_px(seen, recipe, int(shape.max())),
        gain_reference=_triple(np.median(colours, axis=0)) if colours else None,
        background=_triple(np.mean(means, axis=0)) if means else (127.5, 127.5, 127.5),
        image_shape=(int(shape[0]), int(shape[1])),
    )


@dataclass(frozen=True)
class _Seen:
    """What one shot tells: its part's diameters (raw, dilated), its colours, its image's shape."""

    diameters: tuple[float, float] | None
    median: NDArray[np.float64] | None
    mean: NDArray[np.float64] | None
    shape: tuple[int, int]


def _seen(sample: Sample, recipe: Recipe) -> _Seen:
    found = find_foreground(sample, recipe.foreground)
    raw, dilated = bounding_circle(found.raw), bounding_circle(found.mask)
    known = found.source != "off" and raw is not None and dilated is not None
    diameters = (raw[1], dilated[1]) if known and raw and dilated else None
    if sample.rgb is None:
        return _Seen(diameters, None, None, sample.shape)
    mean = sample.rgb.reshape(-1, 3).mean(axis=0, dtype=np.float64)
    return _Seen(diameters, part_median(sample.rgb, found.raw), mean, sample.shape)


def _crop_px(seen: list[_Seen], recipe: Recipe, longest: int) -> int | None:
    """None where cropping is off, most shots show no separate part, or the crop would exceed the image."""
    diameters = [s.diameters for s in seen if s.diameters is not None]
    if not recipe.crop.enabled or 2 * len(diameters) <= len(seen):
        return None
    side = max(crop_side(raw, dilated, recipe.crop) for raw, dilated in diameters)
    return side if side < longest else None


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
