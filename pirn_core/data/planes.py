"""The costly half of preprocessing: foreground, normals, filled holes, photometric options."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pirn_core.data.crop import bounding_circle
from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.foreground import Foreground, Source, find_foreground
from pirn_core.data.photometric import blank_normals, blank_rgb, gain_normalised
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, Sample
from pirn_core.data.surface import fill_nearest, surface_normals

FLAT = (0.0, 0.0, -1.0)
"""The normal of a surface that faces the camera."""


@dataclass(frozen=True)
class Planes:
    """All that views are cut from, at the image's size.

    Attributes:
        rgb: Colour, uint8, shape (H, W, 3), photometric options applied; None without colour.
        normals: Unit normals, holes filled, float32, shape (H, W, 3), no NaN; None without 3D.
        valid: Where there is a 3D point, shape (H, W).
        foreground: The dilated part, shape (H, W).
        raw_foreground: The part, not dilated, shape (H, W).
        centre: Middle of the part's bounding circle, or of the image, (row, column), sub-pixel.
        warnings: The sample's, and what was noticed here.
        foreground_source: How the part was found, see `Foreground`.
    """

    rgb: ByteArray | None
    normals: FloatArray | None
    valid: BoolArray
    foreground: BoolArray
    raw_foreground: BoolArray
    centre: tuple[float, float]
    warnings: tuple[str, ...]
    foreground_source: Source

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return (int(self.valid.shape[0]), int(self.valid.shape[1]))


def make_planes(sample: Sample, fitted: FittedRecipe, foreground: Foreground | None = None) -> Planes:
    """The costly half: foreground, normals, holes, photometric options.

    Args:
        sample: A part.
        fitted: What the model's shots gave.
        foreground: Spares the search where it was found before with the same settings.
    """
    found = foreground or find_foreground(sample, fitted.recipe.foreground)
    circle = bounding_circle(found.raw) if found.source != "off" else None
    rows, columns = sample.shape
    return Planes(
        rgb=_rgb_plane(sample, found, fitted),
        normals=_normal_plane(sample, found, fitted),
        valid=sample.valid,
        foreground=found.mask,
        raw_foreground=found.raw,
        centre=circle[0] if circle else ((rows - 1) / 2.0, (columns - 1) / 2.0),
        warnings=(*sample.warnings, *found.warnings, *_doubts(sample, circle, fitted)),
        foreground_source=found.source,
    )


def _rgb_plane(sample: Sample, found: Foreground, fitted: FittedRecipe) -> ByteArray | None:
    rgb, options = sample.rgb, fitted.recipe.photometric
    if rgb is None:
        return None
    if options.normalise_gain and fitted.gain_reference is not None:
        rgb = gain_normalised(rgb, found.raw, fitted.gain_reference)
    return blank_rgb(rgb, found.mask, fitted.background) if options.blank_background else rgb


def _normal_plane(sample: Sample, found: Foreground, fitted: FittedRecipe) -> FloatArray | None:
    normals = sample.normals
    if normals is None and sample.xyz is not None and sample.valid.any():
        normals = surface_normals(sample.xyz, sample.valid, fitted.recipe.surface)
    if normals is None:
        return None
    known: BoolArray = np.isfinite(normals[..., 0] + normals[..., 1] + normals[..., 2])
    if not known.any():
        return None
    filled = fill_nearest(normals, known)
    blank = fitted.recipe.photometric.blank_background
    return blank_normals(filled, found.mask, FLAT) if blank else filled


def _doubts(sample: Sample, circle: tuple[tuple[float, float], float] | None, fitted: FittedRecipe) -> tuple[str, ...]:
    doubts: list[str] = []
    if fitted.image_shape is not None and sample.shape != fitted.image_shape:
        have, want = (f"{w}x{h}" for h, w in (sample.shape, fitted.image_shape))
        doubts.append(f"The image has {have} pixels, the model's parts had {want}.")
    if fitted.crop_px is not None:
        if circle is None:
            doubts.append(f"The crop of {fitted.crop_px} px was taken from the image's middle.")
        elif circle[1] > fitted.crop_px:
            doubts.append(
                f"The part spans {circle[1]:.0f} px, more than the crop of {fitted.crop_px} px: "
                "its edge may not be inspected."
            )
    return tuple(doubts)
