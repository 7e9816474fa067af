"""What the user can say about the part in view."""

from __future__ import annotations

from pirn_app.state.feedback import Feedback
from pirn_app.views.feedback.parts import Section, button, duration, plural, row, short
from pirn_app.views.view import View
from pirn_app.widgets import Words
from pirn_core.results import Region


def chosen_regions(view: View) -> tuple[Region, ...]:
    """The chosen region of the part in view, else all of its regions."""
    place = view.context.cursor.place
    regions = view.context.workspace.regions(place.part)
    chosen = tuple(region for region in regions if region.label == place.region)
    return chosen or regions


class ActionSection(Section):
    """Three judgements of the part in view, and a training with it."""

    def __init__(self, view: View, state: Feedback) -> None:
        super().__init__("", "teach-part")
        self._view, self._state = view, state
        self._why = Words("teach-obstacle", "muted")
        self.good = button(
            "This part is good", "teach-good", "Its look counts as normal, and the threshold lets it pass."
        )
        self.fine = button("This region is fine", "teach-fine", "Its look counts as normal; the threshold stays.")
        self.defect = button("This is a defect", "teach-defect", "A label for the threshold advice, never trained on.")
        self.retrain = button("Train anew with it", "teach-retrain", "A training on the model's shots and this part.")
        self._training = Words("teach-training", "muted")
        self.good.clicked.connect(lambda: state.confirm(self._part))
        self.fine.clicked.connect(lambda: state.confirm_regions(self._part, chosen_regions(view)))
        self.defect.clicked.connect(self._mark)
        self.retrain.clicked.connect(lambda: state.retrain(self._part))
        self.column.addLayout(row(self.good, self.fine))
        self.column.addWidget(self._why)
        self.column.addLayout(row(self.defect, self.retrain))
        self.column.addWidget(self._training)

    @property
    def _part(self) -> str:
        return self._view.context.cursor.place.part

    def refresh(self) -> None:
        """Shows what can be said now."""
        workspace, part = self._view.context.workspace, self._part
        obstacle = self._state.obstacle(part)
        regions = chosen_regions(self._view)
        self.heading.setText(short(part))
        self._why.tell(obstacle)
        able = not obstacle and not self._state.applying
        self.good.setEnabled(able)
        self.fine.setEnabled(able and bool(regions))
        self.fine.setText("This region is fine" if len(regions) < 2 else f"Its {len(regions)} regions are fine")
        known = workspace.document.labels.get(part) == "defective"
        self.defect.setEnabled(workspace.ref(part) is not None and not known)
        self.defect.setText("Labelled a defect" if known else "This is a defect")
        job = self._state.retraining(part)
        self.retrain.setVisible(job is not None)
        self.retrain.setEnabled(able)
        self._training.tell("" if job is None else self._retraining_words(len(job.shots)))

    def _retraining_words(self, shots: int) -> str:
        took = self._state.retraining_seconds
        about = f"About {duration(took)}" if took else "As long as the last training"
        model = self._view.context.workspace.model
        lost = len(model.card.confirmed) if model is not None else 0
        also = f" {plural(lost, 'confirmation')} would have to be given anew." if lost else ""
        return f"{about} for {plural(shots, 'shot')}, and the time to read the new one.{also}"

    def _mark(self) -> None:
        place, regions = self._view.context.cursor.place, self._view.context.workspace.regions(self._part)
        region = next((found for found in regions if found.label == place.region), None)
        self._state.mark_defect(self._part, region, place.pixel if place.pinned else None)
