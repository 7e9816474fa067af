"""Figures of all parts, maps of some."""

import math

import pytest

from pirn_app.state.results import Results
from pirn_core.data.sample import PartRef


@pytest.fixture
def refs():
    return [PartRef(f"test/bent/{k:03d}", "test", "bent") for k in range(6)]


def size_of(result) -> int:
    return result.map.nbytes + result.seen.nbytes + sum(values.nbytes for values in result.maps.values())


def test_figures_are_those_of_the_result(make_result, refs):
    results, given = Results(), make_result(refs[0], 2.0)
    results.add(given, shot=True)
    found = results.get(refs[0].id)
    assert (found.score, found.scores, found.regions) == (given.score, dict(given.scores), given.regions)
    assert found.fired == "sn"  # the fixture's surface map has three quarters of the score
    assert found.shot
    assert results.full(refs[0].id) is given
    assert [found.verdict(limits) for limits in ((1.0, 1.5), (1.0, 2.5), (2.1, 2.5))] == ["NG", "unsure", "OK"]


def test_a_calm_part_fires_nothing(make_result, refs):
    results = Results()
    results.add(make_result(refs[0], 0.5), shot=False)
    assert results.get(refs[0].id).fired is None


def test_maps_are_bounded_figures_are_not(make_result, refs):
    given = [make_result(ref) for ref in refs]
    results = Results(map_bytes=3 * size_of(given[0]))
    for result in given:
        results.add(result, shot=False)
    assert len(results) == 6
    assert [results.full(ref.id) is not None for ref in refs] == [False] * 3 + [True] * 3


def test_what_was_looked_at_last_stays(make_result, refs):
    results = Results(map_bytes=2 * size_of(make_result(refs[0])))
    results.add(make_result(refs[0]), shot=False)
    results.add(make_result(refs[1]), shot=False)
    assert results.full(refs[0].id) is not None
    results.add(make_result(refs[2]), shot=False)
    assert results.full(refs[1].id) is None
    assert results.full(refs[0].id) is not None


def test_one_map_larger_than_the_store_is_still_held(make_result, refs):
    results = Results(map_bytes=1)
    results.add(make_result(refs[0]), shot=False)
    assert results.full(refs[0].id) is not None


def test_inspecting_again_replaces_without_growing(make_result, refs):
    results = Results(map_bytes=2 * size_of(make_result(refs[0])))
    for score in (1.0, 2.0, 3.0):
        results.add(make_result(refs[0], score), shot=False)
    results.add(make_result(refs[1]), shot=False)
    assert [found.score for found in results] == [3.0, 2.0]
    assert results.full(refs[0].id) is not None


def test_a_failed_part_has_no_score_no_verdict_no_map(make_result, refs):
    results = Results()
    results.add(make_result(refs[0]), shot=False)
    results.fail(refs[0].id, "Unreadable.", "Export it again.")
    found = results.get(refs[0].id)
    assert math.isnan(found.score)
    assert found.verdict((1.0, 1.5)) is None
    assert (found.error, found.advice) == ("Unreadable.", "Export it again.")
    assert results.full(refs[0].id) is None


def test_clear_forgets_everything(make_result, refs):
    results = Results()
    results.add(make_result(refs[0]), shot=False)
    results.clear()
    assert len(results) == 0
    assert results.get(refs[0].id) is None
    assert results.full(refs[0].id) is None
