"""Metrics as text: rows for any table, and plain values for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pirn_core.evaluation.metrics import Metrics
from pirn_core.evaluation.operating import VERDICTS, Confusion
from pirn_core.evaluation.parts import Unavailable, Value


def as_text(value: Value | None, digits: int = 3) -> str:
    """A number with fixed digits, the reason why there is none, or a dash for None."""
    if value is None:
        return "–"
    return value.reason if isinstance(value, Unavailable) else f"{value:.{digits}f}"


def as_rows(values: Mapping[str, Value], digits: int = 3) -> list[tuple[str, str]]:
    """Name and text of each value, in order."""
    return [(name, as_text(value, digits)) for name, value in values.items()]


def headline(metrics: Metrics, digits: int = 3) -> str:
    """The row as the field prints it, `AUPRO@30% 0.961 | ... | I-AUROC 0.922 (at 224x224 px)`."""
    names = list(metrics.values)[: list(metrics.values).index("I-AUROC") + 1]
    cells = [f"{name} {as_text(metrics.values[name], digits)}" for name in names]
    return f"{' | '.join(cells)} (at {metrics.resolution})"


def confusion_rows(confusion: Confusion) -> list[tuple[str, ...]]:
    """Header, good and defective row of the confusion matrix; the last column is the sum."""
    header = ("", *VERDICTS, "parts")
    body = [
        (name, *(str(confusion.count(truth, verdict)) for verdict in VERDICTS), str(confusion.total(truth)))
        for name, truth in (("good", False), ("defective", True))
    ]
    return [header, *body]


def defect_table(metrics: Metrics, digits: int = 3) -> list[tuple[str, ...]]:
    """Header and one row per defect type."""
    rows: list[tuple[str, ...]] = [
        ("defect", "parts", "regions", *VERDICTS, "recall", "I-AUROC", "AUPRO@30%"),
    ]
    for row in metrics.defects:
        verdicts = ["–" if row.verdicts is None else str(row.verdicts[verdict]) for verdict in VERDICTS]
        numbers = [as_text(value, digits) for value in (row.recall, row.image_auroc, row.overlap)]
        rows.append((row.label, str(row.parts), str(row.regions), *verdicts, *numbers))
    return rows


def as_builtins(metrics: Metrics) -> dict[str, Any]:
    """Dictionaries, numbers and strings for JSON; what is unavailable becomes its reason. Without curves."""
    return {
        "resolution": metrics.resolution,
        "good": metrics.good,
        "defective": metrics.defective,
        "pixel_parts": metrics.pixel_parts,
        "regions": metrics.regions,
        "values": {name: _plain(value) for name, value in metrics.values.items()},
        "confusion": None if metrics.confusion is None else _confusion(metrics.confusion),
        "defects": [
            {
                "label": row.label,
                "parts": row.parts,
                "regions": row.regions,
                "verdicts": None if row.verdicts is None else dict(row.verdicts),
                "recall": _plain(row.recall),
                "I-AUROC": _plain(row.image_auroc),
                "AUPRO@30%": _plain(row.overlap),
            }
            for row in metrics.defects
        ],
        "notes": list(metrics.notes),
    }


def _plain(value: Value) -> float | str:
    return value.reason if isinstance(value, Unavailable) else value


def _confusion(confusion: Confusion) -> dict[str, Any]:
    return {
        "threshold": confusion.threshold,
        "sure": confusion.sure,
        **{
            name: {verdict: list(confusion.cells[truth, verdict]) for verdict in VERDICTS}
            for name, truth in (("good", False), ("defective", True))
        },
    }
