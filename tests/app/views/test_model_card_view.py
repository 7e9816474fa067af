"""The model card: complete in words, follows model and threshold, and can be copied."""

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.views.model_card import ModelCardView
from pirn_app.views.model_card.view import breakable
from pirn_app.views.model_card.words import as_text, figure, grouped, sections

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def ran(context):
    found = []
    context.actions.add(
        Action(name, name, "Model", lambda name=name: found.append(name)) for name in ("train", "open-model")
    )
    return found


@pytest.fixture
def view(context, ran, qtbot):
    made = ModelCardView(context)
    made.resize(420, 700)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.release()


def words(view):
    return " | ".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())


def test_without_a_model_it_says_what_to_do(view, ran, qtbot):
    assert "Pick 5 to 10 good parts" in view.empty.text
    qtbot.mouseClick(view.open_button, LEFT)
    qtbot.mouseClick(view.empty.findChildren(QPushButton)[0], LEFT)
    assert sorted(ran) == ["open-model", "train"]
    view.copy()


def test_everything_of_the_card_is_told(make_model):
    model = make_model()
    card = replace(
        model.card,
        changes={"decoder.prototypes": 500, "training.enabled": False},
        confirmed=("test/good/001",),
        warnings=("The part is small.",),
    )
    text = as_text(replace(model, card=card), None)
    for piece in (
        card.id, "train/good: 000, 001", "test/good: 001", "colour and surface", "1.50, calibrated",
        "Unsure from: 1.00", card.threshold_source, card.verdict_on_training, "40, 40, 60", "100 × 100 px",
        "448 × 448", "28 × 28", "embedded", "Apache-2.0", "0" * 16, "Standard", "decoder.prototypes = 500",
        "training.enabled = off", "2000 per modality", "0.1.0", "cpu, 12 s", "CPU, 2 threads", "torch 2",
        str(model.path), "Warning: The part is small.", "0.800 to 0.900",
    ):  # fmt: skip
        assert piece in text, piece


def test_a_model_without_held_out_figures_or_scores(make_model):
    model = make_model()
    bare = replace(model, card=replace(model.card, held_out=None, crop_px=None, created="?"), shot_scores={})
    text = as_text(bare, None)
    assert "not compared with the untrained codebook" in text
    assert "whole image" in text
    assert "Shot scores" not in text
    assert "Folds" not in text


def test_the_users_threshold_is_told_beside_the_calibrated_one(make_model):
    found = {s.title: dict(s.rows) for s in sections(make_model(), 0.9)}["Threshold"]
    assert found["NG from"] == "0.900, set by hand; calibration says 1.50"
    assert found["Unsure from"] == "0.900"


def test_the_view_follows_model_and_threshold(context, view, make_model, qtbot):
    workspace = context.workspace
    workspace.apply(events.ModelReady(make_model()))
    assert view.headline.text() == "Model abcdef"
    qtbot.waitUntil(lambda: "1.50, calibrated" in words(view), timeout=1000)
    assert not view.warnings.isVisible()
    workspace.set_threshold(1.25)
    qtbot.waitUntil(lambda: "1.25, set by hand" in words(view), timeout=1000)
    workspace.undo()
    qtbot.waitUntil(lambda: "1.50, calibrated" in words(view), timeout=1000)
    other = make_model(name="second")
    workspace.apply(events.ModelReady(replace(other, card=replace(other.card, warnings=("Careful.",)))))
    assert view.headline.text() == "Model second"
    assert view.warnings.text() == "Careful."


def test_a_hidden_view_catches_up(context, view, make_model, qtbot):
    context.workspace.apply(events.ModelReady(make_model()))
    view.hide()
    context.workspace.set_threshold(1.25)
    assert not view._timer.isActive()
    view.show()
    qtbot.waitUntil(lambda: "1.25, set by hand" in words(view), timeout=1000)


def test_copy_puts_the_card_on_the_clipboard(context, view, make_model, qtbot):
    model = make_model()
    context.workspace.apply(events.ModelReady(model))
    qtbot.mouseClick(view.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == as_text(model, None)


def test_shots_of_the_open_folder_are_shown(context, view, make_model, make_parts, tmp_path, qtbot):
    parts = make_parts()
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    assert image.save(str(parts.refs[0].rgb))
    context.workspace.apply(events.ModelReady(make_model(("train/good/000", "train/good/001", "elsewhere/7"))))
    assert not view.shots.isVisible()
    context.workspace.apply(events.PartsOpened(parts))
    cells = view.shots.findChildren(QLabel, "card-shot")
    shown = {cell.toolTip(): cell for cell in cells}
    assert set(shown) == {"train/good/000", "train/good/001"}
    qtbot.waitUntil(lambda: not shown["train/good/000"].pixmap().isNull(), timeout=5000)
    assert shown["train/good/001"].text() == "001"


@pytest.mark.parametrize("width", [240, 280, 300, 360, 420])
def test_nothing_is_cut_at_any_width(context, view, make_model, tmp_path, qtbot, width):
    model = make_model()
    long = tmp_path / ("a-folder-with-a-very-long-name_" * 3) / "flange-0123456789abcdef.pirn"
    context.workspace.apply(events.ModelReady(replace(model, path=long)))
    view.resize(width, 700)
    qtbot.wait(20)
    page = view.findChild(QScrollArea)
    assert page.widget().minimumSizeHint().width() <= page.viewport().width()
    assert page.widget().width() <= page.viewport().width()
    button = view.copy_button
    assert button.width() >= button.sizeHint().width()
    assert button.mapTo(view, button.rect().topRight()).x() < width


def test_long_words_may_break_and_stay_the_same_words():
    path = "/home/someone/models/flange-0123456789abcdef.pirn"
    broken = breakable(f"File {path} of 12 parts")
    assert broken.replace("\u200b", "") == f"File {path} of 12 parts"
    assert max(map(len, re.split("[\u200b ]", broken))) <= 17
    assert breakable("The highest score of 5 shots") == "The highest score of 5 shots"


def test_columns_theme_and_release(context, view, make_model, qtbot):
    context.workspace.apply(events.ModelReady(make_model()))
    qtbot.waitUntil(lambda: len({box.x() for box in view._boxes}) == 1)
    view.resize(900, 600)
    qtbot.waitUntil(lambda: len({box.x() for box in view._boxes}) == 2)
    context.theme.choose("light")
    assert context.theme.palette.unsure in view.styleSheet()
    view.release()
    context.workspace.apply(events.ModelReady(make_model(name="second")))
    assert view.headline.text() == "Model abcdef"


def test_words():
    assert grouped(("train/good/000", "train/good/003", "x")) == "train/good: 000, 003; x"
    assert (figure(1.0), figure(0.12345), figure(12.0)) == ("1.00", "0.123", "12.0")
