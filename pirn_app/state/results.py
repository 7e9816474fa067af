"""What was found on the parts: figures of all of them, maps of those that were looked at last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pirn_core.data.sample import Modality
from pirn_core.results import InspectionResult, Region, Verdict, verdict_of

MAP_BYTES = 256 * 2**20
"""Maps kept in memory; older ones are computed again when their part is looked at."""


@dataclass(frozen=True)
class PartResult:
    """The figures of one part, without its maps.

    Attributes:
        part: Its id.
        score: Raw score.
        scores: Per modality.
        regions: At the threshold that it was inspected with.
        fired: Modality with the larger share of the strongest region; None: nothing fired.
        shot: Whether the model was trained on this very part.
        warnings: What limits the verdict.
        error: Why there is no result; the score is NaN then.
        advice: What to do about it.
    """

    part: str
    score: float
    scores: Mapping[Modality, float]
    regions: tuple[Region, ...] = ()
    fired: Modality | None = None
    shot: bool = False
    warnings: tuple[str, ...] = ()
    error: str = ""
    advice: str = ""

    def verdict(self, limits: tuple[float, float]) -> Verdict | None:
        """At `sure` and `threshold`; None where there is no result."""
        return None if self.error else verdict_of(self.score, *limits)


class Results:
    """Figures by part id in the order of arrival, and a bounded store of full results."""

    def __init__(self, map_bytes: int = MAP_BYTES) -> None:
        self._figures: dict[str, PartResult] = {}
        self._full: OrderedDict[str, InspectionResult] = OrderedDict()
        self._limit, self._held = map_bytes, 0

    def __len__(self) -> int:
        return len(self._figures)

    def __iter__(self) -> Iterator[PartResult]:
        return iter(self._figures.values())

    def get(self, part: str) -> PartResult | None:
        """Figures of a part."""
        return self._figures.get(part)

    def full(self, part: str) -> InspectionResult | None:
        """The result with maps, while it is held."""
        found = self._full.get(part)
        if found is not None:
            self._full.move_to_end(part)
        return found

    def add(self, result: InspectionResult, *, shot: bool) -> None:
        """Takes a result in; of full ones, the oldest make room."""
        from pirn_core.export import fired

        part = result.ref.id
        self._figures[part] = PartResult(
            part, result.score, dict(result.scores), result.regions, fired(result), shot, result.warnings
        )
        self._forget(part)
        self._full[part] = result
        self._held += _size(result)
        while self._held > self._limit and len(self._full) > 1:
            self._forget(next(iter(self._full)))

    def fail(self, part: str, message: str, advice: str) -> None:
        """A part that could not be inspected."""
        self._forget(part)
        self._figures[part] = PartResult(part, float("nan"), {}, error=message, advice=advice)

    def inherit_failures(self, other: Results) -> None:
        """Takes over the parts that could not be inspected, whatever the model."""
        for found in other:
            if found.error and found.part not in self._figures:
                self._figures[found.part] = found

    def limit_maps(self, map_bytes: int = MAP_BYTES) -> None:
        """Another bound for the maps in memory, e.g. while these results belong to a model that is not in force."""
        self._limit = map_bytes
        while self._held > self._limit and self._full:
            self._forget(next(iter(self._full)))

    def clear(self) -> None:
        """Forgets everything, e.g. when another model is in force."""
        self._figures.clear()
        self._full.clear()
        self._held = 0

    def _forget(self, part: str) -> None:
        old = self._full.pop(part, None)
        if old is not None:
            self._held -= _size(old)


def _size(result: InspectionResult) -> int:
    return result.map.nbytes + result.seen.nbytes + sum(values.nbytes for values in result.maps.values())
