"""One row per defect type: what is found of it, and what escapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pirn_core.evaluation.images import image_auroc, scores_of
from pirn_core.evaluation.missing import NEEDS_THRESHOLD, pixels_missing
from pirn_core.evaluation.operating import Confusion
from pirn_core.evaluation.parts import PartScore, Value
from pirn_core.evaluation.pro import Pixels
from pirn_core.results import Verdict

OVERLAP_LIMIT = 0.3
"""False-positive rate up to which the rows' AUPRO is integrated."""


@dataclass(frozen=True)
class DefectRow:
    """One defect type against all good parts and all normal pixels.

    Attributes:
        label: The defect type.
        parts: Number of defective parts of this type.
        regions: Number of its regions that entered the pixel metrics.
        verdicts: Its parts by verdict; None without a threshold.
        recall: Share of its parts that are NG.
        image_auroc: I-AUROC of its parts against all good parts.
        overlap: AUPRO@30% of its regions against all normal pixels.
    """

    label: str
    parts: int
    regions: int
    verdicts: Mapping[Verdict, int] | None
    recall: Value
    image_auroc: Value
    overlap: Value


def defect_rows(parts: Sequence[PartScore], pixels: Pixels, verdicts: Confusion | None) -> tuple[DefectRow, ...]:
    """The rows, by name of the defect type. `pixels` and `verdicts` are those of the same parts."""
    good = scores_of(parts, False)
    labels = sorted({part.label for part in parts if part.defective})
    return tuple(_row(label, parts, good, pixels, verdicts) for label in labels)


def _row(
    label: str, parts: Sequence[PartScore], good: list[float], pixels: Pixels, verdicts: Confusion | None
) -> DefectRow:
    own = [part for part in parts if part.defective and part.label == label]
    regions = pixels.labels.count(label)
    overlap = pixels.overlap(label=label)
    counts = None if verdicts is None else verdicts.verdicts_of(own)
    return DefectRow(
        label=label,
        parts=len(own),
        regions=regions,
        verdicts=counts,
        recall=NEEDS_THRESHOLD if counts is None else counts["NG"] / len(own),
        image_auroc=image_auroc(good, scores_of(own, True)),
        overlap=pixels_missing(own, regions) if overlap is None else overlap.area(OVERLAP_LIMIT),
    )
