"""Regions in words: every case by its numbers."""

from dataclasses import replace

import pytest

from pirn_core.explain.summary import (
    NearestPattern,
    figure,
    fired_words,
    height_words,
    percent,
    region_sentence,
    region_sentences,
    times,
)
from pirn_core.results import Region

DENT = Region(
    label=1,
    box=(100, 100, 120, 130),
    pixels=340,
    peak=3.6,
    peak_at=(110, 115),
    share={"rgb": 0.08, "sn": 0.92},
    area_mm2=14.2,
    extent_mm=(6.1, 3.0),
    height_mm=-2.3,
)
SHOT = NearestPattern("train/good/003", 120, 200, 0.8)


def test_the_whole_sentence():
    assert region_sentence(DENT, 2.0, SHOT) == (
        "Surface only (92 %): 2.3 mm below its surroundings, 14 mm², 6.1 x 3.0 mm; peak 1.8 times the threshold; "
        "nearest normal pattern: shot train/good/003 at row 120, column 200."
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Surface only (92 %): 2.3 mm below its surroundings, 14 mm², 6.1 x 3.0 mm; peak 1.8 times the threshold."),
        (
            {"height_mm": 0.34, "share": {"rgb": 0.3, "sn": 0.7}},
            "Mostly surface (70 %): 0.34 mm above its surroundings, 14 mm², 6.1 x 3.0 mm; "
            "peak 1.8 times the threshold.",
        ),
        (
            {"height_mm": -0.01, "share": {"rgb": 0.55, "sn": 0.45}},
            "Colour and surface (55 and 45 %): level with its surroundings, 14 mm², 6.1 x 3.0 mm; "
            "peak 1.8 times the threshold.",
        ),
        (
            {"height_mm": None, "area_mm2": None, "extent_mm": None, "share": {"rgb": 1.0}},
            "Colour (no surface data): 340 pixels (not measured in mm); peak 1.8 times the threshold.",
        ),
        (
            {"height_mm": None, "area_mm2": None, "extent_mm": None, "pixels": 1, "share": {"rgb": 0.9, "sn": 0.1}},
            "Colour only (90 %): 1 pixel (not measured in mm); peak 1.8 times the threshold.",
        ),
        (
            {"height_mm": None, "extent_mm": None, "area_mm2": 0.4, "share": {"sn": 1.0}, "peak": 2.01},
            "Surface (no colour data): 0.40 mm²; peak 1.00 times the threshold.",
        ),
        (
            {"extent_mm": (62.4, 3.04), "area_mm2": 140.2, "peak": 24.0, "share": {"rgb": 0.64, "sn": 0.36}},
            "Mostly colour (64 %): 2.3 mm below its surroundings, 140 mm², 62 x 3 mm; peak 12 times the threshold.",
        ),
    ],
)
def test_cases(changes, expected):
    assert region_sentence(replace(DENT, **changes), 2.0) == expected


def test_shares_never_round_to_something_else():
    assert percent(0.999) == "99 %" and percent(1.0) == "100 %"
    assert fired_words({}) == "Unknown origin"
    assert fired_words({"rgb": 0.75, "sn": 0.25}).startswith("Colour only")
    assert fired_words({"rgb": 0.599, "sn": 0.401}) == "Colour and surface (60 and 40 %)"


def test_ratios_above_the_threshold_are_not_below_it():
    assert times(1.0) == "1.00 times" and times(1.049) == "1.05 times" and times(1.06) == "1.1 times"
    assert times(0.9999) == "1.00 times", "a region reaches the threshold by definition"


def test_numbers_have_about_two_digits():
    assert [figure(v) for v in (0.034, 0.99, 0.996, 9.94, 9.96, 99.6)] == ["0.03", "0.99", "1.0", "9.9", "10", "100"]
    assert height_words(None) == "" and "above" in height_words(0.06) and "level" in height_words(0.04)


def test_one_sentence_per_region_with_the_patterns_that_are_known():
    found = region_sentences([DENT, replace(DENT, label=2)], 2.0, [SHOT])
    assert len(found) == 2 and "train/good/003" in found[0] and "nearest" not in found[1]
    assert region_sentences([], 2.0) == ()
