"""Which parts of the list are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from pirn_app.views.parts.model import Index, PartsModel
from pirn_core.data.sample import PartRef

Kind = Literal[
    "all", "shots", "train-good", "test", "NG", "unsure", "OK", "not-inspected", "failed", "labelled", "class"
]

KINDS: dict[Kind, str] = {
    "all": "All",
    "shots": "Shots",
    "train-good": "Train good",
    "test": "Test",
    "NG": "NG",
    "unsure": "Unsure",
    "OK": "OK",
    "not-inspected": "Not inspected",
    "failed": "Failed",
    "labelled": "Labelled by you",
}
"""Fixed entries of the filter menu; one per class follows."""


def _inspected(model: PartsModel, ref: PartRef) -> bool:
    return model.result(ref.id) is not None


def _failed(model: PartsModel, ref: PartRef) -> bool:
    return (found := model.result(ref.id)) is not None and bool(found.error)


_TAKES: dict[Kind, Callable[[PartsModel, PartRef], bool]] = {
    "all": lambda _model, _ref: True,
    "shots": lambda model, ref: model.is_shot(ref.id),
    "train-good": lambda _model, ref: (ref.split, ref.label) == ("train", "good"),
    "test": lambda _model, ref: ref.split == "test",
    "NG": lambda model, ref: model.verdict(ref.id) == "NG",
    "unsure": lambda model, ref: model.verdict(ref.id) == "unsure",
    "OK": lambda model, ref: model.verdict(ref.id) == "OK",
    "not-inspected": lambda model, ref: not _inspected(model, ref),
    "failed": _failed,
    "labelled": lambda model, ref: bool(model.label(ref.id)),
}


@dataclass(frozen=True)
class Filter:
    """What is shown.

    Attributes:
        kind: Which parts.
        split: For `class`.
        label: For `class`.
    """

    kind: Kind = "all"
    split: str = ""
    label: str = ""

    @property
    def words(self) -> str:
        """For the menu."""
        if self.kind != "class":
            return KINDS[self.kind]
        return " / ".join(word for word in (self.split, self.label) if word) or "No class"

    def takes(self, model: PartsModel, row: int) -> bool:
        """Whether it shows a row."""
        ref = model.ref(row)
        if self.kind == "class":
            return (ref.split, ref.label) == (self.split, self.label)
        return _TAKES[self.kind](model, ref)


class PartsProxy(QSortFilterProxyModel):
    """Filters only: the model sorts itself in a few ms, where comparing row by row through Qt takes seconds."""

    def __init__(self, model: PartsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._filter = Filter()
        self._words: tuple[str, ...] = ()
        self.setSourceModel(model)

    @property
    def filter(self) -> Filter:
        """What is shown besides the search."""
        return self._filter

    def show(self, shown: Filter | None = None, search: str | None = None) -> None:
        """Changes what is shown; all words of the search must occur."""
        self.beginFilterChange()
        if shown is not None:
            self._filter = shown
        if search is not None:
            self._words = tuple(search.lower().split())
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def source_row(self, row: int) -> int:
        """The model's row of a shown row."""
        everything = self.rowCount() == self._model.rowCount()
        return row if everything else self.mapToSource(self.index(row, 0)).row()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether a row is shown."""
        if self._words:
            text = self._model.text(row)
            if not all(word in text for word in self._words):
                return False
        return self._filter.takes(self._model, row)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Left to the model."""
        self._model.sort(column, order)
