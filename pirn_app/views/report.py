"""What a folder holds and what is wrong with it, before anything runs."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.messages.jobs import CheckParts
from pirn_app.theme import STEP
from pirn_app.views.report_problems import PART_ROLE, WORDS, Problems, as_text, figures, rows_of, state_of
from pirn_app.views.view import EmptyState, View
from pirn_app.widgets import named, styled
from pirn_core.data.report import DataReport, data_report

_ROW = 3 * STEP
_COUNT_ROWS = 9
_PADDED = f"QTableView::item {{ padding: 0 {STEP // 2}px; }}"
_COUNT_HEADS = ("Split", "Class", "Parts", "Colour", "3D", "Masks")


class ReportView(View):
    """Layout, counts, sizes, units, and problems file by file; a click on a problem shows its part."""

    name = "report"
    title = "Import report"
    help = (
        "What was found in the folder, and what is missing, mismatched or unreadable. "
        "Check all files before training; parts that cannot be read are left out, the others work."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._report: DataReport | None = None
        self._problems = Problems(context.theme.palette)
        self._empty = EmptyState(context)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._page())
        workspace = context.workspace
        self.follow(workspace.parts_changed, self._renew)
        self.follow(workspace.report_changed, self._renew)
        self.follow(workspace.jobs_changed, self._show_job)
        self.follow(context.theme.changed, self._wear)
        self._renew()
        self._show_job()

    # Building ------------------------------------------------------------------------------------------------------

    def _page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP)
        column.addLayout(self._head())
        column.addLayout(self._progress_line())
        column.addLayout(self._facts())
        column.addWidget(self._counts_table())
        column.addLayout(self._problem_line())
        column.addWidget(self._problem_table(), stretch=1000)
        self._detail = named(styled(QLabel(wordWrap=True), role="muted"), "report-detail")
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._detail)
        column.addStretch(1)
        return page

    def _head(self) -> QHBoxLayout:
        self._title = named(styled(QLabel(), role="title"), "report-title")
        self._check = named(QPushButton("Check all files"), "report-check")
        self._check.setToolTip("Opens every file once: finds damage, odd sizes and equal contents.")
        self._check.clicked.connect(self._check_or_stop)
        self._copy = named(QPushButton("Copy as text"), "report-copy")
        self._copy.setToolTip("Copies this report to the clipboard.")
        self._copy.clicked.connect(self._copy_text)
        row = QHBoxLayout()
        row.setSpacing(STEP)
        row.addWidget(self._title)
        row.addStretch()
        row.addWidget(self._copy)
        row.addWidget(self._check)
        return row

    def _progress_line(self) -> QHBoxLayout:
        self._bar = named(QProgressBar(textVisible=False), "report-progress")
        self._doing = named(styled(QLabel(), role="muted"), "report-doing")
        row = QHBoxLayout()
        row.addWidget(self._bar, stretch=1)
        row.addWidget(self._doing)
        return row

    def _facts(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * STEP)
        form.setVerticalSpacing(STEP // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._state = named(styled(QLabel(), badge="neutral"), "report-state")
        self._state.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        form.addRow(styled(QLabel("State"), role="muted"), self._state)
        self._values: dict[str, QLabel] = {}
        for key, text in (("folder", "Folder"), ("layout", "Layout"), ("sizes", "Image size"), ("units", "Unit")):
            value = named(QLabel(wordWrap=True), f"report-{key}")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._values[key] = value
            form.addRow(styled(QLabel(text), role="muted"), value)
        return form

    def _counts_table(self) -> QTableWidget:
        table = self._counts = named(QTableWidget(0, len(_COUNT_HEADS)), "report-counts")
        table.setHorizontalHeaderLabels(_COUNT_HEADS)
        table.verticalHeader().hide()
        table.setStyleSheet(_PADDED)
        table.verticalHeader().setDefaultSectionSize(_ROW)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setShowGrid(False)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, text in enumerate(_COUNT_HEADS[:2]):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            table.setHorizontalHeaderItem(column, item)
        return table

    def _problem_line(self) -> QHBoxLayout:
        self._heading = named(styled(QLabel(wordWrap=True), role="heading"), "report-heading")
        self._kinds = named(QComboBox(), "report-kinds")
        self._kinds.setToolTip("Shows one kind of problem only.")
        self._kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._kinds.currentIndexChanged.connect(lambda _: self._problems.choose(self._kinds.currentData() or ""))
        row = QHBoxLayout()
        row.addWidget(self._heading, stretch=1)
        row.addWidget(self._kinds)
        return row

    def _problem_table(self) -> QTableView:
        table = self._table = named(QTableView(), "report-problems")
        table.setModel(self._problems)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setAlternatingRowColors(True)
        table.verticalHeader().hide()
        table.setStyleSheet(_PADDED)
        table.verticalHeader().setDefaultSectionSize(_ROW)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        for column, width in enumerate((96, 168, 136)):
            table.setColumnWidth(column, width)
        table.selectionModel().currentRowChanged.connect(self._go)
        table.clicked.connect(self._go)
        return table

    # Showing -------------------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Shows the checked report, or at once what the listing alone tells."""
        parts = self.context.workspace.parts
        if parts is None:
            self._report = None
            self._empty.tell("No parts are open. Open a folder to see what it holds and what is wrong.", "open-folder")
            self._pages.setCurrentIndex(0)
            return
        report = self.context.workspace.report or data_report(parts, check_files=False)
        self._report = report
        self._pages.setCurrentIndex(1)
        self._title.setText(f"{report.category}: {report.parts:,} part{'' if report.parts == 1 else 's'}")
        self._state.setText("Files checked" if report.checked else "Listed only, files not opened")
        self._state.setToolTip(state_of(report))
        self._values["folder"].setText(str(report.root))
        self._values["layout"].setText(f"{report.layout}. {report.reason}")
        unopened = "known after checking"
        self._values["sizes"].setText(figures(report.sizes) if report.checked else unopened)
        forced = self.context.workspace.unit
        unit = f"{forced} (chosen)" if forced else unopened
        self._values["units"].setText(figures(report.units) or "no 3D data" if report.checked else unit)
        self._show_counts(report)
        self._show_problems(report)

    def _show_counts(self, report: DataReport) -> None:
        rows = list(report.count_rows()[1:])
        if len(rows) > 1:
            totals = (sum(getattr(c, name) for c in report.counts) for name in ("parts", "rgb", "xyz", "masks"))
            rows.append(("Total", "", *map(str, totals)))
        self._counts.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if row[0] == "Total":
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self._counts.setItem(number, column, item)
        header = max(_ROW, self._counts.horizontalHeader().sizeHint().height())
        self._counts.setFixedHeight(header + _ROW * min(len(rows), _COUNT_ROWS) + 2)

    def _show_problems(self, report: DataReport) -> None:
        rows = rows_of(report)
        self._problems.show_rows(rows)
        self._detail.hide()
        self._table.setVisible(bool(rows))
        count, unusable = len(rows), len(report.unusable)
        none = "No problem was found." if report.checked else "No problem in the names; the files were not opened."
        text = f"{count:,} problem{'' if count == 1 else 's'} or warning{'' if count == 1 else 's'}" if count else none
        self._heading.setText(f"{text}; {unusable} of the parts cannot be read" if unusable else text)
        kinds = Counter(row.kind for row in rows)
        chosen = self._kinds.currentData()
        with QSignalBlocker(self._kinds):
            self._kinds.clear()
            self._kinds.addItem(f"All kinds ({count:,})", "")
            for kind in (kind for kind in WORDS if kind in kinds):
                self._kinds.addItem(f"{WORDS[kind]} ({kinds[kind]:,})", kind)
            self._kinds.setCurrentIndex(max(0, self._kinds.findData(chosen)))
        self._problems.choose(self._kinds.currentData())
        self._kinds.setVisible(bool(rows))

    def _show_job(self) -> None:
        job = self.context.workspace.jobs.of_kind("CheckParts")
        self._check.setText("Check all files" if job is None else "Stop checking")
        self._bar.setVisible(job is not None)
        self._doing.setVisible(job is not None)
        if job is not None:
            self._bar.setRange(0, 0 if job.fraction is None else 1000)
            self._bar.setValue(round(1000 * (job.fraction or 0.0)))
            left = "" if job.remaining is None else f", {job.remaining:.0f} s left"
            self._doing.setText(f"{job.text or 'Checking'}{left}")

    def _wear(self) -> None:
        self._problems.wear(self.context.theme.palette)

    # What the user does --------------------------------------------------------------------------------------------

    def _check_or_stop(self) -> None:
        workspace = self.context.workspace
        job = workspace.jobs.of_kind("CheckParts")
        if job is not None:
            self.context.requests.cancel(job.number)
        elif workspace.parts is not None:
            self.context.requests.ask(CheckParts(workspace.parts, workspace.unit))

    def _copy_text(self) -> None:
        if self._report is not None:
            QGuiApplication.clipboard().setText(as_text(self._report))

    def _go(self, index: QModelIndex, _former: QModelIndex | None = None) -> None:
        self._detail.setVisible(index.isValid())
        if not index.isValid():
            return
        row = self._problems.rows[index.row()]
        self._detail.setText(f"{row.file}\n{row.what}" if row.file else row.what)
        part = index.data(PART_ROLE)
        if part and self.context.workspace.ref(part) is not None:
            self.context.cursor.go(part=part)
