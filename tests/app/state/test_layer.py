"""A map in the place of the score."""

import numpy as np

from pirn_app.state.display import Display, Layer


def layer() -> Layer:
    return Layer("distance", "Distance to normal", "a", np.zeros((2, 2), np.float32), (0.0, 1.0))


def test_a_layer_is_told_once(qtbot):
    display, told, made = Display(), [], layer()
    display.layered.connect(told.append)
    display.show_layer(made)
    display.show_layer(made)
    display.show_layer(None)
    assert told == [made, None] and display.layer is None


def test_choosing_a_map_of_the_score_takes_the_layer_away(qtbot):
    display = Display()
    display.show_layer(layer())
    display.set(opacity=0.5)
    assert display.layer is not None
    display.set(source="fused")  # also where it is the one in force
    assert display.layer is None
