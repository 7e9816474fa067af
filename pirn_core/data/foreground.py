"""The part against what it lies on: a plane, a height above it, and the components that rise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from pirn_core.config import ForegroundConfig
from pirn_core.data.plane import Plane, PlaneFit, distances, fit_plane
from pirn_core.data.sample import BoolArray, FloatArray, Sample
from pirn_core.data.surface import pixel_spacing

Source = Literal["border", "dominant", "colour", "off"]

_BORDER = 0.025
_SUPPORT = 0.5
_SMALL_PIECE = 0.1
_CLOSING = 0.0125


@dataclass(frozen=True)
class Foreground:
    """Where the part is.

    Attributes:
        mask: Dilated; anomalies are looked for here. Shape (H, W).
        raw: The part itself, holes filled, not dilated. Shape (H, W).
        plane: What it lies on, in mm; None without one.
        height_mm: Height above the plane from which a point belongs to the part; None without a plane.
        source: What the mask was found with; `off`: the whole image.
        warnings: Why it is off, or doubtful.
    """

    mask: BoolArray
    raw: BoolArray
    plane: Plane | None
    height_mm: float | None
    source: Source
    warnings: tuple[str, ...] = ()


def find_foreground(sample: Sample, config: ForegroundConfig) -> Foreground:
    """Finds the part; the whole image, with a warning, where that fails.

    Args:
        sample: Its `xyz` decides; without it, its colour against the border's colour.
        config: Which plane, the height, the dilation and what is plausible.
    """
    if config.mode == "off":
        return _whole(sample, None)
    if sample.xyz is None or not sample.valid.any():
        return _from_colour(sample, config)
    reasons: list[str] = []
    for mode in ("border", "dominant") if config.mode == "auto" else (config.mode,):
        found = _from_plane(sample, config, mode)
        if isinstance(found, Foreground):
            return found
        reasons.append(found)
    return _whole(sample, "; ".join(reasons))


def _whole(sample: Sample, reason: str | None) -> Foreground:
    everywhere = np.ones(sample.shape, np.bool_)
    warnings = () if reason is None else (f"The part was not separated from its background: {reason}.",)
    return Foreground(everywhere, everywhere, None, None, "off", warnings)


def _from_plane(sample: Sample, config: ForegroundConfig, mode: str) -> Foreground | str:
    """A foreground, or the reason why there is none."""
    assert sample.xyz is not None
    fit = _plane(sample.xyz, sample.valid, mode)
    if fit is None or fit.share < (_SUPPORT if mode == "border" else 0.2):
        return f"no plane in the {'image border' if mode == 'border' else 'scan'}"
    height = distances(sample.xyz, fit.plane)
    limit = config.height_mm or _automatic_height(sample.xyz, sample.valid, fit)
    high = sample.valid & (np.nan_to_num(height) > limit)
    raw = _clean(high, inner_only=mode == "dominant")
    share = float(raw.mean())
    if not config.min_share <= share <= config.max_share:
        return f"{share:.1%} of the image rises above the {mode} plane"
    return Foreground(_dilated(raw, config.dilate), raw, fit.plane, limit, _SOURCES[mode])


_SOURCES: dict[str, Source] = {"border": "border", "dominant": "dominant"}


def _plane(xyz: FloatArray, valid: BoolArray, mode: str) -> PlaneFit | None:
    where = valid & _border(valid.shape) if mode == "border" else valid
    spacing = pixel_spacing(xyz, valid)
    return fit_plane(xyz[where][:: max(1, int(where.sum()) // 20000)], max(2.0 * spacing, 1e-6))


def _border(shape: tuple[int, ...]) -> BoolArray:
    width = max(2, round(_BORDER * min(shape)))
    border = np.ones(shape, np.bool_)
    border[width:-width, width:-width] = False
    return border


def _automatic_height(xyz: FloatArray, valid: BoolArray, fit: PlaneFit) -> float:
    return max(6.0 * fit.noise, 4.0 * pixel_spacing(xyz, valid))


def _clean(high: BoolArray, inner_only: bool) -> BoolArray:
    size = max(3, 2 * round(_CLOSING * min(high.shape) / 2) + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = cv2.copyMakeBorder(high.astype(np.uint8), size, size, size, size, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[size:-size, size:-size]
    return _filled(_largest(closed, inner_only))


def _largest(mask: np.ndarray, inner_only: bool) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA].astype(float)
    area[0] = 0
    if inner_only:
        touching = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        area[touching] = 0
    return np.isin(labels, np.flatnonzero(area > _SMALL_PIECE * max(area.max(), 1)))


def _filled(mask: BoolArray) -> BoolArray:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(canvas, contours, -1, 1, cv2.FILLED)
    return canvas > 0


def _dilated(mask: BoolArray, share: float) -> BoolArray:
    radius = round(share * min(mask.shape))
    if radius == 0:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    grown: BoolArray = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    return grown


def _from_colour(sample: Sample, config: ForegroundConfig) -> Foreground:
    return _whole(sample, "there is no 3D data")
