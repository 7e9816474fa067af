"""Every region in a sentence, with the share of each modality; a click leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.state.cursor import Place
from pirn_app.theme import STEP
from pirn_app.views.origin.parts import Section
from pirn_app.views.origin.shares import ShareBar, ShareLegend
from pirn_app.views.origin.words import below
from pirn_app.views.view import View
from pirn_app.widgets import Words, named, styled
from pirn_core.results import Region

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation

ROWS = 6
"""Regions that are told; they come by falling peak."""
_MARGIN = 24.0


class RegionRow(QWidget):
    """Number, sentence and shares of a region."""

    chosen = Signal(int)

    def __init__(self, view: View, label: int) -> None:
        super().__init__()
        self.setObjectName(f"origin-region-{label}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._view, self.label = view, label
        self._over = self._marked = False
        self._badge = styled(QLabel(str(label)), badge="neutral")
        self.sentence = named(QLabel(), f"origin-sentence-{label}")
        self.sentence.setWordWrap(True)
        self.sentence.setMinimumWidth(1)
        self.bar = ShareBar(6)
        for widget in (self._badge, self.sentence, self.bar):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inner = QVBoxLayout()
        inner.setSpacing(STEP // 2)
        inner.addWidget(self.sentence)
        inner.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(STEP, STEP // 2, STEP // 2, STEP)
        row.setSpacing(STEP)
        row.addWidget(self._badge, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(inner, 1)

    def tell(self, region: Region, sentence: str) -> None:
        """What it says."""
        if self.sentence.text() != sentence:
            self.sentence.setText(sentence)
        self.setAccessibleName(sentence)
        self.bar.show_shares(region.share, self._view.context.theme.palette)
        self.bar.setToolTip("")

    def mark(self, marked: bool) -> None:
        """Whether it is the chosen region."""
        if marked != self._marked:
            self._marked = marked
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A quiet ground under the mouse, and a line at the chosen one."""
        del event
        painter, colours = QPainter(self), self._view.context.theme.palette
        if self._over or self._marked or self.hasFocus():
            painter.fillRect(self.rect(), QColor(colours.raised))
        if self._marked or self.hasFocus():
            painter.fillRect(0, 0, 3, self.height(), QColor(colours.accent))

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """The mouse is over it."""
        self._over = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """The mouse is gone."""
        del event
        self._over = False
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click chooses it."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.label)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """So do return and space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.label)
        else:
            super().keyPressEvent(event)


class SentenceSection(Section):
    """The part's shares, then its regions."""

    def __init__(self, view: View) -> None:
        super().__init__(
            view,
            "Regions in words",
            "origin-words",
            "What fired, how far it stands off, how large it is and how high it scores. The nearest normal pattern is "
            "the place on a shot that this place looks most like: where it looks alike to you, it may be harmless.",
        )
        self.legend = ShareLegend()
        self.head.addWidget(self.legend)
        self._regions: tuple[Region, ...] = ()
        self.rows: list[RegionRow] = []
        self._of, self.bar = styled(QLabel("Share at the part's highest score"), role="muted"), ShareBar()
        self.bar.setObjectName("origin-part-share")
        self._missing, self._none, self._more = (
            Words("origin-missing", "muted"),
            Words("origin-none"),
            Words("origin-more", "muted"),
        )
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self.column.addWidget(self._none)
        self.column.addLayout(self._list)
        for widget in (self._more, self._of, self.bar, self._missing):
            self.column.addWidget(widget)

    def refresh(self, found: OriginExplanation, regions: tuple[Region, ...], threshold: float) -> None:
        """Shows the regions at the threshold in force."""
        colours = self.view.context.theme.palette
        self._regions = regions[:ROWS]
        sentences = found.sentences(self._regions, threshold)
        labels = [region.label for region in self._regions]
        if labels != [row.label for row in self.rows]:
            self._rebuild(labels)
        for row, region, sentence in zip(self.rows, self._regions, sentences, strict=True):
            row.tell(region, sentence)
        self._none.tell("" if regions else below(found, threshold))
        self._more.tell(f"And {len(regions) - ROWS} more." if len(regions) > ROWS else "")
        self.bar.show_shares(found.share, colours)
        self._missing.tell(found.missing)
        self.legend.dress(colours)
        self.mark(self.view.context.cursor.place)

    def _rebuild(self, labels: list[int]) -> None:
        for row in self.rows:
            row.hide()
            self._list.removeWidget(row)
            row.deleteLater()
        self.rows = [RegionRow(self.view, label) for label in labels]
        for row in self.rows:
            row.chosen.connect(self._choose)
            self._list.addWidget(row)

    def mark(self, place: Place) -> None:
        """Shows which region is chosen."""
        for row, region in zip(self.rows, self._regions, strict=True):
            row.mark(region.label == place.region)

    def _choose(self, label: int) -> None:
        region = next(region for region in self._regions if region.label == label)
        context = self.view.context
        context.cursor.go(region=region.label, pixel=region.peak_at)
        top, left, bottom, right = region.box
        margin = max(_MARGIN, max(bottom - top, right - left) / 2)
        context.display.show_frame((left - margin, top - margin, right + margin, bottom + margin))

    def dress(self) -> None:
        """Takes the colours of the theme."""
        super().dress()
        self.legend.dress(self.view.context.theme.palette)
