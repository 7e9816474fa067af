"""What the network sees of a part: the square against the view's own transform, and the figures."""

from dataclasses import replace

import numpy as np
import pytest

from pirn_core.config import CropConfig, ForegroundConfig, Recipe
from pirn_core.data.crop import applied
from pirn_core.data.fitting import FittedRecipe, fit_recipe
from pirn_core.data.geometry import (
    BLURRED_PX,
    FEW_PATCHES,
    FEW_POINTS,
    PartGeometry,
    doubts,
    part_geometry,
    point_spacing,
)
from pirn_core.data.planes import make_planes
from pirn_core.data.sample import PartRef, Sample
from pirn_core.data.views import make_view

PITCH = 0.4


def block(size=(120, 160), top=30, left=50, side=40, holes=False):
    """A block of 40x40 px, 8 mm high, on a table, seen by an orthographic camera with 0.4 mm per pixel."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    part = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    rng = np.random.default_rng(0)
    z = 500.0 - 8.0 * part + rng.normal(0, 0.01, size)
    xyz = np.stack([columns * PITCH, rows * PITCH, z], axis=-1).astype(np.float32)
    if holes:
        xyz[top + 2 : top + side - 2 : 2, left + 2 : left + side - 2] = np.nan
    rgb = np.repeat((60 + 120 * part).astype(np.uint8)[..., None], 3, axis=2)
    return Sample(PartRef("block"), rgb, xyz, None, np.isfinite(xyz[..., 2]))


def measured(sample, recipe=None, grid=28):
    fitted = fit_recipe([sample], recipe or Recipe(), input_size=448, grid=grid)
    planes = make_planes(sample, fitted)
    return part_geometry(planes, fitted, sample.xyz), planes, fitted


@pytest.mark.parametrize("place", [(30, 50), (0, 0), (75, 117)])
def test_the_square_is_where_the_view_lies(place):
    geometry, planes, fitted = measured(block(top=place[0], left=place[1]))
    to_image = make_view(planes, fitted).to_image
    ends = np.array([-0.5, fitted.input_size - 0.5])  # edges of the outermost pixels
    x, y = applied(to_image, ends, ends)
    top, left, side = geometry.crop
    # Pixel centres lie at whole numbers in the view's transform, edges at whole numbers in the square.
    assert np.allclose([top, top + side], y + 0.5)
    assert np.allclose([left, left + side], x + 0.5)
    assert side == fitted.crop_px


def test_a_square_that_covers_the_image_has_its_edges():
    """(0, 0, 400) for the middle of a 400x400 image."""
    from pirn_core.data.geometry import crop_square

    assert crop_square((199.5, 199.5), 400) == (0.0, 0.0, 400.0)


def test_a_patch_is_measured_in_pixels_and_on_the_part():
    geometry, _, fitted = measured(block())
    assert geometry.patch_px == fitted.crop_px / 28
    assert geometry.patch_mm == pytest.approx(geometry.patch_px * PITCH, rel=0.02)


def test_a_finer_grid_has_smaller_patches_and_more_of_them():
    coarse, fine = measured(block(), grid=14)[0], measured(block(), grid=28)[0]
    assert fine.patch_px == coarse.patch_px / 2
    assert 3 < fine.patches / coarse.patches < 5


def test_without_a_crop_the_whole_image_is_seen():
    geometry, *_ = measured(block(), Recipe(crop=CropConfig(enabled=False)))
    assert geometry.crop is None
    assert geometry.patch_px == 160 / 28


def test_shares_count_the_part_and_not_its_margin():
    geometry, planes, _ = measured(block())
    assert geometry.part_share == pytest.approx(1600 / 19200, rel=0.1)
    assert geometry.part_share < planes.foreground.mean()
    assert geometry.covered == 1.0


def test_missing_points_are_counted_on_the_part():
    sample = block(holes=True)
    geometry, planes, _ = measured(sample)
    assert geometry.covered == pytest.approx(sample.valid[planes.raw_foreground].mean())
    assert geometry.covered < 0.7


def test_a_part_that_is_not_told_has_no_share():
    geometry, *_ = measured(block(), Recipe(foreground=ForegroundConfig(mode="off")))
    assert geometry.part_share is None and geometry.crop is None
    assert geometry.patches == 22 * 28  # 21 rows lie in the image, half of the next one on either side


def test_without_3d_nothing_is_known_in_mm():
    sample = block()
    sample = replace(sample, xyz=None, valid=np.zeros(sample.shape, bool))
    geometry, *_ = measured(sample)
    assert geometry.patch_mm is None and geometry.covered is None


def test_a_tilted_face_has_larger_steps():
    rows, columns = np.mgrid[:40, :40].astype(np.float32)
    level = np.stack([columns, rows, np.zeros_like(rows)], -1)
    tilted = np.stack([columns, rows, columns], -1)  # 45 degrees: sqrt(2) along the rows, 1 along the columns
    everywhere = np.ones((40, 40), bool)
    assert point_spacing(level, everywhere) == 1.0
    assert 1.0 <= point_spacing(tilted, everywhere) <= 2**0.5
    assert point_spacing(level, np.zeros((40, 40), bool)) is None


def test_points_apart_from_each_other_have_no_spacing():
    lonely = np.zeros((40, 40), bool)
    lonely[::3, ::3] = True
    assert point_spacing(np.zeros((40, 40, 3), np.float32), lonely) is None


WELL = PartGeometry((0.0, 0.0, 280.0), 10.0, 2.0, 0.2, 0.98, 400)


def test_nothing_is_said_where_all_is_well():
    assert doubts(WELL) == ()
    assert doubts(replace(WELL, patches=FEW_PATCHES, patch_px=BLURRED_PX, covered=FEW_POINTS)) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"crop": None, "part_share": 0.02, "patches": 16}, ["2.0 % of the image", "16 patches", "Turn cropping on"]),
        ({"part_share": 0.02, "patches": 16}, ["16 patches", "Move the camera closer"]),
        ({"patch_px": 3.4, "part_share": 0.03}, ["3.4 image pixels", "3.0 %", "Move the camera closer"]),
        ({"covered": 0.62}, ["62 %", "3D point", "Scan"]),
    ],
)
def test_each_doubt_says_the_figure_and_the_way_out(changes, words):
    (sentence,) = doubts(replace(WELL, **changes))
    assert all(word in sentence for word in words)
    assert "None" not in sentence


def test_cropping_is_not_advised_where_it_is_on():
    assert "cropping" not in doubts(replace(WELL, patches=10))[0]


def test_an_unknown_share_is_left_out():
    (sentence,) = doubts(replace(WELL, crop=None, part_share=None, patches=10))
    assert "None" not in sentence and "covers" not in sentence


def test_the_least_recipe_is_enough():
    sample = block()
    fitted = FittedRecipe(recipe=Recipe(), input_size=448, grid=28)
    assert part_geometry(make_planes(sample, fitted), fitted, sample.xyz).crop is None
