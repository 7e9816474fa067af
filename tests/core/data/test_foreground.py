"""The part on planes, beside walls, cut out, by colour, and not at all."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pirn_core.config import ForegroundConfig
from pirn_core.data.foreground import find_foreground
from pirn_core.data.plane import distances, fit_plane
from pirn_core.data.sample import PartRef, Sample
from pirn_core.data.silhouette import dilated, filled

H, W = 160, 200
AUTO = ForegroundConfig()
DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


def table(tilt=(0.0, 0.0), noise=0.0, seed=0):
    """Points of a table 500 mm away, 0.5 mm between pixels, z = 500 + tilt * (x, y)."""
    row, column = np.mgrid[:H, :W].astype(float)
    x, y = (column - W / 2) * 0.5, (row - H / 2) * 0.5
    z = 500 + tilt[0] * x + tilt[1] * y + np.random.default_rng(seed).normal(0, noise, (H, W))
    return np.dstack([x, y, z]).astype(np.float32)


def box(top=50, left=60, height=60, width=70):
    mask = np.zeros((H, W), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def as_sample(xyz, valid=None, rgb=None):
    valid = np.ones(xyz.shape[:2], bool) if valid is None else valid
    return Sample(PartRef("test/part"), rgb, np.where(valid[..., None], xyz, np.nan), None, valid)


def raised(xyz, mask, by=20.0):
    xyz = xyz.copy()
    xyz[mask, 2] -= by
    return xyz


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("tilt", [(0, 0), (0.4, -0.3), (0.0, 1.0)])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("mode", ["auto", "border", "dominant"])
def test_box_on_a_table(tilt, noise, mode):
    part = box()
    sample = as_sample(raised(table(tilt, noise), part))
    found = find_foreground(sample, ForegroundConfig(mode=mode))
    assert found.source == ("dominant" if mode == "dominant" else "border")
    assert iou(found.raw, part) > 0.97
    assert not found.warnings
    normal = np.array([*tilt, -1.0]) / np.linalg.norm([*tilt, -1.0])
    assert np.array(found.plane[:3]) @ normal > np.cos(np.radians(0.5))
    assert np.median(distances(sample.xyz, found.plane)[part]) == pytest.approx(20 * -normal[2], abs=0.3)


def test_mask_is_the_dilated_part():
    part = box()
    found = find_foreground(as_sample(raised(table(), part)), ForegroundConfig(dilate=0.05))
    assert np.array_equal(found.mask, dilated(found.raw, 8))
    grown = found.mask[:, 90]
    assert grown.sum() == found.raw[:, 90].sum() + 16  # eight pixels on both sides


def test_speckle_holes_and_bores_belong_to_the_part():
    """6 % of a part's points are missing in speckles, and a bore has none at all."""
    part = box()
    valid = np.random.default_rng(2).random((H, W)) > 0.3
    valid[70:85, 80:100] = False
    found = find_foreground(as_sample(raised(table(noise=0.2), part), valid), AUTO)
    assert iou(found.raw, part) > 0.95
    assert found.raw[70:85, 80:100].all()


def test_given_height_decides():
    xyz = raised(raised(table(), box()), box(10, 10, 30, 30), by=8.0)
    low = find_foreground(as_sample(xyz), ForegroundConfig(height_mm=5.0))
    high = find_foreground(as_sample(xyz), ForegroundConfig(height_mm=12.0))
    assert low.height_mm == 5.0 and low.raw[20, 20]
    assert high.height_mm == 12.0 and not high.raw[20, 20]
    assert iou(high.raw, box()) > 0.97


def test_loose_piece_counts_ripple_does_not():
    xyz = raised(raised(table(noise=0.1), box()), box(5, 5, 20, 20), by=18.0)
    xyz = raised(xyz, box(120, 20, 30, 30), by=3.5)
    found = find_foreground(as_sample(xyz), ForegroundConfig(height_mm=2.0))
    assert found.raw[15, 15] and not found.raw[135, 35]


def test_narrow_bridge_to_a_ripple_is_cut():
    xyz = raised(raised(table(noise=0.1), box()), box(130, 20, 25, 60), by=3.5)
    xyz = raised(xyz, box(109, 70, 22, 2), by=3.5)
    found = find_foreground(as_sample(xyz), ForegroundConfig(height_mm=2.0))
    assert not found.raw[140, 40]
    assert iou(found.raw, box()) > 0.95


def test_part_at_the_edge_of_the_image():
    part = box(0, 60, 50, 70)
    found = find_foreground(as_sample(raised(table(noise=0.1), part)), AUTO)
    assert found.source == "border" and iou(found.raw, part) > 0.97


def test_thin_part_survives():
    part = box(80, 30, 3, 140)
    found = find_foreground(as_sample(raised(table(), part)), ForegroundConfig(min_share=0.005))
    assert found.source == "border" and iou(found.raw, part) > 0.9


def test_walls_beside_a_belt_are_not_the_part():
    """A belt with walls and a rear bar that fill much of the image's border."""
    part, xyz = box(60, 80, 50, 40), table(noise=0.05)
    walls = np.zeros((H, W), bool)
    walls[:, :24] = walls[:, -24:] = walls[:14] = True
    for mode in ("auto", "dominant"):
        found = find_foreground(as_sample(raised(raised(xyz, part), walls, 60)), ForegroundConfig(mode=mode))
        assert iou(found.raw, part) > 0.95


def test_dominant_plane_where_the_border_has_none():
    part, xyz = box(60, 80, 50, 40), table(noise=0.05)
    frame = ~box(8, 8, H - 16, W - 16)
    xyz[frame, 2] -= np.random.default_rng(0).uniform(50, 300, frame.sum()).astype(np.float32)
    sample = as_sample(raised(xyz, part))
    found = find_foreground(sample, AUTO)
    assert found.source == "dominant" and iou(found.raw, part) > 0.95
    assert find_foreground(sample, ForegroundConfig(mode="border")).source == "off"


def test_scan_cut_out_beforehand():
    part = box()
    sphere = table()
    sphere[..., 2] -= (0.01 * (sphere[..., 0] ** 2 + sphere[..., 1] ** 2)).astype(np.float32)
    found = find_foreground(as_sample(sphere, part), AUTO)
    assert found.source == "points" and found.plane is None and iou(found.raw, part) > 0.97


def test_no_plane_is_off_with_a_warning():
    xyz = table()
    xyz[..., 2] += np.random.default_rng(0).uniform(0, 300, (H, W)).astype(np.float32)
    found = find_foreground(as_sample(xyz), AUTO)
    assert found.source == "off" and found.mask.all() and found.raw.all() and found.plane is None
    assert len(found.warnings) == 1 and "no plane at the image's border" in found.warnings[0]


@pytest.mark.parametrize(
    ("part", "share"), [(np.zeros((H, W), bool), "0.0%"), (box(3, 3, 154, 194), "9"), (box(9, 9, 9, 9), "0.")]
)
def test_implausible_share_is_off_with_a_warning(part, share):
    found = find_foreground(as_sample(raised(table(noise=0.02), part)), ForegroundConfig(mode="border"))
    assert found.source == "off" and found.mask.all()
    assert f"{share}" in found.warnings[0] and "of the image would be the part" in found.warnings[0]


def test_switched_off_is_silent():
    found = find_foreground(as_sample(raised(table(), box())), ForegroundConfig(mode="off"))
    assert found.source == "off" and found.mask.all() and not found.warnings


def test_same_result_on_every_call():
    sample = as_sample(raised(table((0.2, 0.1), noise=0.4), box()))
    first, second = find_foreground(sample, AUTO), find_foreground(sample, AUTO)
    assert np.array_equal(first.mask, second.mask) and first.plane == second.plane


def colour_sample(background, part_colour, noise=3.0):
    rgb = np.full((H, W, 3), background, float)
    rgb[box()] = part_colour
    rgb += np.random.default_rng(0).normal(0, noise, rgb.shape)
    nothing = np.zeros((H, W), bool)
    return Sample(PartRef("a"), rgb.clip(0, 255).astype(np.uint8), None, None, nothing)


@pytest.mark.parametrize("colours", [((8, 8, 8), (150, 140, 130)), ((240, 240, 235), (40, 80, 160))])
def test_colour_on_an_even_background(colours):
    found = find_foreground(colour_sample(*colours), AUTO)
    assert found.source == "colour" and iou(found.raw, box()) > 0.97 and not found.warnings


def test_colour_gives_up_on_an_uneven_border():
    sample = colour_sample((120, 120, 120), (200, 40, 40))
    sample.rgb[:, : W // 2] = 20
    found = find_foreground(sample, AUTO)
    assert found.source == "off" and "not of one colour" in found.warnings[0]


def test_colour_gives_up_without_contrast():
    found = find_foreground(colour_sample((120, 120, 120), (123, 120, 118)), AUTO)
    assert found.source == "off" and "nothing stands out" in found.warnings[0]


def test_neither_points_nor_colour():
    sample = replace(colour_sample((0, 0, 0), (9, 9, 9)), rgb=None)
    found = find_foreground(sample, AUTO)
    assert found.source == "off" and "neither 3D points nor colour" in found.warnings[0]


def test_plane_among_outliers(rng):
    normal = np.array([0.2, -0.3, -0.9])
    normal /= np.linalg.norm(normal)
    points = rng.uniform(-50, 50, (4000, 3))
    points -= (points @ normal - 7.0)[:, None] * normal
    points += rng.normal(0, 0.2, (4000, 1)) * normal
    points[:1600] = rng.uniform(-50, 50, (1600, 3))
    fit = fit_plane(points.astype(np.float32), tolerance=0.6)
    assert np.array(fit.plane[:3]) @ normal > np.cos(np.radians(0.2))
    assert fit.plane[3] == pytest.approx(-7.0, abs=0.1)
    assert fit.share == pytest.approx(0.6, abs=0.02)
    assert fit.noise == pytest.approx(0.2, rel=0.15)
    assert fit == fit_plane(points.astype(np.float32), tolerance=0.6)


def test_no_plane_through_a_line_or_two_points():
    line = np.linspace(0, 1, 50)[:, None] * np.array([[1.0, 2.0, 3.0]], np.float32)
    assert fit_plane(line.astype(np.float32), 0.1) is None
    assert fit_plane(np.zeros((2, 3), np.float32), 0.1) is None


def test_dilation_is_a_disc():
    mask = np.zeros((41, 41), bool)
    mask[20, 20] = True
    row, column = np.mgrid[:41, :41]
    distance = np.hypot(row - 20, column - 20)
    grown = dilated(mask, 10)
    assert grown[distance <= 9.7].all() and not grown[distance > 10.3].any()
    assert not dilated(np.zeros((5, 5), bool), 3).any()
    assert np.array_equal(dilated(mask, 0), mask)


def test_filled_closes_rings_only():
    ring = box(20, 20, 30, 30) & ~box(25, 25, 20, 20)
    assert np.array_equal(filled(ring), box(20, 20, 30, 30))
    opened = ring & ~box(20, 33, 8, 4)
    assert np.array_equal(filled(opened), opened)


def cable_glands():
    tifffile = pytest.importorskip("tifffile")
    root = DATA / "mvtec3d" / "cable_gland" / "test"
    for mask_path in sorted(root.glob("*/gt/*.png")):
        folder, name = mask_path.parent.parent, mask_path.stem
        mask = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE) > 0
        if mask.any():
            xyz = tifffile.imread(folder / "xyz" / f"{name}.tiff") * np.float32(1000)
            yield as_sample(xyz, (xyz != 0).any(-1)), mask


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared development data is not here")
def test_real_defects_lie_inside_the_dilated_mask():
    results = [(find_foreground(sample, AUTO), mask) for sample, mask in cable_glands()]
    assert len(results) == 20
    assert all(found.source == "border" for found, _ in results)
    covered = [(mask & found.mask).sum() / mask.sum() for found, mask in results]
    kept = [found.mask.mean() for found, _ in results]
    assert min(covered) >= 0.99
    assert 0.15 < np.mean(kept) < 0.21


@pytest.fixture
def rng():
    return np.random.default_rng(4)
