"""Small widgets that the sections of this view are built of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QToolButton, QToolTip, QVBoxLayout, QWidget

from pirn_app.icons import icon, pixmap
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import Words, named, restyle, styled


class Info(QToolButton):
    """An (i) that says how to read what stands below."""

    def __init__(self, view: View, text: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAutoRaise(True)
        self.setAccessibleName("How to read this")
        self.setToolTip(f"<p>{text}</p>")  # as rich text it wraps
        self.clicked.connect(
            lambda: QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.toolTip(), self)
        )
        self._view = view
        self.dress()

    def dress(self) -> None:
        """Takes the colour of the theme."""
        self.setIcon(icon("info", self._view.context.theme.palette.muted))


class Section(QWidget):
    """A heading with an (i), room for something at its right, and what stands below."""

    def __init__(self, view: View, title: str, name: str, how: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.view = view
        self.heading = styled(QLabel(title), role="heading")
        self.info = Info(view, how, f"{name}-info")
        self.head = QHBoxLayout()
        self.head.setSpacing(STEP // 2)
        self.head.addWidget(self.heading)
        self.head.addWidget(self.info)
        self.head.addStretch()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(STEP)
        self.column.addLayout(self.head)

    def dress(self) -> None:
        """Takes the colours of the theme."""
        self.info.dress()


class Beside(QWidget):
    """A picture and what belongs to it: side by side where there is room, else one below the other."""

    def __init__(self, picture: QWidget, most: int, more: Sequence[QWidget]) -> None:
        super().__init__()
        self._needed = most + 240
        picture.setMaximumWidth(most)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(STEP)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        for widget in more:
            column.addWidget(widget)
        for widget in (picture, side):
            self._box.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Another width may ask for the other arrangement."""
        wide = event.size().width() >= self._needed
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._box.setSpacing(2 * STEP if wide else STEP)
        self._box.setStretch(1, int(wide))  # beside the picture all the room, below it what the words take
        super().resizeEvent(event)


class Warned(QWidget):
    """A warning in amber: mark and words."""

    def __init__(self, view: View, name: str) -> None:
        super().__init__()
        self._view, self._mark, self.words = view, QLabel(), Words(name)
        self._mark.setFixedSize(16, 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP)
        row.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        self.hide()

    def tell(self, text: str) -> None:
        """Shows the words; `` hides both."""
        self.words.tell(text)
        self.dress()
        self.setVisible(bool(text))

    def dress(self) -> None:
        """Takes the amber of the theme."""
        amber = self._view.context.theme.palette.unsure
        self._mark.setPixmap(pixmap("warning", amber, 16, self.devicePixelRatioF()))
        self.words.setStyleSheet(f"color: {amber};")


class Card(QWidget):
    """One of two scores side by side: what it is, the score, its verdict."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._title = styled(QLabel(title), role="muted")
        self._title.setWordWrap(True)
        self._score = named(styled(QLabel(), role="title"), f"{name}-score")
        self._verdict = named(QLabel(), f"{name}-verdict")
        row = QHBoxLayout()
        row.setSpacing(STEP)
        row.addWidget(self._score)
        row.addWidget(self._verdict)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP // 2)
        column.addWidget(self._title)
        column.addLayout(row)

    def show_score(self, title: str, score: str, verdict: str) -> None:
        """The score as text, and the verdict that goes with it."""
        self._title.setText(title)
        self._score.setText(score)
        self._verdict.setText(
            {"OK": "\N{CHECK MARK} OK", "NG": "\N{MULTIPLICATION X} NG", "unsure": "? unsure"}[verdict]
        )
        self._verdict.setProperty("badge", verdict)
        restyle(self._verdict)
