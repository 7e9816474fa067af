"""The linked pictures and the readout, with real clicks, wheels and keys."""

import gc
import resource as system
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSlider, QToolButton, QWidget

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.render.contours import level_lines
from pirn_app.views.images import AnomalyPane, NormalsPane, RgbPane
from pirn_app.views.images.frames import limited, moved, overlaps, whole, zoomed
from pirn_app.views.readout import ReadoutView
from pirn_core.regions import find_regions

BENT = "test/bent/000"
SIZES = ((360, 300), (300, 340), (460, 300))


@pytest.fixture
def panes(context, qtbot):
    """The three panes at different sizes, with nothing open."""
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    made = [kind(context) for kind in (RgbPane, NormalsPane, AnomalyPane)]
    for pane, size in zip(made, SIZES, strict=True):
        pane.setFixedSize(*size)
        row.addWidget(pane)
    window.show()
    qtbot.wait(20)
    yield made
    window.close()


@pytest.fixture
def open_part(context, make_parts, make_picture):
    """Opens the parts and shows one of them."""

    def show(part: str = BENT, **picture) -> events.Picture:
        if context.workspace.parts is None:
            context.workspace.apply(events.PartsOpened(make_parts()))
        context.cursor.go(part=part)
        made = make_picture(context.workspace.ref(part), **picture)
        context.workspace.apply(events.PartLoaded(made))
        return made

    return show


@pytest.fixture
def inspect(context, make_model, make_result):
    """A model and the part's result."""

    def run(part: str = BENT, score: float = 2.0):
        if context.workspace.model is None:
            context.workspace.apply(events.ModelReady(make_model()))
        result = make_result(context.workspace.ref(part), score)
        context.workspace.apply(events.PartInspected(result, False))
        return result

    return run


def spot(pane, pixel) -> QPoint:
    """Middle of a pixel in a pane's viewport."""
    return pane.canvas.viewport_at(pixel[1] + 0.5, pixel[0] + 0.5).toPoint()


def hover(qtbot, pane, pixel) -> None:
    qtbot.mouseMove(pane.canvas.viewport(), spot(pane, pixel))


def click(qtbot, pane, pixel) -> None:
    qtbot.mouseClick(pane.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot(pane, pixel))


def wheel(pane, pixel, notches: int) -> None:
    at = QPointF(spot(pane, pixel))
    event = QWheelEvent(
        at, pane.canvas.viewport().mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane.canvas.viewport(), event)


def shown_region(pane) -> tuple[float, float, float, float]:
    """Left, top, right, bottom that the pane really shows."""
    rect = pane.canvas.box.viewRect()
    return (rect.left(), rect.top(), rect.right(), rect.bottom())


def button(pane, name: str) -> QToolButton:
    return pane.findChild(QToolButton, name)


# Cursor -------------------------------------------------------------------------------------------------------------


def test_hovering_in_one_pane_moves_the_cross_in_all(panes, open_part, context, qtbot):
    open_part()
    hover(qtbot, panes[0], (40, 90))
    assert context.cursor.place.pixel == (40, 90)
    for pane in panes:
        assert (pane.canvas.cross.at - spot(pane, (40, 90))).manhattanLength() <= 2
        assert not pane.canvas.cross.pinned
    hover(qtbot, panes[2], (100, 20))
    assert context.cursor.place.pixel == (100, 20)


def test_a_click_pins_and_escape_releases(panes, open_part, context, qtbot):
    open_part()
    click(qtbot, panes[1], (30, 50))
    assert context.cursor.place.pixel == (30, 50) and context.cursor.place.pinned
    assert all(pane.canvas.cross.pinned for pane in panes)
    hover(qtbot, panes[0], (60, 60))
    assert context.cursor.place.pixel == (30, 50)
    qtbot.keyClick(panes[1].canvas, Qt.Key.Key_Escape)
    assert not context.cursor.place.pinned
    hover(qtbot, panes[0], (60, 64))
    assert context.cursor.place.pixel == (60, 64)


def test_beside_the_picture_nothing_is_hovered_or_pinned(panes, open_part, context, qtbot):
    open_part()
    corner = QPoint(panes[1].canvas.viewport().width() // 2, 1)
    qtbot.mouseMove(panes[1].canvas.viewport(), corner)
    qtbot.mouseClick(panes[1].canvas.viewport(), Qt.MouseButton.LeftButton, pos=corner)
    assert context.cursor.place.pixel is None


def test_the_cross_can_be_switched_off(panes, open_part, context):
    open_part()
    context.cursor.hover((5, 5))
    context.display.set(crosshair=False)
    assert all(pane.canvas.cross.at is None for pane in panes)
    context.display.set(crosshair=True)
    assert all(pane.canvas.cross.at is not None for pane in panes)


def test_the_cross_is_drawn_light_and_dark(panes, open_part, context, qtbot):
    open_part()
    context.cursor.hover((20, 100))
    qtbot.wait(20)
    canvas = panes[0].canvas
    image = canvas.viewport().grab().toImage()
    at = canvas.cross.at
    row = [image.pixelColor(at.x() + dx, at.y() + 40).lightness() for dx in (-1, 0, 1)]
    assert row[1] > 250 and max(row[0], row[2]) < 140
    free = image.pixelColor(at.x() + 2, at.y())
    assert free.saturation() > 20  # the gap shows the picture


def test_a_moving_cursor_leaves_the_images_alone_and_paints_thin_strips(panes, open_part, inspect, context, qtbot):
    open_part()
    inspect()
    qtbot.wait(50)
    before = [(pane.canvas.picture, pane.canvas.heat) for pane in panes]
    region = panes[2].canvas.cross._covered()
    context.cursor.hover((40, 40))
    region = region.united(panes[2].canvas.cross._covered())
    area = sum(rect.width() * rect.height() for rect in region)
    assert 0 < area < 0.05 * panes[2].canvas.width() * panes[2].canvas.height()
    for pane, (picture, heat) in zip(panes, before, strict=True):
        assert pane.canvas.picture is picture and pane.canvas.heat is heat


def test_a_moving_cursor_strokes_no_outline_but_a_change_of_the_scene_does(panes, open_part, inspect, context, qtbot):
    open_part()
    inspect()
    qtbot.wait(50)

    def stills() -> list[int]:
        """Which still each pane's next move of the cross takes its strips from."""
        row, column = context.cursor.place.pixel or (0, 0)
        context.cursor.hover((row + 1, column + 1))
        qtbot.wait(50)
        return [pane.canvas._still.cacheKey() for pane in panes]

    before = stills()
    for _ in range(4):
        assert stills() == before
    context.display.set(foreground=True)
    qtbot.wait(50)
    assert all(pane.canvas._still is None for pane in panes)
    drawn = stills()
    assert not set(drawn) & set(before)
    panes[0].window().resize(600, 200)  # parts of the panes are cut off now
    context.display.set(foreground=False)
    qtbot.wait(50)
    assert not set(stills()) & set(drawn)


def test_strips_of_the_still_show_what_the_scene_shows(panes, open_part, inspect, context, qtbot):
    open_part()
    inspect()
    qtbot.wait(50)
    canvas = panes[2].canvas
    still = canvas._drawn().toImage()
    context.display.set(crosshair=False)
    drawn = canvas.viewport().grab().toImage()
    for at in (QPoint(150, 150), QPoint(200, 60), spot(panes[2], (70, 95)), spot(panes[2], (60, 80))):
        assert still.pixelColor(at) == drawn.pixelColor(at)


def test_thousands_of_moves_do_not_grow_memory(panes, open_part, inspect, context, qtbot):
    open_part()
    inspect()

    def run(count: int) -> None:
        for k in range(count):
            context.cursor.hover((k % 120, (7 * k) % 160))
            if k % 100 == 0:
                QApplication.processEvents()

    run(1000)
    gc.collect()
    before = system.getrusage(system.RUSAGE_SELF).ru_maxrss
    run(5000)
    gc.collect()
    assert system.getrusage(system.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB


# Frame --------------------------------------------------------------------------------------------------------------


def test_wheel_zoom_is_shared_and_keeps_the_point_under_the_mouse(panes, open_part, context, qtbot):
    open_part()
    at = spot(panes[0], (70, 95))
    wheel(panes[0], (70, 95), 3)
    qtbot.waitUntil(lambda: context.display.frame == panes[0].canvas.frame, timeout=1000)
    left, top, right, bottom = context.display.frame
    assert right - left == pytest.approx(160 * 0.8**3, rel=1e-6)
    assert panes[0].canvas.pixel_at(QPointF(at)) == (70, 95)
    for pane in panes:
        region = shown_region(pane)
        assert region[0] <= left + 0.01 and region[1] <= top + 0.01
        assert region[2] >= right - 0.01 and region[3] >= bottom - 0.01
        assert (region[0] + region[2]) / 2 == pytest.approx((left + right) / 2, abs=0.01)
        assert (region[1] + region[3]) / 2 == pytest.approx((top + bottom) / 2, abs=0.01)


def test_zooming_back_and_forth_in_panes_of_other_shapes_does_not_drift(panes, open_part, context, qtbot):
    open_part()
    wheel(panes[0], (60, 80), 2)
    qtbot.wait(40)
    start = context.display.frame
    for pane in panes * 3:
        wheel(pane, (60, 80), 1)
        qtbot.wait(20)
        wheel(pane, (60, 80), -1)
        qtbot.wait(20)
    assert context.display.frame == pytest.approx(start, abs=1.0)
    assert context.display.frame[2] - context.display.frame[0] == pytest.approx(start[2] - start[0], abs=1e-6)


def test_zooming_out_ends_at_all_of_the_image(panes, open_part, context, qtbot):
    open_part()
    wheel(panes[1], (20, 20), 2)
    wheel(panes[1], (20, 20), -6)
    qtbot.waitUntil(lambda: context.display.frame is None and panes[2].canvas.frame is None, timeout=1000)
    left, top, right, bottom = shown_region(panes[2])
    assert left <= 0 and top <= 0 and right >= 160 and bottom >= 120


def test_dragging_moves_all_pictures_and_pins_nothing(panes, open_part, context, qtbot):
    open_part()
    wheel(panes[0], (60, 80), 4)
    qtbot.wait(40)
    before = context.display.frame
    view = panes[0].canvas.viewport()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    for step in range(1, 6):
        qtbot.mouseMove(view, QPoint(100 + 8 * step, 100 + 4 * step))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(140, 120))
    qtbot.waitUntil(lambda: context.display.frame != before, timeout=1000)
    qtbot.wait(40)
    after, scale = context.display.frame, panes[0].canvas.scale_now
    assert after[0] - before[0] == pytest.approx(-40 / scale, rel=0.01)
    assert after[1] - before[1] == pytest.approx(-20 / scale, rel=0.01)
    assert panes[2].canvas.frame == after
    assert not context.cursor.place.pinned


def test_a_burst_of_wheel_events_is_told_rarely_but_its_end_always(panes, open_part, context, qtbot):
    open_part()
    told = []
    context.display.framed.connect(told.append)
    for _ in range(10):
        wheel(panes[0], (60, 80), 1)
    qtbot.wait(60)
    assert len(told) < 10 and told[-1] == panes[0].canvas.frame == panes[1].canvas.frame


def test_the_fit_button_shows_all_of_the_image(panes, open_part, context, qtbot):
    open_part()
    context.display.show_frame((10.0, 10.0, 40.0, 30.0))
    assert panes[1].canvas.frame == (10.0, 10.0, 40.0, 30.0)
    qtbot.mouseClick(button(panes[0], "fit"), Qt.MouseButton.LeftButton)
    assert context.display.frame is None and all(pane.canvas.frame is None for pane in panes)


def test_resizing_keeps_the_frame_in_view(panes, open_part, context, qtbot):
    open_part()
    context.display.show_frame((40.0, 30.0, 80.0, 60.0))
    panes[0].setFixedSize(700, 240)
    qtbot.wait(20)
    left, top, right, bottom = shown_region(panes[0])
    assert left <= 40 and right >= 80
    assert (top, bottom) == pytest.approx((30, 60), abs=0.5)


def test_frames():
    assert whole((120, 160)) == (0, 0, 160, 120)
    assert zoomed((0, 0, 100, 50), (100, 50), 0.5) == (50, 25, 100, 50)
    tiny = zoomed((0, 0, 8, 4), (4, 2), 0.1)
    assert tiny[2] - tiny[0] == pytest.approx(6)
    assert moved((0, 0, 2, 2), 1, -1) == (1, -1, 3, 1)
    assert limited((0, 0, 160, 120), (120, 160)) is None
    assert limited((500, 500, 540, 540), (120, 160)) == (140, 100, 180, 140)
    assert overlaps((0, 0, 5, 5), (10, 10)) and not overlaps((20, 0, 25, 5), (10, 10))


# Maximise -----------------------------------------------------------------------------------------------------------


def test_a_double_click_maximises_and_pins_nothing(panes, open_part, context, qtbot):
    open_part()
    view, at = panes[0].canvas.viewport(), spot(panes[0], (30, 30))
    hover(qtbot, panes[0], (30, 30))
    for expected in ("rgb", ""):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
        assert context.display.look.maximised == expected
        assert button(panes[0], "maximise").isChecked() == bool(expected)
        assert not context.cursor.place.pinned


def test_the_header_names_the_key(context, qtbot):
    context.actions.add([Action("maximise-rgb", "Colour alone", "View", lambda: None, ("1",))])
    pane = RgbPane(context)
    qtbot.addWidget(pane)
    assert pane.header._key.text() == "1"
    qtbot.mouseClick(button(pane, "maximise"), Qt.MouseButton.LeftButton)
    assert context.display.look.maximised == "rgb"


# What is there and what is not --------------------------------------------------------------------------------------


def test_nothing_open_says_what_to_do(panes):
    for pane in panes:
        assert pane.empty.isVisible() and "Open a folder" in pane.empty.text


def test_parts_but_none_chosen(panes, context, make_parts):
    context.workspace.apply(events.PartsOpened(make_parts()))
    assert panes[0].empty.text == "Choose a part in the list."
    context.cursor.go(part=BENT)
    assert panes[0].empty.text == f"Reading {BENT}."


def test_an_unreadable_part_says_why_and_the_next_one_is_shown(panes, open_part, context):
    open_part()
    context.cursor.go(part="test/good/000")
    told = events.PartUnreadable("test/good/000", "017.tiff: 412x412, the image 400x400.", "Export both at one size.")
    context.workspace.apply(told)
    for pane in panes:
        assert pane.empty.text == "017.tiff: 412x412, the image 400x400. Export both at one size."
    open_part("test/good/001")
    assert all(pane.canvas.isVisible() for pane in panes)


@pytest.mark.parametrize(("lost", "index", "words"), [("rgb", 0, "no colour image"), ("xyz", 1, "no 3D points")])
def test_a_missing_modality_is_said_in_place_and_the_rest_goes_on(panes, open_part, lost, index, words):
    open_part(**{lost: False})
    assert words in panes[index].empty.text and panes[index].empty.isVisible()
    assert panes[1 - index].canvas.isVisible()
    assert panes[2].canvas.isVisible() and panes[2].canvas.picture.shape == (120, 160, 3)
    assert not panes[2].tools.action(f"base-{'rgb' if lost == 'rgb' else 'sn'}").isEnabled()


def test_holes_are_hatched_in_the_normals(panes, open_part):
    picture = open_part()
    shown = panes[1].canvas.picture
    assert shown[~picture.valid].max() < 160 < shown[picture.valid].max()


def test_the_base_of_the_map_follows_the_look(panes, open_part, context):
    picture = open_part()
    assert np.array_equal(panes[2].canvas.picture, picture.rgb)
    context.display.set(base="sn")
    assert panes[2].canvas.picture[0, 0].tolist() == [128, 128, 255]


def test_another_image_size_follows(panes, open_part, context, make_picture, qtbot):
    open_part()
    context.display.show_frame((100.0, 80.0, 140.0, 110.0))
    context.cursor.pin((110, 150))
    ref = context.workspace.ref("test/good/000")
    full = make_picture(ref)
    cut = {n: getattr(full, n)[:50, :60] for n in ("rgb", "normals", "xyz", "valid", "foreground")}
    context.cursor.go(part=ref.id)
    context.workspace.apply(events.PartLoaded(replace(full, **cut)))
    context.cursor.go(pixel=(110, 150))
    assert context.display.frame is None
    for pane in panes:
        assert pane.canvas.shape == (50, 60) and pane.canvas.cross.at is None
        left, top, right, bottom = shown_region(pane)
        assert left <= 0 and right >= 60 and top <= 0 and bottom >= 50
    hover(qtbot, panes[0], (20, 30))
    assert context.cursor.place.pixel == (20, 30)


def test_outline_and_crop_in_all_panes(panes, open_part, context):
    picture = open_part()
    context.display.set(foreground=True)
    for pane in panes:
        points = pane._part_line.points
        radius = np.hypot(points[:, 0] - 80.5, points[:, 1] - 60.5)
        assert pane._part_line.shown and np.nanmin(radius) > 22 and np.nanmax(radius) < 50
        assert pane._crop_line.points.min(axis=0).tolist() == [30.0, 10.0] == list(picture.geometry.crop[1::-1])
    context.display.set(foreground=False)
    assert not any(pane._part_line.shown for pane in panes)


def test_colours_follow_the_theme(panes, open_part, inspect, context):
    open_part()
    inspect()
    for name in ("light", "dark"):
        context.theme.choose(name)
        for pane in panes:
            assert pane.canvas.backgroundBrush().color().name() == context.theme.palette.image
    image = panes[2].grab().toImage()
    assert image.pixelColor(5, image.height() - 3).name() == context.theme.palette.image


def test_a_released_pane_does_nothing_any_more(panes, open_part, context):
    open_part()
    for pane in panes:
        pane.release()
    context.cursor.hover((3, 3))
    context.display.set(foreground=True)
    context.display.show_frame((1.0, 1.0, 5.0, 5.0))
    assert all(pane.canvas.cross.at is None and pane.canvas.frame is None for pane in panes)


# Anomaly map --------------------------------------------------------------------------------------------------------


def test_without_a_model_the_picture_is_shown_with_what_to_do(panes, open_part, context, make_model):
    open_part()
    pane = panes[2]
    assert pane.notice.text() == "No model yet. Pick 5 to 10 good parts, then press Train."
    context.workspace.set_shots(["train/good/000"])
    assert "Press Train" in pane.notice.text()
    context.workspace.apply(events.JobStarted(1, "Train", "Training"))
    assert pane.notice.text() == "The map appears when training is done."
    context.workspace.apply(events.JobEnded(1, "Train", "done"))
    context.workspace.apply(events.ModelReady(make_model()))
    assert pane.notice.text() == "Not inspected yet. Press Inspect."
    context.workspace.apply(events.JobStarted(2, "InspectPart", "Inspecting"))
    assert pane.notice.text() == "Inspecting this part."
    context.workspace.apply(events.PartFailed(BENT, "Too dark.", "Add light."))
    assert pane.notice.text() == "Not inspected: Too dark. Add light."
    assert pane.canvas.heat is None and pane.notice.isVisible()


def test_the_map_its_contour_and_its_numbers(panes, open_part, inspect):
    open_part()
    result = inspect()
    pane = panes[2]
    assert pane.notice.isHidden()
    heat = pane.canvas.heat
    assert heat[70, 95, 3] == round(0.75 * 255) and (heat[np.isnan(result.map), 3] == 0).all()
    assert np.array_equal(pane.contour.points, level_lines(result.map, 1.5))
    assert pane.numbers.labels == tuple(region.label for region in result.regions) == (1,)
    assert pane.truth.shown
    assert [entry.text for entry in pane.legend.entries] == ["Score 1.50 or more", "Ground truth"]
    assert pane.bar.words == ("0.50", "2.00", "1.50")


def test_a_good_part_shows_its_picture(panes, open_part, inspect):
    open_part("test/good/000")
    inspect("test/good/000", 0.45)
    assert panes[2].canvas.heat[..., 3].max() == 0
    assert not panes[2].contour.shown and panes[2].numbers.labels == ()


def test_layers_go_off_and_on(panes, open_part, inspect, context, qtbot):
    open_part()
    inspect()
    pane = panes[2]
    context.display.set(heat=False, contour=False, truth=False)
    qtbot.waitUntil(lambda: pane.canvas.heat is None, timeout=1000)
    assert not pane.contour.shown and not pane.truth.shown and pane.numbers.labels == ()
    assert pane.bar.isHidden() and pane.legend.isHidden()
    context.display.set(heat=True, contour=True, truth=True)
    qtbot.waitUntil(lambda: pane.canvas.heat is not None, timeout=1000)
    assert pane.contour.shown and pane.truth.shown and pane.numbers.labels == (1,)


def test_source_opacity_and_colour_map_by_hand(panes, open_part, inspect, context, qtbot):
    open_part()
    result = inspect()
    pane = panes[2]
    qtbot.mouseClick(button(pane, "source-sn"), Qt.MouseButton.LeftButton)
    assert context.display.look.source == "sn"
    assert np.array_equal(pane.map, result.maps["sn"], equal_nan=True)
    qtbot.waitUntil(lambda: pane.bar.words == ("0.50", "2.00", ""), timeout=1000)  # the threshold is the fused map's
    pane.findChild(QSlider, "opacity").setValue(40)
    assert context.display.look.opacity == 0.4
    qtbot.mouseClick(button(pane, "source-fused"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pane.canvas.heat[70, 95, 3] == round(0.4 * 255), timeout=1000)
    before = pane.canvas.heat[70, 95, :3].tolist()
    pane.tools.action("map-viridis").trigger()
    qtbot.waitUntil(lambda: pane.canvas.heat[70, 95, :3].tolist() != before, timeout=1000)
    assert pane.bar.scale.colour_map == "viridis"


def test_the_tools_follow_the_look_without_changing_it(panes, context):
    changes = []
    context.display.changed.connect(lambda new, old: changes.append(new))
    context.display.set(source="rgb", opacity=0.2, per_image=True, colour_map="jet", base="sn")
    tools = panes[2].tools
    assert len(changes) == 1
    assert button(panes[2], "source-rgb").isChecked() and not button(panes[2], "source-fused").isChecked()
    assert panes[2].findChild(QSlider, "opacity").value() == 20
    assert all(tools.action(name).isChecked() for name in ("per-image", "map-jet", "base-sn"))
    assert not tools.action("map-inferno").isChecked()


def test_layer_toggles_are_the_shells_actions(context, qtbot):
    toggled = Action(
        "toggle-heat", "Map", "View", lambda on: context.display.set(heat=on), ("X",),
        checked_when=lambda: context.display.look.heat,
    )  # fmt: skip
    context.actions.add([toggled])
    pane = AnomalyPane(context)
    qtbot.addWidget(pane)
    assert context.actions.qaction("toggle-heat") in button(pane, "show-menu").menu().actions()
    context.actions.trigger("toggle-heat")
    assert not context.display.look.heat


def test_a_small_pane_has_a_slim_bar_and_a_tiny_one_none(panes, open_part, inspect, qtbot):
    open_part()
    inspect()
    pane, covered = panes[2], []
    for size in ((700, 520), (320, 330), (240, 240), (160, 150)):
        pane.setFixedSize(*size)
        qtbot.wait(20)
        room = pane.canvas.viewport().size()
        sheets = [sheet for sheet in (pane.bar, pane.legend) if not sheet.isHidden()]
        assert all(pane.canvas.viewport().rect().contains(sheet.geometry()) for sheet in sheets)
        covered.append(sum(s.width() * s.height() for s in sheets) / (room.width() * room.height()))
        names = {sheet.objectName() for sheet in sheets}
        wanted = {700: {"colour-bar", "legend"}, 320: {"colour-bar", "legend"}, 240: {"colour-bar"}, 160: set()}
        assert names == wanted[size[0]]
    assert max(covered) < 0.15


def test_a_range_of_the_image_is_clearly_marked(panes, open_part, inspect, context, qtbot):
    open_part("test/good/000")
    result = inspect("test/good/000", 0.45)
    pane = panes[2]
    assert pane.badge.isHidden()
    pane.tools.action("per-image").trigger()
    qtbot.waitUntil(pane.badge.isVisible, timeout=1000)
    assert pane.badge.text() == "Range of this image"
    assert context.theme.palette.unsure in pane.badge.styleSheet()
    assert pane.bar.words[:2] == ("0.30", f"{result.score:.2f}")
    assert pane.canvas.heat[70, 95, 3] == round(0.75 * 255)


def test_the_contour_follows_the_threshold(panes, open_part, inspect, context, qtbot):
    open_part()
    result = inspect()
    pane = panes[2]
    for value in np.linspace(1.4, 0.9, 40):
        context.workspace.set_threshold(float(value))
    final = level_lines(result.map, 0.9)
    qtbot.waitUntil(lambda: np.array_equal(pane.contour.points, final), timeout=1000)
    expected = tuple(r.label for r in find_regions(result.map, result.maps, 0.9, None))
    qtbot.waitUntil(lambda: pane.numbers.labels == expected, timeout=1000)
    assert pane.bar.words[2] == "0.90" and pane.legend.entries[0].text == "Score 0.90 or more"
    context.workspace.set_threshold(3.0)
    qtbot.waitUntil(lambda: not pane.contour.shown and pane.numbers.labels == (), timeout=1000)


def test_a_click_in_a_region_chooses_it_in_all_panes(panes, open_part, inspect, context, qtbot):
    open_part()
    result = inspect()
    click(qtbot, panes[2], (70, 95))
    place = context.cursor.place
    assert place.pixel == (70, 95) and place.pinned and place.region == 1
    top, left, bottom, right = result.regions[0].box
    for pane in panes:
        points = pane._region_line.points
        assert pane._region_line.shown
        assert points.min(axis=0).tolist() == [left - 2, top - 2]
        assert points.max(axis=0).tolist() == [right + 2, bottom + 2]
    click(qtbot, panes[2], (20, 20))
    assert context.cursor.place.region is None and context.cursor.place.pixel == (20, 20)
    assert not any(pane._region_line.shown for pane in panes)


def test_a_click_on_a_number_goes_to_the_regions_peak(panes, open_part, inspect, context, qtbot):
    open_part()
    result = inspect()
    context.display.show_frame((70.0, 50.0, 120.0, 90.0))
    qtbot.wait(30)
    panes[2].canvas.viewport().repaint()
    place, label = panes[2].numbers._places[0]
    qtbot.mouseClick(panes[2].canvas.viewport(), Qt.MouseButton.LeftButton, pos=place.center().toPoint())
    assert label == context.cursor.place.region == 1
    assert context.cursor.place.pixel == result.regions[0].peak_at


def test_a_new_model_takes_the_map_away(panes, open_part, inspect, context, make_model):
    open_part()
    inspect()
    context.cursor.go(region=1)
    context.workspace.apply(events.ModelReady(make_model(name="another")))
    assert panes[2].canvas.heat is None and not panes[2].contour.shown and panes[2].bar.isHidden()
    assert not panes[0]._region_line.shown
    assert panes[2].notice.text() == "Not inspected yet. Press Inspect."


def test_a_map_of_another_size_is_not_drawn(panes, open_part, context, make_model, make_result):
    open_part()
    context.workspace.apply(events.ModelReady(make_model()))
    result = make_result(context.workspace.ref(BENT))
    context.workspace.apply(events.PartInspected(replace(result, map=result.map[:50]), False))
    assert panes[2].canvas.heat is None and "another size" in panes[2].notice.text()


# Readout ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def readout(context, qtbot):
    made = ReadoutView(context)
    qtbot.addWidget(made)
    made.resize(1200, 24)
    made.show()
    return made


def test_figures_at_the_cursor(readout, open_part, inspect, context):
    picture = open_part()
    assert set(readout.texts().values()) == {"–", ""}
    context.cursor.hover((70, 95))
    texts = readout.texts()
    assert texts["pixel"] == "70, 95" and texts["fused"] == "–"
    assert texts["point"] == f"7.50, 5.00, {picture.xyz[70, 95, 2]:.2f} mm"
    assert texts["normal"].count(",") == 2 and "−" in texts["normal"]
    inspect()
    texts = readout.texts()
    assert (texts["fused"], texts["rgb"]) == ("2.00", "0.50") and texts["pin"] == ""
    context.cursor.pin((70, 95))
    assert readout.texts()["pin"] == "pinned (Esc)"


def test_a_hole_a_missing_scan_and_unseen_pixels_are_said(readout, open_part, inspect, context):
    open_part()
    inspect()
    context.cursor.hover((11, 22))
    texts = readout.texts()
    assert texts["point"] == "no 3D point here" and texts["normal"] == "–"
    context.cursor.hover((0, 0))
    assert readout.texts()["fused"] == "–"
    open_part(xyz=False)
    context.cursor.hover((60, 80))
    assert readout.texts()["point"] == "no 3D scan"


def test_the_width_never_changes(readout, open_part, inspect, context):
    picture = open_part()
    picture.xyz[0, 0] = (-1234.567, -999.999, 12345.6)
    inspect()
    places = None
    for pixel in ((0, 0), (11, 22), (70, 95), (119, 159)):
        context.cursor.hover(pixel)
        QApplication.processEvents()
        now = [field.geometry() for field in readout._fields]
        assert places in (None, now)
        places = now
    context.cursor.hover((0, 0))
    assert readout.texts()["point"] == "−1234.6, −1000.0, 12345.6 mm"


def test_figures_of_the_former_part_are_gone_while_the_next_is_read(readout, open_part, context):
    open_part()
    context.cursor.go(part="test/good/001")
    context.cursor.hover((5, 5))
    assert readout.texts()["pixel"] == "–"
