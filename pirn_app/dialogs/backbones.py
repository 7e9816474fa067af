"""Backbones: what there is, what it needs, and whether it is on this machine. Asks, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (  # fmt: skip
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pirn_app.theme import STEP, Palette
from pirn_core.nn.catalogue import BackboneState
from pirn_core.nn.location import SUFFIXES

COLUMNS = ("Name", "State", "Size", "Licence", "Description")


@dataclass(frozen=True)
class Chosen:
    """Train with this backbone."""

    name: str


@dataclass(frozen=True)
class ImportFile:
    """Take this weight file into the machine's store."""

    path: Path


@dataclass(frozen=True)
class Download:
    """Download this backbone's weights; the user has agreed."""

    name: str


Answer = Chosen | ImportFile | Download


class BackbonesDialog(QDialog):
    """A table of backbones. `open()` it, wait for `finished`, then read `answer`.

    Args:
        backbones: What is listed; `show_backbones` lists others later.
        palette: The theme's colours.
        chosen: Name of the backbone in use.
        parent: Its window.
    """

    def __init__(
        self,
        backbones: tuple[BackboneState, ...],
        palette: Palette,
        chosen: str = "auto",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.answer: Answer | None = None
        self._palette, self._chosen = palette, chosen
        self._states: tuple[BackboneState, ...] = ()
        self.setWindowTitle("Backbones")
        self.setObjectName("backbones-dialog")
        self.table = self._made_table()
        self.note = QLabel(wordWrap=True)
        self.note.setObjectName("backbone-note")
        self.note.setProperty("role", "muted")
        self.import_button = self._button("Import file…", "import-backbone", self._import)
        self.download_button = self._button("Download…", "download-backbone", self._download)
        self.use_button = self._button("Use this", "use-backbone", self._use)
        self.use_button.setProperty("primary", True)
        self.close_button = self._button("Close", "close-backbones", self.reject)
        self._lay_out()
        self.resize(860, 400)
        self.show_backbones(backbones)

    def _made_table(self) -> QTableWidget:
        table = QTableWidget(0, len(COLUMNS))
        table.setObjectName("backbones-table")
        table.setHorizontalHeaderLabels(COLUMNS)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setAlternatingRowColors(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Interactive)
        table.setColumnWidth(3, 130)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.itemSelectionChanged.connect(self._selected)
        table.cellDoubleClicked.connect(lambda _row, _column: self._use())
        return table

    def _button(self, text: str, name: str, run: object) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.setAutoDefault(False)
        made.clicked.connect(run)
        return made

    def _lay_out(self) -> None:
        what = QLabel(
            "A backbone turns pictures into the patches that are compared. Its weights are read from this machine; "
            "nothing is downloaded unless you ask for it.",
            wordWrap=True,
        )
        buttons = QHBoxLayout()
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.download_button)
        buttons.addStretch()
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.use_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(STEP)
        for widget in (what, self.table, self.note):
            column.addWidget(widget)
        column.addLayout(buttons)

    def show_backbones(self, backbones: tuple[BackboneState, ...]) -> None:
        """Lists backbones; the selected one stays selected."""
        wanted = self.selected.name if self.selected is not None else self._chosen
        self._states = backbones
        self.table.setRowCount(len(backbones))
        for row, state in enumerate(backbones):
            self._fill(row, state)
        names = [state.name for state in backbones]
        self.table.selectRow(names.index(wanted) if wanted in names else 0)
        self._selected()

    def _fill(self, row: int, state: BackboneState) -> None:
        used = " (in use)" if state.name == self._chosen else ""
        size = "" if state.place == "missing" else f"{state.size_mb:,.0f} MB"
        words = (f"{state.name}{used}", _place(state), size, state.licence, state.entry.description)
        for column, text in enumerate(words):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if column == 2:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if column == 1 and state.place in ("download", "missing"):
                item.setForeground(QColor(self._palette.muted if state.place == "download" else self._palette.ng))
            self.table.setItem(row, column, item)

    @property
    def selected(self) -> BackboneState | None:
        """The backbone of the selected row."""
        row = self.table.currentRow()
        return self._states[row] if 0 <= row < len(self._states) else None

    def _selected(self) -> None:
        state = self.selected
        here = state is not None and state.place in ("embedded", "cached")
        needed = state is not None and state.place == "download"
        self.use_button.setEnabled(here)
        self.download_button.setEnabled(needed and bool(state and state.entry.hub))
        self.download_button.setText(f"Download ({state.size_mb:,.0f} MB)…" if state and needed else "Download…")
        self.note.setText(_note(state))

    def _answer(self, answer: Answer) -> None:
        self.answer = answer
        self.accept()

    def _use(self) -> None:
        if self.selected is not None and self.use_button.isEnabled():
            self._answer(Chosen(self.selected.name))

    def _import(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in (*SUFFIXES, ".pth", ".bin"))
        asking = QFileDialog(self, "Import weights of a backbone", "", f"Weights ({endings});;All files (*)")
        asking.setObjectName("import-file")
        asking.setFileMode(QFileDialog.FileMode.ExistingFile)
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.fileSelected.connect(lambda path: self._answer(ImportFile(Path(path))))
        asking.open()

    def _download(self) -> None:
        state = self.selected
        if state is None:
            return
        asking = QMessageBox(QMessageBox.Icon.Question, "Download weights", f"Download {state.name}?", parent=self)
        asking.setObjectName("agree-download")
        asking.setInformativeText(agreement(state))
        agreed = asking.addButton("Download", QMessageBox.ButtonRole.AcceptRole)
        agreed.setObjectName("agree")
        asking.setDefaultButton(asking.addButton(QMessageBox.StandardButton.Cancel))
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        agreed.clicked.connect(lambda: self._answer(Download(state.name)))
        asking.open()


def agreement(state: BackboneState) -> str:
    """What the user agrees to."""
    return (
        f"{state.size_mb:,.0f} MB from the Hugging Face hub (huggingface.co/{state.entry.hub}).\n"
        f"Licence of the weights: {state.licence}.\n\n"
        "Nothing but the request for this file is sent: no picture, no scan and no name of a part leaves this machine."
    )


def _place(state: BackboneState) -> str:
    words = {"embedded": "embedded, ready", "cached": "on this machine", "download": "needs download"}
    return words.get(state.place, "missing")


def _note(state: BackboneState | None) -> str:
    if state is None:
        return "No backbone is known yet."
    entry = state.entry
    if state.place == "missing":
        return f"{entry.description} Install the program anew."
    seen = f"{entry.input_size} px input, {entry.grid} × {entry.grid} patches, {entry.layers}."
    where = f" {state.path}" if state.path is not None else " Download it, or import a weight file that you have."
    return seen[0].upper() + seen[1:] + where
