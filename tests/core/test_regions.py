"""Regions: what belongs together, and sizes in mm against the geometry they were made from."""

import math

import numpy as np
import pytest

from pirn_core.regions import find_regions

SHAPE = (120, 160)
FOCAL = 800.0
DEPTH = 400.0


def found(above, values=None, xyz=None, threshold=1.0, maps=None):
    score = np.where(above, 2.0, 0.5).astype(np.float32) if values is None else values
    return find_regions(score, {"rgb": score} if maps is None else maps, threshold, xyz)


def disc(centre, radius):
    row, column = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius**2


def seen_from_above(depth):
    """Organised points of a depth map (H, W) under a perspective camera, mm."""
    row, column = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float64)
    x = (column - SHAPE[1] / 2) / FOCAL * depth
    y = (row - SHAPE[0] / 2) / FOCAL * depth
    return np.dstack([x, y, depth]).astype(np.float32)


@pytest.mark.parametrize(("depth_mm", "sign"), [(2.0, -1.0), (-3.0, 1.0)])
def test_a_dent_and_a_bump_on_a_flat_plate(depth_mm, sign):
    """A flat-bottomed disc of 20 px: one pixel spans depth / focal mm there."""
    mask = disc((60, 80), 20)
    depth = np.where(mask, DEPTH + depth_mm, DEPTH)
    (region,) = found(mask, xyz=seen_from_above(depth))
    pixel = (DEPTH + depth_mm) / FOCAL
    assert region.area_mm2 == pytest.approx(mask.sum() * pixel**2, rel=0.02)
    assert region.area_mm2 == pytest.approx(math.pi * (20 * pixel) ** 2, rel=0.03)
    # The 1st to 99th percentile of a disc's coordinates spans about 92 % of its diameter or more.
    for extent in region.extent_mm:
        assert 0.9 * 40 * pixel < extent <= 41 * pixel
    assert region.height_mm == pytest.approx(-depth_mm, abs=0.02)
    assert math.copysign(1.0, region.height_mm) == sign
    assert region.pixels == mask.sum()
    assert region.box == (40, 60, 81, 101)


def test_an_elongated_region_has_a_long_and_a_short_extent():
    row, column = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    along, across = (row - 60) + (column - 80), (row - 60) - (column - 80)
    mask = (abs(along) <= 50) & (abs(across) <= 8)
    (region,) = found(mask, xyz=seen_from_above(np.full(SHAPE, DEPTH)))
    pixel = DEPTH / FOCAL
    assert region.extent_mm[0] == pytest.approx(100 / math.sqrt(2) * pixel, rel=0.04)
    assert region.extent_mm[1] == pytest.approx(16 / math.sqrt(2) * pixel, rel=0.08)


@pytest.mark.parametrize("angle", [20.0, 50.0])
def test_a_tilted_plate_is_measured_on_its_surface(angle):
    """Seen without perspective at 0.5 mm per pixel, a plate tilted by an angle has 1 / cos of the area."""
    row, column = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float64)
    tilt = math.tan(math.radians(angle))
    mask = disc((60, 80), 18)
    # A dent of 1.5 mm along the plate's normal moves points along z by 1.5 / cos.
    depth = DEPTH + tilt * 0.5 * row + np.where(mask, 1.5 / math.cos(math.radians(angle)), 0.0)
    xyz = np.dstack([0.5 * column, 0.5 * row, depth]).astype(np.float32)
    (region,) = found(mask, xyz=xyz)
    assert region.area_mm2 == pytest.approx(mask.sum() * 0.25 / math.cos(math.radians(angle)), rel=0.02)
    assert region.extent_mm[0] / region.extent_mm[1] == pytest.approx(1 / math.cos(math.radians(angle)), rel=0.03)
    assert region.height_mm == pytest.approx(-1.5, abs=0.03)


def test_on_the_plate_itself_nothing_is_higher():
    (region,) = found(disc((60, 80), 10), xyz=seen_from_above(np.full(SHAPE, DEPTH)))
    assert region.height_mm == pytest.approx(0.0, abs=1e-3)


def test_missing_points_are_made_up_for():
    """A third of the dent's points is missing: area and height by the remaining ones."""
    mask = disc((60, 80), 20)
    xyz = seen_from_above(np.where(mask, DEPTH + 2.0, DEPTH))
    whole = found(mask, xyz=xyz)[0]
    holes = np.zeros(SHAPE, bool)
    holes[::1, ::6] = holes[:, 1::6] = True
    xyz[holes & mask] = np.nan
    (region,) = found(mask, xyz=xyz)
    assert region.area_mm2 == pytest.approx(whole.area_mm2, rel=0.03)
    assert region.height_mm == pytest.approx(-2.0, abs=0.05)


def test_without_points_there_are_no_millimetres():
    mask = disc((60, 80), 10)
    (region,) = found(mask)
    assert (region.area_mm2, region.extent_mm, region.height_mm) == (None, None, None)
    (region,) = found(mask, xyz=np.full((*SHAPE, 3), np.nan, np.float32))
    assert (region.area_mm2, region.extent_mm, region.height_mm) == (None, None, None)


def test_without_surroundings_there_is_no_height():
    mask = disc((60, 80), 10)
    xyz = seen_from_above(np.full(SHAPE, DEPTH))
    xyz[~mask] = np.nan
    (region,) = found(mask, xyz=xyz)
    assert region.height_mm is None
    assert region.area_mm2 is not None


def test_a_region_at_the_image_s_corner_is_measured():
    mask = np.zeros(SHAPE, bool)
    mask[-6:, -9:] = True
    (region,) = found(mask, xyz=seen_from_above(np.full(SHAPE, DEPTH)))
    assert region.area_mm2 == pytest.approx(54 * (DEPTH / FOCAL) ** 2, rel=0.02)
    assert region.box == (114, 151, 120, 160)


@pytest.mark.parametrize("thin", [np.s_[60, 20:60], np.s_[20:60, 80], np.s_[119, 20:60], np.s_[20:60, 159]])
def test_thin_regions_have_an_area(thin):
    mask = np.zeros(SHAPE, bool)
    mask[thin] = True
    (region,) = found(mask, xyz=seen_from_above(np.full(SHAPE, DEPTH)))
    if region.area_mm2 is not None:  # on the last row or column no cell starts inside the region
        assert region.area_mm2 == pytest.approx(40 * (DEPTH / FOCAL) ** 2, rel=0.02)
    assert region.extent_mm[0] == pytest.approx(40 * DEPTH / FOCAL, rel=0.06)


def test_touching_corners_belong_together():
    mask = np.zeros(SHAPE, bool)
    mask[10:14, 10:14] = mask[14:18, 14:18] = True
    assert len(found(mask)) == 1
    mask[14:18, 14:18] = False
    mask[14:18, 15:19] = True
    assert len(found(mask)) == 2


def test_regions_come_by_falling_peak():
    values = np.full(SHAPE, 0.5, np.float32)
    for number, (row, peak) in enumerate([(10, 1.5), (40, 4.0), (80, 2.5)]):
        values[row : row + 5, 20 + number : 30 + number] = 1.2
        values[row + 2, 25] = peak
    regions = found(None, values)
    assert [r.label for r in regions] == [1, 2, 3]
    assert [r.peak for r in regions] == pytest.approx([4.0, 2.5, 1.5])
    assert regions[0].peak_at == (42, 25)
    assert regions[0].box == (40, 21, 45, 31)
    assert regions[0].pixels == 50


def test_nothing_above_nothing_found():
    assert found(np.zeros(SHAPE, bool)) == ()
    assert found(None, np.full(SHAPE, np.nan, np.float32)) == ()


def test_the_threshold_itself_is_above():
    values = np.full(SHAPE, 0.5, np.float32)
    values[5:9, 5:9] = 1.0
    assert len(found(None, values, threshold=1.0)) == 1
    assert found(None, values, threshold=1.0001) == ()


def test_specks_are_dropped_unless_they_are_all_there_is():
    mask = np.zeros(SHAPE, bool)
    mask[20, 20] = True
    assert [r.pixels for r in found(mask, xyz=seen_from_above(np.full(SHAPE, DEPTH)))] == [1]
    mask[30, 30:32] = True
    assert [r.pixels for r in found(mask)] == [2]
    mask[50:52, 50:52] = True
    assert [r.pixels for r in found(mask)] == [4]


def test_unseen_pixels_join_nothing():
    values = np.full(SHAPE, 2.0, np.float32)
    values[:, 80] = np.nan
    regions = found(None, values)
    assert sorted(r.box for r in regions) == [(0, 0, 120, 80), (0, 81, 120, 160)]


def test_shares_say_which_modality_speaks():
    mask = disc((60, 80), 10)
    maps = {
        "rgb": np.where(mask, 3.0, 9.0).astype(np.float32),
        "sn": np.where(mask, 1.0, 9.0).astype(np.float32),
    }
    (region,) = found(mask, maps=maps)
    assert region.share == pytest.approx({"rgb": 0.75, "sn": 0.25})
    (alone,) = found(mask)
    assert alone.share == pytest.approx({"rgb": 1.0})
