"""The inspection panel with real clicks, keys and drags."""

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QWidget,
)

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.views.inspection import InspectionView
from pirn_app.views.inspection.histogram import Histogram
from pirn_app.views.inspection.regions import framed
from pirn_app.views.inspection.table import ACCEPTED, RegionTable
from pirn_core.regions import find_regions

LEFT = Qt.MouseButton.LeftButton
BENT = "test/bent/000"


@pytest.fixture
def ran(context):
    """What actions were run; the table holds those that this panel shows."""
    runs = []
    names = ("open-folder", "train", "pick-random-shots", "inspect-part", "inspect-all")
    context.actions.add(
        Action(name, name.replace("-", " "), "x", lambda name=name: runs.append(name)) for name in names
    )
    return runs


@pytest.fixture
def view(qtbot, context, ran):
    made = InspectionView(context)
    qtbot.addWidget(made)
    made.resize(368, 1000)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.release()


@pytest.fixture
def trained(view, make_parts, make_model):
    """A view with parts and a model: threshold 1.5, unsure from 1.0."""
    workspace = view.context.workspace
    workspace.apply(events.PartsOpened(make_parts()))
    workspace.set_shots(["train/good/000", "train/good/001"])
    workspace.apply(events.ModelReady(make_model()))
    workspace.history.clear()
    return view


@pytest.fixture
def inspected(trained, make_result, make_picture, qtbot):
    """Three good parts at 0.5, 0.7, 1.2, three bent ones at 2.0, 1.8, 0.6; the first bent one in view."""
    workspace = trained.context.workspace
    for part, score in zip(sorted(test_parts(workspace)), (2.0, 1.8, 0.6, 0.5, 0.7, 1.2), strict=True):
        workspace.apply(events.PartInspected(make_result(workspace.ref(part), score), shot=False))
    workspace.apply(events.PartLoaded(make_picture(workspace.ref(BENT))))
    trained.context.cursor.go(part=BENT)
    qtbot.wait(100)  # results are gathered
    return trained


def test_parts(workspace):
    return [ref.id for ref in workspace.refs if ref.split == "test"]


test_parts.__test__ = False


def text(view, name):
    label = view.findChild(QLabel, name)
    return label.text() if label.isVisible() else ""


def buttons(view):
    return {b.objectName() for b in view.findChildren(QPushButton) if b.isVisible()}


def button(view, name):
    return view.findChild(QPushButton, name)


def histogram(view) -> Histogram:
    return view.findChild(Histogram, "score-histogram")


def spin(view) -> QDoubleSpinBox:
    return view.findChild(QDoubleSpinBox, "threshold-spin")


def table(view) -> RegionTable:
    return view.findChild(RegionTable, "region-table")


def point(plot: Histogram, score: float) -> QPoint:
    """On the line's height, in the middle of the bars."""
    return QPoint(round(plot.x_of(score)), round(plot.frame().plot.center().y()))


def drag(qtbot, plot: Histogram, start: float, *stops: float, hold: bool = False) -> None:
    qtbot.mousePress(plot, LEFT, pos=point(plot, start))
    for stop in stops:
        qtbot.mouseMove(plot, point(plot, stop))
        qtbot.wait(25)
    if not hold:
        qtbot.mouseRelease(plot, LEFT, pos=point(plot, stops[-1]))


def cell(view, row, column):
    shown = table(view)
    return shown.viewport(), shown.visualRect(shown.rows.index(row, column)).center()


def click(qtbot, view, row, column=1):
    viewport, at = cell(view, row, column)
    qtbot.mouseClick(viewport, LEFT, pos=at)


def tick(qtbot, view, row):
    shown = table(view)
    box = shown.visualRect(shown.rows.index(row, ACCEPTED))
    qtbot.mouseClick(shown.viewport(), LEFT, pos=QPoint(box.left() + 10, box.center().y()))


# The verdict card --------------------------------------------------------------------------------------------------


def test_each_empty_state_says_what_to_do_next(qtbot, view, ran, make_parts):
    assert (text(view, "verdict-word"), buttons(view)) == ("No parts open", {"button-open-folder"})
    view.context.workspace.apply(events.PartsOpened(make_parts()))
    assert text(view, "verdict-word") == "No model yet"
    assert text(view, "verdict-text") == "Pick 5 to 10 good parts, then press Train (Ctrl+T)."
    assert buttons(view) == {"button-train", "button-pick-random-shots"}
    view.context.workspace.set_shots(["train/good/000"])
    assert text(view, "verdict-text").startswith("1 shot chosen. Pick 5 to 10")
    view.context.workspace.set_shots([f"train/good/00{k}" for k in range(5)])
    assert text(view, "verdict-text") == "5 shots chosen. Press Train (Ctrl+T)."
    qtbot.mouseClick(button(view, "button-train"), LEFT)
    assert ran == ["train"]


def test_a_model_without_parts_or_without_a_chosen_part(view, make_model, make_parts):
    view.context.workspace.apply(events.JobStarted(1, "OpenModel", "Opening flange.pirn"))
    assert text(view, "verdict-word") == "Opening the model"
    view.context.workspace.apply(events.ModelReady(make_model()))
    assert text(view, "verdict-text").startswith("The model is ready.")
    assert "button-open-folder" in buttons(view)
    view.context.workspace.apply(events.PartsOpened(make_parts()))
    assert text(view, "verdict-word") == "No part chosen"


def test_a_result_is_word_mark_score_and_threshold(inspected):
    assert text(inspected, "verdict-word") == "NG"
    assert text(inspected, "verdict-score") == "2.00"
    assert text(inspected, "verdict-threshold") == "threshold 1.50"
    assert text(inspected, "verdict-text") == "Unsure from 1.00 to 1.50."
    inspected.context.cursor.go(part="test/good/002")
    assert text(inspected, "verdict-word") == "unsure"
    inspected.context.cursor.go(part="test/good/000")
    assert text(inspected, "verdict-word") == "OK"


def test_a_score_just_below_the_threshold_does_not_read_like_it(trained, make_result):
    workspace = trained.context.workspace
    workspace.apply(events.PartInspected(make_result(workspace.ref(BENT), 1.4996), shot=False))
    trained.context.cursor.go(part=BENT)
    assert (text(trained, "verdict-word"), text(trained, "verdict-score")) == ("unsure", "1.4996")
    assert text(trained, "verdict-threshold") == "threshold 1.5000"


def test_waiting_says_for_what(trained):
    apply = trained.context.workspace.apply
    trained.context.cursor.go(part=BENT)
    assert text(trained, "verdict-word") == "Not inspected yet"
    assert "button-inspect-part" in buttons(trained)
    apply(events.JobStarted(1, "Train", "Training on 2 shots"))
    apply(events.JobProgress(1, 0.4, 75.0, "fold 2 of 3"))
    assert text(trained, "verdict-word") == "Waiting for training"
    assert text(trained, "verdict-text") == "Fold 2 of 3, 75 s left. This part is inspected after that."
    apply(events.JobEnded(1, "Train", "done"))
    apply(events.JobStarted(2, "InspectParts", "Inspecting"))
    assert text(trained, "verdict-word") == "Waiting for its turn"
    apply(events.JobStarted(3, "InspectPart", "Inspecting"))
    assert text(trained, "verdict-word") == "Inspecting this part"


def test_training_without_a_model(view, make_parts):
    view.context.workspace.apply(events.PartsOpened(make_parts()))
    view.context.workspace.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    assert text(view, "verdict-word") == "Training"
    assert text(view, "verdict-text").startswith("Training on 5 shots.")


def test_a_failed_part_says_why_and_what_to_do(trained):
    trained.context.cursor.go(part=BENT)
    trained.context.workspace.apply(events.PartFailed(BENT, "0.tiff: 412x412.", "Export both at one size."))
    assert text(trained, "verdict-word") == "Not inspected"
    assert text(trained, "verdict-text") == "0.tiff: 412x412. Export both at one size."
    assert not table(trained).isVisible()


def test_an_unreadable_part(trained):
    trained.context.cursor.go(part=BENT)
    trained.context.workspace.apply(events.PartUnreadable(BENT, "0.png is broken.", "Copy it again."))
    assert text(trained, "verdict-text") == "0.png is broken. Copy it again."


def test_a_shot_says_that_its_score_is_too_good(trained, make_result):
    workspace, part = trained.context.workspace, "train/good/001"
    given = replace(make_result(workspace.ref(part), 0.2), warnings=("No 3D scan.",))
    workspace.apply(events.PartInspected(given, shot=True))
    trained.context.cursor.go(part=part)
    assert text(trained, "verdict-notice").splitlines() == [
        "The model was trained on this part; its score is too good. Held out in calibration, it scored 0.90.",
        "No 3D scan.",
    ]
    assert text(trained, "threshold-counts") == "No part inspected yet."  # shots do not count


def test_changed_shots_offer_training_again(qtbot, trained, ran):
    assert "button-retrain" not in buttons(trained)
    trained.context.workspace.set_shots(["train/good/002"])
    assert "shots were changed" in text(trained, "outdated-text")
    qtbot.mouseClick(button(trained, "button-retrain"), LEFT)
    assert ran == ["train"]


def test_labels_are_set_by_click_and_undone(qtbot, inspected):
    workspace = inspected.context.workspace
    assert text(inspected, "folder-label") == "folder says bent"
    qtbot.mouseClick(button(inspected, "label-good"), LEFT)
    assert workspace.document.labels == {BENT: "good"}
    assert button(inspected, "label-good").isChecked()
    assert text(inspected, "threshold-mistakes") == "1 good part NG, 1 defective part OK."
    workspace.undo()
    assert button(inspected, "label-none").isChecked()
    qtbot.mouseClick(button(inspected, "label-none"), LEFT)
    assert button(inspected, "label-none").isChecked()
    assert workspace.document.labels == {}


def test_labels_go_through_the_table_of_actions(qtbot, inspected):
    runs = []
    inspected.context.actions.add([Action("label-defective", "Defective", "x", lambda: runs.append(1))])
    qtbot.mouseClick(button(inspected, "label-defective"), LEFT)
    assert runs == [1]
    assert not button(inspected, "label-defective").isChecked()  # the state did not change


# The threshold -----------------------------------------------------------------------------------------------------


def test_the_figures_say_what_the_threshold_means(inspected):
    assert text(inspected, "threshold-counts") == "3 OK · 1 unsure · 2 NG of 6 inspected"
    assert text(inspected, "threshold-mistakes") == "1 defective part OK."


def test_a_drag_moves_everything_and_is_one_step_of_undo(qtbot, inspected):
    workspace, plot = inspected.context.workspace, histogram(inspected)
    drag(qtbot, plot, 1.5, 1.7, 1.9, 2.1, hold=True)
    assert workspace.limits[1] == pytest.approx(2.1, abs=0.02)  # live, before the release
    assert text(inspected, "verdict-word") == "unsure"
    assert text(inspected, "threshold-counts") == "3 OK · 3 unsure · 0 NG of 6 inspected"
    assert spin(inspected).value() == pytest.approx(workspace.limits[1], abs=5e-4)
    qtbot.mouseRelease(plot, LEFT, pos=point(plot, 2.1))
    assert not plot.dragging
    workspace.undo()
    assert workspace.own_threshold is None
    assert workspace.history.undo_text == ""
    assert text(inspected, "verdict-word") == "NG"


def test_two_drags_are_two_steps(qtbot, inspected):
    workspace, plot = inspected.context.workspace, histogram(inspected)
    drag(qtbot, plot, 1.5, 1.3, 1.2)
    first = workspace.own_threshold
    drag(qtbot, plot, first, 1.0, 0.8)
    workspace.undo()
    assert workspace.own_threshold == first
    workspace.undo()
    assert workspace.own_threshold is None


def test_a_drag_beyond_the_axis_stops_at_its_ends(qtbot, inspected):
    workspace, plot = inspected.context.workspace, histogram(inspected)
    drag(qtbot, plot, 1.5, 1.0, -5.0)
    assert workspace.own_threshold == 0.0
    end = plot.shown.edges[-1]
    drag(qtbot, plot, 0.0, 1.0, 50.0)
    assert workspace.own_threshold == pytest.approx(end)


def test_a_press_beside_the_line_moves_nothing_but_one_on_the_axis_does(qtbot, inspected):
    workspace, plot = inspected.context.workspace, histogram(inspected)
    qtbot.mouseClick(plot, LEFT, pos=point(plot, 0.6))
    qtbot.mouseClick(plot, Qt.MouseButton.RightButton, pos=point(plot, 1.5))
    assert workspace.own_threshold is None
    qtbot.mouseClick(plot, LEFT, pos=QPoint(round(plot.x_of(0.6)), round(plot.frame().plot.bottom()) + 8))
    assert workspace.own_threshold == pytest.approx(0.6, abs=0.01)


def test_taking_the_line_off_its_middle_does_not_move_it(qtbot, inspected):
    workspace, plot = inspected.context.workspace, histogram(inspected)
    at = point(plot, 1.5) + QPoint(6, 0)
    qtbot.mousePress(plot, LEFT, pos=at)
    qtbot.mouseRelease(plot, LEFT, pos=at)
    assert workspace.own_threshold is None


def test_arrow_keys_move_the_line_and_not_the_part(qtbot, inspected):
    window, parts = QMainWindow(), []
    qtbot.addWidget(window)
    window.setCentralWidget(inspected)
    for keys in ("Right", "PgUp"):
        action = QAction(window, shortcut=keys)
        action.triggered.connect(lambda _on=False: parts.append(1))
        window.addAction(action)
    window.show()
    window.activateWindow()
    qtbot.waitActive(window).__enter__()
    workspace, plot = inspected.context.workspace, histogram(inspected)
    plot.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_PageUp):
        qtbot.keyClick(plot, key)
    assert workspace.own_threshold == pytest.approx(1.61)
    assert parts == []
    window.takeCentralWidget()


def test_keys_in_the_spin_box_and_undo(qtbot, inspected):
    workspace, box = inspected.context.workspace, spin(inspected)
    box.setFocus()
    for _ in range(3):
        qtbot.keyClick(box, Qt.Key.Key_Up)
    assert workspace.own_threshold == pytest.approx(1.53)
    qtbot.keyClick(box, Qt.Key.Key_PageDown)
    assert workspace.own_threshold == pytest.approx(1.43)
    workspace.undo()
    assert workspace.own_threshold is None
    assert box.value() == 1.5


def test_a_typed_threshold_holds_after_enter_and_a_pause_ends_the_step(qtbot, inspected):
    workspace, box = inspected.context.workspace, spin(inspected)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "1.25")
    assert workspace.own_threshold is None  # half-typed numbers do nothing
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert workspace.own_threshold == 1.25
    qtbot.wait(900)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    workspace.undo()
    assert workspace.own_threshold == 1.25


def test_looking_at_the_spin_box_does_not_round_the_threshold(qtbot, trained, make_model):
    workspace = trained.context.workspace
    workspace.apply(events.ModelReady(replace(make_model(name="fine"), threshold=1.23456789)))
    spin(trained).setFocus()
    histogram(trained).setFocus()
    assert workspace.limits[1] == 1.23456789
    assert workspace.own_threshold is None


def test_the_wheel_over_the_spin_box_scrolls_the_panel_only(qtbot, inspected):
    box = spin(inspected)
    histogram(inspected).setFocus()
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(box.mapToGlobal(QPoint(5, 5))), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, wheel)
    assert inspected.context.workspace.own_threshold is None


def test_reset_says_where_to_and_works_once_moved(qtbot, inspected):
    workspace, reset = inspected.context.workspace, button(inspected, "button-reset-threshold")
    assert reset.text() == "Reset to 1.50"
    assert not reset.isEnabled()
    workspace.set_threshold(1.2)
    assert reset.isEnabled()
    qtbot.mouseClick(reset, LEFT)
    assert workspace.own_threshold is None
    assert not reset.isEnabled()


def test_bars_are_grouped_by_label_or_by_verdict(inspected):
    def counts():
        return {name: int(n.sum()) for name, n in histogram(inspected).shown.groups if n.any()}

    grouping = inspected.findChild(QComboBox, "histogram-grouping")
    assert grouping.isVisible()
    assert counts() == {"shots": 2, "good": 3, "defective": 3}
    grouping.setCurrentIndex(1)
    assert counts() == {"shots": 2, "OK": 3, "unsure": 1, "NG": 2}
    inspected.context.workspace.set_threshold(1.9)
    assert counts() == {"shots": 2, "OK": 3, "unsure": 2, "NG": 1}


def test_a_bar_tells_what_it_holds(inspected):
    plot = histogram(inspected)
    assert plot.told_at(plot.x_of(2.0) + 1).splitlines()[1:] == ["Defective: 1"]
    assert plot.told_at(plot.x_of(0.01)).splitlines()[1:] == ["no part"]
    assert plot.told_at(-50) == ""


def test_the_axis_starts_at_zero_and_covers_every_score(inspected, make_result):
    workspace = inspected.context.workspace
    workspace.apply(events.PartInspected(make_result(workspace.ref(BENT), 9.0), shot=False))
    inspected.threshold.rebuild()
    edges = histogram(inspected).shown.edges
    assert edges[0] == 0
    assert 9.0 < edges[-1] < 13


def test_thousands_of_parts_follow_a_drag_at_30_hertz(qtbot, trained, make_parts, make_result):
    workspace = trained.context.workspace
    workspace.apply(events.PartsOpened(make_parts(2, 1000, 1000)))
    base, rng = make_result(workspace.refs[5], 1.0), np.random.default_rng(0)
    for ref in workspace.refs[2:]:
        workspace.results.add(replace(base, ref=ref, score=float(rng.gamma(4, 0.4))), shot=False)
    trained.refresh()
    trained.context.cursor.go(part=workspace.refs[5].id)
    qtbot.wait(50)
    took = []
    for value in np.linspace(1.0, 2.0, 40):
        begin = time.perf_counter()
        workspace.set_threshold(float(value))
        trained.grab()  # draws all of it
        took.append(time.perf_counter() - begin)
    assert "of 2,000 inspected" in text(trained, "threshold-counts")
    print(f"threshold move with 2,000 parts: median {1000 * np.median(took):.1f} ms, most {1000 * max(took):.1f} ms")
    assert np.median(took) < 1 / 30


# Modalities and regions --------------------------------------------------------------------------------------------


@pytest.fixture
def speckled(inspected, make_result, make_picture):
    """Four regions at different places, the strongest at (70, 95)."""
    workspace = inspected.context.workspace
    ref = workspace.ref(BENT)
    values = np.full((120, 160), 0.3, np.float32)
    for row, column, peak in ((70, 95, 2.5), (40, 60, 2.2), (80, 60, 1.9), (30, 90, 1.7)):
        values[row - 4 : row + 5, column - 4 : column + 5] = peak - 0.1
        values[row, column] = peak
    maps = {"rgb": values * 0.25, "sn": values * 0.75}
    regions = find_regions(values, maps, 1.5, make_picture(ref).xyz)
    given = replace(make_result(ref, 2.5), map=values, maps=maps, regions=regions)
    workspace.apply(events.PartInspected(given, shot=False))
    return inspected


def rows(view):
    shown = table(view)
    return [[shown.rows.index(r, c).data() for c in range(6)] for r in range(shown.rows.rowCount())]


def test_shares_are_those_of_the_strongest_or_the_chosen_region(inspected):
    assert text(inspected, "modality-text") == "Colour 25 %   Surface 75 %"
    assert inspected.findChild(QWidget, "modality-bar").accessibleName() == "Colour 25 %, Surface 75 %"
    assert text(inspected, "modality-of") == "region 1"
    inspected.context.cursor.go(part="test/good/000")
    assert text(inspected, "modality-of") == "highest scores of the part"


def test_one_modality_is_named(trained, make_result):
    workspace = trained.context.workspace
    given = make_result(workspace.ref(BENT), 2.0)
    maps = {"rgb": given.map}
    given = replace(given, maps=maps, scores={"rgb": 2.0}, regions=find_regions(given.map, maps, 1.5, None))
    workspace.apply(events.PartInspected(given, shot=False))
    trained.context.cursor.go(part=BENT)
    assert text(trained, "modality-text").startswith("Colour only")


def test_regions_are_listed_by_peak_with_signed_heights(speckled):
    found = rows(speckled)
    assert [row[0] for row in found] == ["1", "2", "3", "4"]
    assert [row[4] for row in found] == ["2.50", "2.20", "1.90", "1.70"]
    assert {row[5] for row in found} == {"75 %"}
    assert float(found[0][1]) == pytest.approx(81 * 0.25, rel=0.3)
    assert " × " in found[0][2]
    assert found[0][3][0] in "+\N{MINUS SIGN}0"


def test_a_click_shows_a_region_and_a_second_one_the_whole_part(qtbot, speckled):
    cursor, display, frames = speckled.context.cursor, speckled.context.display, []
    display.framed.connect(frames.append)
    click(qtbot, speckled, 1)
    assert (cursor.place.region, cursor.place.pixel, cursor.place.part) == (2, (40, 60), BENT)
    left, top, right, bottom = frames[-1]
    assert left < 56 < 65 < right
    assert top < 36 < 45 < bottom
    assert text(speckled, "modality-of") == "region 2"
    click(qtbot, speckled, 1)
    assert cursor.place.region is None
    assert frames[-1] is None


def test_escape_and_arrow_keys_in_the_table(qtbot, speckled):
    cursor, shown = speckled.context.cursor, table(speckled)
    click(qtbot, speckled, 0)
    qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert cursor.place.region == 2
    qtbot.keyClick(shown, Qt.Key.Key_Up)
    qtbot.keyClick(shown, Qt.Key.Key_Up)
    assert cursor.place.region == 1
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert cursor.place.region is None
    assert speckled.context.display.frame is None
    assert not shown.selectionModel().hasSelection()


def test_a_region_chosen_elsewhere_is_marked(speckled):
    speckled.context.cursor.go(region=3)
    assert [i.row() for i in table(speckled).selectionModel().selectedRows()] == [2]
    speckled.context.cursor.go(region=99)
    assert not table(speckled).selectionModel().hasSelection()


def test_accepting_greys_a_region_and_leaves_the_verdict(qtbot, speckled):
    workspace, shown = speckled.context.workspace, table(speckled)
    tick(qtbot, speckled, 1)
    assert len(workspace.document.dismissed) == 1
    assert shown.rows.index(1, 0).data(Qt.ItemDataRole.ForegroundRole) is not None
    assert shown.rows.index(0, 0).data(Qt.ItemDataRole.ForegroundRole) is None
    assert text(speckled, "region-more") == "1 region accepted, the verdict stays."
    assert text(speckled, "verdict-word") == "NG"
    assert speckled.context.cursor.place.region is None  # a tick chooses nothing
    workspace.undo()
    assert text(speckled, "region-more") == ""
    click(qtbot, speckled, 2)
    qtbot.keyClick(shown, Qt.Key.Key_Space)
    assert len(workspace.document.dismissed) == 1
    tick(qtbot, speckled, 2)
    assert workspace.document.dismissed == frozenset()


def test_an_acceptance_survives_a_move_of_the_threshold(qtbot, speckled):
    tick(qtbot, speckled, 0)
    speckled.context.workspace.set_threshold(2.45)
    qtbot.waitUntil(lambda: len(rows(speckled)) == 1, timeout=2000)
    assert "1 region accepted" in text(speckled, "region-more")


def test_regions_follow_the_threshold(qtbot, speckled):
    workspace = speckled.context.workspace
    workspace.set_threshold(2.0)
    qtbot.waitUntil(lambda: [row[4] for row in rows(speckled)] == ["2.50", "2.20"], timeout=2000)
    workspace.set_threshold(3.0)
    qtbot.waitUntil(lambda: text(speckled, "region-none") == "No region above the threshold.", timeout=2000)
    assert not table(speckled).isVisible()


def test_without_a_scan_sizes_are_in_pixels(qtbot, inspected, make_result, make_picture):
    workspace = inspected.context.workspace
    ref = workspace.ref("test/bent/001")
    inspected.context.cursor.go(part=ref.id)
    assert "3D points are not loaded yet".lower() in text(inspected, "region-more").lower()
    workspace.apply(events.PartLoaded(make_picture(ref, xyz=False)))
    assert text(inspected, "region-more") == "The part has no 3D scan, so sizes are in pixels."
    pixels = workspace.results.get(ref.id).regions[0].pixels
    assert rows(inspected)[0][1] == str(pixels)
    assert table(inspected).rows.headerData(1, Qt.Orientation.Horizontal) == "Area\npx"


def test_at_most_fifty_rows(inspected, make_result):
    workspace = inspected.context.workspace
    given = make_result(workspace.ref(BENT), 2.0)
    many = tuple(replace(given.regions[0], label=k) for k in range(1, 171))
    workspace.apply(events.PartInspected(replace(given, regions=many), shot=False))
    assert len(rows(inspected)) == 50
    assert text(inspected, "region-more").startswith("And 120 more")


def test_a_map_that_made_room_is_not_taken_for_a_calm_part(inspected, make_result):
    workspace = inspected.context.workspace
    workspace.results._forget(BENT)
    inspected.refresh()
    assert text(inspected, "verdict-word") == "NG"
    assert text(inspected, "region-none") == "The map of this part is not in memory any more."
    assert "button-inspect-again" in buttons(inspected)


def test_a_frame_holds_the_box_with_room_around():
    assert framed((10, 20, 110, 60)) == (-30.0, -40.0, 110.0, 160.0)
    left, top, right, bottom = framed((50, 50, 51, 51))
    assert right - left == bottom - top == 49


# All parts ---------------------------------------------------------------------------------------------------------


def test_inspecting_all_shows_progress_and_can_be_cancelled(qtbot, trained, ran):
    apply, cancelled = trained.context.workspace.apply, []
    trained.context.requests.cancel_asked.connect(cancelled.append)
    qtbot.mouseClick(button(trained, "button-inspect-all"), LEFT)
    assert ran == ["inspect-all"]
    apply(events.JobStarted(7, "InspectParts", "Inspecting 25 parts"))
    apply(events.JobProgress(7, 12 / 25, 7.2, "12 of 25 parts"))
    assert "button-inspect-all" not in buttons(trained)
    assert text(trained, "batch-text") == "12 of 25 parts, 7 s left"
    assert trained.findChild(QProgressBar, "batch-progress").value() == 480
    qtbot.mouseClick(button(trained, "batch-cancel"), LEFT)
    assert cancelled == [7]
    assert not button(trained, "batch-cancel").isEnabled()
    apply(events.JobEnded(7, "InspectParts", "cancelled"))
    assert "button-inspect-all" in buttons(trained)
    assert not trained.findChild(QProgressBar, "batch-progress").isVisible()


def test_the_summary_counts_what_failed(inspected):
    assert text(inspected, "batch-text") == "6 of 12 parts inspected."
    inspected.context.workspace.apply(events.PartFailed("test/bent/002", "Broken."))
    assert text(inspected, "batch-text") == "5 of 12 parts inspected, 1 could not be."


def test_results_of_a_batch_are_gathered(qtbot, trained, make_result):
    workspace = trained.context.workspace
    for part in test_parts(workspace):
        workspace.apply(events.PartInspected(make_result(workspace.ref(part), 2.0), shot=False))
    qtbot.waitUntil(lambda: text(trained, "threshold-counts").endswith("6 NG of 6 inspected"), timeout=2000)


# Life --------------------------------------------------------------------------------------------------------------


def test_buttons_follow_their_actions(inspected):
    action = inspected.context.actions.qaction("inspect-all")
    action.setEnabled(False)
    assert not button(inspected, "button-inspect-all").isEnabled()
    action.setEnabled(True)
    assert button(inspected, "button-inspect-all").isEnabled()


def test_the_panel_works_without_the_table_of_actions(qtbot, context, make_parts, make_model):
    made = InspectionView(context)
    qtbot.addWidget(made)
    made.show()
    context.workspace.apply(events.PartsOpened(make_parts()))
    context.workspace.apply(events.ModelReady(make_model()))
    context.workspace.set_threshold(1.1)
    qtbot.mouseClick(button(made, "button-reset-threshold"), LEFT)
    assert context.workspace.own_threshold is None
    assert buttons(made) == {"button-reset-threshold"}


def test_another_theme_recolours_it_alive(inspected):
    before = inspected.grab().toImage()
    inspected.context.theme.choose("light")
    assert inspected.grab().toImage() != before


def test_nothing_is_cut_at_the_narrowest(qtbot, speckled):
    speckled.resize(speckled.minimumWidth(), 620)
    qtbot.wait(20)
    shown = table(speckled)
    metrics, widths = shown.fontMetrics(), [shown.columnWidth(c) for c in range(7)]
    heads = [shown.rows.headerData(c, Qt.Orientation.Horizontal).split("\n") for c in range(7)]
    widest = [max(metrics.horizontalAdvance(w) for w in [*heads[c], *shown.rows.texts(c)]) for c in range(7)]
    assert all(width >= words + 6 for width, words in zip(widths, widest, strict=True))
    assert sum(widths) <= shown.viewport().width()
    assert speckled.verdict.width() <= speckled.width()


def test_the_columns_share_what_is_left(qtbot, speckled):
    shown = table(speckled)
    before = [shown.columnWidth(c) for c in range(7)]
    speckled.resize(speckled.width() + 60, 1000)
    qtbot.waitUntil(lambda: [shown.columnWidth(c) for c in range(7)] != before)
    gained = [shown.columnWidth(c) - width for c, width in enumerate(before)]
    assert gained[0] == 0 and max(gained[1:]) - min(gained[1:]) <= 1


def test_two_regions_are_in_sight_where_the_window_is_low(qtbot, context, speckled):
    two = min(table(speckled).rows.rowCount(), 2)
    speckled.resize(352, 653)  # of a window of 1280 x 800
    qtbot.wait(20)
    shown = table(speckled)
    last = shown.visualRect(shown.rows.index(two - 1, 0)).bottomLeft()
    scroll = speckled.findChild(QScrollArea)
    at = shown.viewport().mapTo(scroll.viewport(), last)
    assert 0 < at.y() < scroll.viewport().height()


def test_sections_stay_together_where_the_window_is_high(qtbot, speckled):
    speckled.resize(480, 1320)
    qtbot.wait(20)
    gaps = [
        lower.geometry().top() - upper.geometry().bottom()
        for upper, lower in zip(
            (speckled.verdict, speckled.threshold, speckled.modalities),
            (speckled.threshold, speckled.modalities, speckled.regions),
            strict=True,
        )
    ]
    assert max(gaps) <= 16
    assert speckled.regions.height() <= table(speckled).height() + 80


def test_the_card_names_the_part(inspected):
    assert text(inspected, "verdict-part") == "test / bent / 000"


def test_after_release_it_does_nothing(qtbot, inspected):
    inspected.context.workspace.set_threshold(1.2)
    inspected.release()
    said = text(inspected, "threshold-counts")
    inspected.context.workspace.set_threshold(2.5)
    inspected.context.cursor.go(part="test/good/000")
    inspected.context.theme.choose("light")
    inspected.context.actions.qaction("train").setEnabled(False)
    qtbot.wait(150)
    assert (text(inspected, "threshold-counts"), text(inspected, "verdict-word")) == (said, "NG")
