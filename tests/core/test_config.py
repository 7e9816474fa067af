"""Settings: round trips, what is refused and how, presets."""

import json
import math

import msgspec
import pytest

from pirn_core.config import PRESETS, SCHEMA, PirnConfig, changed, from_dict, load, preset, to_dict
from pirn_core.errors import ConfigError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_a_round_trip(name):
    config = preset(name)
    assert config.preset == name
    values = json.loads(json.dumps(to_dict(config)))
    assert from_dict(values) == config
    assert to_dict(from_dict(values)) == to_dict(config)


def test_the_paper_preset_is_balanced_and_literal():
    paper = preset("paper").decoder
    assert math.isinf(paper.transport.rho_train)
    assert math.isinf(paper.transport.rho_infer)
    assert to_dict(preset("paper"))["decoder"]["transport"]["rho_train"] == "inf"
    assert (paper.layers, paper.communication.residual, paper.refinement.context) == (2, "paper", "ot")
    assert not paper.separate_values
    assert preset("paper").training.mining == 3.0


def test_the_default_preset_is_the_default():
    assert preset("default") == PirnConfig()
    assert PirnConfig().decoder.communication.residual == "prototype"


def test_the_thorough_preset_asks_more_of_everything_and_changes_no_kind():
    usual, thorough = PirnConfig(), preset("thorough")
    assert thorough.augmentation.rotations > usual.augmentation.rotations
    assert thorough.training.epochs > usual.training.epochs
    assert thorough.training.folds > usual.training.folds
    assert thorough.training.patience > usual.training.patience
    # As many tokens per prototype as the default: both grow with the views.
    ratio = thorough.augmentation.rotations / usual.augmentation.rotations
    assert thorough.decoder.prototypes == ratio * usual.decoder.prototypes
    assert (thorough.scoring, thorough.recipe) == (usual.scoring, usual.recipe)
    assert msgspec.structs.replace(thorough.decoder, prototypes=usual.decoder.prototypes) == usual.decoder


def test_an_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="no preset 'best'") as error:
        preset("best")
    assert "paper" in error.value.advice


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decoder.prototyps": 5}, "prototyps"),
        ({"colour": "red"}, "colour"),
        ({"decoder.prototypes": "many"}, "decoder.prototypes"),
        ({"decoder.prototypes": 5.5}, "decoder.prototypes"),
        ({"decoder.prototypes": 1}, "decoder.prototypes"),
        ({"decoder.layers": 0}, "decoder.layers"),
        ({"decoder.transport.eps": 0.0}, "eps"),
        ({"decoder.transport.eps": -1.0}, "eps"),
        ({"decoder.transport.eps": math.nan}, "eps"),
        ({"decoder.transport.rho_infer": -0.1}, "rho_infer"),
        ({"decoder.transport.assignment": "hungarian"}, "hungarian"),
        ({"decoder.refinement.gate": 1.0}, "gate"),
        ({"decoder.refinement.gate": 0.0}, "gate"),
        ({"decoder.refinement.keep": 0.0}, "keep"),
        ({"decoder.communication.residual": "none"}, "residual"),
        ({"training.folds": 1}, "folds"),
        ({"training.learning_rate": 0}, "learning_rate"),
        ({"scoring.quantile": 1.5}, "quantile"),
        ({"augmentation.rotations": 0}, "rotations"),
        ({"recipe.surface.window_px": 1}, "window_px"),
        ({"recipe.foreground": None}, "foreground"),
        ({"decoder": 5}, "decoder"),
        ({"seed.x": 1}, "seed"),
        ({"preset": {"name": "x"}}, "preset"),
        ({"training.epochs.first": 3}, "epochs"),
        ({1: 2}, "1"),
        ({"": 2}, "settings"),
    ],
)
def test_wrong_settings_are_named(changes, words):
    with pytest.raises(ConfigError, match=words):
        changed(PirnConfig(), changes)


@pytest.mark.parametrize("values", [{"schema": SCHEMA + 1}, {"schema": 99, "new_thing": True}])
def test_settings_of_a_newer_program_are_refused_as_such(values):
    with pytest.raises(ConfigError, match=f"schema {values['schema']}, this program knows up to") as error:
        from_dict(values)
    assert error.value.advice == "Update the program."


def test_nothing_given_is_the_default():
    assert from_dict({}) == PirnConfig()


def test_dotted_and_nested_changes_are_the_same():
    dotted = changed(PirnConfig(), {"decoder.transport.eps": 0.1, "decoder.layers": 3, "seed": 4})
    nested = changed(PirnConfig(), {"decoder": {"transport": {"eps": 0.1}, "layers": 3}, "seed": 4})
    mixed = changed(PirnConfig(), {"decoder": {"transport.eps": 0.1, "layers": 3}, "seed": 4})
    assert dotted == nested == mixed
    assert (dotted.decoder.transport.eps, dotted.decoder.layers, dotted.seed) == (0.1, 3, 4)
    assert dotted.decoder.prototypes == PirnConfig().decoder.prototypes


def test_changes_do_not_touch_their_origin():
    origin, changes = PirnConfig(), {"decoder": {"layers": 5}}
    before = to_dict(origin)
    changed(origin, changes)
    assert to_dict(origin) == before
    assert changes == {"decoder": {"layers": 5}}


def test_infinity_is_written_as_a_word_and_read_as_a_number():
    config = changed(PirnConfig(), {"decoder.transport.rho_train": "inf"})
    assert math.isinf(config.decoder.transport.rho_train)
    assert changed(PirnConfig(), {"decoder.transport.rho_train": math.inf}) == config
    assert json.dumps(to_dict(config), allow_nan=False)


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        PirnConfig().seed = 3
    with pytest.raises(AttributeError):
        PirnConfig().decoder.layers = 3


def test_every_setting_has_a_default_and_a_plain_value():
    def leaves(values):
        for value in values.values():
            yield from leaves(value) if isinstance(value, dict) else [value]

    assert all(isinstance(v, (int, float, str, bool, type(None))) for v in leaves(to_dict(PirnConfig())))


def test_yaml_files_hold_changes(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("decoder: {prototypes: 500}\ntraining.epochs: 3\ndecoder.transport: {rho_train: .inf}\n")
    config = changed(PirnConfig(), load(path))
    assert (config.decoder.prototypes, config.training.epochs) == (500, 3)
    assert math.isinf(config.decoder.transport.rho_train)


def test_a_whole_config_can_be_kept_as_yaml(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_bytes(msgspec.yaml.encode(to_dict(preset("paper"))))
    assert from_dict(load(path)) == preset("paper")


@pytest.mark.parametrize(
    ("text", "words"), [("a: [1, 2", "cannot be read"), ("- 1\n- 2\n", "holds a list"), ("", "holds a NoneType")]
)
def test_other_files_are_refused_by_name(tmp_path, text, words):
    path = tmp_path / "other.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"other.yaml.*{words}"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml"):
        load(tmp_path / "gone.yaml")


def test_numbers_as_keys_are_no_settings(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("decoder: {1: 2}\n")
    with pytest.raises(ConfigError):
        changed(PirnConfig(), load(path))
