"""The table of regions as a Qt model and a view of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from pirn_app.state.statistics import decimals
from pirn_app.theme import STEP
from pirn_app.views.inspection.words import extent, region_words, signed, size
from pirn_core.results import Region

Index = QModelIndex | QPersistentModelIndex
ROWS = 50
"""More rows help nobody; how many are left out is said below."""
_SEEN = 8
_MOST_GAP = 4 * STEP
"""Pixels that a column gets beyond its words at most: rows that are torn apart are hard to read."""
ACCEPTED = 6
_HINTS = (
    "Number, by falling highest score. A click shows the region in all views, a second click all of the part.",
    "Area on the part's surface.",
    "Longest extent and the one across it.",
    "Offset from the surroundings: minus is a dent, plus stands out.",
    "Highest score inside.",
    "Share of the surface in the score; the rest is colour.",
    "You looked at it and it is harmless. The verdict stays as it is.",
)
_ROLE = Qt.ItemDataRole


class RegionModel(QAbstractTableModel):
    """Rows of text; `accept_asked` tells a click on a check box."""

    accept_asked = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.regions: tuple[Region, ...] = ()
        self._accepted: tuple[bool, ...] = ()
        self._rows: list[tuple[str, ...]] = []
        self._muted = QColor()
        self._measured = True

    def show_regions(
        self, regions: tuple[Region, ...], accepted: tuple[bool, ...], threshold: float, muted: str
    ) -> None:
        """Shows these, the first `ROWS` of them."""
        self._muted = QColor(muted)
        if regions[:ROWS] == self.regions and self._rows:
            # Not reset: this may be the answer to a click that the table has not done with yet.
            self._accepted = accepted[:ROWS]
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, ACCEPTED))
            return
        places = decimals(threshold)
        self.beginResetModel()
        self.regions, self._accepted = regions[:ROWS], accepted[:ROWS]
        self._measured = any(region.area_mm2 is not None for region in self.regions)
        self._rows = [self._row(region, places) for region in self.regions]
        self.endResetModel()

    def _row(self, region: Region, places: int) -> tuple[str, ...]:
        top, left, bottom, right = region.box
        unit = " px" if self._measured else ""
        area = f"{region.pixels:,}{unit}" if region.area_mm2 is None else size(region.area_mm2)
        if region.extent_mm is None:
            longest, across = sorted((bottom - top, right - left), reverse=True)
            sides = f"{longest} × {across}{unit}"
        else:
            sides = extent(*region.extent_mm)
        height = "–" if region.height_mm is None else signed(region.height_mm)
        share = f"{100 * region.share['sn']:.0f} %" if "sn" in region.share else "–"
        return (str(region.label), area, sides, height, f"{region.peak:.{places}f}", share, "")

    def texts(self, column: int) -> list[str]:
        """The words of a column."""
        return [row[column] for row in self._rows]

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: D102, N802
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: D102, N802
        return 0 if parent is not None and parent.isValid() else len(_HINTS)

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == _ROLE.DisplayRole:
            return self._rows[row][column]
        if role == _ROLE.ToolTipRole:
            return self._told(row)
        if role == _ROLE.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == _ROLE.CheckStateRole and column == ACCEPTED:
            return self._check(row)
        return self._muted if role == _ROLE.ForegroundRole and self._accepted[row] else None

    def _check(self, row: int) -> Qt.CheckState:
        return Qt.CheckState.Checked if self._accepted[row] else Qt.CheckState.Unchecked

    def _told(self, row: int) -> str:
        text = region_words(self.regions[row])
        return f"{text} Accepted as harmless; the verdict stays." if self._accepted[row] else text

    def headerData(  # noqa: D102, N802
        self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _ROLE.ToolTipRole:
            return _HINTS[section]
        if role == _ROLE.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == ACCEPTED else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        unit, square = ("mm", "mm²") if self._measured else ("px", "px")
        names = (
            "\n#",
            f"Area\n{square}",
            f"Extent\n{unit}",
            "Height\nmm",
            "Peak\nscore",
            "Surface\nshare",
            "\nAccept",
        )
        return names[section] if role == _ROLE.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        own = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return own | Qt.ItemFlag.ItemIsUserCheckable if index.column() == ACCEPTED else own

    def setData(self, index: Index, value: Any, role: int = _ROLE.EditRole) -> bool:  # noqa: D102, N802
        if role != _ROLE.CheckStateRole or index.column() != ACCEPTED:
            return False
        self.accept_asked.emit(index.row(), Qt.CheckState(value) == Qt.CheckState.Checked)
        return True


class RegionTable(QTableView):
    """Tells which row was chosen, by click or key."""

    chosen = Signal(int, bool)
    """Row, and whether a second choice takes it back (clicks do, arrow keys do not)."""
    left = Signal()
    """Esc."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("region-table")
        self.setAccessibleName("Regions above the threshold")
        self.rows = RegionModel()
        self.setModel(self.rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(3 * STEP)
        header = self.horizontalHeader()
        header.setStyleSheet("QHeaderView::section { padding: 3px 4px; }")
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(2 * STEP)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self._clicked)

    def fit(self) -> None:
        """Columns as `fit_columns`, height up to some rows."""
        self.fit_columns()
        shown = min(self.rows.rowCount(), _SEEN)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + shown * 3 * STEP + 2 * self.frameWidth())

    def fit_columns(self) -> None:
        """As wide as their words (the header's own hint leaves room for sort marks); what is left goes to all alike."""
        metrics, needed = self.fontMetrics(), []
        for column in range(self.rows.columnCount()):
            words = [*self.rows.headerData(column, Qt.Orientation.Horizontal).split("\n"), *self.rows.texts(column)]
            needed.append(max(metrics.horizontalAdvance(word) for word in words) + STEP)
        spare, parts = max(self.viewport().width() - sum(needed), 0), len(needed) - 1
        for column, width in enumerate(needed):
            # The number stays narrow; rounding leaves no pixel over at the end.
            more = 0 if column == 0 else min(spare * column // parts - spare * (column - 1) // parts, _MOST_GAP)
            self.horizontalHeader().resizeSection(column, width + more)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self.fit_columns()

    def mark(self, row: int | None) -> None:
        """Shows which row is chosen without telling anybody."""
        model = self.selectionModel()
        blocker = QSignalBlocker(model)
        if row is None or row >= self.rows.rowCount():
            model.clear()
        else:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            model.setCurrentIndex(self.rows.index(row, 0), flags)
            self.scrollTo(self.rows.index(row, 0))
        del blocker
        self.viewport().update()

    def _clicked(self, index: QModelIndex) -> None:
        if index.isValid() and index.column() != ACCEPTED:
            self.chosen.emit(index.row(), True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        row, key = self.currentIndex().row(), Qt.Key
        if event.key() == key.Key_Escape:
            self.left.emit()
        elif event.key() in (key.Key_Up, key.Key_Down) and self.rows.rowCount():
            step = 1 if event.key() == key.Key_Down else -1
            self.chosen.emit(min(max(row + step, 0), self.rows.rowCount() - 1), False)
        elif event.key() in (key.Key_Return, key.Key_Enter) and row >= 0:
            self.chosen.emit(row, True)
        elif event.key() == key.Key_Space and row >= 0:
            index = self.rows.index(row, ACCEPTED)
            now = self.rows.data(index, _ROLE.CheckStateRole)
            self.rows.accept_asked.emit(row, now != Qt.CheckState.Checked)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            taken = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)
            escape = event.key() == Qt.Key.Key_Escape and self.currentIndex().isValid()
            if event.key() in taken or escape:
                event.accept()  # or the window's shortcuts would take them
                return True
        return super().event(event)
