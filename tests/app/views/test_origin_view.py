"""Where the score comes from, with real clicks and keys on a made-up explanation."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSlider, QToolButton

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.messages.origin import ExplainOrigin, OriginExplained, OriginFailed
from pirn_app.state.origin import Origin
from pirn_app.views.origin import OriginView
from pirn_app.views.origin.maps import Tile
from pirn_app.views.origin.pane import MapPane
from pirn_app.views.origin.pictures import MOST, backdrop, changed, heated, window_of
from pirn_app.views.origin.sentences import RegionRow
from pirn_core.data.preprocessing import View as CoreView
from pirn_core.scoring import Frame

LEFT = Qt.MouseButton.LeftButton
BENT, GOOD = "test/bent/000", "test/good/000"
PEAK = (70, 95)


@pytest.fixture
def asked(context):
    jobs = []
    context.requests.asked.connect(jobs.append)
    return jobs


@pytest.fixture
def ran(context):
    runs = []
    for name in ("open-folder", "train", "inspect-part"):
        context.actions.add([Action(name, name, "x", lambda name=name: runs.append(name))])
    return runs


@pytest.fixture
def view(qtbot, context, asked, ran):
    made = OriginView(context, Origin())
    qtbot.addWidget(made)
    made.resize(400, 1000)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.release()


@pytest.fixture
def trained(view, make_parts, make_model):
    workspace = view.context.workspace
    workspace.apply(events.PartsOpened(make_parts()))
    workspace.apply(events.ModelReady(make_model()))
    return view


@pytest.fixture
def inspected(trained, make_result, make_picture):
    workspace = trained.context.workspace
    workspace.apply(events.PartLoaded(make_picture(workspace.ref(BENT))))
    workspace.apply(events.PartInspected(make_result(workspace.ref(BENT), 2.0), shot=False))
    trained.context.cursor.go(part=BENT)
    return trained


def explanation(result, *, layers=1, talks=False, before=2.4, refines=True):
    """As the engine would tell it: the map before refinement is higher by a factor."""
    from pirn_core.explain.sources import (
        LayerMaps,
        LayerMoves,
        Lookup,
        Message,
        MovedPrototype,
        OriginExplanation,
        RefinementStep,
    )

    grid, seen = 8, result.seen
    to_image = np.array([[100 / 64, 0.0, 30.0], [0.0, 100 / 64, 10.0]])
    foreground = np.ones(grid * grid, bool)
    frame = Frame(CoreView(None, None, np.ones((64, 64), bool), np.ones((64, 64), bool), to_image), seen, foreground)
    tokens = grid * grid
    scale = before / result.score
    steps = [RefinementStep(layers, result.score, result.map, result.maps)]
    if refines:
        between = [RefinementStep(k, 2.2, result.map * 1.1, result.maps) for k in range(1, layers)]
        trained = {m: values * scale for m, values in result.maps.items()}
        steps = [RefinementStep(0, before, result.map * scale, trained), *between, *steps]
    regions = np.eye(tokens, dtype=np.float16)
    best, weights = (
        np.tile(np.arange(3, dtype=np.int32), (tokens, 1)),
        np.tile(np.float32([0.5, 0.2, 0.1]), (tokens, 1)),
    )
    messages = tuple(
        Message(k + 1, m, o, 0.25, best, weights, regions)
        for k in range(layers if talks else 0)
        for m, o in (("rgb", "sn"), ("sn", "rgb"))
    )
    lookup = Lookup(
        ("train/good/001",), np.zeros(tokens, np.int32), np.full((tokens, 2), 33), np.ones(tokens, np.float32)
    )
    return OriginExplanation(
        part=result.ref.id,
        model_id=result.model_id,
        sure=result.sure,
        threshold=result.threshold,
        frame=frame,
        layers=tuple(
            LayerMaps(k + 1, result.maps, result.map, result.map * 0.9, result.map * 0.8 if talks else None)
            for k in range(layers)
        ),
        steps=tuple(steps),
        moves=(LayerMoves(1, "rgb", 2000, 753, 0.0356, (MovedPrototype(915, 0.09, None),), 0.3),) if refines else (),
        messages=messages,
        silence="" if talks else "Held-out shots were not better with communication, so this model does not use it.",
        gates={"1/rgb": 0.25, "1/sn": -0.031} if talks else {},
        peak_at=PEAK,
        share={"rgb": 0.25, "sn": 0.75},
        nearest={"rgb": lookup, "sn": lookup, "both": lookup},
    )


def tell(view, event):
    view.state.handles[type(event)](event)


@pytest.fixture
def explained(inspected):
    """The bent part: score 2.0 at a threshold of 1.5, 2.4 without refinement."""
    tell(inspected, OriginExplained(explanation(inspected.context.workspace.result(BENT))))
    return inspected


def text(view, name):
    label = view.findChild(QLabel, name)
    return label.text() if not label.isHidden() else ""


def empty_text(view):
    return view._nothing.text if view._pages.currentIndex() == 0 else None


def middle(pane):
    return pane.area.center().toPoint()


# Asking ----------------------------------------------------------------------------------------------------------


def test_empty_states_say_what_to_do_next(view, ran, qtbot, make_parts, make_model):
    assert "Open a folder" in empty_text(view)
    qtbot.mouseClick(view._nothing.findChild(QPushButton), LEFT)
    assert ran == ["open-folder"]
    workspace = view.context.workspace
    workspace.apply(events.PartsOpened(make_parts()))
    assert "Pick 5 to 10 good parts" in empty_text(view)
    workspace.apply(events.ModelReady(make_model()))
    assert "Choose a part" in empty_text(view)
    view.context.cursor.go(part=BENT)
    assert "Looking" in empty_text(view)
    workspace.apply(events.PartFailed(BENT, "It is broken.", "Mend it."))
    assert "It is broken. Mend it." in empty_text(view)


def test_it_asks_once_for_the_part_in_view_with_the_shots(inspected, asked, qtbot):
    qtbot.waitUntil(lambda: len(asked) == 1)
    (job,) = asked
    assert isinstance(job, ExplainOrigin) and job.ref.id == BENT
    assert [ref.id for ref in job.shots] == ["train/good/000", "train/good/001"]
    result = inspected.context.workspace.result(BENT)
    inspected.context.workspace.apply(events.PartInspected(result, shot=False))
    qtbot.wait(250)
    assert len(asked) == 1


def test_a_held_key_asks_for_the_last_part_only(trained, asked, qtbot):
    for part in (BENT, "test/bent/001", "test/bent/002"):
        trained.context.cursor.go(part=part)
    qtbot.wait(250)
    assert [job.ref.id for job in asked] == ["test/bent/002"]


def test_hidden_it_asks_for_nothing_and_catches_up(trained, asked, qtbot):
    trained.hide()
    trained.context.cursor.go(part=BENT)
    qtbot.wait(250)
    assert asked == []
    trained.show()
    qtbot.waitUntil(lambda: [job.ref.id for job in asked] == [BENT])


def test_failures_and_failed_parts_are_told_and_not_asked_again(trained, asked, qtbot):
    trained.context.cursor.go(part=BENT)
    qtbot.waitUntil(lambda: len(asked) == 1)
    tell(trained, OriginFailed(BENT, "It is too small.", "Use a larger one."))
    assert empty_text(trained) == "It is too small. Use a larger one."
    trained.context.workspace.picture_changed.emit()
    qtbot.wait(250)
    assert len(asked) == 1


def test_another_model_asks_anew(explained, asked, qtbot, make_model):
    explained.context.workspace.apply(events.ModelReady(make_model(name="fedcba")))
    assert "Looking" in empty_text(explained)
    qtbot.waitUntil(lambda: bool(asked))


def test_released_it_does_nothing(explained, asked, qtbot):
    explained.release()
    asked.clear()
    explained.context.cursor.go(part=GOOD)
    explained.context.theme.choose("light")
    qtbot.wait(200)
    assert asked == []


# Words and regions -----------------------------------------------------------------------------------------------


def test_a_region_is_told_and_a_click_leads_to_it(explained, qtbot):
    (row,) = explained.findChildren(RegionRow)
    said = row.sentence.text()
    assert said.startswith("Surface only (75 %)") and "peak 1.3 times the threshold" in said
    assert "shot train/good/001 at row 33, column 33" in said
    assert row.bar.shares == pytest.approx({"rgb": 0.25, "sn": 0.75})
    qtbot.mouseClick(row, LEFT, pos=QPoint(20, 10))
    place = explained.context.cursor.place
    assert (place.region, place.pixel) == (1, PEAK) and explained.context.display.frame is not None
    explained.context.cursor.go(region=None)
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Return)
    assert explained.context.cursor.place.region == 1


def test_regions_follow_the_threshold(explained, qtbot):
    explained.context.workspace.set_threshold(2.5)
    qtbot.waitUntil(lambda: not explained.findChildren(RegionRow) or not explained.words.rows)
    said = text(explained, "origin-none")
    assert "0.80 times the threshold" in said and "row 70, column 95" in said and "train/good/001" in said
    assert "OK" in text(explained, "origin-refined-verdict") or "unsure" in text(explained, "origin-refined-verdict")
    explained.context.workspace.set_threshold(1.0)
    qtbot.waitUntil(lambda: bool(explained.words.rows))


# Maps ------------------------------------------------------------------------------------------------------------


def names(view):
    return [tile.name for tile in view.maps.grid.tiles]


def test_maps_stand_side_by_side_and_open_large(explained, qtbot):
    assert names(explained) == ["rgb", "sn", "fused", "bpa", "plain", "change"]
    pane = explained.findChild(MapPane, "origin-pane-fused")
    assert explained.findChild(MapPane, "origin-large-pane").isHidden() or not explained.maps.chosen
    qtbot.mouseClick(pane, LEFT, pos=middle(pane))
    assert explained.maps.chosen == "fused" and text(explained, "origin-large-title") == "Fused"
    qtbot.mouseClick(pane, LEFT, pos=middle(pane))
    assert explained.maps.chosen == ""
    qtbot.keyClick(explained.findChild(MapPane, "origin-pane-change"), Qt.Key.Key_Space)
    assert text(explained, "origin-large-title") == "Change by refinement"
    qtbot.mouseClick(explained.findChild(QToolButton, "origin-large-close"), LEFT)
    assert explained.maps.chosen == ""


def test_captions_hold_the_highest_values(explained):
    shown = {tile.name: tile._value.text() for tile in explained.findChildren(Tile)}
    assert shown["fused"] == "highest 2.00" and shown["sn"] == "highest 1.50" and shown["plain"] == "highest 2.40"
    assert shown["change"].startswith("\N{MINUS SIGN}0.400")


def test_the_cursor_is_linked_both_ways(explained, qtbot):
    explained.maps.show_large("fused")
    qtbot.wait(20)
    pane, cursor = explained.maps.large, explained.context.cursor
    at = pane.point_of(PEAK).toPoint()
    assert pane.pixel_at(pane.point_of(PEAK)) == PEAK
    qtbot.mouseMove(pane, at)
    qtbot.waitUntil(lambda: cursor.place.pixel is not None)
    row, column = cursor.place.pixel
    assert abs(row - PEAK[0]) <= 1 and abs(column - PEAK[1]) <= 1 and not cursor.place.pinned
    qtbot.mouseClick(pane, LEFT, pos=at)
    assert cursor.place.pinned
    cursor.go(pixel=PEAK)
    panes = [pane for pane in explained.findChildren(MapPane) if not pane.isHidden()]
    assert {pane.cross for pane in panes if pane is not explained.communication.pane} == {PEAK}
    assert text(explained, "origin-large-value") == "2.00 at row 70, column 95"


def test_layers_are_chosen_and_the_last_one_comes_first(inspected, qtbot):
    tell(inspected, OriginExplained(explanation(inspected.context.workspace.result(BENT), layers=2, talks=True)))
    box = inspected.findChild(QComboBox, "origin-layer")
    assert not box.isHidden() and box.currentIndex() == 1 and box.count() == 2
    assert names(inspected)[3:6] == ["bpa", "silent", "spoken"]
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert inspected.maps.layer == 0


def test_one_layer_needs_no_choice(explained):
    assert explained.findChild(QComboBox, "origin-layer").isHidden()


# Refinement ------------------------------------------------------------------------------------------------------


def test_both_scores_stand_side_by_side(explained):
    assert text(explained, "origin-trained-score") == "2.40" and text(explained, "origin-refined-score") == "2.00"
    assert "NG" in text(explained, "origin-trained-verdict") and "NG" in text(explained, "origin-refined-verdict")
    assert text(explained, "origin-refinement-warning") == ""
    assert "753 of 2,000 prototypes moved, by 0.036" in text(explained, "origin-moves")
    assert "30 % of the part's tokens left out" in text(explained, "origin-moves")


def test_a_region_that_refinement_took_away_is_warned_of(explained, qtbot):
    explained.context.workspace.set_threshold(2.2)
    qtbot.waitUntil(lambda: text(explained, "origin-refinement-warning") != "")
    said = text(explained, "origin-refinement-warning")
    assert "from above to below the threshold: 2.40 to 2.00 at row 70, column 95" in said
    assert "NG" in text(explained, "origin-trained-verdict") and "NG" not in text(explained, "origin-refined-verdict")
    assert explained.context.theme.palette.unsure in explained.refinement.warning.words.styleSheet()


def test_looking_without_refinement_keeps_the_verdict(explained, qtbot):
    before = explained.context.workspace.verdict(BENT)
    switch = explained.findChild(QCheckBox, "origin-switch")
    qtbot.mouseClick(switch, LEFT, pos=QPoint(8, switch.height() // 2))
    said = text(explained, "origin-switched")
    assert "score 2.40, NG" in said and "in force stays NG with score 2.00" in said
    shown = {tile.name: tile._value.text() for tile in explained.maps.grid.tiles}
    assert shown["fused"] == "highest 2.40" and "without refinement" in text(explained, "origin-maps-note")
    assert explained.refinement.slider.value() == 0
    assert explained.context.workspace.verdict(BENT) == before == "NG"
    qtbot.mouseClick(switch, LEFT, pos=QPoint(8, switch.height() // 2))
    assert explained.maps.grid.tiles[2]._value.text() == "highest 2.00" and text(explained, "origin-switched") == ""


def test_the_slider_has_computed_steps_only(inspected, qtbot):
    tell(inspected, OriginExplained(explanation(inspected.context.workspace.result(BENT), layers=2)))
    slider = inspected.findChild(QSlider, "origin-step")
    assert (slider.minimum(), slider.maximum(), slider.value()) == (0, 2, 2)
    assert text(inspected, "origin-step-text") == "Map with the prototypes refined: score 2.00, NG."
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert text(inspected, "origin-step-text") == "Map with the prototypes layer 1 refined: score 2.20, NG."
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert text(inspected, "origin-step-text") == "Map with the prototypes as trained: score 2.40, NG."


def test_what_moved_most_unfolds(explained, qtbot):
    button = explained.findChild(QPushButton, "origin-more-moves")
    assert text(explained, "origin-largest") == ""
    qtbot.mouseClick(button, LEFT)
    assert "No. 915: 0.090" in text(explained, "origin-largest") and button.text().startswith("Hide")


def test_without_refinement_in_the_model_it_says_so(inspected):
    tell(inspected, OriginExplained(explanation(inspected.context.workspace.result(BENT), refines=False)))
    assert "does not refine" in text(inspected, "origin-no-refinement")
    assert inspected.findChild(QSlider, "origin-step").isHidden()
    assert names(inspected) == ["rgb", "sn", "fused", "bpa"]


# Communication ---------------------------------------------------------------------------------------------------


def test_silence_is_given_its_reason(explained):
    assert text(explained, "origin-silence").startswith("Held-out shots were not better")
    assert explained.communication.pane.isHidden() and text(explained, "origin-gates") == ""


def test_attention_follows_the_cursor(inspected, qtbot):
    tell(inspected, OriginExplained(explanation(inspected.context.workspace.result(BENT), talks=True)))
    section = inspected.communication
    assert text(inspected, "origin-silence") == ""
    assert "colour reads surface 0.250, surface reads colour \N{MINUS SIGN}0.031" in text(inspected, "origin-gates")
    assert "highest score" in text(inspected, "origin-attention") and "surface prototypes" in text(
        inspected, "origin-attention"
    )
    first = section._token
    inspected.context.cursor.go(pixel=(30, 60))
    assert section._token != first and "patch at the cursor" in text(inspected, "origin-attention")
    qtbot.keyClick(inspected.findChild(QComboBox, "origin-message"), Qt.Key.Key_Down)
    assert section.message.modality == "sn" and "colour prototypes" in text(inspected, "origin-attention")
    assert [index for index, _ in section.bars._rows] == [0, 1, 2]


# Every state -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 560, 900])
@pytest.mark.parametrize("kind", [{"rgb": False}, {"xyz": False}, None])
def test_it_stays_whole_at_every_width_and_picture(inspected, qtbot, make_picture, width, kind):
    workspace = inspected.context.workspace
    if kind is None:
        workspace.apply(events.PartUnreadable(BENT, "Gone."))
    else:
        workspace.apply(events.PartLoaded(make_picture(workspace.ref(BENT), **kind)))
    tell(inspected, OriginExplained(explanation(workspace.result(BENT), layers=2, talks=True)))
    inspected.maps.show_large("fused")
    for height in (500, 1500, 4000):
        inspected.resize(width, height)
        qtbot.wait(10)
        inside = inspected.scroller.widget()
        assert inside.width() <= inspected.scroller.viewport().width()
        for section in inspected.sections:
            assert section.geometry().right() < inside.width()
    inspected.context.theme.choose("light")
    assert not inspected.grab().isNull()


def test_a_picture_of_another_size_is_left_out(explained, make_picture):
    workspace = explained.context.workspace
    other = make_picture(workspace.ref(BENT))
    small = replace(other, rgb=other.rgb[:20, :20], valid=other.valid[:20, :20])
    workspace.apply(events.PartLoaded(small))
    assert not explained.grab().isNull() and names(explained)


# Pictures --------------------------------------------------------------------------------------------------------


def test_windows_hold_what_was_seen_and_thin_out_large_images():
    seen = np.zeros((100, 200), bool)
    seen[20:30, 50:90] = True
    window = window_of(seen)
    assert (window.top, window.left, window.height, window.width, window.stride) == (16, 46, 18, 48, 1)
    assert window_of(np.zeros((10, 20), bool)).width == 20
    large = window_of(np.ones((2000, 1000), bool))
    cut = large.cut(np.zeros((2000, 1000), np.float32))
    assert max(cut.shape) <= MOST
    assert backdrop(None, large, "#112233").shape == (*cut.shape, 3)


def test_low_scores_show_the_part_and_changes_have_two_colours():
    back = np.full((1, 4, 3), 40.0, np.float32)
    values = np.array([[np.nan, 0.5, 3.0, 9.0]], np.float32)
    shown = heated(values, (0.5, 3.0), "inferno", back)
    assert (shown[0, :2] == 40).all() and (shown[0, 2] == shown[0, 3]).all() and shown[0, 2].max() > 150
    moved = changed(np.array([[np.nan, 0.0, -1.0, 1.0]], np.float32), 1.0, "#0000ff", "#ff0000", back)
    assert (moved[0, :2] == 40).all()
    assert moved[0, 2, 2] > 200 > 50 > moved[0, 2, 0] and moved[0, 3, 0] > 200 > 50 > moved[0, 3, 2]
