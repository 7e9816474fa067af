"""Parts ranked by their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pirn_core.evaluation.missing import images_missing
from pirn_core.evaluation.parts import PartScore, Value
from pirn_core.evaluation.ranking import Doubles, Ranking, lowest_for_nan, ordered, rank


def image_ranking(good: Sequence[float] | Doubles, defective: Sequence[float] | Doubles) -> Ranking | None:
    """Ranks the scores of defective parts against those of good ones, NaN lowest; None where one is empty."""
    return rank(ordered([np.array(good, np.float64)]), lowest_for_nan(np.array(defective, np.float64)))


def image_auroc(good: Sequence[float] | Doubles, defective: Sequence[float] | Doubles) -> Value:
    """I-AUROC: the chance that a defective part scores above a good one, ties counting half."""
    ranking = image_ranking(good, defective)
    return images_missing(len(defective)) if ranking is None else ranking.area()


def scores_of(parts: Sequence[PartScore], defective: bool) -> list[float]:
    """The scores of the defective, or of the good, parts."""
    return [part.score for part in parts if part.defective == defective]
