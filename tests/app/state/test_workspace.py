"""The workspace: what the user does, what the engine tells, and that each is told once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pirn_app.messages import events
from pirn_app.state.workspace import Workspace
from pirn_core.config import Recipe
from pirn_core.data.fitting import FittedRecipe

SIGNALS = (
    "parts_changed", "document_changed", "picture_changed", "model_changed", "result_changed", "results_cleared",
    "training_changed", "report_changed", "doubts_changed", "jobs_changed", "logged", "backbones_changed",
    "devices_changed", "failed", "categories_offered",
)  # fmt: skip


class Told(list):
    """Names of the signals in the order of their coming."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        for name in SIGNALS:
            getattr(workspace, name).connect(lambda *_, name=name: self.append(name))

    def since(self) -> list[str]:
        found = list(self)
        self.clear()
        return found


@pytest.fixture
def opened(qapp, make_parts):
    workspace = Workspace()
    workspace.apply(events.PartsOpened(make_parts()))
    return workspace


@pytest.fixture
def trained(opened, make_model):
    opened.set_shots(["train/good/000", "train/good/001"])
    opened.apply(events.ModelReady(make_model()))
    return opened


def ids(workspace):
    return [ref.id for ref in workspace.refs]


def test_an_empty_workspace_answers_everything(qapp):
    workspace = Workspace()
    assert (workspace.refs, workspace.shots, workspace.limits, workspace.calibrated) == ((), (), None, None)
    assert (workspace.verdict("x"), workspace.result("x"), workspace.regions("x"), workspace.ref("x")) == (
        None,
        None,
        (),
        None,
    )
    assert workspace.outdated == ""
    workspace.set_threshold(0.5)
    workspace.undo()
    workspace.redo()
    assert workspace.document.thresholds == {}


def test_shots_keep_the_sets_order_and_unknown_ones_are_left_out(opened):
    opened.set_shots(["train/good/003", "nobody", "train/good/001"])
    assert opened.document.shots == ("train/good/001", "train/good/003")
    assert [ref.id for ref in opened.shots] == ["train/good/001", "train/good/003"]


def test_a_change_is_told_once_and_no_change_not_at_all(opened):
    told = Told(opened)
    opened.set_shots(["train/good/000"])
    opened.set_shots(["train/good/000"])
    opened.set_label(["nobody"], None)
    assert told.since() == ["document_changed"]
    assert opened.history.undo_text == "Change shots"
    opened.undo()
    assert told.since() == ["document_changed"]
    assert opened.history.undo_text == ""


def test_labels_are_set_changed_and_taken_away_with_undo(opened):
    first, second = ids(opened)[:2]
    opened.set_label([first, second], "good")
    opened.set_label([second], "defective")
    opened.set_label([first], None)
    assert opened.document.labels == {second: "defective"}
    opened.undo()
    opened.undo()
    assert opened.document.labels == {first: "good", second: "good"}
    opened.redo()
    assert opened.document.labels == {first: "good", second: "defective"}


def test_a_drag_is_one_step_and_the_next_drag_another(trained):
    for value in (1.4, 1.3, 1.2):
        trained.set_threshold(value)
    trained.seal()
    for value in (1.6, 1.7):
        trained.set_threshold(value)
    assert trained.limits == (1.0, 1.7)
    trained.undo()
    assert trained.limits == (1.0, 1.2)
    trained.undo()
    assert (trained.limits, trained.own_threshold) == ((1.0, 1.5), None)
    trained.redo()
    assert trained.limits == (1.0, 1.2)


def test_resetting_is_a_step_of_its_own(trained):
    trained.set_threshold(1.2)
    trained.set_threshold(None)
    assert trained.limits == trained.calibrated == (1.0, 1.5)
    trained.undo()
    assert trained.limits == (1.0, 1.2)


def test_the_unsure_band_never_lies_above_the_threshold(trained):
    trained.set_threshold(0.7)
    assert trained.limits == (0.7, 0.7)


def test_a_threshold_belongs_to_its_model(trained, make_model):
    trained.set_threshold(1.2)
    trained.apply(events.ModelReady(make_model(name="other")))
    assert trained.limits == (1.0, 1.5)
    trained.apply(events.ModelReady(make_model()))
    assert trained.limits == (1.0, 1.2)


def test_a_models_own_threshold_is_taken_over(opened, make_model):
    opened.apply(events.ModelReady(replace(make_model(), own_threshold=1.3)))
    assert opened.limits == (1.0, 1.3)
    assert opened.own_threshold == 1.3


def test_verdicts_follow_the_threshold(trained, make_result):
    ref = trained.ref("test/bent/000")
    trained.apply(events.PartInspected(make_result(ref, 1.2), shot=False))
    verdicts = []
    for value in (None, 1.1, 1.3):
        trained.set_threshold(value)
        verdicts.append(trained.verdict(ref.id))
    assert verdicts == ["unsure", "NG", "unsure"]
    assert trained.verdict("test/bent/001") is None


def test_regions_follow_the_threshold_and_gain_sizes_with_the_scan(trained, make_result, make_picture):
    ref = trained.ref("test/bent/000")
    given = make_result(ref, 2.0)
    trained.apply(events.PartInspected(given, shot=False))
    assert trained.regions(ref.id) is given.regions
    trained.set_threshold(1.0)
    (wide,) = trained.regions(ref.id)
    assert wide.pixels > given.regions[0].pixels
    assert wide.area_mm2 is None  # no points are loaded
    assert trained.regions(ref.id) is trained.regions(ref.id)
    trained.apply(events.PartLoaded(make_picture(ref)))
    (measured,) = trained.regions(ref.id)
    assert measured.pixels == wide.pixels
    assert measured.area_mm2 == pytest.approx(wide.pixels * 0.25, rel=0.3)  # half a millimetre per pixel
    trained.set_threshold(2.5)
    assert trained.regions(ref.id) == ()


def test_regions_do_not_borrow_the_scan_of_another_part(trained, make_result, make_picture):
    ref, other = trained.ref("test/bent/000"), trained.ref("test/bent/001")
    trained.apply(events.PartInspected(make_result(ref, 2.0), shot=False))
    trained.apply(events.PartLoaded(make_picture(other)))
    trained.set_threshold(1.0)
    assert trained.regions(ref.id)[0].area_mm2 is None


def test_regions_are_those_of_the_latest_result(trained, make_result):
    ref = trained.ref("test/bent/000")
    trained.set_threshold(1.0)
    for score in (2.0, 3.0):
        trained.apply(events.PartInspected(make_result(ref, score), shot=False))
        assert trained.regions(ref.id)[0].peak == np.float32(score)


def test_accepted_regions_are_undone(opened):
    box = (1, 2, 3, 4)
    opened.set_dismissed("a", box, True)
    assert opened.document.dismissed == {("a", box)}
    opened.set_dismissed("a", box, False)
    assert opened.document.dismissed == frozenset()
    opened.undo()
    assert opened.document.dismissed == {("a", box)}


def test_outdated_names_what_changed(trained):
    assert trained.outdated == ""
    trained.set_recipe(Recipe(input_size=336))
    assert "Preprocessing" in trained.outdated
    trained.undo()
    trained.set_shots(["train/good/001", "train/good/002"])
    assert "shots" in trained.outdated
    trained.set_shots([])
    assert trained.outdated == ""


def test_opening_parts_starts_anew_but_keeps_model_and_thresholds(trained, make_parts, make_result):
    trained.set_threshold(1.2)
    trained.set_label(["test/bent/000"], "good")
    trained.apply(events.PartInspected(make_result(trained.ref("test/bent/000")), shot=False))
    told = Told(trained)
    trained.apply(events.PartsOpened(make_parts(train=2), unit="m"))
    assert len(trained.refs) == 8
    assert trained.unit == "m"
    assert (trained.document.shots, trained.document.labels, len(trained.results)) == ((), {}, 0)
    assert trained.history.undo_text == ""
    assert trained.limits == (1.0, 1.2)
    names = told.since()
    assert names[0] == "parts_changed"
    assert {"document_changed", "results_cleared", "picture_changed", "report_changed", "doubts_changed"} <= set(names)
    assert len(names) == len(set(names))


def test_another_model_takes_results_away_and_brings_its_recipe(trained, make_model, make_result):
    trained.apply(events.PartInspected(make_result(trained.ref("test/bent/000")), shot=False))
    recipe = Recipe(input_size=336)
    model = make_model(name="other")
    told = Told(trained)
    trained.apply(events.ModelReady(replace(model, fitted=FittedRecipe(recipe, 448, 28, 100))))
    assert len(trained.results) == 0
    assert trained.document.recipe == recipe
    assert trained.outdated == ""
    assert told.since() == ["document_changed", "model_changed", "results_cleared"]


def test_a_failed_training_leaves_the_former_model(trained):
    model = trained.model
    failed = []
    trained.failed.connect(failed.append)
    trained.apply(events.JobStarted(5, "Train", "Training"))
    end = events.JobEnded(5, "Train", "failed", "Too few shots.", "Pick more.")
    trained.apply(end)
    assert trained.model is model
    assert failed == [end]
    assert (trained.training.outcome, trained.training.advice) == ("failed", "Pick more.")
    assert trained.jobs.log[-1].text == "Too few shots. Pick more."


def test_events_reach_their_places(opened, make_picture):
    told = Told(opened)
    ref = opened.refs[0]
    opened.apply(events.PartLoaded(make_picture(ref)))
    assert opened.picture is not None
    opened.apply(events.PartUnreadable(ref.id, "Broken."))
    assert opened.picture is None
    assert opened.picture_error is not None
    opened.apply(events.PartFailed(ref.id, "Broken.", "Export it again."))
    assert opened.results.get(ref.id).error == "Broken."
    opened.apply(events.CategoryNeeded(Path("x"), ("a", "b")))
    opened.apply(events.BackbonesListed(()))
    opened.apply(events.DevicesFound((("cpu", "CPU"),)))
    opened.apply(events.Note("warning", "Careful."))
    opened.apply(events.ModelSaved(Path("m.pirn"), "abc"))
    opened.apply(events.Encoding(3, 10))
    assert opened.devices == (("cpu", "CPU"),)
    assert opened.training.encoded == (3, 10)
    assert [line.level for line in opened.jobs.log] == ["warning", "info"]
    assert told.since() == [
        "picture_changed", "picture_changed", "result_changed", "categories_offered", "backbones_changed",
        "devices_changed", "logged", "logged", "training_changed",
    ]  # fmt: skip


def test_every_event_has_a_handler(opened):
    # Those of the slices, e.g. of `pirn_app.messages.transport`, are taken in by state objects of their own.
    kinds = {kind.__name__ for kind in events.Event.__subclasses__() if kind.__module__ == events.__name__}
    assert {name for name in kinds if not hasattr(Workspace, f"_on_{name}")} == set()


def test_doubts_of_former_shots_are_dropped(opened):
    opened.set_shots(["train/good/000"])
    doubt = events.ShotDoubt("train/good/000", "outlier", "Odd.")
    opened.apply(events.ShotsChecked(("train/good/005",), (doubt,)))
    assert opened.shot_doubts == ()
    opened.apply(events.ShotsChecked(("train/good/000",), (doubt,)))
    assert opened.shot_doubts == (doubt,)


def test_another_model_is_a_step_of_undo_with_its_own_results(trained, make_model, make_result):
    """The first model has nothing to go back to; later ones have, with results, thresholds and recipe."""
    workspace, told = trained, []
    first = workspace.model
    ref = workspace.refs[-1]
    workspace.apply(events.PartInspected(make_result(ref, 1.7), shot=False))
    workspace.set_threshold(1.8)
    before = workspace.document
    second = make_model(name="second")
    workspace.apply(events.ModelReady(second))
    assert workspace.document.model == "second" and workspace.history.undo_text == "Open model"
    assert len(workspace.results) == 0 and workspace.own_threshold is None
    workspace.model_swapped.connect(lambda: told.append(workspace.model.card.id))
    workspace.undo()
    assert (workspace.model, workspace.document) == (first, before) and told == [first.card.id]
    assert workspace.results.get(ref.id).score == 1.7 and workspace.own_threshold == 1.8
    workspace.apply(events.PartInspected(make_result(ref, 9.0, model="second"), shot=False))
    workspace.apply(events.PartInspected(make_result(ref, 9.0, model="nobody's"), shot=False))
    assert workspace.results.get(ref.id).score == 1.7, "answers of another model go to that model"
    workspace.redo()
    assert workspace.model is second and workspace.results.get(ref.id).score == 9.0


def test_undo_past_the_first_model_keeps_it(opened, make_model):
    opened.set_shots([opened.refs[0].id])
    opened.apply(events.ModelReady(make_model()))
    opened.undo()
    assert opened.document.shots == () and opened.model is not None
    assert opened.document.model == opened.model.card.id


def test_models_of_another_part_set_are_forgotten(trained, make_model, make_parts):
    trained.apply(events.ModelReady(make_model(name="second")))
    trained.apply(events.PartsOpened(make_parts()))
    assert trained.history.undo_text == "" and trained.document.model == "second"
