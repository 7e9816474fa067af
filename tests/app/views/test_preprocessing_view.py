"""The preprocessing panel: edits with undo, the outline while it is seen, figures of the part in view."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QPushButton, QSlider

from pirn_app.messages import events, jobs
from pirn_app.views.preprocessing import PreprocessingView, reopened
from pirn_core.config import CropConfig, ForegroundConfig, PhotometricConfig, Recipe, SurfaceConfig
from pirn_core.data.fitting import FittedRecipe


@pytest.fixture
def view(context, qtbot):
    made = PreprocessingView(context)
    qtbot.addWidget(made)
    made.resize(420, 1600)
    made.show()
    return made


@pytest.fixture
def opened(view, context, make_parts):
    context.workspace.apply(events.PartsOpened(make_parts()))
    return view


def text(view, name):
    return view.findChild(QLabel, name).text()


def click(view, qtbot, name):
    box = view.findChild(QCheckBox, name)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def drag(view, qtbot, name, steps):
    slider = view.findChild(QSlider, f"{name}-slider")
    slider.setSliderDown(True)
    for position in steps:
        slider.setSliderPosition(position)
    slider.setSliderDown(False)  # tells that it was released


def test_every_setting_is_edited(opened, context, qtbot):
    def recipe():
        return context.workspace.document.recipe

    combo = opened.findChild(QComboBox, "foreground-mode")
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert recipe().foreground.mode == "border"
    click(opened, qtbot, "auto-height")
    assert recipe().foreground.height_mm == 2.0
    drag(opened, qtbot, "height", [40])
    assert recipe().foreground.height_mm == pytest.approx(4.1)
    drag(opened, qtbot, "growth", [10])
    assert recipe().foreground.dilate == pytest.approx(0.05)
    drag(opened, qtbot, "margin", [30])
    assert recipe().crop.margin == pytest.approx(0.3)
    click(opened, qtbot, "crop")
    assert not recipe().crop.enabled
    drag(opened, qtbot, "smoothing", [25])
    assert recipe().surface.smoothing_px == pytest.approx(2.5)
    opened.findChild(QComboBox, "method").setCurrentIndex(1)
    drag(opened, qtbot, "window", [4])
    assert recipe().surface == SurfaceConfig(method="pca", smoothing_px=2.5, window_px=11)
    click(opened, qtbot, "gain")
    click(opened, qtbot, "blank")
    assert recipe().photometric == PhotometricConfig(normalise_gain=True, blank_background=True)


def test_a_drag_is_one_step_of_undo(opened, context, qtbot):
    drag(opened, qtbot, "margin", [12, 18, 25])
    drag(opened, qtbot, "margin", [30, 40])
    margins = []
    while context.workspace.history.undo_text:
        margins.append(context.workspace.document.recipe.crop.margin)
        context.workspace.undo()
    assert margins == pytest.approx([0.4, 0.25])
    assert context.workspace.document.recipe == Recipe()


def test_two_sliders_are_two_steps_even_when_typed(opened, context, qtbot):
    for name, value in (("margin", "20"), ("growth", "4")):
        number = opened.findChild(QDoubleSpinBox, name)
        number.setFocus()
        number.selectAll()
        qtbot.keyClicks(number, value)
        qtbot.keyClick(number, Qt.Key.Key_Return)
    assert context.workspace.document.recipe.foreground.dilate == pytest.approx(0.04)
    context.workspace.undo()
    assert context.workspace.document.recipe == Recipe(crop=CropConfig(margin=0.2))


def test_it_follows_undo_and_redo_without_a_loop(opened, context, qtbot):
    changes = []
    context.workspace.document_changed.connect(lambda new, old: changes.append(new))
    drag(opened, qtbot, "margin", [50])
    assert len(changes) == 1
    context.workspace.undo()
    assert opened.findChild(QDoubleSpinBox, "margin").value() == 10
    assert opened.findChild(QSlider, "margin-slider").value() == 10
    context.workspace.redo()
    assert opened.findChild(QSlider, "margin-slider").value() == 50
    assert len(changes) == 3


RECIPES = (
    Recipe(foreground=ForegroundConfig(mode="off", height_mm=3.3, dilate=0.033)),
    Recipe(crop=CropConfig(enabled=False, margin=0.123), surface=SurfaceConfig(method="pca", window_px=21)),
    Recipe(photometric=PhotometricConfig(normalise_gain=True, blank_background=True), grid=16),
)


@pytest.mark.parametrize("recipe", RECIPES)
def test_showing_a_recipe_changes_nothing(opened, context, recipe):
    context.workspace.set_recipe(recipe)
    assert context.workspace.document.recipe == recipe
    assert opened.findChild(QComboBox, "foreground-mode").currentData() == recipe.foreground.mode
    assert opened.findChild(QCheckBox, "crop").isChecked() == recipe.crop.enabled
    assert opened.findChild(QCheckBox, "gain").isChecked() == recipe.photometric.normalise_gain


def test_what_has_no_effect_is_grey_or_away(opened, context):
    find = opened.findChild
    assert not find(QDoubleSpinBox, "height").isEnabled()  # automatic
    assert find(QDoubleSpinBox, "smoothing").isVisible() and not find(QDoubleSpinBox, "window").isVisible()
    context.workspace.set_recipe(Recipe(foreground=ForegroundConfig(mode="off"), crop=CropConfig(enabled=False),
                                        surface=SurfaceConfig(method="pca")))  # fmt: skip
    assert not find(QDoubleSpinBox, "growth").isEnabled() and not find(QDoubleSpinBox, "margin").isEnabled()
    assert not find(QDoubleSpinBox, "smoothing").isVisible() and find(QDoubleSpinBox, "window").isVisible()
    context.workspace.set_recipe(Recipe(foreground=ForegroundConfig(height_mm=1.0)))
    assert find(QDoubleSpinBox, "height").isEnabled()


def test_back_to_the_defaults_keeps_the_advanced_settings(opened, context, qtbot):
    button = opened.findChild(QPushButton, "recipe-defaults")
    assert not button.isEnabled()
    context.workspace.set_recipe(Recipe(crop=CropConfig(margin=0.5), grid=20, input_size=320))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert context.workspace.document.recipe == Recipe(grid=20, input_size=320)
    assert not button.isEnabled()
    context.workspace.undo()
    assert context.workspace.document.recipe.crop.margin == 0.5


def test_it_says_when_the_model_has_other_settings(opened, context, qtbot, make_model):
    notice = opened.findChild(QLabel, "recipe-notice-text")
    assert not notice.isVisible()
    own = Recipe(crop=CropConfig(margin=0.25))
    context.workspace.apply(
        events.ModelReady(replace(make_model(), fitted=FittedRecipe(recipe=own, input_size=448, grid=28)))
    )
    assert opened.findChild(QDoubleSpinBox, "margin").value() == 25 and not notice.isVisible()
    drag(opened, qtbot, "margin", [60])
    assert notice.isVisible() and "Train again" in notice.text()
    qtbot.mouseClick(opened.findChild(QPushButton, "recipe-of-model"), Qt.MouseButton.LeftButton)
    assert context.workspace.document.recipe == own and not notice.isVisible()


# Figures ---------------------------------------------------------------------------------------------------------


def test_the_figures_of_the_part_in_view(opened, context, make_picture):
    shown = make_picture(context.workspace.refs[0])
    context.workspace.apply(events.PartLoaded(shown))
    assert text(opened, "preview-patch") == "3.6 px, 1.80 mm"
    assert text(opened, "preview-share") == "24 %" and text(opened, "preview-covered") == "99 %"
    assert text(opened, "preview-patches") == "600" and text(opened, "preview-source") == "border"
    assert text(opened, "preview-crop") == "a square of 100 px"
    assert opened.findChild(QComboBox, "unit").itemText(0) == "As found in the files (mm (made up))"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patches": 12, "crop": None, "part_share": 0.01}, "Turn cropping on"),
        ({"covered": 0.5}, "Only 50 % of the part"),
    ],
)
def test_small_parts_and_few_points_are_warned_of(opened, context, make_picture, changes, words):
    shown = make_picture(context.workspace.refs[0])
    fine = replace(shown.geometry, patch_px=9.0)
    context.workspace.apply(events.PartLoaded(replace(shown, geometry=fine)))
    warning = opened.findChild(QLabel, "preview-warnings")
    assert not warning.isVisible()
    context.workspace.apply(events.PartLoaded(replace(shown, geometry=replace(fine, **changes), warnings=("Odd.",))))
    assert warning.isVisible() and words in warning.text() and "Odd." in warning.text()
    context.workspace.apply(events.PartLoaded(replace(shown, geometry=fine)))
    assert not warning.isVisible()


def test_colour_alone_has_no_figures_in_mm(opened, context, make_picture):
    shown = make_picture(context.workspace.refs[0], xyz=False)
    context.workspace.apply(
        events.PartLoaded(replace(shown, unit="", geometry=replace(shown.geometry, part_share=None)))
    )
    assert text(opened, "preview-patch") == "3.6 px" and text(opened, "preview-covered") == "no 3D data"
    assert text(opened, "preview-share").startswith("unknown")


def test_no_part_and_an_unreadable_part_are_told(opened, context):
    assert "Choose a part" in text(opened, "preview-about")
    context.workspace.apply(events.PartUnreadable("train/good/001", "001.png: is empty.", "Copy it again."))
    assert text(opened, "preview-about") == "train/good/001 cannot be read. 001.png: is empty. Copy it again."
    assert text(opened, "preview-patch") == "-"


# The outline -----------------------------------------------------------------------------------------------------


def test_the_outline_is_on_while_the_panel_is_seen(view, context):
    assert context.display.look.foreground
    view.hide()
    assert not context.display.look.foreground
    view.show()
    assert context.display.look.foreground


def test_an_outline_that_was_on_before_stays(view, context):
    view.hide()
    context.display.set(foreground=True)
    view.show()
    view.hide()
    assert context.display.look.foreground


def test_the_outline_is_switched_here_and_elsewhere(view, context, qtbot):
    click(view, qtbot, "outline")
    assert not context.display.look.foreground
    view.hide()
    view.show()
    assert not context.display.look.foreground  # as the user left it
    context.display.set(foreground=True)
    assert view.findChild(QCheckBox, "outline").isChecked()


# Units -----------------------------------------------------------------------------------------------------------


def test_another_unit_opens_the_folder_again(opened, context, qtbot):
    asked = []
    context.requests.asked.connect(asked.append)
    unit = opened.findChild(QComboBox, "unit")
    unit.setCurrentIndex(unit.findData("mm"))
    parts = context.workspace.parts
    assert asked == [jobs.OpenFolder(parts.root, "mvtec3d", "flange", None, "mm")]
    assert unit.currentData() is None  # until the parts are open
    context.workspace.apply(events.PartsOpened(parts, "mm"))
    assert unit.currentData() == "mm" and len(asked) == 1


def test_what_is_opened_again(make_parts):
    parts = make_parts()
    inside = replace(parts, category=parts.root.name)
    assert reopened(inside, None).category is None
    candy = replace(parts, layout="eyecandies", lighting="image_5")
    assert reopened(candy, "m").lighting == "image_5"
    assert reopened(replace(candy, lighting="image_4"), "m").lighting is None
    files = reopened(replace(parts, layout="files"), "cm")
    assert files == jobs.OpenFiles(tuple(ref.rgb for ref in parts.refs), "cm")
    assert all(isinstance(path, Path) for path in files.paths)


def test_without_parts_there_is_no_unit_to_choose(view):
    assert not view.findChild(QComboBox, "unit").isEnabled()


def test_it_follows_the_theme_and_lets_go(opened, context):
    before = opened.findChild(QLabel, "preview-warnings").styleSheet()
    context.theme.choose("light")
    assert opened.findChild(QLabel, "preview-warnings").styleSheet() != before
    opened.release()
    assert not context.display.look.foreground
    context.workspace.set_recipe(RECIPES[1])
    opened.hide()
    opened.show()
    assert opened.findChild(QCheckBox, "crop").isChecked() and not context.display.look.foreground
