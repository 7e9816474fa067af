"""How things are shown: told once per change; fit always."""

from dataclasses import FrozenInstanceError

import pytest

from pirn_app.state.display import Display, Look


@pytest.fixture
def told():
    display, looks, frames = Display(), [], []
    display.changed.connect(lambda new, old: looks.append((new, old)))
    display.framed.connect(frames.append)
    return display, looks, frames


def test_a_change_of_the_look_is_told_once(told):
    display, looks, frames = told
    display.set(opacity=0.5)
    display.set(opacity=0.5)
    assert looks == [(Look(opacity=0.5), Look())]
    assert frames == []


def test_an_unknown_setting_is_refused_and_a_look_is_frozen(told):
    display, looks, _ = told
    with pytest.raises(TypeError):
        display.set(opasity=1)
    with pytest.raises(FrozenInstanceError):
        display.look.heat = False
    assert looks == []


def test_the_frame_is_told_once_but_fit_always(told):
    display, _, frames = told
    display.show_frame((1.0, 2.0, 3.0, 4.0))
    display.show_frame((1.0, 2.0, 3.0, 4.0))
    assert display.frame == (1.0, 2.0, 3.0, 4.0)
    display.fit()
    display.fit()  # the views may have been moved by hand since
    assert frames == [(1.0, 2.0, 3.0, 4.0), None, None]
    assert display.frame is None
