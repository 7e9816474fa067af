"""The list of parts: what there is, what was found, where the user looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.state.cursor import Place
from pirn_app.state.history import Document
from pirn_app.theme import STEP
from pirn_app.views.parts.empty import NoMatch, NothingOpen
from pirn_app.views.parts.filter_button import FilterButton
from pirn_app.views.parts.footer import footer
from pirn_app.views.parts.model import PART_ROLE, Column, PartsModel
from pirn_app.views.parts.proxy import Filter, PartsProxy
from pirn_app.views.parts.table import PartsTable
from pirn_app.views.view import View
from pirn_app.widgets import named, styled

_MENU = ("toggle-shot", "", "label-good", "label-defective", "label-none", "", "inspect-part")
_RESORT_MS = 250
"""Results come in faster than one can read a list that is put in order anew each time."""
_MESSAGE_MS = 8000


class PartsView(View):
    """List, search, filter and a line of figures."""

    name = "parts"
    title = "Parts"
    help = (
        "Every part with its verdict and raw score; click a heading to sort, type to search, choose what to show. "
        "A part that failed says why when the mouse rests on it."
    )

    selection_changed = Signal(object)
    """Ids of the selected parts, in the order of the list: `tuple[str, ...]`."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.model = PartsModel(context.workspace, self)
        self.proxy = PartsProxy(self.model, self)
        self._quiet = 0
        # Before the table follows the model: it would move the current row off a row that is filtered out.
        self.proxy.rowsAboutToBeRemoved.connect(self._going)
        self.proxy.rowsRemoved.connect(self._gone)
        self.table = PartsTable(context, self.model, self.proxy, self)
        self._build()
        self.setFocusProxy(self.table)
        self._resort = _timer(self, _RESORT_MS, self._resort_now)
        self._count = _timer(self, 60, self._show_page)
        self._sync = _timer(self, 0, self._show_place)
        self._forget = _timer(self, _MESSAGE_MS, lambda: self.tell(""))
        self._follow()
        self._parts_changed()

    # Building --------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.search = QLineEdit(placeholderText="Search name or class", clearButtonEnabled=True)
        self.search.setObjectName("parts-search")
        self.search.textChanged.connect(lambda text: self._show(search=text))
        self.search.setToolTip("All words must occur in the name or the class (Ctrl+F).")
        self.filter_button = FilterButton(self.model, self)
        self.filter_button.chosen.connect(lambda shown: self._show(shown=shown))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.focus_search)
        self._bar = QWidget()
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(STEP, STEP, STEP, STEP)
        row.setSpacing(STEP)
        row.addWidget(self.search, 1)
        row.addWidget(self.filter_button)
        self._pages = QStackedWidget()
        self._nothing_open = NothingOpen(self.context)
        self._no_match = NoMatch()
        self._no_match.button.clicked.connect(self.show_all)
        for page in (self._nothing_open, self._no_match, self.table):
            self._pages.addWidget(page)
        self.footer = QLabel(wordWrap=True)
        self.footer.setObjectName("parts-footer")
        self.footer.setProperty("role", "muted")
        self.footer.setContentsMargins(STEP, STEP // 2, STEP, STEP // 2)
        self._message = QLabel(wordWrap=True)
        self._message.setObjectName("parts-message")
        self._notice = styled(named(QFrame(), "notice"), level="warning")
        QVBoxLayout(self._notice).addWidget(self._message)
        self._notice.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self._pages, 1)
        column.addWidget(self._notice)
        column.addWidget(self.footer)

    def _follow(self) -> None:
        workspace = self.context.workspace
        self.follow(workspace.parts_changed, self._parts_changed)
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(workspace.model_changed, self._results_changed)
        self.follow(workspace.results_cleared, self._results_changed)
        self.follow(workspace.result_changed, self._result_changed)
        self.follow(self.context.cursor.changed, self._cursor_changed)
        self.follow(self.context.thumbnails.ready, self.model.picture_ready)
        self.follow(self.context.theme.changed, self._theme_changed)
        selection = self.table.selectionModel()
        selection.currentRowChanged.connect(self._current_changed)
        selection.selectionChanged.connect(lambda *_: self._selection_changed())
        self.table.toggled.connect(lambda: self._trigger("toggle-shot"))
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.proxy.layoutChanged.connect(lambda *_: self._count.start())
        for signal in (self.proxy.rowsInserted, self.proxy.rowsRemoved, self.proxy.modelReset):
            signal.connect(lambda *_: self._count.start())

    # For the window --------------------------------------------------------------------------------------------------

    def selected_parts(self) -> tuple[str, ...]:
        """Ids of the selected parts, in the order of the list; empty for none."""
        ranges = self.table.selectionModel().selection()
        rows = {row for k in range(ranges.count()) for row in range(ranges.at(k).top(), ranges.at(k).bottom() + 1)}
        return tuple(self._part_at(row) for row in sorted(rows))

    def shown_parts(self) -> tuple[str, ...]:
        """Ids of the parts that filter and search let through, in the order of the list."""
        return tuple(self._part_at(row) for row in range(self.proxy.rowCount()))

    def step(self, by: int) -> None:
        """Goes to the next (+1) or previous (-1) part of the list, within filter and order; stops at its ends."""
        count = self.proxy.rowCount()
        if not count:
            return
        row = self._neighbour(by)
        self.context.cursor.go(part=self._part_at(max(0, min(count - 1, row))))

    def focus_search(self) -> None:
        """Ready to type what to look for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_all(self) -> None:
        """Takes filter and search away."""
        with self._no_echo():
            self.search.clear()
        self._show(Filter(), "")

    def show_only(self, shown: Filter) -> None:
        """Filters the list."""
        self._show(shown=shown)

    def tell(self, text: str) -> None:
        """Says something in place for some seconds, e.g. why a part cannot become a shot; `` takes it away."""
        self._message.setText(text)
        self._notice.setVisible(bool(text))
        if text:
            self._forget.start()

    # Changes from outside --------------------------------------------------------------------------------------------

    def _parts_changed(self) -> None:
        self.context.thumbnails.clear()
        with self._no_echo():
            self.search.blockSignals(True)
            self.search.clear()
            self.search.blockSignals(False)
            self.proxy.show(Filter(), "")
            self.model.rebuild()
            self.filter_button.show_filter(Filter())
        self._show_page()
        self._show_place()

    def _document_changed(self, new: Document, old: Document) -> None:
        with self._no_echo():
            self.model.document_changed(new, old)
        self._later()

    def _results_changed(self) -> None:
        with self._no_echo():
            self.model.update_results()
        self._later()

    def _result_changed(self, part: str) -> None:
        with self._no_echo():
            self.model.update_part(part)
        self._later()

    def _later(self) -> None:
        """What may wait until more has come."""
        if not self._count.isActive():
            self._count.start()
        if self.model.sorting[0] > Column.CLASS and not self._resort.isActive():
            self._resort.start()

    def _resort_now(self) -> None:
        with self._no_echo():
            self.model.resort()

    def _cursor_changed(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self._show_place()
            self.table.viewport().update()

    def _theme_changed(self) -> None:
        self.table.viewport().update()

    def release(self) -> None:
        """Stops the timers as well."""
        super().release()
        for timer in (self._resort, self._count, self._sync, self._forget):
            timer.stop()

    # Current row and cursor ------------------------------------------------------------------------------------------

    @contextmanager
    def _no_echo(self) -> Iterator[None]:
        """What the table does by itself meanwhile does not move the cursor."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def _going(self) -> None:
        self._quiet += 1

    def _gone(self) -> None:
        self._quiet -= 1
        self._sync.start()

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self.context.cursor.go(part=current.data(PART_ROLE))

    def _show_place(self) -> None:
        """Makes the cursor's part the current row; none where it is not shown."""
        index = self._index_of(self.context.cursor.place.part)
        selection = self.table.selectionModel()
        if index.isValid() and selection.currentIndex().row() == index.row():
            return
        with self._no_echo():
            if not index.isValid():
                selection.clearCurrentIndex()
                return
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.table.scrollTo(index)

    def _index_of(self, part: str) -> QModelIndex:
        row = self.model.row(part)
        return QModelIndex() if row is None else self.proxy.mapFromSource(self.model.index(row, 0))

    def _part_at(self, row: int) -> str:
        return self.model.ref(self.proxy.source_row(row)).id

    def _neighbour(self, by: int) -> int:
        """Row to step to; from a part that is filtered out, the next one that is shown."""
        part = self.context.cursor.place.part
        index = self._index_of(part)
        if index.isValid():
            return index.row() + by
        here = self.model.row(part)
        if here is None:
            return 0 if by > 0 else self.proxy.rowCount() - 1
        before = sum(self.proxy.source_row(row) < here for row in range(self.proxy.rowCount()))
        return before + by - (by > 0)

    # What the user does ----------------------------------------------------------------------------------------------

    def _show(self, shown: Filter | None = None, search: str | None = None) -> None:
        with self._no_echo():
            self.proxy.show(shown, search)
        if shown is not None:
            self.filter_button.show_filter(shown)
        self._show_page()
        self._show_place()

    def _selection_changed(self) -> None:
        self.selection_changed.emit(self.selected_parts())

    def _open_menu(self, at: QPoint) -> None:
        if self.selected_parts():
            menu = self._menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.table.viewport().mapToGlobal(at))

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("parts-menu")
        for name in _MENU:
            if not name:
                menu.addSeparator()
            elif name in self.context.actions:
                menu.addAction(self.context.actions.qaction(name))
        return menu

    def _trigger(self, name: str) -> None:
        if name in self.context.actions:
            self.context.actions.trigger(name)

    # What is shown ---------------------------------------------------------------------------------------------------

    def _show_page(self) -> None:
        anything = bool(self.model.rowCount())
        page: QWidget = self.table if self.proxy.rowCount() else self._no_match
        if not anything:
            page = self._nothing_open
            self._nothing_open.refresh()
        self._pages.setCurrentWidget(page)
        self._bar.setVisible(anything)
        self.footer.setVisible(anything)
        self._show_footer()

    def _show_footer(self) -> None:
        shots, shown = len(self.context.workspace.document.shots), self.proxy.rowCount()
        self.footer.setText(footer(shots, self.model.rowCount(), shown, self.model.counts))


def _timer(parent: QWidget, milliseconds: int, slot: object) -> QTimer:
    timer = QTimer(parent, singleShot=True, interval=milliseconds)
    timer.timeout.connect(slot)
    return timer
