"""The table itself: selection, keys, columns."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from pirn_app.context import Context
from pirn_app.views.parts.delegate import ROW_HEIGHT, PartDelegate
from pirn_app.views.parts.model import Column, PartsModel
from pirn_app.views.parts.proxy import PartsProxy

_WIDTHS = {Column.CLASS: 88, Column.SHOT: 48, Column.VERDICT: 80, Column.SCORE: 64, Column.FIRED: 80}
_NAME = 190
"""The least width of picture and name; columns go, in this order, until it is there."""
_GOING = (Column.FIRED, Column.CLASS, Column.SHOT, Column.SCORE)


class PartsTable(QTableView):
    """Rows of one height without widgets in them."""

    toggled = Signal()
    """A double click, or the key S: the selected parts shall become shots, or no shots any more."""

    def __init__(self, context: Context, model: PartsModel, proxy: PartsProxy, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("parts-table")
        self._delegate = PartDelegate(context, model, self)
        self.setModel(proxy)
        self.setItemDelegate(self._delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.doubleClicked.connect(lambda _index: self.toggled.emit())
        self._build_headers()

    def _build_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        self.verticalScrollBar().setSingleStep(ROW_HEIGHT // 2)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(32)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setSectionResizeMode(Column.PART, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        columns.setSortIndicatorClearable(True)
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Narrow lists leave columns out."""
        self.fit_columns()
        super().resizeEvent(event)

    def fit_columns(self) -> None:
        """Leaves out columns that would squeeze the name; what they say then stands beside and below what is left."""
        room = self.viewport().width() - _NAME - sum(_WIDTHS.values())
        for column in _GOING:
            hidden = room < 0
            self.setColumnHidden(column, hidden)
            room += _WIDTHS[column] if hidden else 0
        self._delegate.below = frozenset(column for column in Column if self.isColumnHidden(column))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """S toggles, Home and End go to the first and last part; letters belong to the window's shortcuts."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.key() == Qt.Key.Key_S:
            self.toggled.emit()
        elif plain and event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):  # in a table they would move along the row
            last = self.model().rowCount() - 1
            self.setCurrentIndex(self.model().index(0 if event.key() == Qt.Key.Key_Home else last, 0))
        elif plain and event.text() and event.text().isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Off: there is a search field."""
