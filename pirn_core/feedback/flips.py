"""Which verdicts another calibration would change, the ones that matter most first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pirn_core.results import Verdict, verdict_of

Limits = tuple[float, float]
"""`sure` and `threshold`."""

_RANK: Mapping[Verdict, int] = {"OK": 0, "unsure": 1, "NG": 2}


@dataclass(frozen=True)
class Flip:
    """One part under the present and under another calibration.

    Attributes:
        part: Its id.
        score_before: Now.
        verdict_before: Now.
        score_after: Then.
        verdict_after: Then.
        defective: What is known of it; None: nothing.
    """

    part: str
    score_before: float
    verdict_before: Verdict
    score_after: float
    verdict_after: Verdict
    defective: bool | None = None

    @property
    def released(self) -> bool:
        """Whether it was NG and would be so no more."""
        return self.verdict_before == "NG" and self.verdict_after != "NG"

    @property
    def caught(self) -> bool:
        """Whether it would be NG and was not."""
        return self.verdict_after == "NG" and self.verdict_before != "NG"

    @property
    def escape(self) -> bool:
        """Whether a part that is known to be defective would be NG no more: the worst that can happen."""
        return self.released and self.defective is True


@dataclass(frozen=True)
class Comparison:
    """All parts that were compared.

    Attributes:
        flips: Those whose verdict changes: known defects that escape, other NG parts that would be passed, parts that
            would become NG, then the rest; within each by how far the score falls.
        compared: Number of parts.
        before: Limits now.
        after: Limits then.
    """

    flips: tuple[Flip, ...]
    compared: int
    before: Limits
    after: Limits

    @property
    def released(self) -> int:
        """NG parts that would be NG no more."""
        return sum(flip.released for flip in self.flips)

    @property
    def escapes(self) -> int:
        """Those of them that are known to be defective."""
        return sum(flip.escape for flip in self.flips)

    @property
    def caught(self) -> int:
        """Parts that would become NG."""
        return sum(flip.caught for flip in self.flips)


def compare(
    before: Mapping[str, float],
    after: Mapping[str, float],
    limits_before: Limits,
    limits_after: Limits,
    defective: Mapping[str, bool] | None = None,
) -> Comparison:
    """Compares the verdicts of the parts that have both scores.

    Args:
        before: Score now, by part.
        after: Score then, by part.
        limits_before: `sure` and `threshold` now.
        limits_after: Then.
        defective: What is known of parts.
    """
    known = defective or {}
    shared = [part for part in before if part in after]
    made = [
        Flip(
            part,
            before[part],
            verdict_of(before[part], *limits_before),
            after[part],
            verdict_of(after[part], *limits_after),
            known.get(part),
        )
        for part in shared
    ]
    changed = [flip for flip in made if flip.verdict_before != flip.verdict_after]
    return Comparison(_sorted(changed), len(shared), limits_before, limits_after)


def _sorted(flips: Iterable[Flip]) -> tuple[Flip, ...]:
    def weight(flip: Flip) -> tuple[int, float, str]:
        kind = 0 if flip.escape else 1 if flip.released else 2 if flip.caught else 3
        step = abs(_RANK[flip.verdict_after] - _RANK[flip.verdict_before])
        return kind * 3 - step, flip.score_after - flip.score_before, flip.part

    return tuple(sorted(flips, key=weight))
