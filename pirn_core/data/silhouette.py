"""From raised pixels to the part's silhouette: closed, cut free, the right components, filled, dilated."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray, FloatArray

_CLOSING = 0.00625
"""Radius as a fraction of the shorter side: speckled missing points inside a part are closed."""

_OPENING = 0.0075
"""Radius likewise: narrow bridges from the part to ripples of its support are cut."""

_FURNITURE = 0.15
"""Components at the image's edge that own more than this share of it are walls and belts, not parts."""

_BESIDE_FURNITURE = 0.05
"""...if beside them something lies freely that has at least this share of their area."""

_SAME_HEIGHT = 0.25
_SMALLEST_PIECE = 0.01


def silhouette(raised: BoolArray, height: FloatArray) -> BoolArray:
    """The part among everything that rises above its support.

    The component with the largest volume is the part; others count where they are at least a quarter as high
    (90th percentile) and have 1 % of its area: loose pieces do, ripples of a cloth do not. Pixels without a
    point that the part surrounds belong to it.

    Args:
        raised: Pixels whose point is high enough, shape (H, W).
        height: Height above the support in any unit, shape (H, W); NaN where unknown.

    Returns:
        Shape (H, W); all False where nothing is raised.
    """
    closed = _morphed(raised, cv2.MORPH_CLOSE, _CLOSING)
    opened = _morphed(closed, cv2.MORPH_OPEN, _OPENING)
    if opened.sum() < 0.5 * closed.sum():  # a thin part: there is no width to cut bridges by
        opened = closed
    kept = _components(opened, np.nan_to_num(np.maximum(height, np.float32(0.0))))
    grown = dilated(kept, _radius(kept.shape, _OPENING) + 1) & closed
    return filled(kept | grown)


def dilated(mask: BoolArray, radius: float) -> BoolArray:
    """Grown by a disc of the given radius in pixels."""
    if radius <= 0 or not mask.any():
        return mask
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    grown: BoolArray = distance <= radius
    return grown


def filled(mask: BoolArray) -> BoolArray:
    """With the holes that its components surround."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(canvas, contours, -1, 1, cv2.FILLED)
    return canvas > 0


def border(shape: tuple[int, ...], width: int = 1) -> BoolArray:
    """The frame of an image."""
    frame = np.ones(shape, np.bool_)
    frame[width:-width, width:-width] = False
    return frame


def _radius(shape: tuple[int, ...], share: float) -> int:
    return max(1, round(share * min(shape)))


def _morphed(mask: BoolArray, operation: int, share: float) -> BoolArray:
    """Closing or opening with a disc; outside the image the mask goes on as at its edge."""
    radius = _radius(mask.shape, share)
    size = 2 * radius + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), size, size, size, size, cv2.BORDER_REPLICATE)
    morphed = cv2.morphologyEx(padded, operation, kernel)
    result: BoolArray = morphed[size:-size, size:-size] > 0
    return result


def _components(mask: BoolArray, height: FloatArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    area[0] = 0.0
    area[_furniture(labels, area)] = 0.0
    volume = np.bincount(labels.ravel(), weights=height.ravel(), minlength=count)
    main = int(np.where(area > 0.0, volume, -1.0).argmax())
    keep = np.zeros(count, np.bool_)
    for label in np.flatnonzero(area >= _SMALLEST_PIECE * area[main]):
        keep[label] = _top(height, labels, stats, int(label)) >= _SAME_HEIGHT * _top(height, labels, stats, main)
    kept: BoolArray = keep[labels]
    return kept


def _furniture(labels: NDArray[np.int32], area: NDArray[np.float64]) -> NDArray[np.int32]:
    """Labels of what stands at the image's edge, where that is a lot and something lies free of it."""
    edge = labels[border(labels.shape)]
    touching = np.unique(edge[edge > 0])
    free = np.delete(area, touching)
    much = (edge > 0).mean() > _FURNITURE
    other = bool(free.size) and free.max() >= _BESIDE_FURNITURE * area[touching].sum()
    return touching if much and other else touching[:0]


def _top(height: FloatArray, labels: NDArray[np.int32], stats: NDArray[np.int32], label: int) -> float:
    """90th percentile of a component's known heights."""
    x, y, w, h = stats[label, :4]
    inside = height[y : y + h, x : x + w][labels[y : y + h, x : x + w] == label]
    known = inside[inside > 0.0]
    return float(np.percentile(known, 90)) if known.size else 0.0
