"""What the user is about to teach, what it would change, and what a threshold can promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from pirn_app.messages import events, feedback, jobs
from pirn_app.state.requests import Requests
from pirn_app.state.results import Results
from pirn_app.state.statistics import label_of
from pirn_app.state.workspace import Workspace
from pirn_core.data.sample import PartRef
from pirn_core.feedback.flips import Comparison, compare
from pirn_core.feedback.lesson import Fine, Lesson
from pirn_core.results import Region

if TYPE_CHECKING:
    from pirn_core.feedback.advice import Advice  # comes with OpenCV

Box = tuple[int, int, int, int]

_AROUND = 12
"""Pixels around a point that stand for the place of a missed defect."""


@dataclass(frozen=True)
class Proposal:
    """A lesson with what it would change.

    Attributes:
        text: What it is called in Undo, e.g. `Confirm 003`.
        lesson: What would be taught.
        previewed: The engine's answer; None while it is awaited.
        comparison: Verdicts now and then; None likewise.
    """

    text: str
    lesson: Lesson
    previewed: feedback.LessonPreviewed | None = None
    comparison: Comparison | None = None


class Feedback(QObject):
    """Proposes lessons, applies them through the engine, and keeps engine and workspace at one model."""

    changed = Signal()
    """Another proposal, another preview, or none."""
    curve_changed = Signal()
    """`curve` is another."""

    def __init__(self, workspace: Workspace, requests: Requests, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.proposal: Proposal | None = None
        self.curve: feedback.CurveDrawn | None = None
        self.applying = False
        self._workspace, self._requests = workspace, requests
        self._staged, self._curve_asked = Results(), ""
        workspace.model_swapped.connect(self._follow)
        workspace.model_changed.connect(self.discard)
        workspace.parts_changed.connect(self.discard)
        workspace.document_changed.connect(self._edited)
        workspace.job_ended.connect(self._ended)

    @property
    def handles(self) -> Mapping[type[events.Event], Callable[[Any], None]]:
        """Events that are meant for this."""
        return {
            feedback.LessonPreviewed: self._previewed,
            feedback.PartRejudged: self._rejudged,
            feedback.LessonApplied: self._applied,
            feedback.ModelUsed: self._used,
            feedback.CurveDrawn: self._drawn,
        }

    # What the user does --------------------------------------------------------------------------------------------

    def obstacle(self, part: str) -> str:
        """Why a part cannot be taught now, one sentence; `` where it can."""
        workspace = self._workspace
        if workspace.model is None:
            return "There is no model yet."
        if workspace.jobs.of_kind("Train", "InspectParts", "ApplyLesson") is not None:
            return "Wait until the work under way ends, or cancel it."
        found = workspace.results.get(part)
        if workspace.ref(part) is None or found is None or found.error:
            return "Inspect the part first."
        return "This part is a shot: the model knows it already." if found.shot else ""

    def confirm(self, part: str) -> None:
        """Proposes that a whole part is good."""
        self._propose(part, f"Confirm {_short(part)}", (None,))

    def confirm_regions(self, part: str, regions: Sequence[Region]) -> None:
        """Proposes that regions of a part are as they should be."""
        if regions:
            what = "a region" if len(regions) == 1 else f"{len(regions)} regions"
            self._propose(part, f"Accept {what} of {_short(part)}", tuple(region.peak_at for region in regions))

    def take_back(self, *names: str) -> None:
        """Proposes to forget confirmed parts and regions, by their names in the model."""
        confirmed = () if self._workspace.model is None else self._workspace.model.card.confirmed
        known = tuple(name for name in names if name in confirmed)
        if known:
            what = _short(known[0]) if len(known) == 1 else f"{len(known)} confirmations"
            self._ask(Proposal(f"Take back {what}", Lesson(forget=known)))

    def mark_defect(self, part: str, region: Region | None = None, pixel: tuple[int, int] | None = None) -> None:
        """Labels a part as defective, with the place where that is known; at once, since it changes no model."""
        box = region.box if region is not None else None if pixel is None else _around(pixel)
        self._workspace.set_missed(part, box)

    def apply(self) -> None:
        """Teaches what is proposed, once its preview is there."""
        workspace, proposal = self._workspace, self.proposal
        if proposal is None or proposal.previewed is None or self.applying or workspace.model is None:
            return
        self.applying, self._staged = True, Results()
        path, own = workspace.model.path, workspace.own_threshold
        self._requests.ask(feedback.ApplyLesson(proposal.lesson, self._inspected, path, own, workspace.unit))
        self.changed.emit()

    def discard(self) -> None:
        """Forgets the proposal; nothing was changed."""
        self.applying = False
        if self.proposal is not None:
            self.proposal = None
            self.changed.emit()

    def ask_curve(self) -> None:
        """Asks whether another shot would help, where that is not known for the model in force."""
        model = self._workspace.model
        known = "" if self.curve is None else self.curve.model
        if model is not None and model.card.id not in (known, self._curve_asked):
            self._curve_asked = model.card.id
            self._requests.ask(feedback.DrawCurve(model.card.id))

    def retraining(self, part: str) -> jobs.Train | None:
        """A training on the model's shots and a part, with the model's own settings; None where a shot is missing."""
        workspace = self._workspace
        model, ref = workspace.model, workspace.ref(part)
        if model is None or ref is None or part in model.card.shots:
            return None
        shots = [workspace.ref(shot) for shot in model.card.shots]
        known = tuple(shot for shot in shots if shot is not None)
        if len(known) < len(shots):
            return None
        name = model.path.stem.removesuffix(f"-{model.card.id}")
        return jobs.Train((*known, ref), model.config, model.path.parent, name, unit=workspace.unit)

    def retrain(self, part: str) -> None:
        """Trains anew with a part among the shots; undo brings the former model back."""
        if (job := self.retraining(part)) is not None:
            self._workspace.set_shots([ref.id for ref in job.shots], "Add shot")
            self._requests.ask(job)

    @property
    def retraining_seconds(self) -> float:
        """Estimated from the last training, else from that of the model in force, which leaves the backbone out."""
        workspace = self._workspace
        if workspace.model is None:
            return 0.0
        shots = max(len(workspace.model.card.shots), 1)
        own = workspace.training.outcome == "done" and workspace.training.seconds
        return (own or workspace.model.card.seconds) * (shots + 1) / shots

    # What follows from the scores ----------------------------------------------------------------------------------

    def advice(self) -> Advice | None:
        """Where the threshold should be; None without a model or a known good score."""
        workspace = self._workspace
        if (model := workspace.model) is None:
            return None
        from pirn_core.errors import NotFittedError
        from pirn_core.feedback.advice import advise

        good, bad = self._labelled()
        try:
            return advise(list(model.shot_scores.values()), good, bad, model.config.scoring)
        except NotFittedError:
            return None

    def next_part(self) -> str | None:
        """The labelled good part that would teach most."""
        workspace = self._workspace
        if workspace.model is None:
            return None
        from pirn_core.feedback.advice import next_part

        scores = {found.part: found.score for found in workspace.results if not found.error and not found.shot}
        labels = workspace.document.labels
        good = [part for part in scores if label_of(workspace.ref(part), labels, part) == "good"]
        return next_part(scores, good, (*workspace.model.card.shots, *self.confirmed_parts))

    @property
    def confirmed_parts(self) -> tuple[str, ...]:
        """Ids of the parts that were confirmed as a whole."""
        model = self._workspace.model
        names = () if model is None else model.card.confirmed
        return tuple(name.rpartition("@")[0] for name in names if "#" not in name)

    def _labelled(self) -> tuple[list[float], list[float]]:
        workspace = self._workspace
        labels, good, bad = workspace.document.labels, [], []
        for found in workspace.results:
            if found.error or found.shot:
                continue
            label = label_of(workspace.ref(found.part), labels, found.part)
            if label == "good":
                good.append(found.score)
            elif label == "defective":
                bad.append(self._defect_score(found.part, found.score))
        return good, bad

    def _defect_score(self, part: str, score: float) -> float:
        """The score at the marked places, where there are any: a part may be NG for another reason."""
        boxes = [box for marked, box in self._workspace.document.missed if marked == part]
        full = self._workspace.result(part)
        if not boxes or full is None:
            return score
        values = [full.map[top:bottom, left:right] for top, left, bottom, right in boxes]
        peaks = [float(np.nanmax(v)) for v in values if np.isfinite(v).any()]
        return max(peaks, default=score)

    # What the engine tells -----------------------------------------------------------------------------------------

    def _propose(self, part: str, text: str, peaks: tuple[tuple[int, int] | None, ...]) -> None:
        ref = self._workspace.ref(part)
        if ref is not None and not self.obstacle(part):
            self._ask(Proposal(text, Lesson(tuple(Fine(ref, peak) for peak in peaks))))

    def _ask(self, proposal: Proposal) -> None:
        workspace = self._workspace
        self.proposal = proposal
        self._requests.ask(
            feedback.PreviewLesson(proposal.lesson, self._inspected, workspace.own_threshold, workspace.unit)
        )
        self.changed.emit()

    @property
    def _inspected(self) -> tuple[PartRef, ...]:
        workspace = self._workspace
        found = (workspace.ref(result.part) for result in workspace.results if not result.error)
        return tuple(ref for ref in found if ref is not None)

    def _previewed(self, event: feedback.LessonPreviewed) -> None:
        workspace, proposal = self._workspace, self.proposal
        limits = workspace.limits
        if proposal is None or proposal.lesson != event.lesson or workspace.model is None or limits is None:
            return
        if event.model != workspace.model.card.id:
            return
        before = {found.part: found.score for found in workspace.results if not found.error}
        labels = {part: label_of(workspace.ref(part), workspace.document.labels, part) for part in before}
        defective = {part: label == "defective" for part, label in labels.items() if label is not None}
        compared = compare(before, event.scores, limits, (event.sure, event.threshold), defective)
        self.proposal = replace(proposal, previewed=event, comparison=compared)
        self.changed.emit()

    def _rejudged(self, event: feedback.PartRejudged) -> None:
        self._staged.add(event.result, shot=event.shot)

    def _applied(self, event: feedback.LessonApplied) -> None:
        workspace, results = self._workspace, self._staged
        text = "Teach" if self.proposal is None else self.proposal.text
        self.applying, self.proposal, self._staged = False, None, Results()
        now = "" if workspace.model is None else workspace.model.card.id
        if now != event.former:  # undo went on to another model meanwhile, and the user sees that one
            workspace.note("info", f"Model {event.model.card.id} is kept in {event.model.path.name}.")
            self._follow()
        else:
            workspace.take_lesson(event.model, results, text)
        self.changed.emit()

    def _ended(self, event: events.JobEnded) -> None:
        """A job is over; one that failed or was cancelled taught nothing."""
        if event.kind == "ApplyLesson" and self.applying:
            self.applying, self._staged = False, Results()
            self.changed.emit()
        if event.kind == "DrawCurve" and event.outcome == "cancelled":  # not when it failed, or it would fail for ever
            self._curve_asked = ""
        if event.kind == "PreviewLesson" and event.outcome == "failed":
            self.discard()

    def _used(self, event: feedback.ModelUsed) -> None:
        if self._workspace.model is not None and self._workspace.model.card.id != event.id:
            self._follow()

    def _drawn(self, event: feedback.CurveDrawn) -> None:
        self.curve, self._curve_asked = event, ""
        self.curve_changed.emit()

    def _follow(self) -> None:
        if (model := self._workspace.model) is not None:
            self._requests.ask(feedback.UseModel(model.path, model.card.id))

    def _edited(self, new: Any, old: Any) -> None:
        proposal = self.proposal
        if (new.thresholds, new.labels) == (old.thresholds, old.labels) or new.model != old.model:
            return
        if proposal is not None and proposal.comparison is not None and not self.applying:
            self._ask(Proposal(proposal.text, proposal.lesson))


def _short(part: str) -> str:
    """`good/003` of `test/good/003@1a2b3c4d#10-20-30-40`."""
    return (
        "/".join(part.partition("#")[0].rpartition("@")[0].split("/")[-2:])
        if "@" in part
        else "/".join(part.split("/")[-2:])
    )


def _around(pixel: tuple[int, int]) -> Box:
    row, column = pixel
    return max(0, row - _AROUND), max(0, column - _AROUND), row + _AROUND + 1, column + _AROUND + 1
