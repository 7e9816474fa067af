"""The cheap half of preprocessing: the network's input cut from the planes, and maps laid back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.augmentation import Pose
from pirn_core.data.crop import Affine, applied, composed, inverted, view_to_image
from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.planes import FLAT, Planes
from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.data.surface import encode_normals, unit_normals

TOKEN_SHARE = 0.25
"""A token counts as foreground, or valid, when at least this share of its pixels does."""


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
    size = fitted.input_size
    to_image = view_to_image(centre, side, size, pose)
    masks = np.dstack([planes.foreground, planes.valid]).astype(np.float32)
    masks = _warp(masks, to_image, size, cv2.BORDER_CONSTANT)
    rgb = sn = None
    if planes.rgb is not None:
        colour = _warp(planes.rgb.astype(np.float32), to_image, size, cv2.BORDER_REPLICATE)
        rgb = _channels_first(colour / np.float32(255.0))
    if planes.normals is not None:
        normals = _warp(planes.normals, to_image, size, cv2.BORDER_CONSTANT, FLAT)
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


def _warp(
    plane: FloatArray, to_image: Affine, size: int, border: int, value: tuple[float, ...] = (0.0, 0.0, 0.0)
) -> FloatArray:
    """Samples the plane at the view's pixels; before shrinking, a Gaussian stands in for averaging areas."""
    scale = float(np.sqrt(abs(np.linalg.det(to_image[:, :2]))))
    if scale > 1.0:
        plane = cv2.GaussianBlur(plane, (0, 0), (scale - 1.0) / 2.0, borderType=cv2.BORDER_REPLICATE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(plane, to_image, (size, size), flags=flags, borderMode=border, borderValue=value),
        np.float32,
    )


def _turned(normals: FloatArray, pose: Pose) -> FloatArray:
    """Unit normals after the pose's rotation and mirroring about the optical axis."""
    turned = normals.copy()
    turned[..., :2] = normals[..., :2] @ pose.matrix().T.astype(np.float32)
    return unit_normals(turned)


def _channels_first(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _token_share(mask: BoolArray, grid: int) -> NDArray[np.float32]:
    cells = cv2.resize(mask.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32).reshape(-1)
