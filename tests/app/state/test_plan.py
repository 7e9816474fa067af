"""The training plan: what it makes of preset, changes and recipe, and when it tells."""

import math
import subprocess
import sys

import pytest

from pirn_app.messages import events
from pirn_app.state.plan import TrainingPlan
from pirn_core.config import CropConfig, PirnConfig, Recipe, dotted, preset, to_dict
from pirn_core.errors import ConfigError
from pirn_core.nn.catalogue import CATALOGUE, BackboneState


@pytest.fixture
def plan(qapp):
    return TrainingPlan()


@pytest.fixture
def told(plan):
    found = []
    plan.changed.connect(lambda: found.append(1))
    return found


def test_an_untouched_plan_is_the_default(plan):
    assert plan.config(Recipe()) == PirnConfig()
    assert not plan.changes
    assert not plan.problems()


@pytest.mark.parametrize("name", ["default", "quick", "thorough", "paper"])
def test_a_preset_alone_is_the_preset(plan, name):
    plan.choose(preset=name)
    assert plan.config(Recipe()) == preset(name)


def test_choices_and_changes_are_in_the_config(plan):
    plan.choose(preset="quick", backbone="dinov2-small", seed=7, device="cuda:0")
    plan.set("decoder.prototypes", 300)
    plan.set("decoder.transport.rho_train", math.inf)
    made = plan.config(Recipe())
    assert (made.preset, made.backbone, made.seed, plan.device) == ("quick", "dinov2-small", 7, "cuda:0")
    assert (made.decoder.prototypes, made.decoder.transport.rho_train) == (300, math.inf)
    assert made.training == preset("quick").training


def test_the_document_decides_on_the_recipe_and_the_plan_on_size_and_grid(plan):
    recipe = Recipe(crop=CropConfig(margin=0.3), input_size=224, grid=16)
    assert plan.config(recipe).recipe == Recipe(crop=CropConfig(margin=0.3))
    plan.set("recipe.input_size", 336)
    made = plan.config(recipe).recipe
    assert (made.input_size, made.grid, made.crop.margin) == (336, None, 0.3)


def test_a_change_back_to_the_presets_value_is_no_change(plan, told):
    plan.set("training.epochs", 5)
    plan.set("training.epochs", 5)
    assert (dict(plan.changes), len(told)) == ({"training.epochs": 5}, 1)
    plan.set("training.epochs", PirnConfig().training.epochs)
    assert (dict(plan.changes), len(told)) == ({}, 2)


def test_reset_one_and_all(plan, told):
    plan.set("training.epochs", 5)
    plan.set("decoder.layers", 3)
    plan.reset("training.epochs")
    assert dict(plan.changes) == {"decoder.layers": 3}
    plan.reset_all()
    plan.reset_all()
    assert not plan.changes
    assert len(told) == 4


def test_another_preset_keeps_what_was_set_by_hand_unless_it_says_so_itself(plan):
    plan.set("decoder.prototypes", 500)
    plan.set("decoder.layers", 3)
    plan.choose(preset="quick")
    assert dict(plan.changes) == {"decoder.layers": 3}
    assert plan.usual("decoder.prototypes") == 500


def test_choosing_the_same_tells_nothing(plan, told):
    plan.choose(preset="default", backbone="auto", device="auto", seed=0)
    assert not told
    plan.choose(seed=1)
    assert len(told) == 1


def test_unknown_names_are_refused_and_change_nothing(plan, told):
    with pytest.raises(ConfigError, match="no preset 'best'"):
        plan.choose(preset="best", seed=3)
    with pytest.raises(KeyError):
        plan.set("decoder.prototyps", 3)
    assert (plan.preset, plan.seed, told) == ("default", 0, [])


def test_every_setting_has_a_value(plan):
    for key in dotted(to_dict(PirnConfig())):
        assert plan.value(key) == plan.usual(key)


def test_changes_cannot_be_edited_from_outside(plan):
    with pytest.raises(TypeError):
        plan.changes["seed"] = 3


def test_contradicting_settings_are_a_problem(plan):
    plan.set("training.refine_in_training", True)
    (problem,) = plan.problems()
    assert "batching=parts" in problem
    plan.set("training.batching", "parts")
    assert not plan.problems()


def test_problems_name_parts_shots_backbone_and_device(plan, context, make_parts):
    workspace = context.workspace
    assert plan.problems(workspace) == ("Open a folder of parts first.",)
    workspace.apply(events.PartsOpened(make_parts()))
    assert "Pick at least one shot first" in plan.problems(workspace)[0]
    workspace.set_shots(["train/good/000"])
    assert not plan.problems(workspace)
    workspace.apply(events.BackbonesListed((BackboneState(CATALOGUE["dinov2-base"], "download", None, 346.0),)))
    workspace.apply(events.DevicesFound((("cpu", "CPU"),)))
    plan.choose(backbone="dinov2-base", device="cuda:0")
    backbone, device = plan.problems(workspace)
    assert "dinov2-base is not on this machine" in backbone
    assert "no device cuda:0" in device
    workspace.apply(events.BackbonesListed((BackboneState(CATALOGUE["dinov2-base"], "missing", None, 0.0),)))
    assert "cannot be read" in plan.problems(workspace)[0]


def test_the_plan_needs_no_torch_and_no_widgets():
    heavy = ("torch", "PySide6.QtWidgets", "pyqtgraph")
    code = f"import sys, pirn_app.state.plan; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
