"""The training view: form, advanced settings, live course and end, by real clicks."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSpinBox, QToolButton

from pirn_app.actions import Action
from pirn_app.messages import events, jobs
from pirn_app.state.plan import OWN_RECIPE, TrainingPlan
from pirn_app.views.training import TrainingView
from pirn_app.views.training.bars import sorted_bars, unused
from pirn_app.views.training.curves import joined, starts
from pirn_app.views.training.editors import NumberBox
from pirn_app.views.training.fields import groups, named_in
from pirn_app.views.training.look import duration, marked
from pirn_app.views.training.plots import PlotCard
from pirn_app.views.training.setup import PRESETS
from pirn_core.config import PRESETS as CORE_PRESETS
from pirn_core.config import PirnConfig, Recipe, changed, dotted, to_dict
from pirn_core.errors import ConfigError
from pirn_core.nn.catalogue import CATALOGUE, BackboneState

LEFT = Qt.MouseButton.LeftButton
BASE, SMALL = CATALOGUE["dinov2-base"], CATALOGUE["dinov2-small"]
STATES = (BackboneState(BASE, "download", None, 346.3), BackboneState(SMALL, "cached", None, 88.0))
FIELDS = [field for group in groups() for field in group.fields]


@pytest.fixture
def ran(context):
    """Ids of the actions that were run."""
    found = []
    context.actions.add(
        Action(name, name, "Model", lambda name=name: found.append(name))
        for name in ("train", "cancel", "backbones", "inspect-all")
    )
    return found


@pytest.fixture
def view(context, ran, qtbot):
    made = TrainingView(context, TrainingPlan())
    made.resize(1100, 760)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.release()


@pytest.fixture
def ready(context, make_parts):
    """Parts are open and five shots picked."""
    workspace = context.workspace
    workspace.apply(events.PartsOpened(make_parts()))
    workspace.set_shots([f"train/good/00{k}" for k in range(5)])
    return workspace


def click(qtbot, view, kind, name):
    qtbot.mouseClick(view.findChild(kind, name), LEFT)


def text(view, name):
    return view.findChild(QLabel, name).text()


def a_step(stage="fold 1 of 3", step=1, fraction=0.1, look=None, loss=0.3):
    return SimpleNamespace(
        stage=stage,
        step=step,
        of=60,
        fraction=fraction,
        losses={} if not step else {"rgb": loss, "sn": loss / 2},
        separation=look,
        residual=None if look is None else 0.1,
        usage={"rgb": np.array([0.5, 0.5, 0.0, 0.0], np.float32)} if step else {},
        gates={},
        seconds=1.0,
        remaining=42.0,
    )


def redrawn(qtbot, view):
    qtbot.waitUntil(lambda: not view._timer.isActive(), timeout=2000)


# The settings ------------------------------------------------------------------------------------------------------


def test_every_setting_that_is_no_preprocessing_has_a_field():
    wanted = {
        key
        for key in dotted(to_dict(PirnConfig()))
        if key.split(".")[0] in ("augmentation", "decoder", "training", "scoring") or key in OWN_RECIPE
    }
    assert {field.key for field in FIELDS} == wanted
    assert len({field.key for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_fields_are_described_and_their_bounds_are_the_settings(field):
    assert len(field.text) > 4
    assert field.text.endswith((".", ")"))
    usual = dotted(to_dict(PirnConfig()))[field.key]
    if field.kind == "choice":
        assert usual in field.choices
        for choice in field.choices:
            changed(PirnConfig(), {field.key: choice})
    elif field.kind in ("whole", "number"):
        number = int if field.kind == "whole" else float
        changed(PirnConfig(), {field.key: number(field.low)})
        with pytest.raises(ConfigError):
            changed(PirnConfig(), {field.key: number(field.low - 1)})
        if math.isfinite(field.high):
            changed(PirnConfig(), {field.key: number(field.high)})
            with pytest.raises(ConfigError):
                changed(PirnConfig(), {field.key: number(field.high + 1)})
    if field.empty:
        changed(PirnConfig(), {field.key: None})
    elif field.kind != "switch":
        with pytest.raises(ConfigError):
            changed(PirnConfig(), {field.key: None})


def test_a_description_over_two_lines_is_joined_and_marked():
    text = next(field.text for field in FIELDS if field.key == "decoder.transport.rho_train")
    assert "paper's balanced transport, 0 leaves it free" in text
    assert marked("a `b` < c") == "a <i>b</i> &lt; c"


def test_settings_named_in_an_error_come_in_its_order():
    found = named_in("Lower training.batch, decoder.prototypes or augmentation.rotations.")
    assert [field.key for field in found] == ["training.batch", "decoder.prototypes", "augmentation.rotations"]
    assert not named_in("The training.batches are full.")


@pytest.mark.parametrize("preset", CORE_PRESETS)
def test_every_editor_shows_every_preset_without_changing_it(view, preset):
    view.plan.choose(preset=preset)
    view.form.fold.setChecked(True)
    for field in FIELDS:
        assert view.form.advanced.row(field.key).editor.value == view.plan.value(field.key), field.key
    assert not view.plan.changes


def test_numbers_are_written_short_and_infinity_as_a_word(qtbot):
    box = NumberBox(0.0, math.inf)
    qtbot.addWidget(box)
    box.setValue(1e-4)
    assert box.text() == "0.0001"
    box.lineEdit().selectAll()
    qtbot.keyClicks(box, "inf")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (box.number, box.text()) == (math.inf, "inf")
    box.lineEdit().selectAll()
    qtbot.keyClicks(box, "0,25")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.number == 0.25


def test_editing_marks_the_setting_and_reset_takes_it_back(view, qtbot):
    click(qtbot, view, QToolButton, "unfold-settings")
    row = view.form.advanced.row("training.epochs")
    assert not row.back.isVisible()
    box = view.findChild(QSpinBox, "training.epochs")
    box.lineEdit().selectAll()
    qtbot.keyClicks(box, "9")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert view.plan.config(Recipe()).training.epochs == 9
    assert view.form.fold.text() == "Advanced settings (1 changed)"
    qtbot.waitUntil(lambda: row.y() > 0 and view.form.height() > 1000, timeout=1000)
    view._scroll.ensureWidgetVisible(row)
    qtbot.mouseClick(row.back, LEFT)
    assert not view.plan.changes
    assert box.value() == PirnConfig().training.epochs
    assert view.form.fold.text() == "Advanced settings"


def test_switches_choices_and_empty_values_reach_the_plan(view, qtbot):
    view.form.fold.setChecked(True)
    view.findChild(QCheckBox, "augmentation.flips").toggle()
    view.findChild(QComboBox, "training.batching").setCurrentText("parts")
    view.findChild(QSpinBox, "recipe.input_size").setValue(336)
    made = view.plan.config(Recipe())
    assert (made.augmentation.flips, made.training.batching, made.recipe.input_size) == (True, "parts", 336)
    box = view.findChild(QSpinBox, "recipe.input_size")
    box.setValue(box.minimum())
    assert view.plan.config(Recipe()).recipe.input_size is None
    assert box.text() == "the backbone's own"


def test_search_and_changed_filter_the_settings(view, qtbot):
    view.form.fold.setChecked(True)
    advanced = view.form.advanced
    qtbot.keyClicks(advanced.search, "sinkhorn")
    shown = [field.key for field in FIELDS if advanced.row(field.key).isVisible()]
    assert shown == ["decoder.transport.max_iterations"]
    advanced.search.setText("no such thing")
    assert advanced._none.isVisible()
    advanced.search.clear()
    view.plan.set("scoring.margin", 2.0)
    click(qtbot, view, QPushButton, "changed-settings")
    assert [field.key for field in FIELDS if advanced.row(field.key).isVisible()] == ["scoring.margin"]
    click(qtbot, view, QPushButton, "reset-settings")
    assert not view.plan.changes


def test_the_settings_are_built_only_when_unfolded(view):
    assert view.findChild(QSpinBox, "training.epochs") is None


# The form ----------------------------------------------------------------------------------------------------------


def test_presets_of_the_form_are_presets_of_the_core(view, qtbot):
    for words in PRESETS:
        assert words.name in CORE_PRESETS
        click(qtbot, view, QPushButton, f"preset-{words.name}")
        assert view.plan.preset == words.name
        assert text(view, "preset-text") == words.text
    view.plan.choose(preset="quick")
    assert view.form.presets["quick"].isChecked()


def test_backbones_are_asked_for_once_when_shown(context, ran, qtbot):
    asked = []
    context.requests.asked.connect(asked.append)
    view = TrainingView(context, TrainingPlan())
    qtbot.addWidget(view)
    assert not asked
    view.show()
    view.hide()
    view.show()
    assert asked == [jobs.ListBackbones()]
    view.release()


def test_backbones_with_their_states(context, view, ready):
    combo = view.form.backbone
    assert combo.itemText(0) == "Auto"
    ready.apply(events.BackbonesListed(STATES))
    assert [combo.itemText(k) for k in range(combo.count())] == [
        "Auto (embedded)",
        "dinov2-base · needs download, 346 MB",
        "dinov2-small · on this machine",
    ]
    combo.setCurrentIndex(1)
    assert view.plan.backbone == "dinov2-base"
    assert "download or import it" in text(view, "training-problems")
    assert not view.launch.train.isEnabled()
    combo.setCurrentIndex(2)
    assert view.launch.train.isEnabled()
    view.plan.choose(backbone="timm:something")
    assert combo.currentData() == "timm:something"


def test_devices_when_they_are_known(context, view):
    assert view.form.device_text.isVisible()
    assert view.form.device.itemText(0).startswith("Auto")
    context.workspace.apply(events.DevicesFound((("cpu", "CPU"), ("cuda:0", "NVIDIA L4 (cuda:0)"))))
    assert not view.form.device_text.isVisible()
    view.form.device.setCurrentIndex(2)
    assert view.plan.device == "cuda:0"


def test_manage_and_train_and_cancel_run_their_actions(context, view, ready, ran, qtbot):
    click(qtbot, view, QPushButton, "manage-backbones")
    click(qtbot, view, QPushButton, "start-training")
    assert ran == ["backbones", "train"]
    assert not view.launch.cancel.isVisible()
    ready.apply(events.JobStarted(3, "Train", "Training on 5 shots"))
    redrawn(qtbot, view)
    assert not view.launch.train.isEnabled()
    click(qtbot, view, QPushButton, "cancel-training")
    assert ran[-1] == "cancel"


def test_the_button_follows_its_action(context, view, ready, ran):
    assert view.launch.train.isEnabled()
    context.actions.qaction("train").setEnabled(False)
    assert not view.launch.train.isEnabled()
    context.actions.qaction("train").setEnabled(True)
    assert view.launch.train.isEnabled()


def test_the_seed_reaches_the_plan(view):
    view.form.seed.setValue(11)
    assert view.plan.seed == 11
    view.plan.choose(seed=4)
    assert view.form.seed.value() == 4


def test_problems_and_the_summary_of_the_shots(context, view, make_parts):
    workspace = context.workspace
    assert text(view, "training-problems") == "Open a folder of parts first."
    workspace.apply(events.PartsOpened(make_parts()))
    assert text(view, "training-problems").startswith("Pick at least one shot first")
    assert not view.launch.train.isEnabled()
    workspace.set_shots(["train/good/000", "test/bent/001"])
    assert text(view, "shots-summary") == "2 shots, all of them without 3D, 1 of them not labelled good."
    assert view.launch.train.isEnabled()
    workspace.set_shots(["train/good/000"])
    assert "the threshold is a guess" in text(view, "shots-summary")


# The course --------------------------------------------------------------------------------------------------------


def test_progress_from_encoding_to_saving(context, view, ready, qtbot):
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    ready.apply(events.Encoding(24, 80))
    redrawn(qtbot, view)
    assert text(view, "training-headline") == "Training on 5 shots"
    assert text(view, "training-detail") == "Encoding the shots, 24 of 80."
    assert text(view, "training-percent") == "30 %"
    ready.apply(events.Trained(a_step("fold 2 of 3", 12, 0.4)))
    redrawn(qtbot, view)
    assert text(view, "training-detail") == "Fold 2 of 3: step 12 of at most 60."
    assert (text(view, "training-percent"), text(view, "training-left")) == ("40 %", "about 40 s left")
    ready.apply(events.JobProgress(1, 0.55, 200.0, ""))
    redrawn(qtbot, view)
    assert (text(view, "training-percent"), text(view, "training-left")) == ("55 %", "about 3 min left")
    ready.apply(events.Trained(a_step("all shots", 60, 1.0)))
    redrawn(qtbot, view)
    assert "saving the model" in text(view, "training-detail")


def test_plots_follow_the_steps(context, view, ready, qtbot):
    course = view.course
    assert not course.loss.plot.isVisible()
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    for stage in ("fold 1 of 3", "fold 2 of 3"):
        ready.apply(events.Trained(a_step(stage, 0, look=0.9)))
        for k in range(1, 5):
            ready.apply(events.Trained(a_step(stage, k, look=0.92 if k == 4 else None)))
    redrawn(qtbot, view)
    assert course.loss.plot.isVisible()
    x, y = course.loss._lines["sn"].getData()
    assert x[np.isfinite(x)].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert np.nanmax(y) == pytest.approx(0.15)
    looks, _ = course.separation._line.getData()
    assert looks[np.isfinite(looks)].tolist() == [0, 4, 4, 8]
    assert sorted(course.separation._best.getData()[0].tolist()) == [4, 8]
    assert "2 of 4 unused" in course.usage.legend.text().replace("&nbsp;", " ")
    assert "colour" in course.loss.legend.text()


def test_redraws_are_few(context, view, ready, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(view.course, "refresh", lambda: drawn.append(1))
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    for k in range(200):
        ready.apply(events.Trained(a_step(step=k)))
    redrawn(qtbot, view)
    assert len(drawn) == 1


def test_nothing_is_drawn_while_hidden_and_all_of_it_when_shown(context, view, ready, qtbot):
    redrawn(qtbot, view)
    view.hide()
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    ready.apply(events.Trained(a_step("fold 2 of 3", 12, 0.4)))
    assert not view._timer.isActive()
    assert "Fold 2" not in text(view, "training-detail")
    view.show()
    assert "Fold 2" in text(view, "training-detail")


def test_done_names_the_model_and_offers_to_inspect(context, view, ready, ran, make_model, qtbot):
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    model = make_model()
    ready.apply(events.ModelReady(model))
    ready.apply(events.JobEnded(1, "Train", "done", "Trained."))
    redrawn(qtbot, view)
    assert text(view, "training-headline") == "Model abcdef is in force."
    assert text(view, "training-detail") == model.card.verdict_on_training
    assert view.course.scores.plot.isVisible()
    click(qtbot, view, QPushButton, "training-inspect")
    assert ran == ["inspect-all"]
    ready.apply(events.ModelReady(make_model(name="other1")))
    redrawn(qtbot, view)
    assert text(view, "training-headline") == "Model abcdef was trained."
    assert "Model other1 was opened since." in text(view, "training-detail")


@pytest.mark.parametrize("former", [False, True])
def test_cancelled_says_what_is_in_force(context, view, ready, make_model, qtbot, former):
    if former:
        ready.apply(events.ModelReady(make_model()))
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    ready.apply(events.JobEnded(1, "Train", "cancelled"))
    redrawn(qtbot, view)
    wanted = "Stopped. The former model abcdef is still in force." if former else "Stopped. No model yet."
    assert text(view, "training-headline") == wanted
    assert not view.course.progress.inspect.isVisible()


def test_failed_says_why_and_leads_to_the_setting(context, view, ready, qtbot):
    ready.apply(events.JobStarted(1, "Train", "Training on 5 shots"))
    advice = "Lower training.batch, decoder.prototypes or augmentation.rotations."
    ready.apply(events.JobEnded(1, "Train", "failed", "cuda:0 has not enough memory.", advice))
    redrawn(qtbot, view)
    assert text(view, "training-headline") == "cuda:0 has not enough memory."
    assert advice in text(view, "training-detail")
    assert "No model yet." in text(view, "training-detail")
    click(qtbot, view, QPushButton, "training-setting")
    assert view.form.advanced.isVisible()
    assert view.form.advanced.row("training.batch").isVisible()
    assert not view.form.advanced.row("training.epochs").isVisible()


def test_the_layout_follows_the_width_and_the_theme_its_colours(context, view, ready, qtbot):
    assert view._split.orientation() == Qt.Orientation.Horizontal
    view.resize(420, 800)
    assert view._split.orientation() == Qt.Orientation.Vertical
    context.theme.choose("light")
    assert context.theme.palette.unsure in view.styleSheet()
    assert view.course.loss.plot.backgroundBrush().color().name() == context.theme.palette.panel
    click(qtbot, view, QToolButton, "plot-help")


def test_the_form_is_in_sight_and_whole_at_the_width_of_a_small_window(view, qtbot):
    assert view.minimumSizeHint().width() <= 320
    for width in (646, 320):
        view.resize(width, 700)
        qtbot.wait(20)
        scroll = view._scroll
        assert scroll.widget().width() <= scroll.viewport().width()
        shown = [view.form.backbone, view.form.device, view.form.seed, *view.form.presets.values()]
        for widget in shown if width > 600 else shown[3:]:
            at = widget.mapTo(scroll.viewport(), widget.rect().bottomRight())
            assert at.y() < scroll.viewport().height() and at.x() < scroll.viewport().width()


def test_without_actions_and_after_release_it_stays_quiet(context, make_parts, qtbot):
    view = TrainingView(context, TrainingPlan())
    qtbot.addWidget(view)
    view.show()
    assert not view.form.manage.isVisible()
    assert not view.launch.train.isEnabled()
    view.release()
    context.workspace.apply(events.PartsOpened(make_parts()))
    view.plan.choose(preset="quick")
    assert text(view, "training-problems") == "Open a folder of parts first."


# Numbers -----------------------------------------------------------------------------------------------------------


def test_bars_keep_the_mean_and_fall():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(400, 0.5)).astype(np.float32)
    bars = sorted_bars(shares, 40)
    assert len(bars) == 40
    assert bars.mean() == pytest.approx(1.0, abs=1e-5)
    assert (np.diff(bars) <= 0).all()
    assert len(sorted_bars(np.array([0.5, 0.5], np.float32))) == 2
    assert unused(np.array([0.5, 0.5, 0.0, 1e-4], np.float32)) == 2
    assert unused(np.full(1000, 1e-3, np.float32)) == 0


def test_stages_follow_one_another_with_gaps():
    curves = [SimpleNamespace(steps=[1, 2, 3], looks=[0, 3]), SimpleNamespace(steps=[1], looks=[0])]
    assert list(starts(curves)) == [0, 3]
    x, y = joined([([1, 2, 3], [0.3, 0.2, 0.1]), ([1], [0.5])], starts(curves))
    assert np.array_equal(x, [1, 2, 3, math.nan, 4, math.nan], equal_nan=True)
    assert np.array_equal(y, [0.3, 0.2, 0.1, math.nan, 0.5, math.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (7, "7 s"), (42, "40 s"), (100, "2 min"), (4800, "1 h 20 min")]
)
def test_durations_are_rounded(seconds, words):
    assert duration(seconds) == words


def test_fields_cover_types_that_settings_have():
    assert {field.kind for field in FIELDS} == {"whole", "number", "choice", "switch"}


@pytest.mark.parametrize("highest", [0.0004, 0.35, 35000.0])
def test_figures_on_the_axes_are_those_of_the_data(view, highest):
    """They have no unit, so no prefix: 0.35 must not become 350 (x0.001), not even after a change of theme."""
    cards = view.findChildren(PlotCard)
    assert len(cards) >= 3
    for dark in ("dark", "light"):
        view.context.theme.choose(dark)
        for card in cards:
            axis = card.plot.getAxis("left")
            axis.setRange(0, highest)
            assert axis.autoSIPrefixScale == 1
            assert "x0" not in axis.labelString() and "x1" not in axis.labelString()
