"""Copies are found however they were saved, other parts are not; odd shots stand out, good ones do not."""

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from pirn_core.config import Recipe
from pirn_core.data.layouts import open_parts
from pirn_core.data.reading import read_sample
from pirn_core.data.sample import PartRef, Sample
from pirn_core.data.shot_check import ALIKE, FEWEST, Portrait, check_shots, likeness, portrait
from pirn_core.synthetic import render_part

CABLE_GLAND = Path(__file__).parents[3] / ".." / "shared" / "data" / "mvtec3d" / "cable_gland"


@cache
def drawn(kind: str, seed: int) -> Sample:
    part = render_part(kind, seed, 160)
    xyz = np.where((part.xyz == 0).all(-1, keepdims=True), np.nan, part.xyz * 1000.0).astype(np.float32)
    return Sample(PartRef(f"{kind}/{seed}"), part.rgb, xyz, None, np.isfinite(xyz[..., 2]))


@cache
def shown(kind: str, seed: int) -> Portrait:
    return portrait(drawn(kind, seed), Recipe())


def flanges(count: int) -> list[Portrait]:
    return [shown("flange", seed) for seed in range(count)]


def jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def changed(sample: Sample, how: str) -> Sample:
    rng = np.random.default_rng(0)
    rgb, xyz = sample.rgb, sample.xyz
    if how == "noise":
        rgb = np.clip(rgb + rng.normal(0, 5, rgb.shape), 0, 255).astype(np.uint8)
    if how == "brighter":
        rgb = np.clip(rgb * 1.15, 0, 255).astype(np.uint8)
    if how == "darker":
        rgb = (rgb * 0.7).astype(np.uint8)
    if how == "jpeg":
        rgb = jpeg(rgb, 40)
    if how == "scanned again":
        xyz = xyz + np.array([0, 0, 1], np.float32) * rng.normal(0, 0.03, xyz.shape[:2])[..., None].astype(np.float32)
    if how == "shifted":
        rgb, xyz = (np.roll(plane, (2, 3), (0, 1)) for plane in (rgb, xyz))
    return replace(sample, ref=PartRef("copy"), rgb=rgb, xyz=xyz, valid=np.isfinite(xyz[..., 2]))


@pytest.mark.parametrize("how", ["same", "noise", "brighter", "darker", "jpeg", "scanned again", "shifted"])
def test_a_copy_is_found(how):
    copy = portrait(changed(drawn("flange", 1), how), Recipe())
    found = [d for d in check_shots([*flanges(3), copy]) if d.kind == "duplicate"]
    assert [d.part for d in found] == ["copy"]
    assert ("flange/1" in found[0].message and "0.9" in found[0].message) or "1.000" in found[0].message


@pytest.mark.parametrize("kind", ["flange", "housing"])
def test_different_good_parts_are_no_copies(kind):
    portraits = [shown(kind, seed) for seed in range(6)]
    assert max(likeness(a, b) for a, b in itertools.combinations(portraits, 2)) < ALIKE - 0.02
    assert check_shots(portraits) == ()


def test_a_pair_alone_is_compared_too():
    copy = portrait(changed(drawn("flange", 0), "jpeg"), Recipe())
    assert [d.kind for d in check_shots([shown("flange", 0), copy])] == ["duplicate"]


def test_all_copies_of_one_picture_are_told():
    same = [replace(shown("flange", 0), part=f"copy {k}") for k in range(5)]
    assert [d.part for d in check_shots(same) if d.kind == "duplicate"] == [f"copy {k}" for k in range(1, 5)]


def test_parts_that_always_look_alike_are_no_copies():
    """Held in a fixture: all pairs are alike at about 0.99, none of them more than the others."""
    rng = np.random.default_rng(0)
    base = rng.normal(0, 1, (64, 64)).astype(np.float32)
    grains = [0.1 * rng.normal(0, 1, (64, 64)).astype(np.float32) for _ in range(5)]
    whole = np.ones((64, 64), bool)
    shots = [Portrait(str(k), whole, base + grain, None, {}) for k, grain in enumerate(grains)]
    assert min(likeness(a, b) for a, b in itertools.combinations(shots, 2)) > ALIKE
    assert check_shots(shots) == ()
    copy = Portrait("copy", whole, base + grains[2] * 0.97, None, {})
    assert [d.part for d in check_shots([*shots, copy])] == ["copy"]


def test_likeness_is_symmetric_and_full_for_itself():
    a, b = flanges(2)
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    assert likeness(a, a) == pytest.approx(1.0)
    assert likeness(a, replace(b, grey=None, tilt=None)) == 0.0


def test_another_outline_is_another_part():
    a = flanges(1)[0]
    half = a.mask.copy()
    half[:, 32:] = False
    assert likeness(a, replace(a, mask=half)) == 0.0


def test_colour_alone_and_3d_alone_are_compared():
    for gone in ({"rgb": None}, {"xyz": None, "valid": np.zeros((160, 160), bool)}):
        first, second = (portrait(replace(drawn("flange", seed), **gone), Recipe()) for seed in (0, 1))
        assert [d.part for d in check_shots([first, second, replace(first, part="copy")])] == ["copy"]


@pytest.mark.parametrize(
    ("odd", "word"),
    [
        (lambda: shown("housing", 0), "area"),
        (lambda: portrait(replace(changed(drawn("flange", 9), "same"), rgb=drawn("flange", 9).rgb // 2), Recipe()),
         "brightness"),
    ],
    ids=["another category", "dark"],
)  # fmt: skip
def test_an_odd_shot_stands_out(odd, word):
    strange = replace(odd(), part="odd")
    (found,) = check_shots([*flanges(4), strange])
    assert (found.part, found.kind) == ("odd", "outlier")
    assert "odd is unlike the others" in found.message and word in found.message
    assert "replace this shot" in found.message


def test_one_odd_shot_is_found_among_many_and_two_do_not_hide_each_other():
    strange = [replace(shown("housing", seed), part=f"odd {seed}") for seed in (0, 1)]
    assert {d.part for d in check_shots([*flanges(10), *strange])} == {"odd 0", "odd 1"}


def test_among_three_nobody_is_the_odd_one():
    assert FEWEST == 4
    assert check_shots([*flanges(2), shown("housing", 0)]) == ()


def test_a_figure_that_few_shots_have_is_not_compared():
    shots = [replace(shot, figures={}) for shot in flanges(4)]
    assert check_shots([*shots, replace(shown("flange", 7), figures={"height": 900.0})]) == ()


def test_no_shots_no_doubts():
    assert check_shots([]) == () and check_shots(flanges(1)) == ()


def test_random_draws_of_good_sample_parts_raise_no_doubt():
    rng = np.random.default_rng(1)
    pool = flanges(10)
    doubts = [d for _ in range(30) for d in check_shots([pool[k] for k in rng.permutation(10)[:5]])]
    assert doubts == []


@pytest.mark.skipif(not CABLE_GLAND.is_dir(), reason="real parts are not at ../shared/data/mvtec3d/cable_gland")
def test_real_good_parts_raise_few_doubts_and_a_dark_one_does():
    samples = [read_sample(ref) for ref in open_parts(CABLE_GLAND).good()[:10]]
    pool = [portrait(sample, Recipe()) for sample in samples]
    rng = np.random.default_rng(0)
    draws = [[pool[k] for k in rng.permutation(10)[:5]] for _ in range(40)]
    doubts = [d for shots in draws for d in check_shots(shots)]
    assert len(doubts) <= 2  # of 200 shots
    dark = portrait(replace(samples[9], rgb=samples[9].rgb // 2, ref=PartRef("dark")), Recipe())
    assert [d.part for d in check_shots([*pool[:5], dark])] == ["dark"]
