"""Counts, bins and axes against slow loops and by their own laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pirn_app.state.history import Document
from pirn_app.state.results import PartResult
from pirn_app.state.statistics import (
    Scored,
    accepted_boxes,
    axis_end,
    collect,
    count,
    decimals,
    histogram,
    label_of,
    ticks,
)
from pirn_core.data.sample import PartRef
from pirn_core.results import Region, verdict_of

SCORES = st.lists(st.floats(0, 20, allow_nan=False), max_size=60)


def scored(scores, labels=None) -> Scored:
    codes = np.full(len(scores), -1) if labels is None else np.asarray(labels)
    return Scored(np.asarray(scores, float), codes.astype(np.int8))


def test_the_users_label_comes_before_the_folders():
    good, bent, unknown = (PartRef(f"a/{name}", "test", name) for name in ("good", "bent", ""))
    assert [label_of(ref, {}) for ref in (good, bent, unknown)] == ["good", "defective", None]
    assert label_of(bent, {"a/bent": "good"}) == "good"
    assert label_of(unknown, {"a/": "defective"}) == "defective"
    assert label_of(None, {"gone": "good"}, "gone") == "good"


def test_shots_and_failed_parts_are_kept_apart():
    refs = {name: PartRef(name, "test", name) for name in ("good", "bent", "cut")}
    results = [
        PartResult("good", 0.5, {}),
        PartResult("bent", 2.0, {}),
        PartResult("cut", float("nan"), {}, error="unreadable"),
        PartResult("shot", 0.1, {}, shot=True),
    ]
    found = collect(results, refs.get, {})
    assert found.scores.tolist() == [0.5, 2.0]
    assert found.labels.tolist() == [0, 1]
    assert (found.shots, found.failed, found.labelled) == (1, 1, True)
    assert not collect([PartResult("x", 1.0, {})], refs.get, {}).labelled


@given(SCORES, st.floats(0, 20), st.floats(0, 20), st.randoms())
def test_counts_agree_with_the_verdict_of_every_part(scores, one, other, random):
    limits = (min(one, other), max(one, other))
    labels = [random.choice((-1, 0, 1)) for _ in scores]
    found = count(scored(scores, labels), limits)
    verdicts = [verdict_of(score, *limits) for score in scores]
    assert [found.ok, found.unsure, found.ng] == [verdicts.count(v) for v in ("OK", "unsure", "NG")]
    assert found.all == len(scores)
    pairs = list(zip(verdicts, labels, strict=True))
    assert (found.good_ng, found.defective_ok) == (pairs.count(("NG", 0)), pairs.count(("OK", 1)))
    assert (found.good, found.defective) == (labels.count(0), labels.count(1))


@given(SCORES, st.lists(st.floats(0, 30), max_size=10), st.sampled_from(["label", "verdict"]))
def test_every_part_is_in_one_bin_of_one_group(scores, shots, by):
    edges = np.linspace(0, 10, 21)  # some scores lie beyond it
    labels = [k % 3 - 1 for k in range(len(scores))]
    groups = dict(histogram(scored(scores, labels), shots, (3.0, 5.0), edges, by))
    assert sum(int(counts.sum()) for counts in groups.values()) == len(scores) + len(shots)
    assert groups["shots"].sum() == len(shots)
    if by == "label":
        assert [int(groups[name].sum()) for name in ("unknown", "good", "defective")] == [
            labels.count(code) for code in (-1, 0, 1)
        ]
    else:
        verdicts = [verdict_of(score, 3.0, 5.0) for score in scores]
        assert {name: int(groups[name].sum()) for name in ("OK", "unsure", "NG")} == {
            name: verdicts.count(name) for name in ("OK", "unsure", "NG")
        }


def test_a_score_lands_in_its_bin_and_one_beyond_the_axis_in_the_last():
    groups = dict(histogram(scored([0.0, 0.99, 1.0, 9.0]), [], (5, 6), np.array([0.0, 1.0, 2.0, 3.0]), "verdict"))
    assert groups["OK"].tolist() == [2, 1, 0]
    assert groups["NG"].tolist() == [0, 0, 1]


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=5))
def test_the_axis_covers_everything_without_waste(values):
    end = axis_end(values)
    assert max(values) * 1.05 <= end * (1 + 1e-6)
    assert end <= max(values) * 1.05 * 1.4
    marks = ticks(end)
    assert marks[0] == 0
    assert marks[-1] <= end * (1 + 1e-9)
    assert 3 <= len(marks) <= 8
    assert np.allclose(np.diff(marks), marks[1])


def test_an_axis_of_nothing():
    assert axis_end([]) == 1.0
    assert axis_end([float("nan"), 0.0]) == 1.0


@pytest.mark.parametrize(
    ("scale", "text"), [(0.61, "0.61"), (1.5, "1.50"), (38.2, "38.2"), (250.0, "250"), (0.0123, "0.012"), (0, "0.00")]
)
def test_decimals_follow_the_scale(scale, text):
    assert f"{scale:.{decimals(scale)}f}" == text


def test_an_acceptance_stays_with_the_peak_of_its_region():
    def region(box, peak):
        return Region(1, box, 9, 2.0, peak, {"rgb": 1.0})

    document = Document(dismissed=frozenset({("a", (10, 10, 20, 20)), ("b", (0, 0, 50, 50))}))
    assert accepted_boxes(document, "a", region((10, 10, 20, 20), (15, 15))) == ((10, 10, 20, 20),)
    assert accepted_boxes(document, "a", region((5, 5, 30, 30), (15, 15)))  # grown at a lower threshold
    assert not accepted_boxes(document, "a", region((5, 5, 60, 60), (40, 40)))  # merged into a stronger one
    assert not accepted_boxes(document, "c", region((10, 10, 20, 20), (15, 15)))
