"""Explanations agree with the inspection, and their numbers with each other."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pirn_core.config import changed
from pirn_core.explain import explain_part
from pirn_core.explain.effects import displacement_of, refinement_effect, use_of
from pirn_core.explain.patch import nearest_token, token_pixels
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning


@pytest.fixture(scope="module")
def explained(trained, plate):
    inspector = Inspector(trained.model, trained.backbone)
    prepared = inspector.prepare(plate(20, defect=True))
    return inspector, prepared, explain_part(inspector, prepared)


def test_score_and_map_are_those_of_the_inspection(explained):
    inspector, prepared, found = explained
    result = inspector.inspect(prepared)
    assert found.patch.score == found.refinement.score == result.score
    np.testing.assert_array_equal(found.result.map, result.map)
    plain = inspector.inspect(prepared, refine=False)
    assert found.refinement.score_without == plain.score
    assert found.refinement.verdict_without == plain.verdict


def test_the_worst_patch_lies_at_the_peak(explained):
    _, prepared, found = explained
    row, column = found.patch.peak_at
    assert found.result.map[row, column] == found.patch.score
    side = prepared.frame.view.foreground.shape[0] / prepared.frame.grid
    scale = np.abs(np.linalg.det(prepared.frame.view.to_image[:, :2])) ** 0.5
    away = np.hypot(found.patch.pixel[0] - row, found.patch.pixel[1] - column)
    assert away <= 1.5 * side * scale + 1
    assert found.foreground[found.patch.token]
    assert found.patch.token == found.patch.row * prepared.frame.grid + found.patch.column


def test_shares_and_weights_are_shares(explained):
    _, _, found = explained
    assert sum(found.patch.share.values()) == pytest.approx(1.0)
    for prototypes in found.patch.prototypes.values():
        weights = [p.weight for p in prototypes]
        assert weights == sorted(weights, reverse=True) and 0 < sum(weights) <= 1 + 1e-5
        assert all(-1 <= p.cosine <= 1 and p.expected > 0 and 0 <= p.use <= 1 for p in prototypes)


def test_the_best_prototype_is_the_nearest_one_under_a_free_marginal(explained):
    _, _, found = explained
    for prototypes in found.patch.prototypes.values():
        cosines = [p.cosine for p in prototypes]
        assert cosines == sorted(cosines, reverse=True)


def test_displacement_follows_from_the_residual(explained):
    _, _, found = explained
    for modality, residual in found.tokens.residual.items():
        # Unit vectors at cosine c are sqrt(2 - 2c) apart.
        np.testing.assert_allclose(found.tokens.displacement[modality], np.sqrt(2 * residual), atol=2e-3)


def test_tokens_in_regions_are_displaced_further(explained):
    _, _, found = explained
    assert found.result.verdict == "NG" and found.inside.any() and not (found.inside & ~found.foreground).any()
    further = [d.inside["median"] > d.outside["median"] for d in found.displacement.values()]
    assert any(further)
    for lengths in found.displacement.values():
        assert lengths.tokens_inside + lengths.tokens_outside == found.foreground.sum()


def test_without_regions_nothing_is_inside(explained):
    inspector, prepared, _ = explained
    high = inspector.with_model(replace(inspector.model, threshold=1e6))
    found = explain_part(high, prepared)
    assert not found.inside.any() and found.refinement.lowered == ()
    assert all(d.inside is None and d.outside is not None for d in found.displacement.values())


def test_a_region_that_refinement_takes_away_is_named(explained):
    import torch

    _, _, found = explained
    shape = found.result.map.shape
    plain, refined = np.full(shape, 0.5, np.float32), np.full(shape, 0.5, np.float32)
    plain[10:14, 10:15], refined[10:14, 10:15] = 3.0, 1.5  # lowered below the threshold
    plain[40:44, 40:45], refined[40:44, 40:45] = 3.0, 2.5  # lowered, but still above it
    plain[60:62, 60:65] = np.nan
    before = replace(found.result, map=plain, threshold=2.0)
    after = replace(found.result, map=refined, threshold=2.0)
    effect = refinement_effect(after, before, {}, torch.ones(1, 4, dtype=torch.bool))
    assert effect.lowered == ((20, 3.0, 1.5),)


def test_refinement_is_counted_per_modality(explained):
    _, _, found = explained
    effect = found.refinement
    assert set(effect.moved) == set(effect.mean_move) == set(effect.left_out) == {"rgb", "sn"}
    for modality, moved in effect.moved.items():
        assert 0 < moved <= found.use[modality].prototypes and effect.mean_move[modality] > 0
        # `trimmed` keeps 70 % of the part's tokens.
        assert effect.left_out[modality] == pytest.approx(0.3, abs=0.05)


def test_everything_is_plain_or_an_array(explained):
    _, prepared, found = explained
    assert json.loads(json.dumps(found.to_dict()))["part"] == prepared.ref.id
    arrays = found.arrays()
    assert arrays["map"].shape == found.result.map.shape
    assert all(arrays[name].shape == found.foreground.shape for name in ("inside", "score", "residual_rgb"))


def test_without_refinement_in_the_model_nothing_moved(trained, plate, support):
    config = changed(support.small_config(), {"decoder.refinement.context": "none"})
    learned = Learning([plate(k) for k in range(2)], config, trained.backbone)
    for _ in learned.steps():
        pass
    inspector = Inspector(learned.model(), trained.backbone)
    found = explain_part(inspector, inspector.prepare(plate(9)))
    assert found.refinement.moved == {} and found.refinement.score == found.refinement.score_without
    assert found.patch.prototypes["rgb"][0].cosine <= 1


def test_nearest_token_and_token_pixels_agree(frame):
    foreground = np.zeros(16, bool)
    foreground[[1, 6, 11]] = True
    made = frame(4, foreground)
    x, y = token_pixels(made)
    for token in (1, 6, 11):
        assert nearest_token(made, round(y[token]), round(x[token])) == token
    assert nearest_token(made, 31, 31) == 11, "tokens on the background do not count"
    np.testing.assert_allclose((x[1], y[1]), (11.5, 3.5))


def test_use_counts_prototypes():
    import torch

    even = use_of(torch.full((8,), 1 / 8), tokens=40)
    assert even.effective == pytest.approx(8) and even.shown == 8
    single = use_of(torch.tensor([0.0, 1.0, 0.0]), tokens=40)
    assert single.effective == pytest.approx(1) and single.shown == 1 and single.largest[0] == (1, 1.0)


def test_figures_of_nothing_are_none():
    lengths = np.arange(4, dtype=np.float32)
    found = displacement_of(lengths, np.zeros(4, bool), np.ones(4, bool))
    assert found.inside is None and found.outside["median"] == 1.5 and found.outside["max"] == 3.0
