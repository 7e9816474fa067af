"""Undo and redo by keeping frozen documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pirn_core.config import Recipe

Label = Literal["good", "defective"]

_DEPTH = 500


@dataclass(frozen=True)
class Document:
    """Everything that the user decided, and that undo brings back.

    Attributes:
        shots: Ids of the shots, in the part set's order.
        thresholds: Set by the user, by the id of the model that they are for; without: the calibrated one.
        recipe: Preprocessing of shots and test parts.
        labels: The user's own judgement of parts, by id.
        dismissed: Regions that the user looked at and accepted, as (part, box) pairs.
        missed: Places of defects that the user marked, as (part, box) pairs; never trained on.
        model: Id of the model in force; `` where there was none yet, which undo takes for "whichever there is".
    """

    shots: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)
    labels: Mapping[str, Label] = field(default_factory=dict)
    dismissed: frozenset[tuple[str, tuple[int, int, int, int]]] = frozenset()
    missed: frozenset[tuple[str, tuple[int, int, int, int]]] = frozenset()
    model: str = ""


@dataclass(frozen=True)
class _Change:
    """One entry: what it is called, and the document before it."""

    text: str
    before: Document
    merge: str


class History:
    """Documents before and after the present one."""

    def __init__(self) -> None:
        self._past: list[_Change] = []
        self._future: list[_Change] = []

    @property
    def undo_text(self) -> str:
        """What undo would take back; `` for nothing."""
        return self._past[-1].text if self._past else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; `` for nothing."""
        return self._future[-1].text if self._future else ""

    def record(self, text: str, before: Document, merge: str = "") -> None:
        """Keeps the document before a change; changes with the same `merge` in a row become one."""
        self._future.clear()
        if merge and self._past and self._past[-1].merge == merge:
            return
        self._past.append(_Change(text, before, merge))
        del self._past[:-_DEPTH]

    def seal(self) -> None:
        """The next change starts a new entry, e.g. when the mouse leaves a slider."""
        if self._past:
            last = self._past[-1]
            self._past[-1] = _Change(last.text, last.before, "")

    def undo(self, now: Document) -> Document:
        """The document before the last change; `now` where there is none."""
        if not self._past:
            return now
        change = self._past.pop()
        self._future.append(_Change(change.text, now, ""))
        return change.before

    def redo(self, now: Document) -> Document:
        """The document after the change that was undone last; `now` where there is none."""
        if not self._future:
            return now
        change = self._future.pop()
        self._past.append(_Change(change.text, now, ""))
        return change.before

    def clear(self) -> None:
        """Forgets everything, e.g. when another folder is opened."""
        self._past.clear()
        self._future.clear()
