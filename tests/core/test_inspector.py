"""Inspection with a model of three good plates: verdicts, maps, missing modalities, confirmed parts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core.errors import SampleError
from pirn_core.inspector import Inspector
from pirn_core.model import TrainedModel
from pirn_core.results import verdict_of
from pirn_core.scoring import Frame, fused


@pytest.fixture
def inspector(trained):
    return Inspector(trained.model, trained.backbone)


def looked_at(inspector, part, **kwargs):
    return inspector.inspect(inspector.prepare(part), **kwargs)


def test_a_result_is_complete(inspector, plate, trained):
    part = plate(40)
    result = looked_at(inspector, part)
    assert result.ref is part.ref
    assert result.backbone == "patches"
    assert result.model_id == trained.model.id
    assert result.map.shape == result.seen.shape == part.shape
    assert result.map.dtype == np.float32
    assert set(result.maps) == set(result.scores) == {"rgb", "sn"}
    assert result.score == np.nanmax(result.map)
    assert all(result.scores[m] == np.nanmax(result.maps[m]) for m in result.maps)
    assert bool(np.isnan(result.map[~result.seen]).all())
    assert bool(np.isfinite(result.map[result.seen]).any())
    np.testing.assert_array_equal(result.map, fused(result.maps, trained.model.config.scoring.exponent))
    assert (result.sure, result.threshold) == trained.model.verdict_limits
    assert result.verdict == verdict_of(result.score, result.sure, result.threshold)
    assert set(result.seconds) == {"geometry", "backbone", "decoder", "maps"}


def test_a_planted_defect_stands_out(inspector, plate):
    """The defect lies at row 60, column 68, in both modalities."""
    good = [looked_at(inspector, plate(k)).score for k in range(40, 44)]
    bad = looked_at(inspector, plate(50, defect=True))
    assert bad.score > 2 * max(good)
    assert bad.verdict == "NG"
    row, column = np.unravel_index(np.nanargmax(bad.map), bad.map.shape)
    assert np.hypot(row - 60, column - 68) < 12
    top = bad.regions[0]
    assert top.box[0] <= 60 < top.box[2]
    assert top.box[1] <= 68 < top.box[3]
    assert top.peak == bad.score
    assert top.area_mm2 > 0
    assert sum(top.share.values()) == pytest.approx(1.0)


def test_good_parts_score_about_one(inspector, plate):
    """Scores are multiples of what good parts show, on average 1 on the part."""
    result = looked_at(inspector, plate(40))
    assert 0.4 < np.nanmean(result.map) < 2.0


@pytest.mark.parametrize(("has", "words"), [({"rgb": False}, "no colour image"), ({"points": False}, "no 3D points")])
def test_a_part_that_lacks_a_modality_gets_a_verdict_and_a_warning(inspector, plate, has, words):
    good, bad = looked_at(inspector, plate(40, **has)), looked_at(inspector, plate(50, defect=True, **has))
    for result in (good, bad):
        assert len(result.maps) == 1
        assert any(words in warning for warning in result.warnings)
        assert result.verdict in ("OK", "unsure", "NG")
    assert bad.score > good.score
    assert bad.verdict == "NG"
    assert not looked_at(inspector, plate(40)).warnings
    if not has.get("points", True):
        assert all(region.area_mm2 is None for region in bad.regions)


def test_a_part_without_any_known_modality_is_refused(inspector, plate):
    with pytest.raises(SampleError):
        inspector.prepare(plate(40, rgb=False, points=False))


def test_inspecting_twice_gives_the_same_to_the_last_digit(inspector, plate):
    prepared = inspector.prepare(plate(41))
    first = inspector.inspect(prepared)
    looked_at(inspector, plate(50, defect=True))
    again, anew = inspector.inspect(prepared), looked_at(inspector, plate(41))
    for other in (again, anew):
        assert (first.score, first.regions) == (other.score, other.regions)
        np.testing.assert_array_equal(first.map, other.map)


def test_refinement_can_be_switched_off(inspector, plate):
    prepared = inspector.prepare(plate(41))
    assert inspector.inspect(prepared).score != inspector.inspect(prepared, refine=False).score
    for found, wanted in ((inspector.explain(prepared), True), (inspector.explain(prepared, refine=False), False)):
        for reconstruction in found.values():
            assert all((layer.refinement is not None) is wanted for layer in reconstruction.layers)


def test_the_explanation_is_what_the_verdict_rests_on(inspector, plate):
    prepared = inspector.prepare(plate(50, defect=True))
    found = inspector.explain(prepared)
    record = inspector.normal_record(prepared)
    for m, reconstruction in found.items():
        np.testing.assert_array_equal(reconstruction.residual[0].numpy(), record.evidence[m].residual)
        weights = reconstruction.layers[0].assignment.weights[0]
        best = weights.argmax(dim=1).numpy()
        np.testing.assert_array_equal(record.evidence[m].prototypes[:, 0], best)
        np.testing.assert_allclose(record.evidence[m].weights.sum(axis=1), 1.0, atol=1e-5)


def test_confirming_a_part_lowers_its_likes_and_can_be_taken_back(inspector, plate):
    """A part that is called NG for its looks is confirmed; the next one like it scores lower."""
    odd, like_it = plate(50, defect=True), plate(51, defect=True)
    before = looked_at(inspector, like_it)
    record = inspector.normal_record(inspector.prepare(odd))
    assert (record.part, record.source) == (odd.ref.id, "confirmed")
    wiser = inspector.with_model(inspector.model.confirmed([record]))
    after = looked_at(wiser, like_it)
    assert after.score < before.score
    assert after.threshold > before.threshold
    assert before.verdict == "NG" != after.verdict
    back = inspector.with_model(wiser.model.without([odd.ref.id]))
    again = looked_at(back, like_it)
    assert (again.score, again.threshold, again.sure) == (before.score, before.threshold, before.sure)
    np.testing.assert_array_equal(again.map, before.map)


def test_confirming_twice_counts_once(inspector, plate):
    record = inspector.normal_record(inspector.prepare(plate(44)))
    once = inspector.model.confirmed([record])
    assert len(once.confirmed([record]).records) == len(once.records) == 4


def test_a_shot_keeps_its_own_record(inspector, trained, plate):
    """The final model was trained on it, so that its residuals would be too low."""
    record = inspector.normal_record(inspector.prepare(plate(0)))
    assert record.part == trained.model.records[0].part
    model = trained.model.confirmed([record])
    assert model.records == trained.model.records
    assert model.without([record.part]).records == trained.model.records


def test_the_user_s_threshold_is_in_force(inspector, plate):
    part = plate(50, defect=True)
    score = looked_at(inspector, part).score
    for threshold, verdict in ((score * 1.01, "unsure"), (score * 0.99, "NG"), (score, "NG")):
        model = inspector.model.with_threshold(threshold)
        result = looked_at(inspector.with_model(model), part)
        assert (result.threshold, result.verdict, result.score) == (threshold, verdict, score)
    low = inspector.model.with_threshold(0.01)
    assert low.verdict_limits == (0.01, 0.01)
    assert low.with_threshold(None).verdict_limits == inspector.model.verdict_limits


def test_a_part_of_which_nothing_is_seen_is_not_called_good(inspector, plate):
    prepared = inspector.prepare(plate(40))
    nowhere = Frame(prepared.frame.view, np.zeros_like(prepared.frame.seen), prepared.frame.foreground)
    result = inspector.inspect(replace(prepared, frame=nowhere))
    assert result.verdict == "unsure"
    assert any("could be scored" in warning for warning in result.warnings)
    assert result.regions == ()


def test_inspection_leaves_the_model_as_it_is(inspector, plate):
    model: TrainedModel = inspector.model
    before = {k: v.clone() for k, v in model.pirn.state_dict().items()}
    looked_at(inspector, plate(50, defect=True))
    assert all(torch.equal(v, before[k]) for k, v in model.pirn.state_dict().items())


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.5, "OK"), (0.999, "OK"), (1.0, "unsure"), (1.99, "unsure"), (2.0, "NG"), (9.0, "NG")]
)
def test_verdicts_and_their_band(score, verdict):
    assert verdict_of(score, 1.0, 2.0) == verdict
