"""Calibration: a pure function of records, reversible, blind to the part that it scores."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pirn_core.calibration import Evidence, NormalRecord, calibrate, record_map, thresholds
from pirn_core.config import ScoringConfig
from pirn_core.errors import NotFittedError
from pirn_core.scoring import part_score

GRID, K = 6, 9
PLAIN = ScoringConfig(smoothing=0.0)


@pytest.fixture
def record(frame):
    """A part whose tokens lie on prototypes 0 to 5 by row; residuals around 0.1, or as given."""

    def make(number, residual=None, prototypes=None, source="held-out shot", modalities=("rgb", "sn"), mask=None):
        rng = np.random.default_rng(number)
        evidence = {}
        for modality in modalities:
            values = 0.1 + 0.01 * rng.random(GRID * GRID) if residual is None else np.asarray(residual, float)
            first = np.repeat(np.arange(GRID), GRID) if prototypes is None else np.asarray(prototypes)
            index = np.stack([first, np.minimum(first + 1, K - 1)], axis=1).astype(np.int32)
            weights = np.tile(np.float32([0.8, 0.2]), (GRID * GRID, 1))
            evidence[modality] = Evidence(values.astype(np.float32), index, weights)
        return NormalRecord(f"good/{number:03d}", source, frame(GRID, mask, pixels=4), evidence)

    return make


def same(one, other):
    assert one.scores == other.scores
    assert (one.sure, one.threshold) == (other.sure, other.threshold)
    assert one.expected.keys() == other.expected.keys()
    for m in one.expected:
        np.testing.assert_array_equal(one.expected[m], other.expected[m])


def test_it_is_a_pure_function(record):
    records = [record(k) for k in range(4)]
    copies = [record(k) for k in range(4)]
    first = calibrate(records, K, PLAIN)
    same(calibrate(records, K, PLAIN), first)
    for a, b in zip(records, copies, strict=True):
        np.testing.assert_array_equal(a.evidence["rgb"].residual, b.evidence["rgb"].residual)


def test_adding_and_removing_a_record_restores_exactly(record):
    records = [record(k) for k in range(4)]
    before = calibrate(records, K, PLAIN)
    during = calibrate([*records, record(9, residual=np.full(36, 0.5))], K, PLAIN)
    assert during.threshold != before.threshold
    same(calibrate(records, K, PLAIN), before)


def test_the_order_of_the_records_does_not_matter(record):
    records = [record(k) for k in range(5)]
    one, other = calibrate(records, K, PLAIN), calibrate(records[::-1], K, PLAIN)
    for m in one.expected:
        np.testing.assert_allclose(one.expected[m], other.expected[m], rtol=1e-6)
    assert one.scores == pytest.approx(other.scores, rel=1e-6)
    assert (one.sure, one.threshold) == pytest.approx((other.sure, other.threshold), rel=1e-6)


def test_expected_residuals_against_a_slow_oracle(record):
    config = ScoringConfig(shrink=7.0)
    mask = np.ones(36, bool)
    mask[:5] = False
    records = [record(k, mask=mask) for k in range(3)]
    found = calibrate(records, K, config).expected["rgb"]
    pushed, mass = np.zeros(K), np.zeros(K)
    for r in records:
        item = r.evidence["rgb"]
        for n in np.flatnonzero(mask):
            for t in range(2):
                mass[item.prototypes[n, t]] += item.weights[n, t]
                pushed[item.prototypes[n, t]] += item.weights[n, t] * item.residual[n]
    level = pushed.sum() / mass.sum()
    np.testing.assert_allclose(found, (pushed + 7.0 * level) / (mass + 7.0), rtol=1e-5)
    # Prototypes 7 and 8 were never shown: the global mean stands in for them.
    np.testing.assert_allclose(found[7:], level, rtol=1e-5)


def test_rare_prototypes_are_drawn_to_the_global_mean(record):
    residual = np.full(36, 0.1)
    prototypes = np.repeat([0, 1, 2, 3, 4, 5], 6)
    prototypes[0] = 7
    residual[0] = 0.9
    records = [record(k, residual, prototypes) for k in range(3)]
    levels = [calibrate(records, K, ScoringConfig(shrink=s)).expected["rgb"][7] for s in (0.0, 1.0, 20.0, 1e6)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(0.9, rel=0.01)
    assert levels[-1] == pytest.approx(0.1 + 0.8 / 36, rel=1e-3)


def test_without_shrinkage_unseen_prototypes_still_have_a_level(record):
    """Else a token at one of them would score a million."""
    found = calibrate([record(k) for k in range(3)], K, ScoringConfig(shrink=0.0))
    assert found.expected["rgb"][8] == pytest.approx(found.expected["rgb"][:6].mean(), rel=0.05)
    assert max(found.scores.values()) < 3.0


def test_one_number_per_modality_where_prototypes_have_none(record):
    records = [record(k) for k in range(3)]
    found = calibrate(records, K, ScoringConfig(prototype_scale=False)).expected["sn"]
    mean = np.mean([r.evidence["sn"].residual for r in records])
    np.testing.assert_allclose(found, np.full(K, mean), rtol=1e-5)


def test_background_tokens_have_no_influence(record):
    mask = np.ones(36, bool)
    mask[30:] = False
    quiet, loud = np.full(36, 0.1), np.full(36, 0.1)
    loud[30:] = 1.9
    one = calibrate([record(k, quiet, mask=mask) for k in range(3)], K, PLAIN)
    other = calibrate([record(k, loud, mask=mask) for k in range(3)], K, PLAIN)
    same(one, other)


def test_an_empty_foreground_takes_every_token(record):
    found = calibrate([record(k, mask=np.zeros(36, bool)) for k in range(3)], K, PLAIN)
    assert np.isfinite(found.expected["rgb"]).all()
    assert 0.05 < found.expected["rgb"].mean() < 0.2


def test_a_part_is_scored_under_the_calibration_of_the_others(record):
    """Its own residuals would excuse themselves: prototype 7 is shown by this part alone."""
    residual, prototypes = np.full(36, 0.1), np.repeat(np.arange(6), 6)
    residual[:3], prototypes[:3] = 1.0, 7
    odd, others = record(0, residual, prototypes), [record(k, np.full(36, 0.1)) for k in (1, 2, 3)]
    config = ScoringConfig(smoothing=0.0, shrink=1.0)
    found = calibrate([odd, *others], K, config)
    without = calibrate(others, K, config)
    alone = part_score(record_map(odd, without.expected, config))
    assert found.scores["good/000"] == pytest.approx(alone, rel=1e-4)
    assert found.scores["good/000"] == pytest.approx(10.0, rel=0.05)
    excused = part_score(record_map(odd, found.expected, config))
    assert excused < 0.5 * found.scores["good/000"]


def test_confirming_a_false_positive_lowers_its_likes(record):
    """A harmless mark at prototypes 6 and 7 scores high until one part that has it is confirmed."""
    residual, prototypes = np.full(36, 0.1), np.repeat(np.arange(6), 6)
    residual[10:22], prototypes[10:22] = 0.6, 6
    shots = [record(k, np.full(36, 0.1)) for k in range(3)]
    confirmed, next_one = (record(k, residual, prototypes, "confirmed") for k in (10, 11))
    config = ScoringConfig(shrink=5.0)
    before, after = calibrate(shots, K, config), calibrate([*shots, confirmed], K, config)
    score = [part_score(record_map(next_one, c.expected, config)) for c in (before, after)]
    assert score[0] >= before.threshold
    assert score[1] < 0.6 * score[0]
    assert score[1] < after.threshold
    # Elsewhere the scale stays as it was.
    np.testing.assert_allclose(after.expected["rgb"][:3], before.expected["rgb"][:3], rtol=0.2)


def test_a_single_record_has_only_itself(record):
    found = calibrate([record(0)], K, PLAIN)
    assert found.scores["good/000"] == pytest.approx(1.0, abs=0.15)
    assert found.threshold > found.scores["good/000"]


def test_a_modality_that_some_records_lack(record):
    found = calibrate([record(0), record(1, modalities=("rgb",)), record(2, modalities=("sn",))], K, PLAIN)
    assert set(found.expected) == {"rgb", "sn"}
    assert len(found.scores) == 3
    assert all(math.isfinite(s) for s in found.scores.values())


def test_the_only_record_of_a_modality_keeps_its_own_level(record):
    found = calibrate([record(0), record(1, modalities=("rgb",))], K, PLAIN)
    assert all(0.5 < s < 2.0 for s in found.scores.values())


def test_no_records_no_calibration():
    with pytest.raises(NotFittedError, match="no good part"):
        calibrate([], K, PLAIN)


def test_the_thresholds_by_hand():
    """Median 1.2; deviations .2 .1 0 .1 .6, their median .1; spread .14826; 90 % quantile 1.3 + .6 * .5."""
    sure, threshold = thresholds([1.0, 1.1, 1.2, 1.3, 1.8], ScoringConfig(quantile=0.9, margin=2.0))
    assert threshold == pytest.approx(1.8 + 2 * 0.14826)
    assert sure == pytest.approx(1.6)


def test_few_equal_scores_are_not_believed():
    sure, threshold = thresholds([1.0, 1.0, 1.0], ScoringConfig(margin=3.0))
    assert threshold == pytest.approx(1.15)
    assert sure == pytest.approx(1.0)
    assert thresholds([2.0], ScoringConfig(margin=1.0)) == pytest.approx((2.0, 2.1))


def test_no_margin_puts_the_threshold_at_the_worst_good_part():
    sure, threshold = thresholds([1.0, 2.0, 3.0], ScoringConfig(margin=0.0, quantile=1.0))
    assert (sure, threshold) == (3.0, 3.0)


def test_all_good_parts_are_below_the_threshold(record):
    found = calibrate([record(k) for k in range(5)], K, PLAIN)
    assert max(found.scores.values()) < found.threshold
    assert found.sure <= found.threshold
    low, high = found.colour_range
    assert low < found.sure
    assert high > found.threshold


def test_records_are_not_changed(record):
    records = [record(k) for k in range(3)]
    before = [r.evidence["rgb"].residual.copy() for r in records]
    calibrate(records, K, PLAIN)
    for r, b in zip(records, before, strict=True):
        np.testing.assert_array_equal(r.evidence["rgb"].residual, b)
    assert replace(records[0], part="x").part == "x"
