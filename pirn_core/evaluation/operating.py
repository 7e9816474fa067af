"""What happens at the operating threshold: who is caught, who escapes, who is rejected for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from pirn_core.evaluation.missing import NEEDS_DEFECTIVE, NEEDS_GOOD
from pirn_core.evaluation.parts import PartScore, Value
from pirn_core.results import Verdict, verdict_of

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Confusion:
    """Verdicts against the truth.

    A part counts as rejected at or above the threshold. In the rates a part in the unsure band counts as
    passed (a defect there is an escape), which is the strict reading; the cells show how many those are.

    Attributes:
        threshold: At or above it a part is NG.
        sure: Below it a part is OK; between the two it is unsure.
        cells: Ids of the parts by (defective, verdict), all six keys present, in the order given.
    """

    threshold: float
    sure: float
    cells: Mapping[tuple[bool, Verdict], tuple[str, ...]]

    def verdicts_of(self, parts: Sequence[PartScore]) -> dict[Verdict, int]:
        """How many of these parts have which verdict."""
        found = [part_verdict(part, self.sure, self.threshold) for part in parts]
        return {verdict: found.count(verdict) for verdict in VERDICTS}

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


def confusion(parts: Sequence[PartScore], threshold: float, sure: float | None = None) -> Confusion:
    """Sorts the parts by truth and verdict. Without `sure` there is no unsure band."""
    band = threshold if sure is None else sure
    cells: dict[tuple[bool, Verdict], tuple[str, ...]] = {
        (defective, verdict): tuple(
            part.ref_id
            for part in parts
            if part.defective == defective and part_verdict(part, band, threshold) == verdict
        )
        for defective in (True, False)
        for verdict in VERDICTS
    }
    return Confusion(threshold, band, cells)


def part_verdict(part: PartScore, sure: float, threshold: float) -> Verdict:
    """The verdict of a part; one without a score (NaN) is OK, as it ranks lowest."""
    return verdict_of(-np.inf if np.isnan(part.score) else part.score, sure, threshold)
