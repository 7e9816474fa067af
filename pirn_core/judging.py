"""From what a model makes of a part to its verdict: no network needed, so that it is quick to do again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pirn_core.calibration import NormalRecord, evidence_maps
from pirn_core.data.sample import FloatArray, PartRef
from pirn_core.regions import find_regions
from pirn_core.results import InspectionResult, verdict_of
from pirn_core.scoring import fused, part_score

if TYPE_CHECKING:
    from pirn_core.model import TrainedModel

BLIND = "Nothing of the part could be scored: it is outside the view, or too small for the smoothing."


def judge(
    model: TrainedModel,
    record: NormalRecord,
    ref: PartRef,
    points: Callable[[], FloatArray | None],
    warnings: tuple[str, ...] = (),
) -> InspectionResult:
    """A part's result under a model's calibration and threshold.

    Args:
        model: Its decoder must be the one that the record was made with.
        record: Of the part.
        ref: The part.
        points: Gives the organised points in mm, (H, W, 3), or None without 3D; asked only where there are regions
            to measure.
        warnings: What is known to limit the verdict.
    """
    config = model.config.scoring
    maps = evidence_maps(record.evidence, record.frame, model.calibration.expected, config)
    combined = fused(maps, config.exponent)
    sure, threshold = model.verdict_limits
    score = part_score(combined)
    blind = not np.isfinite(combined).any()
    told = (BLIND,) if blind and BLIND not in warnings else ()
    return InspectionResult(
        ref=ref,
        model_id=model.id,
        score=score,
        scores={m: part_score(values) for m, values in maps.items()},
        threshold=threshold,
        sure=sure,
        verdict="unsure" if blind else verdict_of(score, sure, threshold),
        map=combined,
        maps=maps,
        seen=record.frame.seen,
        regions=find_regions(combined, maps, threshold, points() if score >= threshold else None),
        warnings=(*warnings, *told),
    )
