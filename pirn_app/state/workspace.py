"""The parts, what the user decided about them, the model in force and what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from pirn_app.messages import events
from pirn_app.state.history import Document, History, Label
from pirn_app.state.jobs import JobBoard
from pirn_app.state.results import Results
from pirn_app.state.training import TrainingLog
from pirn_core.config import Recipe
from pirn_core.data.layouts import PartSet
from pirn_core.data.sample import FloatArray, LengthUnit, PartRef
from pirn_core.nn.catalogue import BackboneState
from pirn_core.results import InspectionResult, Region, Verdict

if TYPE_CHECKING:
    from pirn_core.data.report import DataReport  # comes with OpenCV


_FORMER_MAP_BYTES = 16 * 2**20
"""Maps kept of each model that is not in force."""


class Workspace(QObject):
    """Changed by actions through methods and by the engine through `apply`; every change is told by one signal."""

    parts_changed = Signal()
    """Another part set is open (or none)."""
    document_changed = Signal(object, object)
    """New and former `Document`."""
    picture_changed = Signal()
    """`picture` is another, or None."""
    model_changed = Signal()
    """Another model is in force; results are its own: empty after training and opening."""
    model_swapped = Signal()
    """Undo or redo put a former model in force, before all other signals of that: the engine has to follow."""
    result_changed = Signal(str)
    """One part's figures (and maps) are there."""
    results_cleared = Signal()
    """`results` is empty, or another one altogether."""
    training_changed = Signal()
    report_changed = Signal()
    doubts_changed = Signal()
    jobs_changed = Signal()
    logged = Signal(object)
    """A `LogLine`."""
    backbones_changed = Signal()
    devices_changed = Signal()
    job_ended = Signal(object)
    """A `JobEnded`, whatever its outcome."""
    failed = Signal(object)
    """A `JobEnded` with outcome `failed`, to be told to the user."""
    categories_offered = Signal(object)
    """A `CategoryNeeded`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parts: PartSet | None = None
        self.unit: LengthUnit | None = None
        self.document = Document()
        self.history = History()
        self.picture: events.Picture | None = None
        self.picture_error: events.PartUnreadable | None = None
        self.model: events.Model | None = None
        self.results = Results()
        self.training = TrainingLog()
        self.report: DataReport | None = None
        self.shot_doubts: tuple[events.ShotDoubt, ...] = ()
        self.jobs = JobBoard()
        self.backbones: tuple[BackboneState, ...] = ()
        self.devices: tuple[tuple[str, str], ...] = ()
        self.continuing = False
        """True while a change of model is told that goes on with the work: a lesson, undo, redo."""
        self._models: dict[str, tuple[events.Model, Results]] = {}
        self._refs: dict[str, PartRef] = {}
        self._regions: tuple[InspectionResult, float, FloatArray | None, tuple[Region, ...]] | None = None

    # What is there -------------------------------------------------------------------------------------------------

    @property
    def refs(self) -> tuple[PartRef, ...]:
        """All parts in order."""
        return tuple(self._refs.values())

    def ref(self, part: str) -> PartRef | None:
        """A part by its id."""
        return self._refs.get(part)

    @property
    def shots(self) -> tuple[PartRef, ...]:
        """The shots chosen now."""
        return tuple(self._refs[part] for part in self.document.shots if part in self._refs)

    @property
    def calibrated(self) -> tuple[float, float] | None:
        """`sure` and `threshold` of the calibration; None without a model."""
        return None if self.model is None else (self.model.sure, self.model.threshold)

    @property
    def own_threshold(self) -> float | None:
        """The user's threshold for the model in force."""
        return None if self.model is None else self.document.thresholds.get(self.model.card.id)

    @property
    def limits(self) -> tuple[float, float] | None:
        """`sure` and `threshold` in force; None without a model."""
        if self.model is None:
            return None
        own = self.own_threshold
        return (self.model.sure, self.model.threshold) if own is None else (min(self.model.sure, own), own)

    def verdict(self, part: str) -> Verdict | None:
        """At the threshold in force; None where there is no result."""
        found, limits = self.results.get(part), self.limits
        return None if found is None or limits is None else found.verdict(limits)

    def result(self, part: str) -> InspectionResult | None:
        """With maps, where they are held."""
        return self.results.full(part)

    def regions(self, part: str) -> tuple[Region, ...]:
        """Regions of a part at the threshold in force, measured anew where it was moved."""
        full, limits = self.results.full(part), self.limits
        if full is None or limits is None:
            return ()
        if full.threshold == limits[1]:
            return full.regions
        shown = self.picture if self.picture is not None and self.picture.ref.id == part else None
        xyz = None if shown is None else shown.xyz
        held = self._regions
        if held is None or held[0] is not full or held[1] != limits[1] or held[2] is not xyz:
            from pirn_core.regions import find_regions

            held = self._regions = (full, limits[1], xyz, find_regions(full.map, full.maps, limits[1], xyz))
        return held[3]

    @property
    def outdated(self) -> str:
        """One sentence where shots or preprocessing are no longer those of the model; `` otherwise."""
        if self.model is None or not self.document.shots:
            return ""
        if self.document.recipe != self.model.fitted.recipe:
            return "Preprocessing was changed after training. Train again to use it."
        if set(self.document.shots) != set(self.model.card.shots):
            return "The shots were changed after training. Train again to use them."
        return ""

    # What the user does --------------------------------------------------------------------------------------------

    def set_shots(self, parts: Iterable[str], text: str = "Change shots") -> None:
        """Chooses the shots; unknown ids are left out, the set's order is kept."""
        wanted = set(parts)
        self._edit(text, shots=tuple(part for part in self._refs if part in wanted))

    def set_threshold(self, value: float | None) -> None:
        """Moves the threshold; moves in a row are one step of undo until `seal`."""
        if self.model is None:
            return
        own = {k: v for k, v in self.document.thresholds.items() if k != self.model.card.id}
        if value is not None:
            own[self.model.card.id] = float(value)
        text = "Reset threshold" if value is None else "Move threshold"
        self._edit(text, merge="" if value is None else "threshold", thresholds=own)

    def set_recipe(self, recipe: Recipe, merge: str = "") -> None:
        """Changes preprocessing; changes with the same `merge` in a row are one step of undo until `seal`."""
        self._edit("Change preprocessing", merge=merge, recipe=recipe)

    def set_label(self, parts: Iterable[str], label: Label | None) -> None:
        """The user's own judgement of parts; None takes it away."""
        chosen = set(parts)
        labels = {k: v for k, v in self.document.labels.items() if k not in chosen}
        if label is not None:
            labels |= dict.fromkeys(sorted(chosen), label)
        self._edit("Label parts", labels=labels)

    def set_dismissed(self, part: str, box: tuple[int, int, int, int], dismissed: bool) -> None:
        """Accepts a region as harmless, or takes that back; its verdict stays."""
        entry = frozenset({(part, box)})
        now = self.document.dismissed
        self._edit("Accept region", dismissed=now | entry if dismissed else now - entry)

    def set_missed(self, part: str, box: tuple[int, int, int, int] | None, missed: bool = True) -> None:
        """Labels a part as defective and marks the place of the defect, or takes the mark of a place back."""
        now = self.document
        entry = frozenset() if box is None else frozenset({(part, box)})
        labels = {**now.labels, part: "defective"} if missed else now.labels
        self._edit("Mark defect", labels=labels, missed=now.missed | entry if missed else now.missed - entry)

    def take_lesson(self, model: events.Model, results: Results, text: str) -> None:
        """Puts a taught model in force together with its results, as one step of undo."""
        results.inherit_failures(self.results)
        self.continuing = True
        self._take(model, results, text)
        self.continuing = False

    def seal(self) -> None:
        """The next change is a step of undo of its own."""
        self.history.seal()

    def undo(self) -> None:
        """Takes the last change back."""
        self._set(self.history.undo(self.document))

    def redo(self) -> None:
        """Does the last undone change again."""
        self._set(self.history.redo(self.document))

    def _edit(self, text: str, merge: str = "", **changes: Any) -> None:
        new = replace(self.document, **changes)
        if new != self.document:
            self.history.record(text, self.document, merge)
            self._set(new)

    def _set(self, new: Document) -> None:
        now = "" if self.model is None else self.model.card.id
        if new.model != now and new.model not in self._models:
            new = replace(new, model=now)
        if new == self.document:
            return
        old, self.document = self.document, new
        if new.model == now:
            self.document_changed.emit(new, old)
            return
        self._remember()
        self.model, self.results = self._models[new.model]
        self.results.limit_maps()
        self._regions, self.continuing = None, True
        self.model_swapped.emit()
        self.document_changed.emit(new, old)
        self.model_changed.emit()
        self.results_cleared.emit()
        self.continuing = False

    def _take(self, model: events.Model, results: Results, text: str) -> None:
        """Another model is in force. Undo brings the former one back; the first one has none to go back to."""
        before, name = self.document, model.card.id
        own = {} if model.own_threshold is None else {name: model.own_threshold}
        self._remember()
        if self.model is not None and self.model.card.id != name:
            self.history.record(text, before)
        self.model, self.results, self._regions = model, results, None
        self._set(replace(before, recipe=model.fitted.recipe, thresholds={**before.thresholds, **own}, model=name))
        self.model_changed.emit()
        self.results_cleared.emit()

    def _remember(self) -> None:
        """Keeps the model in force and its figures; most of its maps can be made again."""
        if self.model is not None:
            self.results.limit_maps(_FORMER_MAP_BYTES)
            self._models[self.model.card.id] = (self.model, self.results)

    # What the engine tells -----------------------------------------------------------------------------------------

    def apply(self, event: events.Event) -> None:
        """Takes an event in."""
        handler: Callable[[Any], None] | None = getattr(self, f"_on_{type(event).__name__}", None)
        assert handler is not None, f"no handler for {type(event).__name__}"
        handler(event)

    def note(self, level: str, text: str) -> None:
        """Writes a line into the log."""
        self.logged.emit(self.jobs.note(level, text))

    def _on_Note(self, event: events.Note) -> None:  # noqa: N802 - named after the event
        self.note(event.level, event.text)

    def _on_JobStarted(self, event: events.JobStarted) -> None:  # noqa: N802
        self.jobs.started(event)
        if event.kind == "Train":
            self.training = TrainingLog()
            self.training_changed.emit()
        self.jobs_changed.emit()

    def _on_JobProgress(self, event: events.JobProgress) -> None:  # noqa: N802
        self.jobs.progressed(event)
        self.jobs_changed.emit()

    def _on_JobEnded(self, event: events.JobEnded) -> None:  # noqa: N802
        self.jobs.ended(event)
        if event.kind == "Train":
            self.training.outcome, self.training.message = event.outcome, event.message
            self.training.advice, self.training.seconds = event.advice, event.seconds
            self.training_changed.emit()
        self.jobs_changed.emit()
        self.job_ended.emit(event)
        if event.outcome == "failed":
            self.note("error", f"{event.message} {event.advice}".strip())
            self.failed.emit(event)
        elif event.message:
            self.note("info", event.message)

    def _on_PartsOpened(self, event: events.PartsOpened) -> None:  # noqa: N802
        self.parts = event.parts
        self.unit = event.unit
        self._refs = {ref.id: ref for ref in event.parts.refs}
        self.report, self.picture, self.picture_error, self.shot_doubts = None, None, None, ()
        old = self.document
        recipe = self.model.fitted.recipe if self.model is not None else Recipe()
        self.document = Document(thresholds=old.thresholds, recipe=recipe, model=old.model)
        self.history.clear()
        self.results.clear()
        self._models.clear()
        self.parts_changed.emit()
        self.document_changed.emit(self.document, old)
        self.results_cleared.emit()
        self.picture_changed.emit()
        self.report_changed.emit()
        self.doubts_changed.emit()

    def _on_CategoryNeeded(self, event: events.CategoryNeeded) -> None:  # noqa: N802
        self.categories_offered.emit(event)

    def _on_ReportMade(self, event: events.ReportMade) -> None:  # noqa: N802
        self.report = event.report
        self.report_changed.emit()

    def _on_PartLoaded(self, event: events.PartLoaded) -> None:  # noqa: N802
        self.picture, self.picture_error = event.picture, None
        self.picture_changed.emit()

    def _on_ShotsChecked(self, event: events.ShotsChecked) -> None:  # noqa: N802
        if event.shots == self.document.shots:
            self.shot_doubts = event.doubts
            self.doubts_changed.emit()

    def _on_Encoding(self, event: events.Encoding) -> None:  # noqa: N802
        self.training.encoded = (event.done, event.of)
        self.training_changed.emit()

    def _on_Trained(self, event: events.Trained) -> None:  # noqa: N802
        self.training.add(event.step)
        self.training_changed.emit()

    def _on_ModelReady(self, event: events.ModelReady) -> None:  # noqa: N802
        trained = self.jobs.of_kind("Train") is not None
        self._take(event.model, Results(), "Train" if trained else "Open model")

    def _on_ModelSaved(self, event: events.ModelSaved) -> None:  # noqa: N802
        self.note("info", f"Model {event.id} written to {event.path}.")

    def _on_PartInspected(self, event: events.PartInspected) -> None:  # noqa: N802
        made_by = event.result.model_id
        if self.model is None or made_by == self.model.card.id:
            self.results.add(event.result, shot=event.shot)
            self.result_changed.emit(event.result.ref.id)
        elif made_by in self._models:  # asked for before undo went to another model
            self._models[made_by][1].add(event.result, shot=event.shot)

    def _on_PartFailed(self, event: events.PartFailed) -> None:  # noqa: N802
        self.results.fail(event.part, event.message, event.advice)
        self.result_changed.emit(event.part)

    def _on_PartUnreadable(self, event: events.PartUnreadable) -> None:  # noqa: N802
        self.picture, self.picture_error = None, event
        self.picture_changed.emit()

    def _on_BackbonesListed(self, event: events.BackbonesListed) -> None:  # noqa: N802
        self.backbones = event.backbones
        self.backbones_changed.emit()

    def _on_DevicesFound(self, event: events.DevicesFound) -> None:  # noqa: N802
        self.devices = event.devices
        self.devices_changed.emit()
