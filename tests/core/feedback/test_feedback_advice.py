"""What few parts can promise: intervals against their definition, thresholds by hand, the next part to add."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pirn_core.calibration import thresholds
from pirn_core.config import ScoringConfig
from pirn_core.errors import ConfigError, NotFittedError
from pirn_core.feedback.advice import advise, next_part, rate
from pirn_core.feedback.flips import compare

CONFIG = ScoringConfig()


@settings(deadline=None)  # the first call imports scipy
@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_that_of_clopper_and_pearson(of, count, confidence):
    """By its definition: at either end the count is just as extreme as the confidence allows."""
    from scipy.stats import binom

    count, tail = min(count, of), (1 - confidence) / 2
    found = rate(count, of, confidence)
    assert 0 <= found.low <= count / of <= found.high <= 1
    if count:
        assert binom.sf(count - 1, of, found.low) == pytest.approx(tail, rel=1e-6)
    if count < of:
        assert binom.cdf(count, of, found.high) == pytest.approx(tail, rel=1e-6)


def test_five_shots_promise_little():
    assert rate(0, 5).high == pytest.approx(0.5218, abs=1e-4)
    assert rate(0, 300, 0.90).high == pytest.approx(3 / 300, rel=0.01), "the rule of three"
    assert (rate(0, 0).low, rate(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(("count", "of", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_senseless_shares_are_refused(count, of, confidence):
    with pytest.raises(ConfigError, match="no share"):
        rate(count, of, confidence)


def test_without_defects_it_is_the_calibrated_rule():
    held = [0.9, 1.0, 1.1, 1.05]
    found = advise(held, [1.2], [], CONFIG)
    assert found.threshold == thresholds([*held, 1.2], CONFIG)[1]
    assert found.escapes is None and found.separable is None
    assert (found.false_rejects.count, found.false_rejects.of) == (0, 5)


def test_far_defects_leave_the_calibrated_rule():
    assert advise([0.9, 1.0], [], [5.0], CONFIG).threshold == thresholds([0.9, 1.0], CONFIG)[1]


def test_near_defects_draw_it_into_the_gap():
    held = [0.8, 1.0, 1.2]
    least = 1.21
    assert thresholds(held, CONFIG)[1] > least
    found = advise(held, [], [least, 3.0], CONFIG)
    assert 1.2 < found.threshold <= least
    assert found.separable and found.escapes.count == 0 == found.false_rejects.count


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=8), st.lists(st.floats(0.1, 5), min_size=1, max_size=8))
def test_where_they_overlap_no_threshold_makes_fewer_mistakes(good, bad):
    found = advise(good, [], bad, CONFIG)
    good, bad = np.array(good), np.array(bad)

    def mistakes(t):
        return (good >= t).sum() + (bad < t).sum()

    if found.separable is False:
        every = np.unique([*good, *bad, *(np.nextafter(v, np.inf) for v in (*good, *bad))])
        assert mistakes(found.threshold) == min(mistakes(t) for t in every)
    assert found.escapes.count == (bad < found.threshold).sum()


def test_no_score_no_advice():
    with pytest.raises(NotFittedError, match="No score"):
        advise([], [], [2.0], CONFIG)


def test_the_least_normal_good_part_teaches_most():
    scores = {"a": 1.0, "b": 3.0, "c": 2.0, "d": 9.0, "e": float("nan")}
    assert next_part(scores, ["a", "b", "c", "e", "unseen"], ["b"]) == "c"
    assert next_part(scores, ["b"], ["b"]) is None


def test_flips_stand_in_the_order_of_what_they_cost():
    before = {"escape": 2.0, "passed": 3.0, "wanted": 2.5, "caught": 1.4, "band": 0.5, "same": 0.4, "gone": 5.0}
    after = {"escape": 1.2, "passed": 0.5, "wanted": 1.3, "caught": 1.9, "band": 1.1, "same": 0.3}
    found = compare(before, after, (1.0, 1.5), (1.0, 1.5), {"escape": True, "wanted": False})
    assert [flip.part for flip in found.flips] == ["escape", "passed", "wanted", "caught", "band"]
    assert (found.compared, found.released, found.escapes, found.caught) == (6, 3, 1, 1)
    assert [flip.part for flip in found.flips if flip.escape] == ["escape"]


def test_limits_alone_flip_verdicts_too():
    found = compare({"a": 1.6}, {"a": 1.6}, (1.0, 1.5), (1.0, 1.7))
    assert (found.flips[0].verdict_before, found.flips[0].verdict_after) == ("NG", "unsure")
