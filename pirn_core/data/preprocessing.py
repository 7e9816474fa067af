"""From a sample to the network's input: planes at the image's size, then views of the part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.config import Recipe, Settings
from pirn_core.data.augmentation import Pose
from pirn_core.data.crop import Affine, applied, bounding_circle, composed, crop_side, inverted, view_to_image
from pirn_core.data.foreground import Foreground, find_foreground
from pirn_core.data.photometric import blank_normals, blank_rgb, gain_normalised, part_median
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, Sample
from pirn_core.data.surface import encode_normals, fill_nearest, surface_normals
from pirn_core.errors import SampleError

FLAT = (0.0, 0.0, -1.0)
"""The normal of a surface that faces the camera."""

TOKEN_SHARE = 0.25
"""A token counts as foreground, or valid, when at least this share of its pixels does."""


class FittedRecipe(Settings):
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
    foreground_source: str

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return (int(self.valid.shape[0]), int(self.valid.shape[1]))


@dataclass(frozen=True)
class View:
    """One input of the network.

    Attributes:
        rgb: Colour in [0, 1], float32, shape (3, S, S); None without colour.
        sn: Encoded normals (n + 1) / 2, float32, shape (3, S, S); None without 3D.
        foreground: The dilated part, shape (S, S); False outside the image.
        valid: Where there is a 3D point, shape (S, S); False outside the image.
        to_image: Affine mapping (2, 3) from view pixels (x, y) to image pixels (x, y).
    """

    rgb: FloatArray | None
    sn: FloatArray | None
    foreground: BoolArray
    valid: BoolArray
    to_image: Affine

    def token_foreground(self, grid: int, share: float = TOKEN_SHARE) -> BoolArray:
        """Tokens that show the part, row by row, shape (grid * grid,)."""
        return _token_share(self.foreground, grid) >= share

    def token_valid(self, grid: int, share: float = TOKEN_SHARE) -> BoolArray:
        """Tokens with 3D points, row by row, shape (grid * grid,)."""
        return _token_share(self.valid, grid) >= share


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


def make_view(planes: Planes, fitted: FittedRecipe, pose: Pose | None = None) -> View:
    """Crop, rotation, flip and shift in one resampling; normals turn with the image.

    Outside the image the colour's border is repeated and the normal is flat; nothing there is valid or
    foreground.
    """
    pose = pose or Pose()
    rows, columns = planes.shape
    side, centre = fitted.crop_px, planes.centre
    if side is None:
        side, centre = max(rows, columns), ((rows - 1) / 2.0, (columns - 1) / 2.0)
    to_image = view_to_image(centre, side, fitted.input_size, pose)
    size, scale = fitted.input_size, side / fitted.input_size
    masks = np.dstack([planes.foreground, planes.valid]).astype(np.float32)
    masks = _warp(masks, to_image, size, scale, cv2.BORDER_CONSTANT)
    rgb = sn = None
    if planes.rgb is not None:
        colour = _warp(planes.rgb.astype(np.float32), to_image, size, scale, cv2.BORDER_REPLICATE)
        rgb = _channels_first(colour / np.float32(255.0))
    if planes.normals is not None:
        normals = _warp(planes.normals, to_image, size, scale, cv2.BORDER_CONSTANT, FLAT)
        sn = _channels_first(encode_normals(_turned(normals, pose)))
    return View(rgb, sn, masks[..., 0] >= 0.5, masks[..., 1] >= 0.5, to_image)


def map_to_image(values: FloatArray, view: View, shape: tuple[int, int]) -> FloatArray:
    """Lays a map of the view, or of its tokens, back onto the image (bilinear).

    Args:
        values: Finite, shape (S, S), or (grid, grid) with cells of equal size over the view.
        view: The view that the map belongs to.
        shape: Height and width of the image.

    Returns:
        Shape `shape`, float32, NaN outside the view.
    """
    size = view.foreground.shape[0]
    cells = values.shape[0]
    to_view = inverted(view.to_image)
    ratio = cells / size
    to_cells = np.array([[ratio, 0.0, 0.5 * ratio - 0.5], [0.0, ratio, 0.5 * ratio - 0.5]])
    result = cv2.warpAffine(
        np.ascontiguousarray(values, np.float32),
        composed(to_cells, to_view),
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    x, y = applied(to_view, np.arange(shape[1])[None, :].astype(float), np.arange(shape[0])[:, None].astype(float))
    outside = (x < -0.5) | (x > size - 0.5) | (y < -0.5) | (y > size - 0.5)
    result[outside] = np.nan
    back: FloatArray = result
    return back


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
    known = np.isfinite(normals).all(axis=-1)
    if not known.any():
        return None
    filled = fill_nearest(normals, known)
    blank = fitted.recipe.photometric.blank_background
    return blank_normals(filled, found.mask, FLAT) if blank else filled


def _doubts(
    sample: Sample, circle: tuple[tuple[float, float], float] | None, fitted: FittedRecipe
) -> tuple[str, ...]:
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


def _warp(
    plane: FloatArray,
    to_image: Affine,
    size: int,
    scale: float,
    border: int,
    value: tuple[float, ...] = (0.0, 0.0, 0.0),
) -> FloatArray:
    """Samples the plane at the view's pixels; before shrinking, a Gaussian stands in for averaging areas."""
    if scale > 1.0:
        plane = cv2.GaussianBlur(plane, (0, 0), (scale - 1.0) / 2.0, borderType=cv2.BORDER_REPLICATE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: FloatArray = cv2.warpAffine(
        plane, to_image, (size, size), flags=flags, borderMode=border, borderValue=value
    )
    return warped


def _turned(normals: FloatArray, pose: Pose) -> FloatArray:
    """Unit normals after the pose's rotation and mirroring about the optical axis."""
    turned = normals.copy()
    turned[..., :2] = normals[..., :2] @ pose.matrix().T.astype(np.float32)
    length = np.sqrt((turned * turned).sum(axis=-1, keepdims=True))
    return turned / np.maximum(length, np.float32(1e-6))


def _channels_first(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _token_share(mask: BoolArray, grid: int) -> NDArray[np.float32]:
    cells = cv2.resize(mask.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32).reshape(-1)
