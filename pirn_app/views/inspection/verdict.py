"""The verdict card: word, mark, colour, score against threshold, and what the user says about the part."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pirn_app.icons import pixmap
from pirn_app.state.history import Label
from pirn_app.theme import ICONS, STEP
from pirn_app.views.inspection.headline import Headline, headline
from pirn_app.views.inspection.parts import ActionButton, Notice
from pirn_app.views.view import View
from pirn_app.widgets import Words

_MARKS = {"nothing": "info", "waiting": "inspect-part", "failed": "warning"}
_LABELS: tuple[tuple[Label | None, str, str, str], ...] = (
    ("good", "Good", "label-good", "You judge this part good."),
    ("defective", "Defective", "label-defective", "You judge this part defective."),
    (None, "None", "label-none", "You have not judged this part."),
)


class VerdictCard(QWidget):
    """Follows the part in view."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.setObjectName("verdict-card")
        self._view, self._context = view, view.context
        self.headline = Headline("nothing", "")
        self._banner = _Banner()
        self._text = Words("verdict-text", "muted")
        self._warnings = Words("verdict-warnings")
        self._notice, self._outdated = Notice("verdict-notice"), Notice("outdated-text")
        self._buttons = {
            name: ActionButton(view, name) for name in ("open-folder", "train", "pick-random-shots", "inspect-part")
        }
        self._retrain = ActionButton(view, "train", "Train again")
        self._labels = _Labels(view)
        self._folder = QLabel()
        self._folder.setObjectName("folder-label")
        self._folder.setProperty("role", "muted")
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(STEP)
        for button in self._buttons.values():
            buttons.addWidget(button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        text = QHBoxLayout()
        text.setSpacing(STEP)
        text.addWidget(self._text, 1)
        text.addWidget(self._folder, alignment=Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._banner)
        column.addLayout(text)
        column.addWidget(self._notice)
        column.addLayout(buttons)
        column.addWidget(self._outdated)
        self._retrain.setObjectName("button-retrain")
        column.addWidget(self._retrain)
        column.addWidget(self._labels)

    def refresh(self) -> None:
        """Shows the state as it is now."""
        workspace, colours = self._context.workspace, self._context.theme.palette
        part = self._context.cursor.place.part
        said = self.headline = headline(workspace, part)
        ref = workspace.ref(part)
        self._banner.tell(said, part if ref is not None else "", self._view)
        self._folder.setText("" if ref is None or not ref.label else f"folder says {ref.label}")
        self._text.tell(said.text)
        self._notice.tell("\n".join(said.warnings), "warning", colours.unsure)
        for name, button in self._buttons.items():
            button.want(name in said.actions)
            primary = name == "train" and said.actions[:1] == (name,)
            if button.property("primary") != primary:
                button.setProperty("primary", primary)
                button.style().polish(button)
        outdated = workspace.outdated
        self._outdated.tell(outdated, "info", colours.muted)
        self._retrain.want(bool(outdated))
        self._labels.refresh(part)


class _Banner(QWidget):
    """The verdict and the part's name on their own ground, with a bar of the verdict's colour at the left."""

    def __init__(self) -> None:
        super().__init__()
        self._mark, self._word, self._part = QLabel(), QLabel(), QLabel()
        self._score, self._threshold = QLabel(), QLabel()
        self._colour, self._ground = "", ""
        self._word.setObjectName("verdict-word")
        self._word.setWordWrap(True)
        self._part.setObjectName("verdict-part")
        self._part.setWordWrap(True)
        self._score.setObjectName("verdict-score")
        self._threshold.setObjectName("verdict-threshold")
        for label in (self._part, self._threshold):
            label.setProperty("role", "muted")
        for label in (self._word, self._score):
            label.setProperty("role", "title")
        self._mark.setFixedSize(24, 24)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        grid = QGridLayout(self)
        grid.setContentsMargins(STEP + STEP // 2, STEP // 2, STEP, STEP // 2)
        grid.setHorizontalSpacing(STEP)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._mark, 0, 0, 2, 1)
        grid.addWidget(self._word, 0, 1)
        grid.addWidget(self._part, 1, 1)
        grid.addWidget(self._score, 0, 2, right)
        grid.addWidget(self._threshold, 1, 2, right)

    def tell(self, said: Headline, part: str, view: View) -> None:
        """Shows a headline about a part (`` for none) in the theme's colours."""
        colours = view.context.theme.palette
        self._ground = colours.raised
        self._colour = colours.verdict(said.verdict) if said.kind != "failed" else colours.ng
        mark = ICONS[said.verdict] if said.verdict is not None else _MARKS.get(said.kind, "info")
        self._mark.setPixmap(pixmap(mark, self._colour, 24, self.devicePixelRatioF()))
        self._word.setText(said.title)
        self._word.setStyleSheet(f"color: {self._colour}" if said.verdict is not None else "")
        self._part.setText(part.replace("/", " / "))
        self._part.setVisible(bool(part))
        self._score.setText(said.score)
        self._score.setToolTip("The highest value of the part's anomaly map.")
        self._score.setVisible(bool(said.score))
        self._threshold.setText(f"threshold {said.threshold}")
        self._threshold.setVisible(bool(said.threshold))
        self.setAccessibleName(f"{part} {said.title} {said.score}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._ground)
        painter.fillRect(0, 0, 4, self.height(), self._colour)


class _Labels(QWidget):
    """The user's own judgement of the part."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._context = view.context
        self._buttons: dict[Label | None, QPushButton] = {}
        caption = QLabel("Your label")
        caption.setProperty("role", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP // 2)
        row.addWidget(caption)
        row.addSpacing(STEP // 2)
        for label, text, action, hint in _LABELS:
            button = QPushButton(text)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setToolTip(hint)
            button.setObjectName(action)
            button.clicked.connect(lambda _on=False, action=action, label=label: self._choose(action, label))
            self._buttons[label] = button
            row.addWidget(button, 1)

    def refresh(self, part: str) -> None:
        """Shows the label of a part."""
        self.setVisible(self._context.workspace.ref(part) is not None)
        own = self._context.workspace.document.labels.get(part)
        for label, button in self._buttons.items():
            button.setChecked(label == own)

    def _choose(self, action: str, label: Label | None) -> None:
        part, actions = self._context.cursor.place.part, self._context.actions
        if action in actions:
            actions.trigger(action)
        else:
            self._context.workspace.set_label((part,), label)
        self.refresh(part)
