"""A patch of a picture, enlarged, with some of its surroundings."""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.data.sample import ByteArray

SIDE = 72
"""Pixels of the cut-out."""
CONTEXT = 4.0
"""Side of the cut-out in patches."""


def patch_picture(
    picture: ByteArray, box: tuple[int, int, int, int], side: int = SIDE, context: float = CONTEXT
) -> ByteArray:
    """Cuts out a patch with its surroundings and frames the patch; beyond the image it is black.

    Args:
        picture: uint8 (H, W, 3).
        box: The patch (row0, col0, row1, col1), half open.
        side: Of what is returned.
        context: Patches that fit side by side.

    Returns:
        uint8 (side, side, 3).
    """
    row0, col0, row1, col1 = box
    patch = max(row1 - row0, col1 - col0, 1)
    scale = patch * context / side
    row, column = (row0 + row1 - 1) / 2, (col0 + col1 - 1) / 2
    middle = (side - 1) / 2
    affine = np.array([[scale, 0, column - scale * middle], [0, scale, row - scale * middle]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = np.ascontiguousarray(cv2.warpAffine(picture, affine, (side, side), flags=flags), np.uint8)
    half = patch / scale / 2
    low, high = round(middle - half), round(middle + half)
    cv2.rectangle(cut, (low - 1, low - 1), (high + 1, high + 1), (0, 0, 0), 1)
    cv2.rectangle(cut, (low, low), (high, high), (255, 255, 255), 1)
    return cut
