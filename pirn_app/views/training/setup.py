"""The form: preset, backbone, device, seed, and the advanced settings folded away."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.state.plan import TrainingPlan
from pirn_app.theme import STEP
from pirn_app.views.training.advanced import AdvancedPanel
from pirn_app.views.training.look import WheelGuard, button, fill, label, show_whole
from pirn_core.nn.catalogue import PAPER, BackboneState


@dataclass(frozen=True)
class PresetWords:
    """A preset as the form shows it: its name in the settings, its title, what it does, how long it takes."""

    name: str
    title: str
    text: str


PRESETS = (
    PresetWords(
        "default",
        "Standard",
        "What was measured to work best. For 10 shots about a minute and a half on 2 CPU cores, once the shots are "
        "encoded.",
    ),
    PresetWords(
        "quick",
        "Quick",
        "Fewer views and patterns, for a first look. A few times faster than Standard.",
    ),
    PresetWords(
        "thorough",
        "Thorough",
        "Half as many views and patterns again, more held-out checks. Several times as long as Standard, up to about "
        "seven; more careful, not known to be better.",
    ),
    PresetWords(
        "paper",
        "Paper",
        "The published settings to the letter, for comparison. For 10 shots about 2 hours on 2 CPU cores.",
    ),
)


class SetupForm(QWidget):
    """Shows the plan and changes it."""

    def __init__(self, context: Context, plan: TrainingPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context, self.plan = context, plan
        self._guard = WheelGuard(self)
        self.presets = self._made_presets()
        self.preset_text = label("", "muted", "preset-text")
        self.backbone = self._combo("backbone", "Backbone")
        self.backbone.currentIndexChanged.connect(lambda _i: plan.choose(backbone=self.backbone.currentData()))
        self.backbone_text = label("", "muted", "backbone-text")
        self.manage = button("Manage…", "manage-backbones", "Import or download backbones.")
        if "backbones" not in context.actions:
            self.manage.hide()
        self.manage.clicked.connect(lambda: context.actions.trigger("backbones"))
        self.device = self._combo("device", "Device")
        self.device.currentIndexChanged.connect(lambda _i: plan.choose(device=self.device.currentData()))
        self.device_text = label("Finding devices…", "muted", "device-text")
        self.seed = QSpinBox()
        self.seed.setRange(0, 999_999)
        self.seed.setKeyboardTracking(False)
        self.seed.setObjectName("seed")
        self.seed.setToolTip(
            "Another seed draws other first patterns and another order; the same one repeats a training."
        )
        self.seed.valueChanged.connect(lambda value: plan.choose(seed=value))
        self._guard.guard(self.seed)
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setArrowType(Qt.ArrowType.RightArrow)
        self.fold.setObjectName("unfold-settings")
        self.fold.toggled.connect(self._fold)
        self.advanced = AdvancedPanel(plan)
        self.advanced.hide()
        self._lay_out()
        self.refresh()

    def _combo(self, name: str, words: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setAccessibleName(words)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(8)
        self._guard.guard(made)
        return made

    def _made_presets(self) -> dict[str, QPushButton]:
        self._group = QButtonGroup(self)
        made: dict[str, QPushButton] = {}
        for words in PRESETS:
            segment = button(words.title, f"preset-{words.name}", words.text, checkable=True)
            segment.setProperty("segment", True)
            segment.clicked.connect(lambda _on=False, name=words.name: self.plan.choose(preset=name))
            self._group.addButton(segment)
            made[words.name] = segment
        return made

    def _lay_out(self) -> None:
        segments, chooser = QHBoxLayout(), QHBoxLayout()
        segments.setSpacing(STEP // 2)
        for segment in self.presets.values():
            segments.addWidget(segment, stretch=1)
        chooser.setSpacing(STEP)
        chooser.addWidget(self.backbone_text, stretch=1)
        chooser.addWidget(self.manage, alignment=Qt.AlignmentFlag.AlignTop)
        form = QGridLayout()
        form.setHorizontalSpacing(STEP)
        form.setVerticalSpacing(STEP // 2)
        form.setColumnStretch(1, 1)
        form.addWidget(QLabel("Backbone"), 0, 0)
        form.addWidget(self.backbone, 0, 1)
        form.addLayout(chooser, 1, 1)
        form.addWidget(QLabel("Device"), 2, 0)
        form.addWidget(self.device, 2, 1)
        form.addWidget(self.device_text, 3, 1)
        form.addWidget(QLabel("Seed"), 4, 0)
        form.addWidget(self.seed, 4, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP)
        column.addWidget(label("What to train with", "heading"))
        column.addLayout(segments)
        column.addWidget(self.preset_text)
        column.addLayout(form)
        column.addWidget(self.fold)
        column.addWidget(self.advanced)
        column.addStretch()

    def _fold(self, unfolded: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        if unfolded:
            self.advanced.build()
        self.advanced.setVisible(unfolded)

    def show_setting(self, key: str) -> None:
        """Unfolds the settings and shows one of them, ready to be changed."""
        self.fold.setChecked(True)
        self.advanced.look_for(key)
        self.advanced.row(key).editor.inner.setFocus()

    def refresh(self) -> None:
        """Shows the plan."""
        plan = self.plan
        if (chosen := self.presets.get(plan.preset)) is not None:
            chosen.setChecked(True)
        self.preset_text.setText(next((p.text for p in PRESETS if p.name == plan.preset), ""))
        show_whole(self.seed, plan.seed)
        changed = len(plan.changes)
        self.fold.setText(f"Advanced settings ({changed} changed)" if changed else "Advanced settings")
        self.advanced.refresh()
        self.refresh_backbones()
        self.refresh_devices()

    def refresh_backbones(self) -> None:
        """Lists the backbones with their states."""
        states = self.context.workspace.backbones
        entries = [("auto", _automatic(states)), *((s.name, f"{s.name} · {state_words(s)}") for s in states)]
        fill(self.backbone, entries, self.plan.backbone)
        self.backbone.setToolTip(self.backbone.currentText())
        self.backbone_text.setText(_about(self.plan.backbone, states))

    def refresh_devices(self) -> None:
        """Lists the devices, once they are known."""
        devices = self.context.workspace.devices
        fill(self.device, [("auto", "Auto, the fastest"), *devices], self.plan.device)
        self.device_text.setVisible(not devices)


def state_words(state: BackboneState) -> str:
    """Where the weights are, in words."""
    if state.place == "download":
        return f"needs download, {state.size_mb:.0f} MB"
    return {"embedded": "embedded, ready", "cached": "on this machine", "missing": "missing"}[state.place]


def _automatic(states: tuple[BackboneState, ...]) -> str:
    if not states:
        return "Auto"
    paper = any(s.name == PAPER and s.place == "cached" for s in states)
    return f"Auto ({PAPER if paper else 'embedded'})"


def _about(name: str, states: tuple[BackboneState, ...]) -> str:
    """One line on the chosen backbone."""
    if not states:
        return "Looking for backbones…"
    if name == "auto":
        return f"{PAPER} where it is on this machine, else the embedded one."
    found = next((s for s in states if s.name == name), None)
    return "" if found is None else f"{found.entry.description}. Licence: {found.licence}.".replace("..", ".")
