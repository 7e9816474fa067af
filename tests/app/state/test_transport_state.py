"""What is held of a part's transport."""

from types import SimpleNamespace

from pirn_app.messages.transport import TransportExplained, TransportFailed
from pirn_app.state.transport import Transport


def explained(part: str, model: str) -> TransportExplained:
    return TransportExplained(SimpleNamespace(ref=SimpleNamespace(id=part), model_id=model))


def test_an_answer_holds_for_its_part_and_model(qtbot):
    state = Transport()
    event = explained("a", "m")
    with qtbot.waitSignal(state.changed, timeout=200):
        state.handles[TransportExplained](event)
    assert state.explanation("a", "m") is event.explanation
    assert state.explanation("b", "m") is None and state.explanation("a", "n") is None


def test_a_failure_replaces_an_answer_and_is_replaced_by_one(qtbot):
    state = Transport()
    state.handles[TransportExplained](explained("a", "m"))
    state.handles[TransportFailed](TransportFailed("b", "b: gone.", "Look."))
    assert state.explanation("a", "m") is None
    assert state.failure("b").message == "b: gone." and state.failure("a") is None
    state.handles[TransportExplained](explained("b", "m"))
    assert state.failure("b") is None


def test_clearing_tells_once(qtbot):
    state, told = Transport(), []
    state.handles[TransportExplained](explained("a", "m"))
    state.changed.connect(lambda: told.append(1))
    state.clear()
    state.clear()
    assert told == [1] and state.explanation("a", "m") is None


def test_a_choice_is_told_once(qtbot):
    state, told = Transport(), []
    state.chosen.connect(lambda: told.append(state.choice))
    state.choose(modality="sn")
    state.choose(modality="sn")
    state.choose(layer=2, split="truth")
    assert len(told) == 2 and (told[1].modality, told[1].layer, told[1].split) == ("sn", 2, "truth")
