import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from pirn_core.errors import ConfigError, SampleError
from pirn_core.evaluation.metrics import LIMITS, Metrics, PartScore, Unavailable, evaluate

LOWEST = -1e9


def flood_regions(mask):
    """8-connected components by flood fill, written without any library."""
    left = {(int(r), int(c)) for r, c in zip(*np.nonzero(mask), strict=True)}
    regions = []
    while left:
        stack, region = [left.pop()], []
        while stack:
            r, c = stack.pop()
            region.append((r, c))
            near = [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (r + i, c + j) in left]
            left.difference_update(near)
            stack.extend(near)
        regions.append(region)
    return regions


def slow_aupro(maps, masks, limit, foregrounds=None):
    """Every distinct score a threshold, every region by itself, trapezoids clipped at the limit."""
    maps = [np.where(np.isnan(m), LOWEST, m.astype(np.float64)) for m in maps]
    keep = foregrounds or [np.ones(m.shape, bool) for m in maps]
    normal = np.concatenate([m[~g & f] for m, g, f in zip(maps, masks, keep, strict=True)])
    regions = [
        np.array([m[p] for p in region]) for m, g in zip(maps, masks, strict=True) for region in flood_regions(g)
    ]
    points = [(0.0, 0.0)]
    for threshold in sorted({float(v) for m in maps for v in m.ravel()}, reverse=True):
        overlap = np.mean([np.mean(region >= threshold) for region in regions])
        points.append((float(np.mean(normal >= threshold)), float(overlap)))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= limit:
            break
        end = min(x1, limit)
        height = y1 if x1 == end else y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
        area += (end - x0) * (y0 + height) / 2
    return area / limit


@st.composite
def part_sets(draw, levels=6):
    """A few small parts with many ties, at least one defect pixel and one normal pixel, and one good part."""
    parts = []
    for index in range(draw(st.integers(2, 4))):
        shape = (draw(st.integers(2, 6)), draw(st.integers(2, 6)))
        values = draw(hnp.arrays(np.int8, shape, elements=st.integers(0, levels)))
        mask = draw(hnp.arrays(np.bool_, shape)) if index else np.zeros(shape, bool)
        if index == 1:
            mask[0, 0], mask[-1, -1] = True, False
        foreground = draw(hnp.arrays(np.bool_, shape))
        if index == 0:
            foreground[0, 0] = True
        score = float(draw(st.integers(0, 3)))
        defective = index > 0
        kind = "good" if not defective else draw(st.sampled_from(["cut", "hole"]))
        parts.append(PartScore(f"{index}", kind, defective, score, (values / 4).astype(np.float32), mask, foreground))
    return parts


@settings(max_examples=100, deadline=None)
@given(part_sets())
def test_everything_agrees_with_independent_oracles_ties_included(parts):
    metrics = evaluate(parts)
    maps, masks = [p.map for p in parts], [p.mask for p in parts]
    for limit in LIMITS:
        assert metrics.values[f"AUPRO@{100 * limit:g}%"] == pytest.approx(slow_aupro(maps, masks, limit), abs=1e-9)
        assert metrics.values[f"fg-AUPRO@{100 * limit:g}%"] == pytest.approx(
            slow_aupro(maps, masks, limit, [p.foreground for p in parts]), abs=1e-9
        )
    truth = np.concatenate([m.ravel() for m in masks])
    score = np.concatenate([m.ravel() for m in maps]).astype(float)
    check_flat(metrics, "P", truth, score)
    check_flat(metrics, "I", [p.defective for p in parts], [p.score for p in parts])
    counted = truth | np.concatenate([p.foreground.ravel() for p in parts])
    assert metrics.values["fg-P-AUROC"] == pytest.approx(roc_auc_score(truth[counted], score[counted]), abs=1e-9)
    assert metrics.regions == sum(len(flood_regions(mask)) for mask in masks)


def check_flat(metrics, level, truth, score):
    assert metrics.values[f"{level}-AUROC"] == pytest.approx(roc_auc_score(truth, score), abs=1e-9)
    assert metrics.values[f"{level}-AP"] == pytest.approx(average_precision_score(truth, score), abs=1e-9)
    precision, recall, _ = precision_recall_curve(truth, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    assert metrics.values[f"{level}-F1-max"] == pytest.approx(f1.max(), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(part_sets(), st.floats(0.001, 1.0))
def test_all_numbers_stay_in_the_unit_interval_and_any_limit_is_exact(parts, limit):
    metrics = evaluate(parts, limits=(limit,), threshold=1.0)
    assert all(0.0 <= v <= 1.0 for v in metrics.values.values())
    exact = slow_aupro([p.map for p in parts], [p.mask for p in parts], limit)
    assert next(iter(metrics.values.values())) == pytest.approx(exact, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(part_sets(), st.data())
def test_what_was_not_seen_counts_as_the_lowest_score(parts, data):
    holed, lowest = [], []
    for part in parts:
        hole = data.draw(hnp.arrays(np.bool_, part.map.shape))
        holed.append(changed(part, map=np.where(hole, np.nan, part.map).astype(np.float32)))
        lowest.append(changed(part, map=np.where(hole, -7.0, part.map).astype(np.float32)))
    assert evaluate(holed).values == evaluate(lowest).values


@settings(max_examples=40, deadline=None)
@given(part_sets(), st.floats(0.1, 3.0), st.integers(-2, 2))
def test_only_the_order_of_the_scores_matters(parts, scale, shift):
    moved = [changed(p, map=(p.map.astype(float) * scale) ** 3 + shift) for p in parts]
    assert evaluate(moved).values == pytest.approx(evaluate(parts).values, abs=1e-12)


def changed(part, **changes):
    return PartScore(**{**part.__dict__, **changes})


def perfect(defective=True, shape=(8, 9)):
    mask = np.zeros(shape, bool)
    if defective:
        mask[2:4, 2:5] = True
        mask[6, 7] = True
    return PartScore(
        "bad" if defective else "fine",
        "cut" if defective else "good",
        defective,
        float(defective),
        mask.astype(np.float32),
        mask,
        np.ones(shape, bool),
    )


def test_a_perfect_and_an_inverted_map():
    parts = [perfect(), perfect(False)]
    values = evaluate(parts, threshold=0.5).values
    assert all(values[n] == 1.0 for n in values if n not in ("escape rate", "false reject rate"))
    assert values["escape rate"] == values["false reject rate"] == 0.0
    inverted = evaluate([changed(p, map=-p.map, score=-p.score) for p in parts]).values
    assert all(inverted[n] == 0.0 for n in inverted if "AU" in n)


def test_names_and_order_as_the_field_prints_them():
    names = list(evaluate([perfect(), perfect(False)]).values)
    assert names[:6] == ["AUPRO@30%", "AUPRO@10%", "AUPRO@5%", "AUPRO@1%", "P-AUROC", "I-AUROC"]
    assert names[6:] == [
        "I-F1-max", "P-F1-max", "I-AP", "P-AP",
        "fg-AUPRO@30%", "fg-AUPRO@10%", "fg-AUPRO@5%", "fg-AUPRO@1%", "fg-P-AUROC",
        "recall", "escape rate", "false reject rate",
    ]  # fmt: skip


def test_a_small_region_counts_as_much_as_a_large_one():
    """The larger region (6 pixels) is found, the single pixel is not: 1/2, not 6/7."""
    part = perfect()
    missed = part.map.copy()
    missed[6, 7] = -1.0
    values = evaluate([changed(part, map=missed), perfect(False)]).values
    assert values["AUPRO@30%"] == pytest.approx(0.5)
    assert values["P-AUROC"] == pytest.approx(6 / 7)


def test_diagonal_pixels_are_one_region():
    mask = np.eye(5, dtype=bool)
    assert evaluate([changed(perfect(), map=mask.astype(np.float32), mask=mask, foreground=None)]).regions == 1


def test_defects_outside_the_part_mask_stay_positives():
    """The part mask misses the defect, which the map scores lowest: it must cost, not vanish."""
    part = perfect()
    foreground = ~part.mask
    blind = changed(part, map=1.0 - part.map, foreground=foreground)
    assert evaluate([blind]).values["fg-P-AUROC"] == 0.0
    assert evaluate([blind]).values["fg-AUPRO@30%"] == 0.0


def test_false_positives_off_the_part_do_not_count_in_the_foreground_variants():
    part = perfect()
    loud = part.map.copy()
    loud[:, 0] = 2.0
    foreground = np.ones(loud.shape, bool)
    foreground[:, 0] = False
    values = evaluate([changed(part, map=loud, foreground=foreground)]).values
    assert values["fg-P-AUROC"] == values["fg-AUPRO@1%"] == 1.0
    assert values["P-AUROC"] < 1.0
    assert values["AUPRO@5%"] == 0.0


def reasons(parts, **kwargs):
    return {n: v.reason for n, v in evaluate(parts, **kwargs).values.items() if isinstance(v, Unavailable)}


def test_only_good_parts():
    found = reasons([perfect(False)], threshold=0.5)
    assert "false reject rate" not in found
    assert len(found) == 17
    assert set(found.values()) == {"needs NG parts"}


def test_only_defective_parts():
    found = reasons([perfect()], threshold=0.5)
    assert found == dict.fromkeys(("I-AUROC", "I-F1-max", "I-AP", "false reject rate"), "needs good parts")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mask": None}, "needs masks"),
        ({"mask": np.zeros((8, 9), bool)}, "needs masks"),
        ({"map": None}, "needs maps"),
    ],
)
def test_pixel_metrics_without_what_they_need(changes, reason):
    parts = [changed(perfect(), **changes), perfect(False)]
    found = reasons(parts, threshold=0.5)
    assert len(found) == 12
    assert all(value == reason for value in found.values())
    assert not any(name.startswith("I-") for name in found)


def test_no_foreground_no_threshold_and_nothing_at_all():
    parts = [changed(perfect(), foreground=None), changed(perfect(False), foreground=None)]
    found = reasons(parts)
    assert {n: r for n, r in found.items() if n.startswith("fg-")} == dict.fromkeys(
        [n for n in evaluate(parts).values if n.startswith("fg-")], "needs foreground masks"
    )
    assert found["recall"] == "needs a threshold"
    assert evaluate([]).values["P-AUROC"] == Unavailable("needs NG parts")
    everywhere = changed(perfect(), mask=np.ones((8, 9), bool))
    assert reasons([everywhere])["P-AUROC"] == "needs normal pixels"
    nowhere = [changed(p, foreground=np.zeros((8, 9), bool)) for p in (perfect(), perfect(False))]
    assert reasons(nowhere)["fg-P-AUROC"] == "needs normal pixels"


def test_a_defective_part_without_mask_is_left_out_not_taken_as_normal():
    unknown = changed(perfect(), ref_id="unknown", mask=None, map=np.full((8, 9), 5, np.float32))
    parts = [perfect(), perfect(False)]
    with_unknown = evaluate([*parts, unknown])
    assert with_unknown.values["P-AUROC"] == 1.0
    assert with_unknown.pixel_parts == 2
    assert with_unknown.notes == ("1 of 3 parts: NG without a mask, left out of the pixel metrics.",)


def test_a_good_part_without_mask_is_normal_everywhere():
    parts = [perfect(), perfect(False)]
    assert evaluate([parts[0], changed(parts[1], mask=None)]).values == evaluate(parts).values


def test_notes_name_what_limits_the_numbers():
    odd = changed(perfect(), ref_id="odd", label="good", defective=False, score=float("nan"))
    silent = changed(perfect(), ref_id="silent", map=None)
    empty = changed(perfect(), ref_id="empty", mask=np.zeros((8, 9), bool), foreground=None)
    assert evaluate([perfect(), odd, silent, empty]).notes == (
        "1 of 4 parts: without a map, left out of the pixel metrics.",
        "1 of 4 parts: NG with a mask that has no defect pixel.",
        "1 of 4 parts: good with defect pixels in the mask, which count as defects.",
        "1 of 4 parts: without a foreground mask, counted whole in the fg- metrics.",
        "1 of 4 parts: without a score (NaN), ranked lowest.",
    )
    assert evaluate([perfect(), perfect(False)]).notes == ()


def test_scores_that_are_nan_rank_lowest_and_never_raise():
    parts = [changed(perfect(), score=float("nan")), perfect(False)]
    assert evaluate(parts, threshold=0.5).values["I-AUROC"] == 0.0
    both = [changed(p, score=float("nan"), map=np.full((8, 9), np.nan, np.float32)) for p in parts]
    values = evaluate(both).values
    assert values["I-AUROC"] == values["P-AUROC"] == 0.5
    assert values["AUPRO@30%"] == pytest.approx(0.15)


def test_mask_of_another_size_is_refused_by_name():
    with pytest.raises(SampleError, match=r"bad: the mask is 5x4 but the anomaly map is 9x8"):
        evaluate([changed(perfect(), mask=np.zeros((4, 5), bool))])
    with pytest.raises(SampleError, match="foreground"):
        evaluate([changed(perfect(), foreground=np.zeros((4, 5), bool))])


@pytest.mark.parametrize("limit", [0.0, -0.1, 1.5, float("nan")])
def test_limits_out_of_range_are_refused(limit):
    with pytest.raises(ConfigError, match=r"false-positive rate of"):
        evaluate([perfect()], limits=(limit,))


def noisy_parts(count, side, seed=0, levels=None):
    rng = np.random.default_rng(seed)
    parts = []
    for index in range(count):
        map = rng.random((side, side), dtype=np.float32)
        if levels:
            map = np.floor(map * levels) / np.float32(levels)
        mask = np.zeros((side, side), bool)
        defective = index % 5 != 0
        if defective:
            row, column = rng.integers(0, side - 12, 2)
            mask[row : row + 12, column : column + 9] = True
            map[mask] += 0.4
        foreground = np.zeros_like(mask)
        foreground[side // 4 : -side // 4, side // 4 : -side // 4] = True
        label = "cut" if defective else "good"
        parts.append(PartScore(str(index), label, defective, float(map.max()), map, mask, foreground))
    return parts


def test_curves_are_thinned_without_losing_their_shape():
    metrics = evaluate(noisy_parts(12, 80))
    for curve, name in ((metrics.pixel_roc, "P-AUROC"), (metrics.pro, None), (metrics.image_roc, "I-AUROC")):
        assert 2 <= len(curve.x) <= 500
        assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0.0, 0.0, 1.0, 1.0)
        assert np.all(np.diff(curve.x) >= 0)
        assert np.all(np.diff(curve.y) >= 0)
        if name:
            assert np.trapezoid(curve.y, curve.x) == pytest.approx(metrics.values[name], abs=0.004)


def test_the_full_test_set_of_a_category_takes_seconds():
    parts = noisy_parts(108, 224)
    start = time.process_time()
    metrics = evaluate(parts)
    assert time.process_time() - start < 15.0
    assert metrics.resolution == "224x224 px"
    truth = np.concatenate([p.mask.ravel() for p in parts])
    score = np.concatenate([p.map.ravel() for p in parts])
    assert metrics.values["P-AUROC"] == pytest.approx(roc_auc_score(truth, score), abs=1e-9)


def test_resolution_is_stated():
    assert evaluate([changed(perfect(), map=None)]).resolution == "no maps"
    assert evaluate([perfect(), perfect(False, (4, 5))]).resolution == "2 sizes, 5x4 to 9x8 px"


def test_other_number_types_are_accepted():
    parts = [perfect(), perfect(False)]
    for kind in (np.float64, np.float16, np.uint8):
        metrics = evaluate([changed(p, map=p.map.astype(kind)) for p in parts])
        assert isinstance(metrics, Metrics)
        assert metrics.values["AUPRO@1%"] == 1.0


def test_nothing_that_was_given_is_changed():
    part = perfect()
    part.map[0, 0] = np.nan
    before = part.map.copy()
    evaluate([part, perfect(False)])
    np.testing.assert_array_equal(part.map, before)
