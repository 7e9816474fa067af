"""Pixels of all test parts, pooled for P-AUROC and the per-region overlap (AUPRO), on the image or the part.

The per-region overlap is the mean over the 8-connected components of all ground-truth masks of the share that
is covered at a threshold (Bergmann et al., "The MVTec 3D-AD Dataset for Unsupervised 3D Anomaly Detection and
Localization", VISAPP 2022). That mean is a weighted recall of the defect pixels, each with the weight
1 / (size of its component * number of components). So its curve over the false-positive rate is a weighted
ROC, and it is computed as one: every distinct score is a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import BoolArray
from pirn_core.evaluation.parts import PartScore
from pirn_core.evaluation.ranking import Doubles, Ranking, Scores, lowest_for_nan, ordered, rank


@dataclass(frozen=True)
class Pixels:
    """The pooled pixels of all parts that have a map and known defects.

    Attributes:
        normal: Scores of all normal pixels in rising order.
        normal_on_part: The same over the foreground only; None where no part has a foreground.
        defect: Scores of the defect pixels, on the part or not.
        region: Index of each defect pixel's region.
        sizes: Pixels of each region, shape (R,).
        labels: Defect type of each region, length R.
    """

    normal: Scores
    normal_on_part: Scores | None
    defect: Scores
    region: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: tuple[str, ...]

    def ranking(self, *, on_part: bool = False) -> Ranking | None:
        """Every defect pixel counts the same: P-AUROC."""
        normal = self.normal_on_part if on_part else self.normal
        return None if normal is None else rank(normal, self.defect)

    def overlap(self, *, on_part: bool = False, label: str | None = None) -> Ranking | None:
        """Every region counts the same: AUPRO. With `label`, only the regions of that defect type."""
        normal = self.normal_on_part if on_part else self.normal
        if normal is None:
            return None
        if label is None:
            return rank(normal, self.defect, self._weights())
        chosen = np.array([name == label for name in self.labels], dtype=np.bool_)[self.region]
        return rank(normal, self.defect[chosen], self._weights()[chosen])

    def _weights(self) -> Doubles:
        return 1.0 / self.sizes[self.region] / len(self.sizes)


def pool(parts: Sequence[PartScore]) -> Pixels:
    """Collects the pixels of the parts that have a map and known defects; NaN becomes the lowest score."""
    usable = [part for part in parts if part.has_pixels]
    known = any(part.foreground is not None for part in usable)
    regions = [_regions(part) for part in usable]
    scores = [scores for scores, _ in regions]
    sizes = [np.bincount(index)[1:] for _, index in regions]
    firsts = np.cumsum([0, *(len(size) for size in sizes)])
    labels = [part.label for part, size in zip(usable, sizes, strict=True) for _ in size]
    return Pixels(
        normal=ordered([_normal(part, None) for part in usable]),
        normal_on_part=ordered([_normal(part, part.foreground) for part in usable]) if known else None,
        defect=lowest_for_nan(_joined(scores, np.float32)),
        region=_joined([index - 1 + first for (_, index), first in zip(regions, firsts, strict=False)], np.int64),
        sizes=_joined(sizes, np.int64),
        labels=tuple(labels),
    )


def connected_regions(mask: BoolArray) -> NDArray[np.int32]:
    """Numbers the 8-connected components from 1, 0 elsewhere, shape (h, w)."""
    _, labels = cv2.connectedComponents(np.ascontiguousarray(mask, dtype=np.uint8), connectivity=8)
    return np.asarray(labels, dtype=np.int32)


def _regions(part: PartScore) -> tuple[Scores, NDArray[np.int32]]:
    """Scores of a part's defect pixels and the number of each one's region, from 1."""
    assert part.map is not None
    if part.mask is None or not part.mask.any():
        return np.empty(0, np.float32), np.empty(0, np.int32)
    labels = connected_regions(part.mask)
    inside = labels > 0
    return _floating(part.map)[inside], labels[inside]


def _normal(part: PartScore, foreground: BoolArray | None) -> Scores:
    assert part.map is not None
    keep = np.ones(part.map.shape, np.bool_) if foreground is None else foreground.astype(np.bool_)
    if part.mask is not None:
        keep = keep & ~part.mask.astype(np.bool_)
    return _floating(part.map)[keep]


def _floating(map: NDArray[np.generic]) -> Scores:
    return map if np.issubdtype(map.dtype, np.floating) else map.astype(np.float64)  # type: ignore[return-value]


def _joined(pieces: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(pieces) if pieces else np.empty(0, kind)
