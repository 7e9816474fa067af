"""Published results to print beside one's own, each with its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pirn_core.files import resource

Shots = int | Literal["all"]


@dataclass(frozen=True)
class PublishedRow:
    """One method's published result. Numbers are in [0, 1]; None where none was published.

    Attributes:
        dataset: `mvtec3d` and `eyecandies` are means over all categories; `mvtec3d/cable_gland` is one.
        shots: Good parts it was trained with, or `all`.
        method: Name of the method.
        image_auroc: I-AUROC.
        pixel_auroc: P-AUROC.
        aupro30: AUPRO@30%.
        source: Where the numbers are printed.
    """

    dataset: str
    shots: Shots
    method: str
    image_auroc: float | None
    pixel_auroc: float | None
    aupro30: float | None
    source: str


def published(dataset: str, shots: Shots) -> tuple[PublishedRow, ...]:
    """The rows for a data set and a number of shots, in the order of the paper; empty where there is none."""
    return tuple(row for row in _rows() if row.dataset == dataset and row.shots == shots)


@cache
def _rows() -> tuple[PublishedRow, ...]:
    with resource("published.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(_row(record) for record in csv.DictReader(stream))


def _row(record: dict[str, str]) -> PublishedRow:
    return PublishedRow(
        dataset=record["dataset"],
        shots="all" if record["shots"] == "all" else int(record["shots"]),
        method=record["method"],
        image_auroc=_number(record["image_auroc"]),
        pixel_auroc=_number(record["pixel_auroc"]),
        aupro30=_number(record["aupro30"]),
        source=record["source"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
