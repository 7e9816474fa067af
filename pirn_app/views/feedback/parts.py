"""Small widgets and words that the sections are built of."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pirn_app.theme import STEP
from pirn_core.feedback.advice import Rate
from pirn_core.feedback.region import parts_of_name


class Section(QWidget):
    """A heading and what stands below."""

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.heading = QLabel(title)
        self.heading.setProperty("role", "heading")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(STEP)
        self.column.addWidget(self.heading)


def button(text: str, name: str, hint: str, *, primary: bool = False) -> QPushButton:
    """A button as wide as its words."""
    made = QPushButton(text, autoDefault=False)
    made.setObjectName(name)
    made.setToolTip(hint)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if primary:
        made.setProperty("primary", True)
    return made


def row(*widgets: QWidget) -> QHBoxLayout:
    """Widgets side by side, at the left."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(STEP)
    for widget in widgets:
        made.addWidget(widget)
    made.addStretch()
    return made


def plural(number: int, one: str) -> str:
    """`1 part`, `2 parts`."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def duration(seconds: float) -> str:
    """As one would say it: `5 s`, `40 s`, `3 min`."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 5) * 5} s" if seconds < 90 else f"{round(seconds / 60)} min"


def short(part: str) -> str:
    """The last two folders of a part's id: `good/003`."""
    return "/".join(part.split("/")[-2:])


def confirmed_words(name: str) -> str:
    """`good/003`, or `good/003, region at row 120, column 80`."""
    part, box = parts_of_name(name)
    if box is None:
        return short(part)
    return f"{short(part)}, region at row {(box[0] + box[2]) // 2}, column {(box[1] + box[3]) // 2}"


def rate_words(rate: Rate, kind: str) -> str:
    """`0 of 5 known; of all others 0 to 52 % (at 95 %)`."""
    return f"{rate.count} of {rate.of} {kind}; of all others {100 * rate.low:.0f} to {100 * rate.high:.0f} % (at 95 %)"
