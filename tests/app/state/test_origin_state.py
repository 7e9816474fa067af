"""The explanation that is held: of one part, under one model."""

from types import SimpleNamespace

from pirn_app.messages.origin import OriginExplained, OriginFailed
from pirn_app.state.origin import Origin


def told(state, event):
    state.handles[type(event)](event)


def answer(part="a", model="m"):
    return OriginExplained(SimpleNamespace(part=part, model_id=model))


def test_only_the_part_and_model_that_were_explained(qtbot):
    state = Origin()
    with qtbot.waitSignal(state.changed, timeout=500):
        told(state, answer())
    assert state.explanation("a", "m") is not None
    assert state.explanation("b", "m") is None and state.explanation("a", "other") is None


def test_a_failure_takes_the_place_of_an_answer_and_back(qtbot):
    state = Origin()
    told(state, answer())
    with qtbot.waitSignal(state.changed, timeout=500):
        told(state, OriginFailed("a", "No file.", "Look for it."))
    assert state.explanation("a", "m") is None
    assert state.failure("a").advice == "Look for it." and state.failure("b") is None
    told(state, answer())
    assert state.failure("a") is None


def test_clearing_tells_once(qtbot):
    state = Origin()
    told(state, answer())
    with qtbot.waitSignal(state.changed, timeout=500):
        state.clear()
    with qtbot.assertNotEmitted(state.changed, wait=20):
        state.clear()
