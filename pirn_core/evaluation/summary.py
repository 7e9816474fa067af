"""Runs of the protocol as one table: mean and standard deviation over draws, published rows beside."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pirn_core.evaluation.parts import Unavailable, Value
from pirn_core.evaluation.published import PublishedRow, Shots, published

if TYPE_CHECKING:
    from pirn_core.evaluation.protocol import Run

HEADLINE = (
    "AUPRO@30%",
    "AUPRO@10%",
    "AUPRO@5%",
    "AUPRO@1%",
    "P-AUROC",
    "I-AUROC",
    "fg-P-AUROC",
    "fg-AUPRO@30%",
    "recall",
    "false reject rate",
)
"""The metrics of the table, in the order in which the field prints them."""

_CATEGORIES = {
    "mvtec3d": "bagel cable_gland carrot cookie dowel foam peach potato rope tire",
    "eyecandies": "CandyCane ChocolateCookie ChocolatePraline Confetto GummyBear HazelnutTruffle "
    "LicoriceSandwich Lollipop Marshmallow PeppermintCandy",
}
"""Only these are the data sets that results were published on; other folders may share their layout."""


@dataclass(frozen=True)
class Spread:
    """Mean over draws, with the sample standard deviation where there are two or more."""

    mean: float
    deviation: float | None

    def __str__(self) -> str:
        return f"{self.mean:.3f}" + ("" if self.deviation is None else f" ± {self.deviation:.3f}")


@dataclass(frozen=True)
class Summary:
    """All draws of one variant at one number of shots.

    Attributes:
        variant: Name.
        shots: k.
        confirmed: Good parts confirmed after training.
        draws: Number of draws.
        values: Mean and deviation, or why there is none, by the names of `HEADLINE`.
    """

    variant: str
    shots: int
    confirmed: int
    draws: int
    values: dict[str, Spread | Unavailable]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {
            name: value.reason if isinstance(value, Unavailable) else vars(value) for name, value in self.values.items()
        }
        return {**vars(self), "values": plain}


def summarise(runs: Sequence[Run]) -> tuple[Summary, ...]:
    """One row per variant, number of shots and number of confirmed parts, in the order of the runs."""
    groups: dict[tuple[str, int, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.variant, run.shots, run.confirmed), []).append(run)
    return tuple(
        Summary(*key, len(found), {name: spread([r.metrics.values[name] for r in found]) for name in HEADLINE})
        for key, found in groups.items()
    )


def spread(values: Sequence[Value]) -> Spread | Unavailable:
    """Mean and standard deviation; unavailable when it is so in any draw."""
    numbers: list[float] = []
    for value in values:
        if isinstance(value, Unavailable):
            return value
        numbers.append(value)
    return Spread(statistics.fmean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else None)


def comparable(layout: str, category: str, shots: Sequence[int]) -> tuple[PublishedRow, ...]:
    """Published rows worth printing beside: of this category, and means over its data set at these shots."""
    if category not in _CATEGORIES.get(layout, "").split():
        return ()
    wanted: tuple[Shots, ...] = (*shots, "all")
    own = [row for k in wanted for row in published(f"{layout}/{category}", k)]
    means = [row for k in shots for row in published(layout, k)]
    return (*own, *means)
