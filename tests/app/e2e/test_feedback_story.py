"""A false positive and the way back from it, through the real engine: preview, apply, undo, redo, take back."""

import os
import time
from collections.abc import Callable

import numpy as np
import pytest

from pirn_app.engine.engine import Engine
from pirn_app.messages import events, feedback, jobs
from pirn_app.state.feedback import Feedback
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import open_parts
from pirn_core.files import resource

pytestmark = pytest.mark.skipif(
    not resource("backbones", "embedded.safetensors").is_file(), reason="the embedded weights are not in this checkout"
)

SETTINGS = {
    "backbone": "embedded",
    "recipe.input_size": 224,
    "decoder.prototypes": 300,
    "augmentation.rotations": 2,
    "training.enabled": False,
    "training.folds": 3,
}
FINE = "test/good/001"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    former = os.environ.get("PIRN_CACHE")
    os.environ["PIRN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("PIRN_CACHE") if former is None else os.environ.update(PIRN_CACHE=former)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Generated flanges; one good part bears a harmless mark of the pen, which no shot shows."""
    import cv2

    from pirn_core.synthetic import generate

    folder = tmp_path_factory.mktemp("samples") / "set"
    generate(folder, parts=("flange",), train=4, validation=0, good=2, defective_per_kind=1, size=192)
    found = open_parts(folder, category="flange")
    (marked,) = (ref for ref in found.refs if ref.id == FINE)
    image = cv2.imread(str(marked.rgb))
    middle = image.shape[0] // 2
    cv2.line(image, (middle - 40, middle + 24), (middle - 22, middle + 34), (90, 60, 120), 2)
    assert cv2.imwrite(str(marked.rgb), image)
    return found


class Desk:
    """Workspace, teaching and engine, connected as the application connects them."""

    def __init__(self, wait: Callable[..., None]) -> None:
        self.workspace, self.requests = Workspace(), Requests()
        self.feedback = Feedback(self.workspace, self.requests)
        self.engine, self.wait, self.ended = Engine(), wait, []
        self.engine.event.connect(self.route)
        self.requests.asked.connect(self.engine.submit)

    def route(self, event: events.Event) -> None:
        self.feedback.handles.get(type(event), self.workspace.apply)(event)
        if isinstance(event, events.JobEnded):
            self.ended.append(event)

    def do(self, job: jobs.Job) -> events.JobEnded:
        number = self.engine.submit(job)
        self.wait(lambda: any(event.number == number for event in self.ended), timeout=60_000)
        return next(event for event in self.ended if event.number == number)

    def settle(self, condition: Callable[[], bool]) -> None:
        self.wait(lambda: condition() and not self.engine.busy, timeout=30_000)

    def figures(self) -> dict[str, tuple]:
        return {found.part: (found.score, dict(found.scores), found.regions) for found in self.workspace.results}

    def verdicts(self) -> dict[str, str]:
        return {found.part: self.workspace.verdict(found.part) for found in self.workspace.results}

    def inspect(self) -> None:
        refs = tuple(ref for ref in self.workspace.refs if ref.split == "test")
        assert self.do(jobs.InspectParts(refs, self.workspace.own_threshold)).outcome == "done"


@pytest.fixture
def desk(qtbot, parts, tmp_path):
    made = Desk(qtbot.waitUntil)
    made.workspace.apply(events.PartsOpened(parts))
    shots = tuple(parts.good())[:4]
    made.workspace.set_shots(ref.id for ref in shots)
    trained = made.do(jobs.Train(shots, changed(PirnConfig(), SETTINGS), tmp_path, "flange", "cpu"))
    assert trained.outcome == "done", trained
    made.inspect()
    yield made
    assert made.engine.close(20_000)


def assert_same_as_inspected_anew(desk: Desk) -> None:
    """What was judged anew is what a fresh inspection with the model in force finds, to the last digit."""
    before, maps = desk.figures(), {part: desk.workspace.result(part) for part in desk.figures()}
    desk.inspect()
    assert desk.figures() == before
    for part, held in maps.items():
        if held is not None:
            fresh = desk.workspace.result(part)
            np.testing.assert_array_equal(held.map, fresh.map)
            assert (held.warnings, held.verdict, held.threshold) == (fresh.warnings, fresh.verdict, fresh.threshold)


def test_one_click_clears_a_false_positive_and_undo_brings_everything_back(desk, tmp_path):
    workspace, teaching = desk.workspace, desk.feedback
    first = workspace.model
    workspace.set_threshold(0.98 * workspace.results.get(FINE).score)  # to catch the stain as well
    desk.inspect()
    figures, verdicts = desk.figures(), desk.verdicts()
    assert verdicts[FINE] == "NG", "the mark of the pen is the false positive"
    caught = {part for part, verdict in verdicts.items() if verdict == "NG" and "/good/" not in part}
    assert len(caught) == 3
    limits, document = workspace.limits, workspace.document

    began = time.perf_counter()
    teaching.confirm_regions(FINE, workspace.regions(FINE))
    desk.settle(lambda: teaching.proposal is not None and teaching.proposal.comparison is not None)
    compared, teaching_seconds = teaching.proposal.comparison, teaching.proposal.previewed.seconds
    assert desk.figures() == figures and workspace.model is first, "a preview changes nothing"
    assert [flip.part for flip in compared.flips if flip.released] == [FINE]
    assert (compared.escapes, compared.caught, compared.compared) == (0, 0, len(figures))
    teaching.apply()
    desk.settle(lambda: workspace.model is not first)
    seconds = time.perf_counter() - began
    print(f"taught in {seconds:.2f} s, preview {teaching_seconds:.2f} s")
    assert seconds < 10

    second = workspace.model
    assert {path.name for path in tmp_path.glob("*.pirn")} == {first.path.name, second.path.name}
    assert second.card.id in second.path.name and first.card.id not in second.path.name
    assert desk.verdicts()[FINE] != "NG"
    assert caught <= {part for part, verdict in desk.verdicts().items() if verdict == "NG"}
    assert workspace.limits == limits, "a region leaves the threshold alone"
    assert {flip.part: flip.score_after for flip in compared.flips}.items() <= {
        part: found[0] for part, found in desk.figures().items()
    }.items(), "the preview said what came"
    assert workspace.history.undo_text.startswith("Accept ") and workspace.history.undo_text.endswith(" of good/001")
    taught = desk.figures()
    assert_same_as_inspected_anew(desk)

    workspace.undo()
    assert (workspace.model, workspace.document, workspace.limits) == (first, document, limits)
    assert desk.figures() == figures
    desk.settle(lambda: True)
    assert_same_as_inspected_anew(desk)

    workspace.redo()
    assert workspace.model is second and desk.figures() == taught
    desk.settle(lambda: True)
    assert_same_as_inspected_anew(desk)

    teaching.take_back(*workspace.model.card.confirmed)
    desk.settle(lambda: teaching.proposal is not None and teaching.proposal.comparison is not None)
    teaching.apply()
    desk.settle(lambda: workspace.model is not second)
    assert workspace.model.card.confirmed == () and workspace.limits == limits
    assert desk.figures() == figures


def test_a_whole_part_moves_the_threshold_and_a_cancelled_lesson_nothing(desk):
    workspace, teaching = desk.workspace, desk.feedback
    first, threshold = workspace.model, workspace.limits[1]
    workspace.set_threshold(0.5 * workspace.results.get(FINE).score)
    moved = workspace.document
    teaching.confirm(FINE)
    desk.settle(lambda: teaching.proposal is not None and teaching.proposal.comparison is not None)
    assert teaching.proposal.previewed.own_threshold is None, "a part called good must not stay NG"
    teaching.discard()
    assert teaching.proposal is None and workspace.model is first and workspace.document == moved

    teaching.confirm(FINE)
    desk.settle(lambda: teaching.proposal is not None and teaching.proposal.comparison is not None)
    number = desk.engine.submit(
        feedback.ApplyLesson(teaching.proposal.lesson, workspace.refs, first.path, workspace.own_threshold)
    )
    desk.engine.cancel(number)
    desk.settle(lambda: any(event.number == number for event in desk.ended))
    assert workspace.model is first and [p.name for p in first.path.parent.iterdir()] == [first.path.name]

    teaching.apply()
    desk.settle(lambda: workspace.model is not first)
    assert workspace.own_threshold is None
    assert workspace.limits[1] != threshold
    assert workspace.verdict(FINE) != "NG"
    assert_same_as_inspected_anew(desk)
    workspace.undo()
    assert workspace.document == moved and workspace.verdict(FINE) == "NG"
    assert workspace.model is first


def test_undo_of_a_training_brings_the_former_model_back(desk, parts, tmp_path):
    workspace, first, figures = desk.workspace, desk.workspace.model, desk.figures()
    again = desk.feedback.retraining("test/good/000")
    assert [ref.id for ref in again.shots] == [*first.card.shots, "test/good/000"]
    assert again.config == first.config and again.out == tmp_path
    desk.feedback.retrain("test/good/000")
    desk.settle(lambda: workspace.model is not first)
    second = workspace.model
    assert len(second.card.shots) == 5 and desk.figures() == {}
    assert workspace.history.undo_text == "Train"
    workspace.undo()
    assert workspace.model is first and desk.figures() == figures
    desk.settle(lambda: True)
    assert_same_as_inspected_anew(desk)
    workspace.redo()
    assert workspace.model is second


def test_would_another_shot_help(desk):
    desk.feedback.ask_curve()
    desk.settle(lambda: desk.feedback.curve is not None)
    assert [point.parts for point in desk.feedback.curve.points] == [1, 2, 3]
    assert desk.feedback.curve.worth_another in (True, False)
    assert desk.feedback.next_part() in ("test/good/000", "test/good/001")
    advice = desk.feedback.advice()
    assert advice.false_rejects.of == 6 and advice.escapes.of == 5
