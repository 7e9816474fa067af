"""The parts as a table. Sorts itself; `proxy` filters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pirn_app.state.history import Document
from pirn_app.state.results import PartResult
from pirn_app.state.workspace import Workspace
from pirn_core.data.sample import PartRef
from pirn_core.results import Verdict

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

PART_ROLE = int(Role.UserRole)
"""Id of the row's part, in every column."""


class Column(IntEnum):
    """What stands in which column."""

    PART = 0
    CLASS = 1
    SHOT = 2
    VERDICT = 3
    SCORE = 4
    FIRED = 5


_HEADS = {
    Column.PART: ("Part", "Picture and name."),
    Column.CLASS: ("Class", "Split and label, as the folders name them."),
    Column.SHOT: ("Shot", "Whether the part is one of the shots that the model learns from."),
    Column.VERDICT: ("Verdict", "At the threshold in force."),
    Column.SCORE: ("Score", "The largest value of the part's anomaly map; at or above the threshold the part is NG."),
    Column.FIRED: ("Fired", "What the strongest region stands out by: colour or surface."),
}
FIRED_WORDS = {"rgb": "Colour", "sn": "Surface"}
_MISSING = math.inf


class PartsModel(QAbstractTableModel):
    """Reads the workspace; `rebuild`, `document_changed` and `update_part` tell it what changed there."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._refs: list[PartRef] = []
        self._row: dict[str, int] = {}
        self._order: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._shots: frozenset[str] = frozenset()
        self._verdicts: dict[str, Verdict | None] = {}
        self._sort: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)

    # What views and the filter ask -----------------------------------------------------------------------------------

    def ref(self, row: int) -> PartRef:
        """The part of a row."""
        return self._refs[row]

    def row(self, part: str) -> int | None:
        """The row of a part."""
        return self._row.get(part)

    def text(self, row: int) -> str:
        """What a search looks through, in lower case."""
        return self._texts[self._refs[row].id]

    def is_shot(self, part: str) -> bool:
        """Whether a part is a shot."""
        return part in self._shots

    def verdict(self, part: str) -> Verdict | None:
        """At the threshold in force; None where there is no result."""
        return self._verdicts.get(part)

    def result(self, part: str) -> PartResult | None:
        """A part's figures."""
        return self._workspace.results.get(part)

    def label(self, part: str) -> str:
        """The user's own judgement; `` for none."""
        return self._workspace.document.labels.get(part, "")

    def score(self, part: str) -> str:
        """As the list writes it; `` for none."""
        found = self.result(part)
        return "" if found is None or math.isnan(found.score) else f"{found.score:.3f}"

    @property
    def counts(self) -> Counter[str]:
        """Number of parts by verdict, and `failed`."""
        found: Counter[str] = Counter(self._verdicts[part] or "failed" for part in self._verdicts)
        return found

    @property
    def classes(self) -> tuple[tuple[str, str], ...]:
        """All pairs of split and label, in the order of the parts."""
        return tuple(dict.fromkeys((ref.split, ref.label) for ref in self._workspace.refs))

    @property
    def sorting(self) -> tuple[int, Qt.SortOrder]:
        """Column (-1: the order of the parts) and direction."""
        return self._sort

    # Changes ---------------------------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Another part set is open."""
        self.beginResetModel()
        refs = self._workspace.refs
        self._order = {ref.id: number for number, ref in enumerate(refs)}
        self._texts = {ref.id: f"{ref.id} {ref.split} {ref.label}".lower() for ref in refs}
        self._shots = frozenset(self._workspace.document.shots)
        self._verdicts = self._found_verdicts()
        self._refs = self._sorted(list(refs))
        self._row = {ref.id: row for row, ref in enumerate(self._refs)}
        self.endResetModel()

    def document_changed(self, new: Document, old: Document) -> None:
        """The user changed shots, labels or a threshold: tells of the rows that look different now."""
        touched = set(new.shots) ^ self._shots
        self._shots = frozenset(new.shots)
        if new.labels != old.labels:
            touched |= {p for p in {*new.labels, *old.labels} if new.labels.get(p) != old.labels.get(p)}
        if new.thresholds != old.thresholds:
            touched |= self._update_verdicts()
        self._tell(touched)

    def update_part(self, part: str) -> None:
        """One part's result is there."""
        found, limits = self._workspace.results.get(part), self._workspace.limits
        if found is not None and limits is not None:
            self._verdicts[part] = found.verdict(limits)
            self._tell({part})

    def update_results(self) -> None:
        """All results are others, e.g. another model is in force."""
        self._update_verdicts()
        if self._refs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._refs) - 1, len(Column) - 1))

    def picture_ready(self, part: str) -> None:
        """A thumbnail is there."""
        if (row := self._row.get(part)) is not None:
            where = self.index(row, Column.PART)
            self.dataChanged.emit(where, where, [Role.DecorationRole])

    def _update_verdicts(self) -> set[str]:
        """Judges all results anew; the parts whose verdict is another now."""
        old, self._verdicts = self._verdicts, self._found_verdicts()
        return {p for p in {*old, *self._verdicts} if old.get(p, "") != self._verdicts.get(p, "")}

    def _found_verdicts(self) -> dict[str, Verdict | None]:
        limits = self._workspace.limits
        if limits is None:
            return {}
        return {found.part: found.verdict(limits) for found in self._workspace.results}

    def _tell(self, parts: Collection[str]) -> None:
        last = len(Column) - 1
        for row in sorted(row for part in parts if (row := self._row.get(part)) is not None):
            self.dataChanged.emit(self.index(row, 0), self.index(row, last))

    # Sorting ---------------------------------------------------------------------------------------------------------

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Puts the rows in order; -1: the order of the parts."""
        self._sort = (column, order)
        self.resort()

    def resort(self) -> None:
        """Puts the rows in order again, after results came in."""
        refs = self._sorted(self._refs)
        if refs == self._refs:
            return
        self.layoutAboutToBeChanged.emit()
        before = [(index, self._refs[index.row()].id) for index in self.persistentIndexList()]
        self._refs = refs
        self._row = {ref.id: row for row, ref in enumerate(refs)}
        for index, part in before:
            self.changePersistentIndex(index, self.index(self._row[part], index.column()))
        self.layoutChanged.emit()

    def _sorted(self, refs: list[PartRef]) -> list[PartRef]:
        """Ties stay in the order of the parts, whichever direction."""
        column, order = self._sort
        refs = sorted(refs, key=lambda ref: self._order[ref.id])
        if column == -1:
            return refs
        falling = order == Qt.SortOrder.DescendingOrder
        if column in (Column.SCORE, Column.VERDICT):
            sign = -1.0 if falling else 1.0
            return sorted(refs, key=lambda ref: self._score_key(ref.id, sign))
        return sorted(refs, key=self._key(column), reverse=falling)  # keeps ties as they are

    def _score_key(self, part: str, sign: float) -> float:
        """Missing scores come last in both directions; verdicts follow from scores, so both columns sort alike."""
        found = self._workspace.results.get(part)
        return _MISSING if found is None or math.isnan(found.score) else sign * found.score

    def _key(self, column: int) -> Callable[[PartRef], Any]:
        if column == Column.PART:
            return lambda ref: _natural(short_name(ref))
        if column == Column.CLASS:
            return lambda ref: (ref.split, ref.label)
        if column == Column.SHOT:
            return lambda ref: ref.id not in self._shots
        return lambda ref: self._fired(ref.id) or "~"

    # Qt's questions --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's signature
        """Number of parts."""
        return 0 if parent.isValid() else len(self._refs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = int(Role.DisplayRole)) -> Any:  # noqa: N802
        """Words over the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        word, hint = _HEADS[Column(section)]
        if role == Role.DisplayRole:
            return word
        if role == Role.ToolTipRole:
            return hint
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == Column.SCORE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = int(Role.DisplayRole)) -> Any:
        """Words of a cell; the delegate asks for more by the part's id."""
        ref = self._refs[index.row()]
        if role == PART_ROLE:
            return ref.id
        if role == Role.DisplayRole:
            return self._word(ref, index.column())
        if role == Role.ToolTipRole:
            return self._tip(ref)
        if role == Role.AccessibleTextRole:
            return ", ".join(word for column in Column if (word := self._word(ref, column)))
        return None

    def _word(self, ref: PartRef, column: int) -> str:
        if column == Column.PART:
            return short_name(ref)
        if column == Column.CLASS:
            return " / ".join(word for word in (ref.split, ref.label) if word)
        if column == Column.SHOT:
            return "shot" if ref.id in self._shots else ""
        found = self.result(ref.id)
        return "" if found is None else self._figure(found, column)

    def _figure(self, found: PartResult, column: int) -> str:
        if column == Column.VERDICT:
            return "! failed" if found.error else self._verdicts.get(found.part) or ""
        if column == Column.SCORE:
            return self.score(found.part)
        return self._fired(found.part)

    def _fired(self, part: str) -> str:
        """Nothing fires on a part that is OK at the threshold in force."""
        found = self.result(part)
        if found is None or found.fired is None or self._verdicts.get(part) in ("OK", None):
            return ""
        return FIRED_WORDS[found.fired]

    def _tip(self, ref: PartRef) -> str:
        lines = [ref.id]
        found = self.result(ref.id)
        if found is not None and found.error:
            lines.append(f"Failed: {found.error} {found.advice}".rstrip())
        elif found is not None:
            lines.append(f"{self._verdicts.get(ref.id) or ''}, score {found.score:.4f}")
            lines += found.warnings
        if label := self.label(ref.id):
            lines.append(f"You labelled it {label}.")
        lines.append("Double-click or press S to make it a shot, or no shot any more.")
        return "\n".join(lines)


def short_name(ref: PartRef) -> str:
    """The id without the split and the label that the next column shows."""
    prefix = "".join(f"{word}/" for word in (ref.split, ref.label) if word)
    return ref.id.removeprefix(prefix) if prefix else ref.id


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Figures by value: part 9 comes before part 10."""
    return [(not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in re.split(r"(\d+)", name) if word]
