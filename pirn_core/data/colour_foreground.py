"""The part by its colour, for samples without 3D: what differs from an even border."""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.data.silhouette import border, silhouette

_BORDER = 0.025
_EVEN = 12.0
_LEAST = 8.0
_CONTRAST = 2.0


def part_by_colour(rgb: ByteArray) -> BoolArray | str:
    """Pixels unlike the border, or the reason why colour cannot tell the part.

    Distances are CIE76 colour differences from the border's median colour. The border must be even (95 % of
    it within 12) and the part must stand out (its median at twice the limit); otherwise a texture, a
    shadow or a gradient would pass for a part.

    Args:
        rgb: Shape (H, W, 3).
    """
    lab = cv2.cvtColor(rgb.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2LAB)
    frame = border(rgb.shape[:2], max(2, round(_BORDER * min(rgb.shape[:2]))))
    difference: FloatArray = np.linalg.norm(lab - np.median(lab[frame], axis=0), axis=-1).astype(np.float32)
    spread = float(np.percentile(difference[frame], 95))
    if spread > _EVEN:
        return "the image's border is not of one colour"
    limit = max(_LEAST, 1.5 * spread)
    part = silhouette(difference > limit, difference)
    if not part.any() or float(np.median(difference[part])) < _CONTRAST * limit:
        return "nothing stands out from the border's colour"
    return part
