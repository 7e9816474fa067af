"""The main story as a user goes through it: clicks and keys, from a folder of parts to a found defect and back."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from pirn_core import checkpoint
from pirn_core.batch import Inspected, inspect_parts
from pirn_core.devices import choose_device
from pirn_core.inspector import Inspector

DEFECT = "crack"


def train(user, small_set):
    """Opens the folder, picks five shots, trains quickly."""
    user.answers.append(small_set)
    user.click("start-open-folder")
    user.until(lambda: user.workspace.picture is not None)
    assert len(user.workspace.refs) == 13
    user.press(Qt.Key.Key_P)
    user.until(lambda: len(user.workspace.document.shots) == 5)
    user.click("tool-workspace-train")
    user.click("preset-quick")
    user.click("start-training")
    user.until(lambda: user.workspace.training.outcome, 200)
    assert user.workspace.training.outcome == "done", user.workspace.training.message


@pytest.mark.timeout(290)
def test_from_a_folder_to_a_defect_in_all_views_and_back(user, small_set):
    train(user, small_set)
    workspace, cursor = user.workspace, user.cursor
    assert workspace.model is not None
    assert user.app.window.workspace == "inspect"

    user.press(Qt.Key.Key_F5)
    user.until(lambda: len(workspace.results) >= 7 and user.idle())
    assert not [found.error for found in workspace.results if found.error]

    part = next(ref.id for ref in workspace.refs if ref.label == DEFECT)
    cursor.go(part=part)
    user.until(user.seen)
    _threshold_finds_it(user, part)
    _the_same_place_in_2d_and_3d(user, part)
    _next_part_and_undo(user)
    _as_the_command_line_says(user)


def _threshold_finds_it(user, part):
    """A click on the histogram moves the threshold below the defect's score: the verdict follows at once."""
    workspace = user.workspace
    score = workspace.results.get(part).score
    histogram = user.widget("score-histogram")
    wanted = QPoint(round(histogram.x_of(score * 0.97)), histogram.height() // 2)
    now = QPoint(round(histogram.x_of(workspace.limits[1])), histogram.height() // 2)
    user.qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=now)
    user.qtbot.mouseMove(histogram, wanted)
    user.qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=wanted)
    assert workspace.limits[1] == pytest.approx(score * 0.97, rel=0.1)
    assert workspace.verdict(part) == "NG"
    assert workspace.history.undo_text == "Move threshold"


def _the_same_place_in_2d_and_3d(user, part):
    """A click on the peak in the map puts the mark there in 3D; a click on that mark in 3D finds the pixel again."""
    found, xyz = user.workspace.result(part), user.workspace.picture.xyz
    with_point = np.where(np.isfinite(xyz).all(axis=2), np.nan_to_num(found.map, nan=-np.inf), -np.inf)
    row, column = np.unravel_index(int(with_point.argmax()), found.map.shape)
    pane = user.app.window.panel("anomaly")
    user.qtbot.mouseClick(pane.canvas.viewport(), Qt.MouseButton.LeftButton, pos=_on(pane, row, column))
    place = user.cursor.place
    assert place.pinned
    assert math.dist(place.pixel, (row, column)) <= 2
    surface = user.app.window.panel("cloud").surface
    user.until(lambda: surface.ready)
    there = xyz[row, column]
    user.until(lambda: surface.position_of(there)[1] != "outside", 20)
    assert surface.position_of(there)[1] == "seen"
    at = surface.position_of(there)[0].toPoint()
    user.press(Qt.Key.Key_Escape)
    user.cursor.go(pixel=(0, 0))
    user.qtbot.mouseClick(surface, Qt.MouseButton.LeftButton, pos=at)
    assert user.cursor.place.pinned
    assert math.dist(user.cursor.place.pixel, place.pixel) <= 4


def _on(pane, row, column):
    point = pane.canvas.viewport_at(column, row)
    return QPoint(round(point.x()), round(point.y()))


def _next_part_and_undo(user):
    part, limits = user.cursor.place.part, user.workspace.limits
    user.press(Qt.Key.Key_D)
    user.until(lambda: user.cursor.place.part != part and user.seen())
    user.press(Qt.Key.Key_A)
    user.until(lambda: user.cursor.place.part == part)
    user.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert user.workspace.limits == user.workspace.calibrated != limits
    user.until(user.actions.qaction("redo").isEnabled)
    user.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert user.workspace.limits == limits


def _as_the_command_line_says(user):
    """Scores of all parts are, to the last digit, what the package gives for the saved model."""
    model = checkpoint.load(user.workspace.model.path)
    inspector = Inspector.open(model, choose_device("auto"))
    refs = [user.workspace.ref(found.part) for found in user.workspace.results]
    for found in inspect_parts(inspector, refs):
        assert isinstance(found, Inspected)
        shown = user.workspace.results.get(found.result.ref.id)
        assert (shown.score, dict(shown.scores)) == (found.result.score, dict(found.result.scores))


@pytest.mark.timeout(290)
def test_a_cancelled_training_leaves_no_model_and_the_window_usable(user, small_set):
    user.answers.append(small_set)
    user.click("start-open-folder")
    user.until(lambda: user.workspace.picture is not None)
    user.press(Qt.Key.Key_P)
    user.until(lambda: len(user.workspace.document.shots) == 5)
    user.until(user.actions.qaction("train").isEnabled)
    user.press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    user.until(lambda: user.workspace.jobs.of_kind("Train") is not None)
    user.until(user.actions.qaction("cancel").isEnabled)
    user.press(Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    user.until(lambda: user.workspace.training.outcome)
    assert user.workspace.training.outcome == "cancelled"
    assert user.workspace.model is None
    user.press(Qt.Key.Key_D)
    user.until(lambda: user.workspace.picture.ref.id == user.cursor.place.part != user.workspace.refs[0].id)
