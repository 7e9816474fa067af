"""Confirmed regions: their tokens only, one way only, through the file and back; traces to the last digit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core import checkpoint
from pirn_core.calibration import calibrate, record_map
from pirn_core.card import card_of
from pirn_core.confirmation import remove_confirmed
from pirn_core.errors import SampleError
from pirn_core.feedback.curve import CurvePoint, curve_steps, worth_another
from pirn_core.feedback.lesson import Lesson
from pirn_core.feedback.region import parts_of_name, region_box, region_mask, region_name, region_record, region_tokens
from pirn_core.feedback.teaching import taught
from pirn_core.feedback.trace import Trace, TraceShelf, decoder_identity
from pirn_core.inspector import Inspector
from pirn_core.scoring import part_score


@pytest.fixture(scope="module")
def inspector(trained):
    return Inspector(trained.model, trained.backbone)


@pytest.fixture(scope="module")
def scratched(inspector, plate):
    """A plate with a mark, its result, its record; far above the threshold."""
    part = inspector.prepare(plate(17))
    result, record = inspector.inspect_recorded(part)
    tokens = record.frame.foreground.nonzero()[0]
    chosen = tokens[len(tokens) // 2 : len(tokens) // 2 + 2]
    evidence = {}
    for m, item in record.evidence.items():
        residual = item.residual.copy()
        residual[chosen] = 6 * residual.max()
        evidence[m] = replace(item, residual=residual.astype(np.float32))
    return replace(record, evidence=evidence), part, result


def scored(model, record):
    return record_map(record, model.calibration.expected, model.config.scoring)


def as_region(model, record, share=0.95):
    fused, threshold = scored(model, record), model.verdict_limits[1]
    peak = np.unravel_index(int(np.nanargmax(fused)), fused.shape)
    mask = region_mask(fused, threshold, (int(peak[0]), int(peak[1])))
    return region_record(record, mask, region_name("part@00000000", region_box(mask)), share * threshold), mask


def test_a_region_holds_its_tokens_only(inspector, scratched):
    record, _, _ = scratched
    region, mask = as_region(inspector.model, record)
    tokens = region.frame.foreground
    assert 0 < tokens.sum() < record.frame.foreground.sum()
    assert not (tokens & ~record.frame.foreground).any()
    assert (region.frame.seen <= mask).all()
    np.testing.assert_array_equal(tokens, region_tokens(record.frame, mask))
    for m, item in region.evidence.items():
        assert not item.residual[~tokens].any() and not item.weights[~tokens].any()
        np.testing.assert_array_equal(item.weights[tokens], record.evidence[m].weights[tokens])


def test_confirming_a_region_clears_it_and_lowers_scores_only(inspector, scratched):
    model, (record, _, _) = inspector.model, scratched
    assert part_score(scored(model, record)) >= model.verdict_limits[1]
    region, _ = as_region(model, record)
    after = model.confirmed([region])
    assert after.verdict_limits == model.verdict_limits and after.calibration.scores == model.calibration.scores
    assert part_score(scored(after, region)) <= region.limit
    assert part_score(scored(after, record)) < model.verdict_limits[1]
    for m, values in model.calibration.expected.items():
        assert (after.calibration.expected[m] >= values).all()
    for other in model.records:
        before, now = scored(model, other), scored(after, other)
        assert (np.nan_to_num(now) <= np.nan_to_num(before) + 1e-6).all()


def test_no_further_than_the_limit(inspector, scratched):
    """A looser limit raises less, and one that is met already raises nothing worth speaking of."""
    model, (record, _, _) = inspector.model, scratched
    loose, tight = (model.confirmed([as_region(model, record, share)[0]]) for share in (0.99, 0.8))
    high = model.confirmed([as_region(model, record, 1e3)[0]])
    for m, values in model.calibration.expected.items():
        assert (loose.calibration.expected[m] <= tight.calibration.expected[m] + 1e-7).all()
        np.testing.assert_allclose(high.calibration.expected[m], values, rtol=0.2)


def test_the_order_of_regions_does_not_matter_and_taking_back_restores(inspector, scratched):
    model, (record, _, _) = inspector.model, scratched
    one, _ = as_region(model, record)
    two = replace(as_region(model, record, 0.9)[0], part="other@00000000#1-2-3-4")
    args = model.pirn.prototypes, model.config.scoring
    forward, backward = (calibrate([*model.records, *some], *args) for some in ([one, two], [two, one]))
    for m in forward.expected:
        np.testing.assert_array_equal(forward.expected[m], backward.expected[m])
    back = remove_confirmed(model.confirmed([one]), [one.part]).after
    for m, values in model.calibration.expected.items():
        np.testing.assert_array_equal(back.calibration.expected[m], values)


def test_regions_go_through_the_file_and_older_programs_refuse_it(inspector, scratched, tmp_path):
    model, (record, _, _) = inspector.model, scratched
    plain = checkpoint.save(model, tmp_path / "plain.pirn")
    assert checkpoint.read_meta(tmp_path / "plain.pirn")["schema"] == 1, "older programs read it as before"
    assert all("limit" not in entry for entry in checkpoint.read_meta(tmp_path / "plain.pirn")["records"])
    region, _ = as_region(model, record)
    saved = checkpoint.save(model.confirmed([region]), tmp_path / "taught.pirn")
    meta = checkpoint.read_meta(tmp_path / "taught.pirn")
    assert meta["schema"] == 2 and saved.id != plain.id
    assert card_of(meta).confirmed == (region.part,)
    loaded = checkpoint.load(tmp_path / "taught.pirn")
    assert (loaded.records[-1].source, loaded.records[-1].limit) == ("confirmed region", region.limit)
    assert loaded.calibration.threshold == model.calibration.threshold
    for m, values in saved.calibration.expected.items():
        np.testing.assert_array_equal(loaded.calibration.expected[m], values)
    assert checkpoint.save(loaded.without([region.part]), tmp_path / "back.pirn").id == plain.id


def test_a_trace_judges_as_a_fresh_inspection(inspector, scratched):
    _, part, _ = scratched
    result, record = inspector.inspect_recorded(part)
    trace = Trace.of(result, record, shot=False)
    region, _ = as_region(inspector.model.with_threshold(0.5 * result.score), record)
    for model in (
        inspector.model,
        inspector.model.confirmed([region]),
        inspector.model.with_threshold(0.9 * result.score),
    ):
        fresh, held = inspector.with_model(model).inspect(part), trace.judged(model, lambda: part.xyz)
        np.testing.assert_array_equal(held.map, fresh.map)
        for m in fresh.maps:
            np.testing.assert_array_equal(held.maps[m], fresh.maps[m])
        assert (held.score, held.scores, held.verdict, held.regions) == (
            fresh.score, fresh.scores, fresh.verdict, fresh.regions
        )  # fmt: skip
        assert (held.warnings, held.threshold, held.sure) == (fresh.warnings, fresh.threshold, fresh.sure)
    assert trace.record().evidence.keys() == record.evidence.keys()
    assert trace.nbytes < sum(
        e.prototypes.nbytes + e.weights.nbytes + e.residual.nbytes for e in record.evidence.values()
    )


def test_the_shelf_keeps_within_its_bytes(inspector, scratched):
    _, part, _ = scratched
    trace = Trace.of(*inspector.inspect_recorded(part), shot=False)
    shelf = TraceShelf(2 * trace.nbytes + 1)
    for key in "abc":
        shelf.put(key, trace)
        shelf.get("a")
    assert len(shelf) == 2 and shelf.nbytes == 2 * trace.nbytes
    assert shelf.get("b") is None and shelf.get("a") is trace
    shelf.put("a", trace)
    assert shelf.nbytes == 2 * trace.nbytes


def test_models_that_differ_in_calibration_only_share_their_traces(inspector, scratched, tmp_path):
    model, (record, _, _) = inspector.model, scratched
    region, _ = as_region(model, record)
    checkpoint.save(model.confirmed([region]).with_threshold(2.0), tmp_path / "m.pirn")
    assert decoder_identity(checkpoint.load(tmp_path / "m.pirn")) == decoder_identity(model)
    changed = checkpoint.load(tmp_path / "m.pirn")
    with torch.no_grad():
        next(iter(changed.pirn.parameters())).view(-1)[0] += 1e-3
    assert decoder_identity(changed) != decoder_identity(model)


def test_lessons_that_cannot_be_taught_are_refused(inspector, scratched):
    model, (record, _, _) = inspector.model, scratched
    with pytest.raises(SampleError, match="was not confirmed"):
        taught(model, Lesson(forget=("nobody",)), [])
    with pytest.raises(SampleError, match="no region above"):
        region_mask(scored(model, record), 1e9, (0, 0))
    with pytest.raises(SampleError, match="no region above"):
        region_mask(scored(model, record), 0.0, (-1, 0))
    with pytest.raises(SampleError, match="covers nothing"):
        region_record(record, np.zeros_like(record.frame.seen), "x", 1.0)


def test_names_say_what_they_stand_for():
    name = region_name("test/good/001@1a2b3c4d", (1, 2, 30, 40))
    assert parts_of_name(name) == ("test/good/001", (1, 2, 30, 40))
    assert parts_of_name("test/good/001@1a2b3c4d") == ("test/good/001", None)
    assert parts_of_name("odd#name@1a2b3c4d") == ("odd#name", None)


def test_the_curve_compares_numbers_of_parts(inspector):
    model = inspector.model
    points = list(curve_steps(model.records, model.pirn.prototypes, model.config.scoring))
    assert [point.parts for point in points] == list(range(1, len(model.records)))
    assert all(p.low <= p.median <= p.high for p in points)
    full = sorted(model.calibration.scores.values())
    assert points[-1].scores == pytest.approx(tuple(full), rel=1e-5), "with all others it is the calibration's own"
    assert worth_another(points[:1]) is None
    assert worth_another([CurvePoint(1, (1.0, 2.0)), CurvePoint(2, (1.0, 1.5))]) is True
    assert worth_another([CurvePoint(1, (1.0, 2.0)), CurvePoint(2, (1.0, 1.95))]) is False
