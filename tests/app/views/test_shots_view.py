"""The shots, as a user meets them."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.messages.jobs import CheckShots
from pirn_app.state.shots import good_parts
from pirn_app.views.shots import ShotsView
from pirn_core.config import CropConfig, Recipe
from pirn_core.data.layouts import Listing, PartSet
from pirn_core.data.sample import PartRef
from pirn_core.picking import random_shots

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def ran(context):
    """Names of the actions that ran."""
    names: list[str] = []
    context.actions.add(
        [
            Action(
                "train",
                "Train",
                "Model",
                lambda: names.append("train"),
                enabled_when=lambda: bool(context.workspace.shots),
            ),
            Action("open-folder", "Open folder", "File", lambda: names.append("open-folder")),
        ]
    )
    return names


@pytest.fixture
def asked(context):
    """Jobs that were asked for."""
    jobs: list[object] = []
    context.requests.asked.connect(jobs.append)
    return jobs


@pytest.fixture
def view(qtbot, context, ran):
    made = ShotsView(context)
    made._check.setInterval(30)
    qtbot.addWidget(made)
    made.resize(420, 520)
    made.show()
    yield made
    made.release()


@pytest.fixture
def readable(context, monkeypatch):
    """As if all pictures could be read."""
    monkeypatch.setattr(type(context.thumbnails), "failed", lambda self, ref: False)


@pytest.fixture
def opened(view, context, make_parts):
    """Six good training parts, three good and three bent test parts."""
    context.workspace.apply(events.PartsOpened(make_parts()))
    return view


def press(qtbot, view, name):
    button = view.findChild(QPushButton, name)
    assert button.isVisible() and button.isEnabled(), name
    qtbot.mouseClick(button, LEFT)


def label(view, name):
    found = view.findChild(QLabel, name)
    return found.text() if found is not None and found.isVisible() else ""


def cards(view):
    """Ids of the cards in the order in which they are seen."""
    found = [view._grid.itemAt(k).widget() for k in range(view._grid.count())]
    return tuple(card.ref.id for card in found)


# Nothing there --------------------------------------------------------------------------------------------------------


def test_nothing_open(qtbot, view, ran):
    assert label(view, "empty-text") == "Open a folder of parts, or try the sample parts."
    button = next(b for b in view.findChildren(QPushButton) if b.text() == "Open folder")
    qtbot.mouseClick(button, LEFT)
    assert ran == ["open-folder"]
    assert not view.draw.pick.isEnabled() and not view.draw.clear.isEnabled()
    view.pick_random()
    assert "No parts are open." in label(view, "shots-message")


def test_no_shots_yet_says_how_to_get_some(opened):
    assert "No shots yet. Pick 5 to 10 good parts" in label(opened, "empty-text")
    assert opened.draw.pick.isVisible() and opened.draw.pick.isEnabled()
    assert label(opened, "shots-summary") == "6 good parts. 5 to 10 shots are recommended."
    assert (opened.count, opened.seed) == (5, 0)


def test_a_folder_without_good_parts_says_why(view, context, tmp_path):
    refs = (PartRef("test/bent/0", "test", "bent"),)
    context.workspace.apply(events.PartsOpened(PartSet(tmp_path, "mvtec3d", "", "x", lambda: Listing(refs))))
    assert "no good part" in label(view, "shots-summary")
    assert not view.draw.pick.isEnabled()


# Drawing --------------------------------------------------------------------------------------------------------------


def test_pick_draws_what_the_package_draws(qtbot, opened, context):
    opened.draw.count_box.setFocus()
    opened.draw.count_box.selectAll()
    qtbot.keyClicks(opened.draw.count_box, "3")
    opened.draw.seed_box.selectAll()
    qtbot.keyClicks(opened.draw.seed_box, "7")
    press(qtbot, opened, "shots-pick")
    wanted = tuple(ref.id for ref in random_shots(context.workspace.parts.good(), 3, 7))
    assert context.workspace.document.shots == wanted == cards(opened)
    assert context.workspace.history.undo_text == "Pick 3 random shots"
    context.workspace.undo()
    assert cards(opened) == () and context.workspace.document.shots == ()


def test_the_number_is_limited_by_the_good_parts(qtbot, opened, context, make_parts):
    assert opened.draw.count_box.maximum() == 6
    context.workspace.apply(events.PartsOpened(make_parts(train=25)))
    assert opened.draw.count_box.maximum() == 25  # more than ten are allowed
    opened.set_draw(25, 3)
    press(qtbot, opened, "shots-pick")
    assert len(context.workspace.document.shots) == 25
    assert (opened.count, opened.seed) == (25, 3)
    context.workspace.apply(events.PartsOpened(make_parts(train=2)))
    assert opened.count == 2


def test_parts_that_the_user_called_defective_are_not_drawn(qtbot, opened, context):
    context.workspace.set_label(["train/good/000", "train/good/001"], "defective")
    assert label(opened, "shots-summary").startswith("4 good parts.")
    opened.set_draw(9, 0)
    press(qtbot, opened, "shots-pick")
    assert cards(opened) == tuple(f"train/good/00{k}" for k in range(2, 6))


def test_clear_is_undoable(qtbot, opened, context):
    press(qtbot, opened, "shots-pick")
    before = context.workspace.document.shots
    press(qtbot, opened, "shots-clear")
    assert context.workspace.document.shots == () and not opened.draw.clear.isEnabled()
    context.workspace.undo()
    assert cards(opened) == before


# Cards ----------------------------------------------------------------------------------------------------------------


def test_a_click_goes_to_the_part(qtbot, opened, context):
    press(qtbot, opened, "shots-pick")
    part = cards(opened)[2]
    qtbot.mouseClick(opened._cards[part], LEFT)
    assert context.cursor.place.part == part
    opened.grab()


def test_hovering_brings_remove_and_replace(qtbot, opened, context):
    press(qtbot, opened, "shots-pick")
    part = cards(opened)[1]
    card = opened._cards[part]
    remove = card.findChild(QToolButton, "shot-remove")
    assert not remove.isVisible()
    qtbot.mouseMove(card, QPoint(40, 60))
    qtbot.waitUntil(remove.isVisible)
    qtbot.mouseClick(remove, LEFT)
    qtbot.waitUntil(lambda: part not in cards(opened))
    assert len(context.workspace.document.shots) == 4 and context.cursor.place.part == ""
    context.workspace.undo()
    assert part in cards(opened)


def test_replace_takes_another_good_part(qtbot, opened, context):
    opened.set_draw(3, 1)
    press(qtbot, opened, "shots-pick")
    before = set(cards(opened))
    part = cards(opened)[0]
    opened._cards[part]._show_buttons(True)
    qtbot.mouseClick(opened._cards[part].findChild(QToolButton, "shot-replace"), LEFT)
    qtbot.waitUntil(lambda: part not in cards(opened))
    after = set(cards(opened))
    assert len(after) == 3 and len(after & before) == 2
    assert after <= {ref.id for ref in good_parts(context.workspace)}


def test_replacing_again_and_again_shows_every_part_before_one_comes_back(opened, context):
    opened.set_draw(1, 0)
    opened.pick_random()
    seen = []
    for _ in range(6):
        (part,) = cards(opened)
        seen.append(part)
        opened.replace(part)
    assert len(set(seen)) == 6
    assert cards(opened) != (seen[-1],)


def test_replace_says_where_there_is_no_other(opened, context):
    opened.set_draw(6, 0)
    opened.pick_random()
    opened.replace("train/good/000")
    assert "no other good part" in label(opened, "shots-message")
    assert len(context.workspace.document.shots) == 6
    context.workspace.set_shots(["train/good/000"])
    assert label(opened, "shots-message") == ""


def test_keys_on_a_card(qtbot, opened, context):
    opened.set_draw(3, 0)
    opened.pick_random()
    first, second, third = cards(opened)
    opened.activateWindow()
    opened._cards[first].setFocus()
    qtbot.waitUntil(lambda: opened._cards[first].findChild(QToolButton, "shot-remove").isVisible())
    qtbot.keyClick(opened._cards[first], Qt.Key.Key_Return)
    assert context.cursor.place.part == first
    qtbot.keyClick(opened._cards[second], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: cards(opened) == (first, third))
    qtbot.keyClick(opened._cards[third], Qt.Key.Key_R)
    qtbot.waitUntil(lambda: third not in cards(opened))
    assert len(cards(opened)) == 2


def test_cards_wrap_and_keep_the_order_of_the_parts(qtbot, opened, context):
    context.workspace.set_shots(["train/good/005", "train/good/000"])
    context.workspace.set_shots([f"train/good/00{k}" for k in range(6)])
    assert cards(opened) == tuple(f"train/good/00{k}" for k in range(6))
    opened.resize(320, 520)
    qtbot.waitUntil(lambda: len({card.y() for card in opened._cards.values()}) == 2)
    opened.resize(700, 520)
    qtbot.waitUntil(lambda: len({card.y() for card in opened._cards.values()}) == 1)


def test_it_can_be_as_narrow_as_its_column(qtbot, opened, context):
    context.workspace.set_shots([f"train/good/00{k}" for k in range(5)])
    assert opened.minimumSizeHint().width() <= 260
    opened.resize(260, 520)
    qtbot.wait(20)
    assert opened.width() == 260
    for widget in (opened.draw.pick, opened.draw.clear, opened.draw.seed_box, opened.train_button):
        assert widget.width() >= widget.sizeHint().width()
        assert widget.mapTo(opened, widget.rect().topRight()).x() < 260


def test_two_shots_of_one_name_show_where_they_are_from(opened, context):
    context.workspace.set_shots(["train/good/000", "test/good/000", "train/good/001"])
    names = [opened._cards[part]._name for part in cards(opened)]
    assert names == ["train/good/000", "001", "test/good/000"]


# What there is to say -------------------------------------------------------------------------------------------------


def test_one_shot_is_a_guess(opened, context):
    context.workspace.set_shots(["train/good/000"])
    assert "Thresholds from one shot are a guess." in label(opened, "shots-remarks")
    context.workspace.set_shots(["train/good/000", "train/good/001"])
    assert "2 shots are few" in label(opened, "shots-remarks")
    context.workspace.set_shots([f"train/good/00{k}" for k in range(5)])
    assert label(opened, "shots-remarks") == ""


def test_shots_that_nobody_called_good_and_test_parts_are_named(opened, context, tmp_path):
    context.workspace.set_shots(["test/good/000"])
    assert "1 shot is a test part" in label(opened, "shots-remarks")
    refs = tuple(PartRef(f"{k}") for k in range(6))
    context.workspace.apply(events.PartsOpened(PartSet(tmp_path, "plain", "", "x", lambda: Listing(refs))))
    context.workspace.set_shots(["0", "1"])
    assert "2 shots are not labelled good (0, 1): you vouch that they are." in label(opened, "shots-remarks")
    context.workspace.set_label(["0", "1"], "good")
    assert "vouch" not in label(opened, "shots-remarks")


def test_a_model_of_other_shots_is_outdated(opened, context, make_model):
    context.workspace.apply(events.ModelReady(make_model()))
    context.workspace.set_shots([f"train/good/00{k}" for k in range(5)])
    assert "Train again" in label(opened, "shots-remarks")


# Checking -------------------------------------------------------------------------------------------------------------


def test_shots_are_checked_once_the_changes_are_over(qtbot, opened, context, asked, readable):
    context.workspace.set_shots(["train/good/000", "train/good/001"])
    context.workspace.set_shots(["train/good/000", "train/good/001", "train/good/002"])
    assert asked == []
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked == [CheckShots(context.workspace.shots, context.workspace.document.recipe, None)]
    context.workspace.set_recipe(Recipe(crop=CropConfig(enabled=False)))
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert not asked[1].recipe.crop.enabled
    qtbot.wait(80)
    assert len(asked) == 2


def test_one_shot_or_unreadable_ones_are_not_checked(qtbot, opened, context, asked):
    context.workspace.set_shots(["train/good/000"])
    qtbot.wait(80)
    assert asked == []
    context.workspace.set_shots(["train/good/000", "train/good/001"])
    opened.grab()  # asks for the pictures, whose files are not there
    qtbot.waitUntil(lambda: opened._cards["train/good/000"].badge == "unreadable")
    asked.clear()
    opened._plan_check()
    qtbot.wait(80)
    assert asked == []
    qtbot.waitUntil(lambda: "cannot be read" in label(opened, "shots-doubt"))


def test_doubts_are_told_in_place_with_a_way_out(qtbot, opened, context, readable):
    opened.set_draw(3, 0)
    opened.pick_random()
    shots = context.workspace.document.shots
    doubts = (
        events.ShotDoubt(shots[1], "duplicate", f"{shots[1]} is nearly the same as {shots[0]}."),
        events.ShotDoubt(shots[2], "outlier", "It is unlike the others."),
    )
    context.workspace.apply(events.ShotsChecked(shots, doubts))
    assert [opened._cards[part].badge for part in shots] == ["", "duplicate", "outlier"]
    said = [found.text() for found in opened.doubts.findChildren(QLabel, "shots-doubt") if found.isVisible()]
    assert said == [doubts[0].message, f"{shots[2].rsplit('/')[-1]}: It is unlike the others."]
    opened.grab()
    qtbot.mouseClick(opened.doubts.findChildren(QPushButton, "shots-doubt-replace")[0], LEFT)
    qtbot.waitUntil(lambda: shots[1] not in cards(opened))
    assert len(cards(opened)) == 3
    assert not opened.doubts.isVisible()  # they were about other shots


# Training and life ----------------------------------------------------------------------------------------------------


def test_train_follows_its_action(qtbot, opened, context, ran):
    context.actions.refresh()
    assert opened.train_button.isVisible() and not opened.train_button.isEnabled()
    press(qtbot, opened, "shots-pick")
    context.actions.refresh()
    press(qtbot, opened, "shots-train")
    assert ran == ["train"]


def test_works_without_a_table_of_actions_which_may_come_later(qtbot, context, make_parts):
    view = ShotsView(context)
    qtbot.addWidget(view)
    context.workspace.apply(events.PartsOpened(make_parts()))
    view.show()
    assert not view.train_button.isVisible()
    context.actions.add([Action("train", "Train now", "Model", lambda: None)])
    view.hide()
    view.show()
    assert view.train_button.isVisible() and view.train_button.text() == "Train now"
    view.release()


def test_another_folder_and_another_theme(opened, context, make_parts):
    opened.pick_random()
    opened.grab()
    context.theme.choose("light")
    opened.grab()
    context.workspace.apply(events.PartsOpened(make_parts(train=3)))
    assert cards(opened) == () and "No shots yet" in label(opened, "empty-text")


def test_release_lets_go(qtbot, opened, context, asked, readable):
    opened.pick_random()
    opened.release()
    seen = cards(opened)
    context.workspace.set_shots([])
    qtbot.wait(60)
    assert cards(opened) == seen and asked == []
