import json
from dataclasses import replace

import numpy as np
import pytest

from pirn_core.evaluation.metrics import PartScore, Unavailable, evaluate
from pirn_core.evaluation.operating import VERDICTS, confusion
from pirn_core.evaluation.table import as_builtins, as_rows, as_text, confusion_rows, defect_table, headline


def part(ref, score, defective, label=None):
    mask = np.zeros((6, 6), bool)
    mask[1:3, 1:3] = defective
    map = np.where(mask, score, 0.1).astype(np.float32)
    return PartScore(ref, label or ("cut" if defective else "good"), defective, score, map, mask, None)


PARTS = [
    part("g0", 0.1, False),
    part("g1", 0.6, False),
    part("g2", 0.9, False),
    part("g3", 0.2, False),
    part("cut0", 0.95, True),
    part("cut1", 0.55, True),
    part("hole0", 0.05, True, "hole"),
    part("hole1", 0.8, True, "hole"),
]


def test_every_part_is_in_exactly_one_cell():
    table = confusion(PARTS, threshold=0.8, sure=0.5)
    assert table.cells == {
        (True, "NG"): ("cut0", "hole1"),
        (True, "unsure"): ("cut1",),
        (True, "OK"): ("hole0",),
        (False, "NG"): ("g2",),
        (False, "unsure"): ("g1",),
        (False, "OK"): ("g0", "g3"),
    }
    assert sum(table.total(truth) for truth in (True, False)) == len(PARTS)


def test_rates_at_the_threshold():
    metrics = evaluate(PARTS, threshold=0.8, sure=0.5)
    assert metrics.values["recall"] == 0.5
    assert metrics.values["escape rate"] == 0.5
    assert metrics.values["false reject rate"] == 0.25
    assert metrics.confusion.threshold == 0.8


@pytest.mark.parametrize("threshold", np.linspace(-0.1, 1.1, 13))
def test_recall_and_escapes_add_up_and_fall_with_the_threshold(threshold):
    low, high = evaluate(PARTS, threshold=threshold).values, evaluate(PARTS, threshold=threshold + 0.1).values
    assert low["recall"] + low["escape rate"] == pytest.approx(1.0)
    assert high["recall"] <= low["recall"]
    assert high["false reject rate"] <= low["false reject rate"]


def test_without_sure_there_is_no_unsure_band():
    table = confusion(PARTS, threshold=0.8)
    assert table.count(True, "unsure") == table.count(False, "unsure") == 0


def test_defect_rows():
    cut, hole = evaluate(PARTS, threshold=0.8, sure=0.5).defects
    assert (cut.label, cut.parts, cut.regions, cut.recall) == ("cut", 2, 2, 0.5)
    assert hole.verdicts == {"OK": 1, "unsure": 0, "NG": 1}
    assert cut.image_auroc == pytest.approx((4 + 2) / 8)
    assert cut.overlap == 1.0
    assert hole.overlap == pytest.approx(0.5)
    assert cut.recall * cut.parts + hole.recall * hole.parts == 2


def test_defect_rows_of_one_type_equal_the_whole():
    only = [p for p in PARTS if p.label != "hole"]
    metrics = evaluate(only, threshold=0.8)
    (row,) = metrics.defects
    assert row.image_auroc == metrics.values["I-AUROC"]
    assert row.overlap == metrics.values["AUPRO@30%"]
    assert row.recall == metrics.values["recall"]


def test_a_defect_type_without_masks_says_so_while_the_other_has_a_number():
    parts = [replace(p, mask=None) if p.label == "hole" else p for p in PARTS]
    cut, hole = evaluate(parts).defects
    assert cut.overlap == 1.0
    assert hole.overlap == Unavailable("needs masks")
    assert hole.recall == Unavailable("needs a threshold")
    assert hole.verdicts is None


def test_a_part_without_a_score_is_counted_and_never_raises():
    parts = [*PARTS, part("odd", float("nan"), True, "hole")]
    table = confusion(parts, threshold=0.8, sure=0.5)
    assert "odd" in table.cells[True, "OK"]
    assert sum(len(ids) for ids in table.cells.values()) == len(parts)


def test_text():
    metrics = evaluate(PARTS, threshold=0.8, sure=0.5)
    assert headline(metrics).startswith("AUPRO@30% 0.750 | AUPRO@10% ")
    assert headline(metrics).endswith("(at 6x6 px)")
    assert headline(metrics).count("|") == 5
    assert confusion_rows(metrics.confusion) == [
        ("", *VERDICTS, "parts"),
        ("good", "2", "1", "1", "4"),
        ("defective", "1", "1", "2", "4"),
    ]
    table = defect_table(metrics)
    assert {len(row) for row in table} == {len(table[0])}
    assert ("fg-P-AUROC", "needs foreground masks") in as_rows(metrics.values)
    assert (as_text(None), as_text(0.12345, 2), as_text(Unavailable("needs masks"))) == (
        "–",
        "0.12",
        "needs masks",
    )


def test_as_builtins_survives_json_without_nan():
    text = json.dumps(as_builtins(evaluate(PARTS, threshold=0.8, sure=0.5)), allow_nan=False)
    values = json.loads(text)
    assert values["confusion"]["defective"]["unsure"] == ["cut1"]
    assert values["values"]["fg-P-AUROC"] == "needs foreground masks"
    assert values["defects"][1]["label"] == "hole"
    assert json.dumps(as_builtins(evaluate([])), allow_nan=False)
