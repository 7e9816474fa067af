"""How far training is, and how it ended."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.messages.events import Model
from pirn_app.state.jobs import JobState
from pirn_app.state.training import TrainingLog
from pirn_app.theme import STEP
from pirn_app.views.training.fields import named_in
from pirn_app.views.training.look import duration, label, set_role

_STEPS = 1000


class ProgressCard(QFrame):
    """Bar, percent, stage and time left while training runs; its end and what to do next afterwards."""

    setting_asked = Signal(str)
    """Dotted name of a setting that an error names."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName("training-card")
        self.headline = label("", "heading", "training-headline")
        self.percent = QLabel()
        self.percent.setProperty("role", "figure")
        self.percent.setObjectName("training-percent")
        self.bar = QProgressBar(minimum=0, maximum=_STEPS, textVisible=False)
        self.bar.setObjectName("training-bar")
        self.detail = label("", "", "training-detail")
        self.left = QLabel()
        self.left.setProperty("role", "muted")
        self.left.setObjectName("training-left")
        self.inspect = QPushButton("Inspect all")
        self.inspect.setObjectName("training-inspect")
        self.inspect.setProperty("primary", True)
        self.inspect.clicked.connect(lambda: context.actions.trigger("inspect-all"))
        self.setting = QPushButton()
        self.setting.setObjectName("training-setting")
        self._setting = ""
        self.setting.clicked.connect(lambda: self.setting_asked.emit(self._setting))
        self._trained: Model | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.headline, stretch=1)
        head.addWidget(self.percent)
        foot.addWidget(self.detail, stretch=1)
        foot.addWidget(self.left)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, STEP // 2, 0, STEP // 2)
        buttons.addWidget(self.inspect)
        buttons.addWidget(self.setting)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, STEP, 2 * STEP, STEP)
        column.setSpacing(STEP // 2)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addLayout(foot)
        column.addWidget(self._buttons)

    def refresh(self) -> None:
        """Shows the state of the workspace."""
        workspace = self.context.workspace
        job, log = workspace.jobs.of_kind("Train"), workspace.training
        running = job is not None
        for widget in (self.bar, self.percent, self.left):
            widget.setVisible(running)
        self._buttons.setVisible(False)
        self.inspect.setVisible(False)
        self.setting.setVisible(False)
        if job is not None:
            self._trained = None
            self._show_running(job, log)
        elif log.outcome:
            self._show_end(log)
        else:
            self._show_idle()

    def _tell(self, role: str, headline: str, detail: str) -> None:
        set_role(self.headline, role)
        self.headline.setText(headline)
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))

    def _show_running(self, job: JobState, log: TrainingLog) -> None:
        fraction = _fraction(job, log)
        self._tell("heading", job.title or "Training", stage_words(job, log))
        self.bar.setRange(0, 0 if fraction is None else _STEPS)
        if fraction is not None:
            self.bar.setValue(round(fraction * _STEPS))
        self.percent.setText("" if fraction is None else f"{fraction:.0%}".replace("%", " %"))
        remaining = job.remaining if job.remaining is not None else (log.last.remaining if log.last else None)
        self.left.setText("" if remaining is None else f"about {duration(remaining)} left")

    def _show_end(self, log: TrainingLog) -> None:
        now = self.context.workspace.model
        if log.outcome == "done" and now is not None:
            self._trained = self._trained or now
            trained = self._trained.card
            elsewhere = "" if trained.id == now.card.id else f" Model {now.card.id} was opened since."
            self._tell(
                "good", f"Model {trained.id} is in force." if not elsewhere else f"Model {trained.id} was trained.",
                f"{trained.verdict_on_training}{elsewhere}",
            )  # fmt: skip
            self.inspect.setVisible("inspect-all" in self.context.actions)
            self._buttons.setVisible("inspect-all" in self.context.actions)
        elif log.outcome == "cancelled":
            self._tell("heading", f"Stopped. {former(now)}", "")
        else:
            self._tell("error", log.message or "Training failed.", f"{log.advice} {former(now)}".strip())
            self._offer_setting(log)

    def _offer_setting(self, log: TrainingLog) -> None:
        named = named_in(f"{log.message} {log.advice}")
        self.setting.setVisible(bool(named))
        self._buttons.setVisible(bool(named))
        if named:
            self._setting = named[0].key
            self.setting.setText(f"Change “{named[0].label}”")

    def _show_idle(self) -> None:
        workspace = self.context.workspace
        model = workspace.model
        if model is None and workspace.shots:
            self._tell("heading", "Nothing trained yet.", "The shots are picked: press Train.")
        elif model is None:
            self._tell("heading", "Nothing trained yet.", "Pick 5 to 10 good parts, then press Train.")
        else:
            self._tell("heading", f"Model {model.card.id} is in force.", model.card.verdict_on_training)


def _fraction(job: JobState, log: TrainingLog) -> float | None:
    """The engine's word where it gives one; else the share of training, or of encoding."""
    if job.fraction is not None:
        return job.fraction
    if log.last is not None:
        return log.last.fraction
    done, of = log.encoded
    return done / of if of else None


def stage_words(job: JobState, log: TrainingLog) -> str:
    """What is being done now."""
    last = log.last
    if last is None:
        done, of = log.encoded
        return f"Encoding the shots, {done} of {of}." if of else job.text or "Reading the shots."
    if last.fraction >= 1.0:
        return "Calibrating on the held-out shots and saving the model."
    stage = "The model on all shots" if last.stage == "all shots" else last.stage.capitalize()
    return f"{stage}: step {last.step} of at most {last.of}." if last.step else f"{stage}: grouping patches."


def former(model: Model | None) -> str:
    """What is in force after training came to nothing."""
    return "No model yet." if model is None else f"The former model {model.card.id} is still in force."
