"""What a lesson would change, before it does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from pirn_app.icons import pixmap
from pirn_app.state.feedback import Feedback, Proposal
from pirn_app.state.statistics import decimals
from pirn_app.theme import ICONS
from pirn_app.views.feedback.parts import Section, button, plural, row, short
from pirn_app.views.view import View
from pirn_app.widgets import Words
from pirn_core.feedback.flips import Comparison, Flip

ROWS = 200
"""Changes that are listed; the counts tell of all."""
_SHOWN = 8


class PreviewSection(Section):
    """The proposal: counts, a table of all verdicts that would change, apply and discard."""

    def __init__(self, view: View, state: Feedback) -> None:
        super().__init__("What would change", "teach-preview")
        self._view, self._state = view, state
        self._head, self._counts = Words("preview-text"), Words("preview-counts")
        self._limits = Words("preview-limits", "muted")
        self.table = self._made_table()
        self.apply = button("Apply", "preview-apply", "Saves a new model beside this one; undo brings this one back.")
        self.apply.setProperty("primary", True)
        self.discard = button("Discard", "preview-discard", "Nothing was changed.")
        self.apply.clicked.connect(state.apply)
        self.discard.clicked.connect(state.discard)
        for widget in (self._head, self._counts, self.table, self._limits):
            self.column.addWidget(widget)
        self.column.addLayout(row(self.apply, self.discard))

    def _made_table(self) -> QTableWidget:
        made = QTableWidget(0, 3)
        made.setObjectName("preview-table")
        made.setHorizontalHeaderLabels(["Part", "Now", "Then"])
        made.verticalHeader().hide()
        made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setShowGrid(False)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = made.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(False)
        made.cellClicked.connect(self._look)
        return made

    def refresh(self) -> None:
        """Shows the proposal; hidden while there is none."""
        proposal = self._state.proposal
        self.setVisible(proposal is not None)
        if proposal is None:
            return
        found = proposal.comparison
        waits = "Teaching…" if self._state.applying else "" if found else "Looking at all inspected parts…"
        self._head.tell(f"{proposal.text}. {waits}".strip())
        self.apply.setEnabled(found is not None and not self._state.applying)
        self.discard.setEnabled(not self._state.applying)
        self._counts.tell("" if found is None else counts_words(found))
        self._limits.tell("" if found is None else self._limit_words(proposal, found))
        self._fill(() if found is None else found.flips)

    def _limit_words(self, proposal: Proposal, found: Comparison) -> str:
        before, after = found.before[1], found.after[1]
        places = decimals(before)
        own, asked = self._view.context.workspace.own_threshold, proposal.previewed
        if own is not None and asked is not None and asked.own_threshold is None:
            return (
                f"Your threshold {own:.{places}f} would keep the part NG: "
                f"the calibrated one, {after:.{places}f}, takes its place."
            )
        stays = f"{before:.{places}f}" == f"{after:.{places}f}"
        missing = f" {plural(len(asked.failed), 'part')} could not be judged." if asked and asked.failed else ""
        words = (
            f"The threshold stays at {before:.{places}f}."
            if stays
            else (f"The threshold goes from {before:.{places}f} to {after:.{places}f}.")
        )
        return words + missing

    def _fill(self, flips: tuple[Flip, ...]) -> None:
        self.table.setVisible(bool(flips))
        self.table.setRowCount(min(len(flips), ROWS))
        for place, flip in enumerate(flips[:ROWS]):
            name = QTableWidgetItem(short(flip.part) + (" · defective" if flip.escape else ""))
            name.setData(Qt.ItemDataRole.UserRole, flip.part)
            name.setToolTip(flip.part)
            now, then = self._verdict(flip, after=False), self._verdict(flip, after=True)
            if flip.released and flip.defective is not False:
                for item in (name, then):
                    item.setForeground(QColor(self._view.context.theme.palette.ng))
            for column, item in enumerate((name, now, then)):
                self.table.setItem(place, column, item)
        line = self.table.verticalHeader().defaultSectionSize()
        shown = min(self.table.rowCount(), _SHOWN)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + shown * line + 4)

    def _verdict(self, flip: Flip, *, after: bool) -> QTableWidgetItem:
        score, verdict = (flip.score_after, flip.verdict_after) if after else (flip.score_before, flip.verdict_before)
        item = QTableWidgetItem(f"{verdict} {score:.{decimals(max(flip.score_before, 1e-6))}f}")
        colour = self._view.context.theme.palette.verdict(verdict)
        item.setData(Qt.ItemDataRole.DecorationRole, pixmap(ICONS[verdict], colour, 14, self.devicePixelRatioF()))
        return item

    def _look(self, place: int, _column: int) -> None:
        item = self.table.item(place, 0)
        if item is not None:
            self._view.context.cursor.go(part=item.data(Qt.ItemDataRole.UserRole))


def counts_words(found: Comparison) -> str:
    """`3 NG parts would pass, of which 1 is labelled defective. 1 part would become NG.`"""
    said = []
    if found.released:
        text = f"{plural(found.released, 'NG part')} would pass"
        if found.escapes:
            text += f", of which {found.escapes} {'is' if found.escapes == 1 else 'are'} labelled defective"
        said.append(text + ".")
    if found.caught:
        said.append(f"{plural(found.caught, 'part')} would become NG.")
    if rest := len(found.flips) - found.released - found.caught:
        said.append(f"{plural(rest, 'part')} would change between OK and unsure.")
    if not said:
        said.append("No verdict would change.")
    return " ".join(said) + f" {plural(found.compared, 'inspected part')} compared."
