"""The problems and warnings of an import report as a table model, and as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from pirn_app.theme import Palette
from pirn_core.data.report import DataReport

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

HEADS = ("Kind", "Part", "File", "What")
PART_ROLE = Qt.ItemDataRole.UserRole + 1
WORDS = {
    "unreadable": "Unreadable",
    "mismatched": "Mismatched",
    "missing": "Missing",
    "duplicate": "Duplicate",
    "unused": "Unused",
    "warning": "Warning",
}
"""Kinds from the gravest to the mildest; `warning` is what the reader noticed and mended."""
_GRAVITY = {kind: number for number, kind in enumerate(WORDS)}


@dataclass(frozen=True)
class Row:
    """One line: kind, id of the part (`` for none), file, sentence."""

    kind: str
    part: str
    file: Path | None
    what: str

    @property
    def words(self) -> tuple[str, str, str, str]:
        """As shown."""
        return (WORDS[self.kind], self.part or "-", self.file.name if self.file else "-", self.what)


def rows_of(report: DataReport) -> tuple[Row, ...]:
    """Problems and warnings, the gravest first."""
    found = [Row(p.kind, p.part, p.file, p.message) for p in report.problems]
    found += [Row("warning", part, None, text) for part, text in report.warnings]
    return tuple(sorted(found, key=lambda row: _GRAVITY[row.kind]))


class Problems(QAbstractTableModel):
    """The rows of a report: of one kind or all, sorted by one column."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._all: tuple[Row, ...] = ()
        self._kind = ""
        self._column, self._falling = 0, False
        self._palette = palette

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Takes the rows of another report."""
        self._all = rows
        self._arrange()

    def choose(self, kind: str) -> None:
        """Shows one kind only; `` for all."""
        self._kind = kind
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Kinds by gravity, the rest by its words; a proxy model takes a second for ten thousand rows."""
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        column = self._column
        rows = (row for row in self._all if self._kind in ("", row.kind))
        self.beginResetModel()
        self.rows = tuple(
            sorted(rows, key=lambda row: row.words[column] if column else _GRAVITY[row.kind], reverse=self._falling)
        )
        self.endResetModel()

    def wear(self, palette: Palette) -> None:
        """Colours the kinds anew."""
        self._palette = palette
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's names
        """Rows at the top level only."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        """Fixed."""
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Names of the columns."""
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return HEADS[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, tooltips, colours, and the part's id."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(row.file) if index.column() == 2 and row.file else row.words[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            return self._colour(row.kind)
        return row.part if role == PART_ROLE else None

    def _colour(self, kind: str) -> QColor:
        palette = self._palette
        grave, medium = ("unreadable", "mismatched"), ("missing", "duplicate")
        return QColor(palette.ng if kind in grave else palette.unsure if kind in medium else palette.muted)


def as_text(report: DataReport) -> str:
    """The whole report in plain words, columns aligned, to be pasted into a mail."""
    counts = [tuple(word or "-" for word in row) for row in report.count_rows()]
    problems = [HEADS, *(row.words for row in rows_of(report))]
    return "\n".join(
        [
            f"{report.category}: {report.parts} parts",
            str(report.root),
            f"Layout {report.layout}. {report.reason}",
            state_of(report),
            *_listed("Image sizes", report.sizes),
            *_listed("Units", report.units),
            "",
            *_aligned(counts),
            "",
            *(_aligned(problems) if len(problems) > 1 else ["No problem was found."]),
        ]
    )


def state_of(report: DataReport) -> str:
    """Whether the files were opened."""
    return "All files were opened and checked." if report.checked else "Listed by name only; no file was opened."


def _listed(name: str, counts: Any) -> Iterator[str]:
    if counts:
        yield f"{name}: {figures(counts)}"


def figures(counts: Any) -> str:
    """`400x400 (45), 512x512 (1)`; without numbers where all parts agree."""
    items = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} ({number})" for name, number in items) if len(items) > 1 else "".join(dict(items))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
