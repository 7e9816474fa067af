"""What happens at the operating threshold: who is caught, who escapes, who is rejected for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from pirn_core.evaluation.parts import NEEDS_DEFECTIVE, NEEDS_GOOD, PartScore, Value
from pirn_core.results import Verdict, verdict_of

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Confusion:
    """Verdicts against the truth.

    A part counts as rejected at or above the threshold. A part in the unsure band counts as passed in the three
    rates (a defect there is an escape), the strict reading; the cells show how many those are.

    Attributes:
        threshold: At or above it a part is NG.
        sure: Below it a part is OK; between the two it is unsure.
        cells: Ids of the parts by (defective, verdict), all six keys present, in the order given.
    """

    threshold: float
    sure: float
    cells: Mapping[tuple[bool, Verdict], tuple[str, ...]]

    def count(self, defective: bool, verdict: Verdict) -> int:
        """Number of parts in a cell."""
        return len(self.cells[defective, verdict])

    def total(self, defective: bool) -> int:
        """Number of defective, or of good, parts."""
        return sum(self.count(defective, verdict) for verdict in VERDICTS)

    @property
    def recall(self) -> Value:
        """Share of the defective parts that are NG."""
        total = self.total(True)
        return self.count(True, "NG") / total if total else NEEDS_DEFECTIVE

    @property
    def escape_rate(self) -> Value:
        """Share of the defective parts that are not NG: 1 minus the recall."""
        total = self.total(True)
        return (total - self.count(True, "NG")) / total if total else NEEDS_DEFECTIVE

    @property
    def false_reject_rate(self) -> Value:
        """Share of the good parts that are NG."""
        total = self.total(False)
        return self.count(False, "NG") / total if total else NEEDS_GOOD


@dataclass(frozen=True)
class DefectRow:
    """One defect type against all good parts.

    Attributes:
        label: The defect type.
        parts: Number of defective parts of this type.
        regions: Number of its regions that entered the pixel metrics.
        verdicts: Its parts by verdict; None without a threshold.
        recall: Share of its parts that are NG.
        image_auroc: I-AUROC of its parts against all good parts.
        overlap: AUPRO of its regions against all normal pixels, at the first limit.
    """

    label: str
    parts: int
    regions: int
    verdicts: Mapping[Verdict, int] | None
    recall: Value
    image_auroc: Value
    overlap: Value


def confusion(parts: Sequence[PartScore], threshold: float, sure: float | None = None) -> Confusion:
    """Sorts the parts by truth and verdict. Without `sure` there is no unsure band."""
    band = threshold if sure is None else sure
    cells: dict[tuple[bool, Verdict], list[str]] = {
        (defective, verdict): [] for defective in (True, False) for verdict in VERDICTS
    }
    for part in parts:
        score = -np.inf if np.isnan(part.score) else part.score
        cells[part.defective, verdict_of(score, band, threshold)].append(part.ref_id)
    return Confusion(threshold, band, {key: tuple(ids) for key, ids in cells.items()})
