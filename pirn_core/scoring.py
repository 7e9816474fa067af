"""From token residuals to maps and scores (paper, section 3.4, inference)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.preprocessing import View, map_to_image
from pirn_core.data.sample import BoolArray, FloatArray, Modality
from pirn_core.data.surface import fill_nearest

CELLS_PER_TOKEN = 4
"""Resolution at which maps are smoothed: finer cells change nothing, the map being smooth on a token's scale."""

_LEAST_WEIGHT = 0.05
"""Below this smoothed share of foreground tokens a cell rests on background only and is not seen."""

_LARGEST_SCORE = 1e4


@dataclass(frozen=True)
class Frame:
    """Where a part's tokens lie in its image.

    Attributes:
        view: The view that the tokens were computed from, reduced to its geometry.
        seen: Where scores count: the dilated part inside the view, bool (H, W).
        foreground: Tokens on the part, bool (N,).
    """

    view: View
    seen: BoolArray
    foreground: BoolArray

    @property
    def grid(self) -> int:
        """Tokens per side."""
        return math.isqrt(self.foreground.size)


def token_scores(
    residual: FloatArray, prototypes: NDArray[np.int32], weights: FloatArray, expected: FloatArray
) -> FloatArray:
    """Residuals over what good parts show at the same prototypes: about 1 for a normal token.

    Args:
        residual: d of every token, (N,).
        prototypes: Indices of the prototypes that explain a token best, int (N, T).
        weights: Their weights, rows summing to 1, (N, T).
        expected: Expected residual of every prototype, (K,), > 0.
    """
    scale = (weights * expected[prototypes]).sum(axis=1)
    # Rounding leaves perfect tokens just below 0, and powers of huge scores overflow: a NaN would look unseen.
    scores: FloatArray = np.clip(residual / np.maximum(scale, 1e-9), 0.0, _LARGEST_SCORE).astype(np.float32)
    return scores


def smooth_map(tokens: FloatArray, foreground: BoolArray, smoothing: float) -> FloatArray:
    """A smoothed map of token scores over the view, (cells, cells), NaN where no part is near.

    The Gaussian is normalised by the foreground, so that neither the background's tokens nor the mask's edge leak in.

    Args:
        tokens: (N,), finite.
        foreground: bool (N,); where it is all False every token counts.
        smoothing: Sigma as a fraction of the view's side.
    """
    grid = math.isqrt(tokens.size)
    side = grid * CELLS_PER_TOKEN
    kept = foreground if foreground.any() else np.ones_like(foreground)
    weight = kept.astype(np.float32).reshape(grid, grid)
    value = tokens.astype(np.float32).reshape(grid, grid) * weight
    both = cv2.resize(np.dstack([value, weight]), (side, side), interpolation=cv2.INTER_LINEAR)
    if smoothing > 0:
        both = cv2.GaussianBlur(both, (0, 0), smoothing * side, borderType=cv2.BORDER_REPLICATE)
    near = both[..., 1] >= _LEAST_WEIGHT
    result: FloatArray = np.where(near, both[..., 0] / np.maximum(both[..., 1], _LEAST_WEIGHT), np.nan)
    return result.astype(np.float32)


def image_map(tokens: FloatArray, frame: Frame, smoothing: float, exponent: float = 1.0) -> FloatArray:
    """Token scores as a map at the image's size, NaN outside of what was seen.

    Args:
        tokens: (N,), >= 0.
        frame: Where they lie.
        smoothing: See `smooth_map`.
        exponent: p of the power mean that smoothing takes; above 1 a few high tokens outweigh many ordinary ones. The
            map keeps the tokens' unit.
    """
    cells = smooth_map(tokens**exponent, frame.foreground, smoothing)
    # The nearest seen cell stands in for unseen ones, so that the bilinear step meets no NaN at the mask's edge.
    filled = fill_nearest(cells, np.isfinite(cells)) ** np.float32(1.0 / exponent)
    laid = map_to_image(filled, frame.view, (frame.seen.shape[0], frame.seen.shape[1]))
    laid[~frame.seen] = np.nan
    return laid


def fused(maps: Mapping[Modality, FloatArray] | Sequence[FloatArray], exponent: float = 1.0) -> FloatArray:
    """The power mean of the modalities' maps, with the exponent of `image_map`.

    The paper sums them, which for exponent 1 ranks alike; a mean keeps a part that lacks a modality on the same scale.
    """
    layers = np.stack(list(maps.values()) if isinstance(maps, Mapping) else list(maps))
    mean: FloatArray = np.asarray((layers**exponent).mean(axis=0), np.float32)
    total: FloatArray = mean ** np.float32(1.0 / exponent)
    return total


def part_score(values: FloatArray) -> float:
    """The largest value of a map; 0 for a map that saw nothing."""
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
