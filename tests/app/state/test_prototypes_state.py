"""What the prototype state asks for, when, and what settles it."""

from types import SimpleNamespace

import numpy as np
import pytest

from pirn_app.messages import events, prototypes
from pirn_app.messages.prototypes import Space
from pirn_app.state.prototypes import Prototypes, token_at
from pirn_core.explain.atlas import Atlas, Tokens
from pirn_core.explain.embedding import Layout

SURVEY, LAYOUT, PLACE, PICTURE = (
    prototypes.SurveyPrototypes,
    prototypes.LayOutPrototypes,
    prototypes.PlaceTokens,
    prototypes.PicturePrototype,
)
SHOTS = ("train/good/000", "train/good/001")


def some_tokens(*parts, each=4):
    count = each * len(parts)
    centres = np.tile(np.array([[20.0, 20.0], [20.0, 30.0], [30.0, 20.0], [30.0, 30.0]], np.float32), (len(parts), 1))
    return Tokens(
        parts,
        np.repeat(np.arange(len(parts)), each).astype(np.int32),
        np.tile(np.arange(each), len(parts)).astype(np.int32),
        centres,
        (10.0,) * len(parts),
        np.zeros((count, 0), np.float32),
    )


def health(space):
    nearest = np.array([[0, 5], [1, 2], [3, 4]], np.int32)
    return prototypes.HealthMade(
        space, SimpleNamespace(nearest=nearest, nearest_cosine=nearest * 0.1, patches=some_tokens(*SHOTS))
    )


def atlas(space, refs):
    made = Atlas(space.modality, space.layer, some_tokens(*SHOTS), 8, np.eye(3, dtype=np.float32), np.arange(3), 0)
    return prototypes.AtlasMade(space, made, {ref.id: ref for ref in refs if ref.id in SHOTS}, ())


def laid_out(space, method="tsne"):
    places = np.zeros((11, 2), np.float32)
    return prototypes.PrototypesLaidOut(space, Layout(method, places, places, 0), places[:3], 1.0)


def placed(space, *parts, method="tsne", scope="part"):
    tokens = some_tokens(*parts)
    zeros = np.zeros((len(tokens), 2), np.float32)
    return prototypes.TokensPlaced(space, method, scope, parts, tokens, len(tokens), zeros, zeros[:, 0], None)


@pytest.fixture
def asked(context):
    found = []
    context.requests.asked.connect(found.append)
    return found


@pytest.fixture
def state(context, make_parts, make_model, asked, qtbot):
    made = Prototypes(context.workspace, context.cursor, context.requests)
    made._soon.setInterval(1)
    context.workspace.apply(events.PartsOpened(make_parts()))
    context.workspace.apply(events.ModelReady(make_model(SHOTS)))
    context.cursor.go(part="test/bent/000")
    return made


@pytest.fixture
def tell(context, state):
    """Events as the application routes them."""

    def route(event):
        handler = state.handles.get(type(event))
        (handler or context.workspace.apply)(event)

    return route


SPACE = Space("abcdef", "rgb", 0)


def kinds(asked):
    return [type(job) for job in asked]


def test_nothing_is_asked_for_while_nobody_looks(state, asked, context):
    state.look()
    context.cursor.go(part="test/bent/001")
    assert asked == []


def test_one_thing_after_another_and_once(state, asked, tell, context, qtbot):
    state.watch(True)
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert isinstance(asked[0], SURVEY) and asked[0].space == SPACE and len(asked[0].refs) == 12
    state.look()
    assert len(asked) == 1 and state.waiting
    tell(atlas(SPACE, context.workspace.refs))
    assert kinds(asked) == [SURVEY, LAYOUT], "the layout begins before the use is known"
    tell(health(SPACE))
    tell(laid_out(SPACE))
    assert kinds(asked) == [SURVEY, LAYOUT, PLACE] and [r.id for r in asked[2].refs] == ["test/bent/000"]
    tell(placed(SPACE, "test/bent/000"))
    state.look()
    assert len(asked) == 3 and not state.waiting and state.placed is not None


@pytest.fixture
def ready(state, asked, tell, context):
    """Everything is there for one part."""
    state.watch(True)
    state.look()
    for event in (
        atlas(SPACE, context.workspace.refs),
        health(SPACE),
        laid_out(SPACE),
        placed(SPACE, "test/bent/000"),
    ):
        tell(event)
    asked.clear()
    return state


def test_another_part_is_placed_into_the_same_layout(ready, asked, context, qtbot):
    layout = ready.layout
    context.cursor.go(part="test/bent/001")
    assert ready.placed is None
    qtbot.waitUntil(lambda: asked != [])
    assert kinds(asked) == [PLACE] and asked[0].layout is layout.layout and ready.layout is layout


def test_what_was_computed_is_kept_for_another_look(ready, asked, tell, context):
    ready.choose(modality="sn")
    assert kinds(asked) == [SURVEY] and asked[0].space.modality == "sn" and ready.layout is None
    asked.clear()
    ready.choose(modality="rgb")
    assert kinds(asked) == [] and ready.layout is not None and ready.placed is not None
    ready.choose(method="pca")
    assert kinds(asked) == [LAYOUT] and asked[0].method == "pca"


def test_all_inspected_parts_wait_for_the_batch(ready, asked, tell, context, make_result, qtbot):
    workspace = context.workspace
    tell(events.JobStarted(9, "InspectParts", "Inspecting"))
    for part in ("test/good/000", "test/bent/000"):
        tell(events.PartInspected(make_result(workspace.ref(part)), False))
    ready.choose(scope="all")
    assert asked == []
    tell(events.JobEnded(9, "InspectParts", "done"))
    qtbot.waitUntil(lambda: asked != [])
    assert [r.id for r in asked[0].refs] == ["test/good/000", "test/bent/000"] and asked[0].scope == "all"


def test_the_card_asks_for_its_pictures(ready, asked, tell, context):
    context.cursor.go(prototype=("rgb", 1))
    (job,) = asked
    assert isinstance(job, PICTURE) and job.index == 1 and [s.ref.id for s in job.sources] == [SHOTS[0]] * 2
    assert job.sources[0].box == some_tokens(*SHOTS).box(1)
    tell(prototypes.PrototypePictured(SPACE, 2, ()))
    assert ready.card is None, "the answer for another prototype is no answer"
    tell(prototypes.PrototypePictured(SPACE, 1, ()))
    assert ready.card is not None
    context.cursor.go(prototype=("rgb", 2))
    assert ready.card is None and asked[-1].index == 2
    context.cursor.go(prototype=("sn", 2))
    assert len(asked) == 2, "a prototype of the other modality has no card here"


def test_stopping_and_going_on(state, asked, tell, context, qtbot):
    cancelled = []
    context.requests.cancel_asked.connect(cancelled.append)
    state.watch(True)
    state.look()
    tell(events.JobStarted(4, "SurveyPrototypes", "Looking"))
    assert state.job.number == 4
    state.stop()
    assert cancelled == [4] and state.stopped and not state.waiting
    state.look()
    assert len(asked) == 1, "what was stopped is not asked for by itself"
    state.again()
    assert len(asked) == 2 and state.waiting and not state.stopped


def test_a_job_that_ends_without_an_answer_was_stopped(state, asked, tell):
    state.watch(True)
    state.look()
    tell(events.JobStarted(4, "SurveyPrototypes", "Looking"))
    tell(events.JobEnded(4, "SurveyPrototypes", "cancelled"))
    assert state.stopped
    state.choose(modality="sn")
    assert asked[-1].space.modality == "sn" and not state.stopped, "something else may be asked for"


def test_the_end_of_a_former_job_does_not_stop_the_next_one(state, asked, tell):
    state.watch(True)
    state.look()
    tell(events.JobStarted(4, "SurveyPrototypes", "Looking"))
    state.choose(modality="sn")
    tell(events.JobEnded(4, "SurveyPrototypes", "cancelled"))
    assert not state.stopped and state.waiting
    tell(events.JobStarted(5, "SurveyPrototypes", "Looking"))
    tell(events.JobEnded(5, "SurveyPrototypes", "failed", "No."))
    assert state.stopped


def test_another_model_forgets_everything(ready, asked, tell, make_model, qtbot):
    tell(events.ModelReady(make_model(SHOTS, name="fedcba")))
    assert ready.atlas is None and ready.layout is None and ready.health is None and ready.placed is None
    qtbot.waitUntil(lambda: asked != [])
    assert asked[-1].space.model == "fedcba"
    tell(laid_out(SPACE))
    assert ready.layout is None, "an answer for the former model is no answer"


def test_a_folder_without_the_shots_is_not_asked_again(state, asked, tell):
    state.watch(True)
    state.look()
    tell(prototypes.PrototypesUnavailable(SPACE, "Gone.", "Open it."))
    state.look()
    assert len(asked) == 1 and state.unavailable is not None


def test_marking_takes_the_part_in_view_only(ready, tell, context, qtbot):
    ready.choose(scope="all")
    tell(placed(SPACE, "test/good/000", "test/bent/000", scope="all"))
    with qtbot.waitSignal(ready.marked_changed):
        ready.mark([0, 1, 5, 6])
    assert ready.marked == ((20.0, 30.0, 10.0), (30.0, 20.0, 10.0))
    with qtbot.waitSignal(ready.marked_changed):
        context.cursor.go(part="test/bent/001")
    assert ready.marked == ()


def test_the_token_under_a_pixel():
    found = placed(SPACE, "a", "b")
    assert token_at(found, "b", (29, 31)) == 7 and token_at(found, "a", (20, 20)) == 0
    assert token_at(found, "a", (60, 60)) is None and token_at(found, "c", (20, 20)) is None
