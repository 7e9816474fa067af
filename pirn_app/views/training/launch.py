"""The foot of the form: which shots, what stands in the way, and the two buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pirn_app.context import Context
from pirn_app.state.plan import TrainingPlan
from pirn_app.state.workspace import Workspace
from pirn_app.theme import STEP
from pirn_app.views.training.look import label


class LaunchBar(QWidget):
    """Train and cancel."""

    def __init__(self, context: Context, plan: TrainingPlan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context, self.plan = context, plan
        self.shots = label("", "", "shots-summary")
        self.problems = label("", "warning", "training-problems")
        self.train = QPushButton("Train")
        self.train.setObjectName("start-training")
        self.train.setProperty("primary", True)
        self.train.clicked.connect(lambda: context.actions.trigger("train"))
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("cancel-training")
        self.cancel.clicked.connect(lambda: context.actions.trigger("cancel"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.train, stretch=1)
        buttons.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(STEP, STEP, STEP, STEP)
        column.setSpacing(STEP // 2)
        column.addWidget(self.shots)
        column.addWidget(self.problems)
        column.addLayout(buttons)

    def refresh(self) -> None:
        """Shows whether training can begin."""
        workspace, actions = self.context.workspace, self.context.actions
        running = workspace.jobs.of_kind("Train") is not None
        problems = self.plan.problems(workspace)
        self.shots.setText(shots_summary(workspace))
        self.shots.setVisible(bool(workspace.shots))
        shown = problems or ((workspace.outdated,) if workspace.outdated else ())
        self.problems.setText(" ".join(shown))
        self.problems.setVisible(bool(shown) and not running)
        self.train.setEnabled(
            "train" in actions and actions.qaction("train").isEnabled() and not problems and not running
        )
        if "train" in actions:
            self.train.setToolTip(actions.qaction("train").toolTip())
        self.cancel.setVisible(running)
        self.cancel.setEnabled("cancel" in actions)


def shots_summary(workspace: Workspace) -> str:
    """How many shots, and what is special about some of them."""
    shots = workspace.shots
    if not shots:
        return ""
    labels = workspace.document.labels
    doubted = {doubt.part for doubt in workspace.shot_doubts}
    counted = (
        (sum(ref.rgb is None for ref in shots), "without colour"),
        (sum(ref.xyz is None and ref.normals is None for ref in shots), "without 3D"),
        (sum(ref.label not in ("", "good") or labels.get(ref.id) == "defective" for ref in shots), "not labelled good"),
        (sum(ref.id in doubted for ref in shots), "odd (see the shots)"),
    )
    text = f"{len(shots)} shot{'' if len(shots) == 1 else 's'}"
    text += "".join(f", {'all' if count == len(shots) else count} of them {words}" for count, words in counted if count)
    return f"{text}. With one shot the threshold is a guess; 5 to 10 are better." if len(shots) == 1 else f"{text}."
