"""Figures of all inspected parts: counts of verdicts, bins of scores, labels. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pirn_app.state.history import Document, Label
from pirn_app.state.results import PartResult
from pirn_core.data.sample import PartRef
from pirn_core.results import Region

Group = Literal["shots", "good", "unknown", "defective", "OK", "unsure", "NG"]
Grouping = Literal["label", "verdict"]

GOOD, DEFECTIVE, UNKNOWN = 0, 1, -1
_CODES: dict[Label | None, int] = {"good": GOOD, "defective": DEFECTIVE, None: UNKNOWN}


def label_of(ref: PartRef | None, labels: Mapping[str, Label], part: str = "") -> Label | None:
    """Whether a part is good: the user's own label, else that of its folder; None where neither is known."""
    own = labels.get(part if ref is None else ref.id)
    if own is not None or ref is None or not ref.label:
        return own
    return "good" if ref.label == "good" else "defective"


@dataclass(frozen=True)
class Scored:
    """Scores of the inspected parts that the model was not trained on.

    Attributes:
        scores: (N,) raw scores.
        labels: (N,) `GOOD`, `DEFECTIVE` or `UNKNOWN`.
        shots: Inspected shots; they are left out, since the model knows them.
        failed: Parts that could not be inspected.
    """

    scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    shots: int = 0
    failed: int = 0

    @property
    def labelled(self) -> bool:
        """Whether the label of at least one part is known."""
        return bool((self.labels != UNKNOWN).any())


def collect(results: Iterable[PartResult], ref: Callable[[str], PartRef | None], labels: Mapping[str, Label]) -> Scored:
    """Gathers the scores with what is known about their parts."""
    scores, codes, shots, failed = [], [], 0, 0
    for found in results:
        if found.error:
            failed += 1
        elif found.shot:
            shots += 1
        else:
            scores.append(found.score)
            codes.append(_CODES[label_of(ref(found.part), labels, found.part)])
    return Scored(np.asarray(scores, np.float64), np.asarray(codes, np.int8), shots, failed)


@dataclass(frozen=True)
class Counts:
    """Verdicts at one threshold.

    Attributes:
        ok: Parts below the unsure band.
        unsure: Parts in it.
        ng: Parts at or above the threshold.
        good: Parts known to be good.
        defective: Parts known to be defective.
        good_ng: Good parts that are NG.
        defective_ok: Defective parts that are OK.
    """

    ok: int
    unsure: int
    ng: int
    good: int
    defective: int
    good_ng: int
    defective_ok: int

    @property
    def all(self) -> int:
        """Number of parts with a verdict."""
        return self.ok + self.unsure + self.ng


def count(scored: Scored, limits: tuple[float, float]) -> Counts:
    """Counts verdicts at `sure` and `threshold`."""
    ng = scored.scores >= limits[1]
    ok = ~ng & (scored.scores < limits[0])
    good, defective = scored.labels == GOOD, scored.labels == DEFECTIVE
    sums = [int(mask.sum()) for mask in (ok, ~ok & ~ng, ng, good, defective, good & ng, defective & ok)]
    return Counts(*sums)


def histogram(
    scored: Scored,
    shot_scores: Iterable[float],
    limits: tuple[float, float],
    edges: NDArray[np.float64],
    by: Grouping,
) -> tuple[tuple[Group, NDArray[np.int64]], ...]:
    """Numbers of parts per bin, group by group; what lies outside the edges goes into the outer bins.

    Args:
        scored: The inspected parts.
        shot_scores: Held-out scores of the shots.
        limits: `sure` and `threshold`, which `verdict` groups by.
        edges: (B + 1,), rising.
        by: What parts are grouped by: what they are known to be, or their present verdict.
    """
    scores = scored.scores
    groups: list[tuple[Group, NDArray[np.float64]]] = [("shots", np.asarray(list(shot_scores), np.float64))]
    if by == "label":
        codes: tuple[tuple[Group, int], ...] = (("good", GOOD), ("unknown", UNKNOWN), ("defective", DEFECTIVE))
        groups += [(name, scores[scored.labels == code]) for name, code in codes]
    else:
        ng = scores >= limits[1]
        ok = ~ng & (scores < limits[0])
        groups += [("OK", scores[ok]), ("unsure", scores[~ok & ~ng]), ("NG", scores[ng])]
    return tuple((name, _binned(values, edges)) for name, values in groups)


def _binned(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    known = values[np.isfinite(values)]
    return np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0].astype(np.int64)


_NICE = np.array([1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10])


def axis_end(values: Iterable[float], margin: float = 0.05) -> float:
    """A round upper end of an axis from zero that covers all values and some margin."""
    known = [value for value in values if np.isfinite(value)]
    wanted = max(known, default=0.0) * (1 + margin)
    if wanted <= 0:
        return 1.0
    scale = 10.0 ** np.floor(np.log10(wanted))
    return float(_NICE[np.searchsorted(_NICE, wanted / scale * (1 - 1e-9))] * scale)


def ticks(end: float, wanted: int = 5) -> tuple[float, ...]:
    """Round positions from zero to an axis's end, about as many as wanted."""
    rough = end / max(wanted, 1)
    scale = 10.0 ** np.floor(np.log10(rough))
    step = next(float(nice * scale) for nice in (1.0, 2.0, 2.5, 5.0, 10.0) if nice * scale >= rough * (1 - 1e-9))
    return tuple(k * step for k in range(int(end / step * (1 + 1e-9)) + 1))


def decimals(scale: float) -> int:
    """Decimals that scores of a scale (their threshold) are shown with: 0.61, 1.50, 38.2, 250."""
    if not np.isfinite(scale) or scale <= 0:
        return 2
    place = int(np.floor(np.log10(scale)))
    return int(np.clip((2 if place >= 0 else 1) - place, 0, 6))


def accepted_boxes(document: Document, part: str, region: Region) -> tuple[tuple[int, int, int, int], ...]:
    """The user's acceptances that hold for a region: those whose box holds its peak.

    The peak, not the box: a region grows when the threshold falls but keeps its peak, while one that swallows
    it and has a higher peak elsewhere was never looked at.
    """
    row, column = region.peak_at
    boxes = (box for name, box in document.dismissed if name == part)
    return tuple(sorted(b for b in boxes if b[0] <= row < b[2] and b[1] <= column < b[3]))
