"""Synthetic defects: on the part, small, visible, reproducible, and of the kind that was asked for."""

from dataclasses import replace

import numpy as np
import pytest

from pirn_core.config import SurfaceConfig
from pirn_core.data.defect_shapes import EDGE, blob, stroke
from pirn_core.data.defects import COLOUR, GEOMETRY, KINDS, with_defect
from pirn_core.data.sample import PartRef, Sample
from pirn_core.data.surface import surface_normals
from pirn_core.errors import SampleError

SHAPE = (200, 220)
BY_KIND = pytest.mark.parametrize("kind", KINDS)
SEEDS = range(6)


@pytest.fixture(scope="module")
def part():
    """A disc of radius 80 pixels, slightly domed and patterned, and its mask."""
    row, column = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    squared = ((row - 100) ** 2 + (column - 110) ** 2) * 0.25
    mask = squared < 40**2
    z = 600 - np.where(mask, 20 - squared / 200, 0)
    xyz = np.dstack([column * 0.5, row * 0.5, z]).astype(np.float32)
    rgb = np.full((*SHAPE, 3), 15, np.uint8)
    stripes = (np.sin(column / 6) > 0)[..., None] * np.array([60, 20, 0])
    rgb[mask] = (np.array([120, 110, 100]) + stripes)[mask]
    valid = np.random.default_rng(0).random(SHAPE) > 0.03
    return Sample(PartRef("a"), rgb, np.where(valid[..., None], xyz, np.nan), None, valid), mask


def changed_pixels(before, after):
    colour = (before.rgb != after.rgb).any(-1)
    both = before.valid & after.valid
    moved = (np.nan_to_num(before.xyz) != np.nan_to_num(after.xyz)).any(-1) & both
    return colour, moved | (before.valid != after.valid)


@BY_KIND
@pytest.mark.parametrize("seed", SEEDS)
def test_small_and_on_the_part(part, kind, seed):
    sample, foreground = part
    changed, mask = with_defect(sample, foreground, np.random.default_rng(seed), kind)
    assert mask.shape == SHAPE and mask.dtype == np.bool_
    assert not (mask & ~foreground).any()
    assert 0.0005 < mask.sum() / foreground.sum() < 0.025
    colour, moved = changed_pixels(sample, changed)
    assert not (colour | moved)[~foreground].any()


@BY_KIND
def test_changes_what_it_should(part, kind):
    sample, foreground = part
    changed, mask = with_defect(sample, foreground, np.random.default_rng(3), kind)
    colour, moved = changed_pixels(sample, changed)
    assert colour.any() == (kind in COLOUR or kind in ("hole", "combined"))
    assert moved.any() == (kind in GEOMETRY or kind == "combined")
    touched = colour | moved
    # A pasted piece may share some of its colour with what it covers.
    assert (touched & mask).sum() > (0.4 if kind == "paste" else 0.9) * (mask & sample.valid).sum()
    assert (touched & ~mask).sum() < 1.5 * mask.sum() + 30  # the soft edge


@pytest.mark.parametrize("kind", [*COLOUR, "combined"])
@pytest.mark.parametrize("seed", SEEDS)
def test_colour_defects_show_but_do_not_shout(part, kind, seed):
    sample, foreground = part
    changed, mask = with_defect(sample, foreground, np.random.default_rng(seed), kind)
    difference = np.abs(changed.rgb.astype(float) - sample.rgb)[mask].mean()
    assert 5 < difference < 80


@pytest.mark.parametrize("kind", ["bump", "dent", "crack", "hole"])
@pytest.mark.parametrize("seed", SEEDS)
def test_geometry_defects_have_their_direction(part, kind, seed):
    sample, foreground = part
    changed, mask = with_defect(sample, foreground, np.random.default_rng(seed), kind)
    both = mask & sample.valid & changed.valid
    rise = (sample.xyz - changed.xyz)[both][:, 2]  # towards the camera
    assert (rise.min() >= -1e-3) if kind == "bump" else (rise.max() <= 1e-3)
    assert 0.2 < np.abs(rise).max() < 30


@pytest.mark.parametrize("kind", ["bump", "dent"])
@pytest.mark.parametrize("seed", SEEDS)
def test_relief_shows_in_the_normals_moderately(part, kind, seed):
    sample, foreground = part
    changed, mask = with_defect(sample, foreground, np.random.default_rng(seed), kind)
    before, after = (surface_normals(s.xyz, s.valid, SurfaceConfig()) for s in (sample, changed))
    turned = np.degrees(np.arccos(np.clip((before * after).sum(-1)[mask & changed.valid], -1, 1)))
    assert 2 < np.nanmedian(turned) < 35


def test_some_holes_lose_their_points(part):
    sample, foreground = part
    lost = []
    for seed in range(12):
        changed, mask = with_defect(sample, foreground, np.random.default_rng(seed), "hole")
        gone = sample.valid & ~changed.valid
        assert not (gone & ~mask).any()
        assert np.isnan(changed.xyz[~changed.valid]).all() and np.isfinite(changed.xyz[changed.valid]).all()
        lost.append(bool(gone.any()))
    assert 2 <= sum(lost) <= 10


def test_given_normals_change_with_the_points(part):
    sample, foreground = part
    known = surface_normals(sample.xyz, sample.valid, SurfaceConfig(smoothing_px=0.5))
    biased = replace(sample, normals=known)
    changed, mask = with_defect(biased, foreground, np.random.default_rng(1), "dent")
    expected = surface_normals(changed.xyz, changed.valid, SurfaceConfig(smoothing_px=0.5))
    assert np.allclose(changed.normals, expected, atol=1e-4, equal_nan=True)
    assert not np.array_equal(changed.normals[mask], known[mask], equal_nan=True)
    far = ~mask & np.isclose(changed.normals, known).all(-1)
    assert far.sum() > 0.9 * sample.valid.sum()


@BY_KIND
def test_same_state_same_defect_and_no_side_effect(part, kind):
    sample, foreground = part
    kept = (sample.rgb.copy(), sample.xyz.copy(), sample.valid.copy(), foreground.copy())
    first = with_defect(sample, foreground, np.random.default_rng(9), kind)
    second = with_defect(sample, foreground, np.random.default_rng(9), kind)
    other = with_defect(sample, foreground, np.random.default_rng(10), kind)
    assert np.array_equal(first[1], second[1]) and not np.array_equal(first[1], other[1])
    assert np.array_equal(first[0].rgb, second[0].rgb)
    assert np.array_equal(first[0].xyz, second[0].xyz, equal_nan=True)
    now = (sample.rgb, sample.xyz, sample.valid, foreground)
    assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(kept, now, strict=True))


def test_kinds_are_drawn_from_what_the_sample_has(part):
    sample, foreground = part
    flat = replace(sample, xyz=None, valid=np.zeros(SHAPE, bool))
    colourless = replace(sample, rgb=None)
    for seed in range(8):
        changed, mask = with_defect(flat, foreground, np.random.default_rng(seed))
        assert changed.xyz is None and mask.any() and (changed.rgb != flat.rgb).any()
        changed, mask = with_defect(colourless, foreground, np.random.default_rng(seed))
        assert changed.rgb is None and mask.any()


def test_a_thin_part_still_gets_a_defect(part):
    sample, _ = part
    thin = np.zeros(SHAPE, bool)
    thin[100:103, 40:180] = True
    _, mask = with_defect(sample, thin, np.random.default_rng(0), "blotch")
    assert mask.any() and not (mask & ~thin).any()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"rgb": None}, "scratch", "needs a colour image"),
        ({"rgb": None}, "combined", "needs a colour image"),
        ({"xyz": None, "valid": np.zeros(SHAPE, bool)}, "dent", "needs 3D points"),
        ({"xyz": None, "valid": np.zeros(SHAPE, bool)}, "combined", "needs 3D points"),
    ],
)
def test_missing_modality(part, change, kind, words):
    sample, foreground = part
    with pytest.raises(SampleError, match=words):
        with_defect(replace(sample, **change), foreground, np.random.default_rng(0), kind)


def test_empty_part(part):
    with pytest.raises(SampleError, match="foreground is empty"):
        with_defect(part[0], np.zeros(SHAPE, bool), np.random.default_rng(0))


@pytest.mark.parametrize("area", [40, 200, 1500])
def test_shapes_have_about_the_area_asked_for(area):
    rng = np.random.default_rng(0)
    blobs = [(blob(SHAPE, (100, 110), area, rng) > EDGE).sum() for _ in range(20)]
    strokes = [(stroke(SHAPE, (100, 110), area, max(2.0, area**0.5 / 5), rng) > EDGE).sum() for _ in range(20)]
    assert 0.7 < np.mean(blobs) / area < 1.4
    assert 0.6 < np.mean(strokes) / area < 1.6


def test_profiles_are_between_zero_and_one():
    rng = np.random.default_rng(0)
    for profile in (blob(SHAPE, (100, 110), 300, rng), stroke(SHAPE, (5, 5), 300, 4, rng)):
        assert profile.min() == 0 and 0.9 < profile.max() <= 1 and profile.dtype == np.float32
