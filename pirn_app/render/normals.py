"""Surface normals as colours."""

from __future__ import annotations

import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray

_STRIPE = 4
"""Pixels of one stripe of the hatching."""


def normals_rgb(normals: FloatArray) -> ByteArray:
    """Unit normals as colours, with z away from the camera: a surface that faces the camera is light blue, as usual.

    Args:
        normals: (H, W, 3), no NaN.

    Returns:
        RGB uint8 (H, W, 3): x to the right in red, y upwards in green, towards the camera in blue.
    """
    coded = (normals * np.array([1.0, -1.0, -1.0], np.float32) + 1.0) * np.float32(127.5)
    picture: ByteArray = coded.round().clip(0, 255).astype(np.uint8)
    return picture


def hatched(picture: ByteArray, valid: BoolArray) -> ByteArray:
    """A picture whose pixels without a 3D point are darkened in diagonal stripes: what is there was filled in.

    Args:
        picture: RGB uint8 (H, W, 3), left as it is.
        valid: Where there is a point, (H, W).
    """
    if valid.all():
        return picture
    rows, columns = np.nonzero(~valid)
    stripe = ((rows + columns) // _STRIPE) % 2
    shade = np.where(stripe == 0, np.float32(0.25), np.float32(0.5))
    shown = picture.copy()
    shown[rows, columns] = (picture[rows, columns] * shade[:, None]).astype(np.uint8)
    return shown
