"""One cursor: tells once per change and never for none."""

import pytest

from pirn_app.state.cursor import Cursor, Place


@pytest.fixture
def told():
    cursor, calls = Cursor(), []
    cursor.changed.connect(lambda new, old: calls.append((new, old)))
    return cursor, calls


def test_a_change_is_told_once_with_new_and_former_place(told):
    cursor, calls = told
    cursor.go(part="a", pixel=(1, 2))
    assert calls == [(Place("a", (1, 2)), Place())]
    cursor.go(part="a", pixel=(1, 2))
    cursor.go()
    assert len(calls) == 1


def test_another_part_takes_pixel_region_and_prototype_away(told):
    cursor, _ = told
    cursor.go(part="a", pixel=(1, 2), region=3, prototype=("rgb", 4), pinned=True)
    cursor.go(part="b")
    assert cursor.place == Place("b")
    cursor.go(part="c", pixel=(5, 6))
    assert cursor.place == Place("c", (5, 6))


def test_the_same_part_keeps_them(told):
    cursor, _ = told
    cursor.go(part="a", pixel=(1, 2), region=3)
    cursor.go(part="a", region=4)
    assert cursor.place == Place("a", (1, 2), region=4)


def test_hovering_moves_until_a_click_pins(told):
    cursor, calls = told
    cursor.go(part="a")
    cursor.hover((1, 1))
    cursor.hover(None)
    assert cursor.place.pixel == (1, 1)
    cursor.pin((2, 2))
    cursor.hover((3, 3))
    assert (cursor.place.pixel, cursor.place.pinned) == ((2, 2), True)
    cursor.release()
    cursor.hover((3, 3))
    assert cursor.place.pixel == (3, 3)
    assert len(calls) == 5
