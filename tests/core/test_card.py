"""The model card says what is in the file, and never more than was measured."""

from dataclasses import replace

import pytest

from pirn_core import checkpoint
from pirn_core.card import card_of


@pytest.fixture(scope="module")
def meta(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("card") / "m.pirn"
    checkpoint.save(trained.model, path)
    return checkpoint.read_meta(path)


def fold(untrained, best, step, silent=None):
    def figures(value):
        return None if value is None else {"separation": value, "residual": 0.1}

    return {
        "untrained": figures(untrained),
        "best": figures(best),
        "best_step": step,
        "silent": figures(silent),
    }


def with_training(meta, folds, steps, **training):
    history = {**meta["history"], "training": {"folds": folds, "steps": steps, "seconds": 1.0}}
    config = {**meta["config"], "training": {**meta["config"]["training"], **training}}
    return {**meta, "history": history, "config": config}


def test_the_card_of_a_model_agrees_with_the_model(trained, meta):
    model, card = trained.model, card_of(meta)
    assert card.shots == tuple(shot.id for shot in model.shots) and card.modalities == model.modalities
    assert (card.sure, card.threshold) == model.verdict_limits
    assert card.prototypes == model.pirn.prototypes and card.weights == model.backbone.sha256
    assert card.confirmed == () and card.threshold_source.startswith("The highest score of 3 shots")
    assert card.crop_px == model.fitted.crop_px and card.changes["decoder.prototypes"] == 40


def test_trained_and_untrained_are_means_over_folds(meta):
    card = card_of(with_training(meta, [fold(0.5, 0.7, 4, 0.6), fold(0.6, 0.8, 8)], 6))
    assert (card.held_out.untrained, card.held_out.trained) == (pytest.approx(0.55), pytest.approx(0.75))
    assert card.held_out.steps == (4, 8) and card.held_out.silent == pytest.approx(0.6)
    assert "0.550 untrained, 0.750 trained" in card.verdict_on_training
    assert "6 steps" in card.verdict_on_training


def test_an_untrained_model_says_so(meta):
    card = card_of(with_training(meta, [fold(0.5, 0.5, 0)], 0))
    assert "the untrained codebook, which was kept" in card.verdict_on_training


def test_without_a_look_at_held_out_shots_nothing_is_claimed(meta):
    card = card_of(with_training(meta, [fold(0.5, 0.9, 9)], 9, early_stop=False))
    assert card.held_out is None and "not compared" in card.verdict_on_training


def test_the_user_s_threshold_is_told_with_the_calibrated_one(trained, tmp_path):
    own = replace(trained.model, threshold=0.01)
    checkpoint.save(own, tmp_path / "own.pirn")
    card = card_of(checkpoint.read_meta(tmp_path / "own.pirn"))
    assert (card.sure, card.threshold) == own.verdict_limits == (0.01, 0.01)
    assert "Set by the user" in card.threshold_source
    assert f"{trained.model.calibration.threshold:.4g}" in card.threshold_source


def test_confirmed_parts_and_a_single_shot_are_told(meta):
    records = [{"part": "a", "source": "held-out shot"}, {"part": "b", "source": "confirmed"}]
    card = card_of({**meta, "records": records})
    assert card.confirmed == ("b",)
    assert "1 shot (on views that were left out) and 1 confirmed good part" in card.threshold_source


def test_settings_of_an_unknown_preset_are_compared_with_the_defaults(meta):
    card = card_of({**meta, "config": {**meta["config"], "preset": "of the future"}})
    assert card.preset == "of the future" and card.changes["decoder.prototypes"] == 40
    assert "recipe.crop.margin" not in card.changes
