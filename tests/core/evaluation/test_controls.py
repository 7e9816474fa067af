from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

from pirn_core.evaluation.controls import ControlInput, controls
from pirn_core.evaluation.parts import Unavailable

CATEGORY = Path(__file__).parents[3] / ".." / "shared" / "data" / "mvtec3d" / "cable_gland"


def scene(ref, defective, light=100, valid_rows=60, radius=12):
    """A disc on a board; the defect is a small square at its rim."""
    rows, columns = np.mgrid[:64, :64]
    foreground = (rows - 32) ** 2 + (columns - 32) ** 2 < radius**2
    rgb = np.full((64, 64, 3), light, np.uint8)
    rgb[foreground] = 180
    mask = np.zeros((64, 64), bool)
    mask[30:33, 40:43] = defective
    return ControlInput(ref, defective, rgb, rows < valid_rows, foreground, mask)


def test_a_leak_is_found_whatever_its_sign():
    for good, bad in ((100, 90), (90, 100)):
        parts = [scene(f"g{i}", False, good) for i in range(3)] + [scene(f"b{i}", True, bad) for i in range(3)]
        values = controls(parts)
        assert values["I-AUROC of background brightness"] == 1.0
        assert values["I-AUROC of brightness"] == 1.0
        assert values["I-AUROC of brightness on the part"] == 0.5
        assert values["I-AUROC of valid 3D share"] == 0.5


def test_a_piece_of_the_part_outside_its_mask_does_not_hide_the_leak():
    """Good parts are darker; one of them has a bright piece that its mask misses."""
    parts = [scene(f"g{i}", False, 50) for i in range(3)] + [scene(f"b{i}", True, 53) for i in range(3)]
    parts[0].rgb[:9, :20] = 255
    assert parts[0].rgb[~parts[0].foreground].mean() > parts[-1].rgb[~parts[-1].foreground].mean()
    assert controls(parts)["I-AUROC of background brightness"] == 1.0


@pytest.mark.filterwarnings("error")
def test_a_part_that_fills_the_image_has_no_background():
    full = [ControlInput(str(i), bool(i), scene("", True).rgb, None, np.ones((64, 64), bool)) for i in (0, 1)]
    values = controls(full)
    assert values["I-AUROC of background brightness"] == Unavailable("needs colour images and foreground masks")
    assert values["I-AUROC of brightness on the part"] == 0.5


@pytest.mark.parametrize("smoothing", [0.0, 0.025, 0.05, 0.1])
def test_the_outline_is_smoothed_as_told(smoothing):
    """The defect sits on a thin arm of the part: the wider the smoothing, the fainter the arm."""
    parts = [scene("g", False), scene("b", True)]
    for part in parts:
        part.foreground[31:34, 44:60] = True
    parts[1].mask[:] = False
    parts[1].mask[31:34, 50:54] = True
    truth = np.concatenate([p.mask.ravel() for p in parts])
    blurred = np.concatenate(
        [gaussian_filter(p.foreground.astype(float), 64 * smoothing, mode="nearest").ravel() for p in parts]
    )
    found = controls(parts, size=64, smoothing=smoothing)["P-AUROC of the blurred part mask"]
    assert found == pytest.approx(roc_auc_score(truth, blurred), abs=5e-4)


def test_point_density_and_size_of_the_part():
    parts = [scene("g", False, valid_rows=60, radius=12), scene("b", True, valid_rows=50, radius=14)]
    values = controls(parts)
    assert values["I-AUROC of valid 3D share"] == values["I-AUROC of foreground pixels"] == 1.0


def test_the_outline_scores_high_on_all_pixels_and_low_on_the_part():
    values = controls([scene("g", False), scene("b", True)], size=64)
    assert values["P-AUROC of the blurred part mask"] > 0.85
    assert values["fg-AUPRO@30% of the blurred part mask"] < values["AUPRO@30% of the blurred part mask"]
    assert all(v >= 0.5 for n, v in values.items() if "AUROC" in n)


def test_the_direction_that_helps_is_taken_for_the_outline_too():
    """Defects off the part: the negated outline is the better control."""
    part = scene("b", True)
    off = np.zeros((64, 64), bool)
    off[2:5, 2:5] = True
    values = controls([ControlInput("b", True, part.rgb, part.valid, part.foreground, off)], size=64)
    assert values["P-AUROC of the blurred part mask"] > 0.5


def test_what_is_missing_is_named_and_nothing_raises():
    bare = controls([ControlInput("g", False), ControlInput("b", True)])
    assert {str(v) for v in bare.values()} == {
        "needs colour images",
        "needs colour images and foreground masks",
        "needs 3D data",
        "needs foreground masks",
    }
    only_good = controls([scene("g", False)])
    assert set(only_good.values()) == {Unavailable("needs NG parts")}
    assert controls([]).keys() == bare.keys()
    only_bad = controls([scene("b", True)])
    assert only_bad["I-AUROC of brightness"] == Unavailable("needs good parts")
    assert isinstance(only_bad["P-AUROC of the blurred part mask"], float)


def test_no_masks_leaves_the_image_controls():
    parts = [
        scene("g", False),
        ControlInput("b", True, scene("b", True).rgb, None, scene("b", True).foreground),
    ]
    values = controls(parts)
    assert values["P-AUROC of the blurred part mask"] == Unavailable("needs masks")
    assert values["I-AUROC of brightness"] == 0.5
    assert values["I-AUROC of valid 3D share"] == Unavailable("needs 3D data")


def test_parts_without_a_number_are_left_out():
    parts = [scene("g", False, 100), scene("b", True, 90), ControlInput("blind", True)]
    assert controls(parts)["I-AUROC of brightness"] == 1.0


def test_a_generator_is_enough():
    assert controls(scene(str(i), bool(i % 2)) for i in range(4)) == controls(
        [scene(str(i), bool(i % 2)) for i in range(4)]
    )


def crude_part(image, label):
    """The part by a plane fitted to the border's points, 5 mm height, dilated by 9 px."""
    rgb = cv2.imread(str(image), cv2.IMREAD_COLOR_RGB)
    xyz = tifffile.imread(image.parents[1] / "xyz" / f"{image.stem}.tiff") * 1000.0
    valid = np.any(xyz != 0, axis=2)
    border = np.ones(valid.shape, bool)
    border[10:-10, 10:-10] = False
    points = xyz[border & valid]
    for _ in range(10):
        centre = points.mean(0)
        normal = np.linalg.svd(points - centre, full_matrices=False)[2][2]
        offset = np.abs((points - centre) @ normal)
        points = points[offset <= max(np.quantile(offset, 0.9), 0.5)]
    height = np.abs((xyz - centre) @ normal)
    part = cv2.morphologyEx(((height > 5) & valid).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    largest = labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax() if count > 1 else labels > 0
    foreground = cv2.dilate(largest.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (19, 19)))
    truth = cv2.imread(str(image.parents[1] / "gt" / image.name), cv2.IMREAD_GRAYSCALE) > 0
    return ControlInput(f"{label}/{image.stem}", label != "good", rgb, valid, foreground > 0, truth)


@pytest.mark.skipif(not CATEGORY.is_dir(), reason="the MVTec 3D-AD subset is not at ../shared/data")
def test_the_capture_session_leaks_in_real_data():
    """On the full category: background 1.000, valid share 1.000, mask P .929, AUPRO .767, fg-P .631."""
    images = sorted((CATEGORY / "test").glob("*/rgb/*.png"))
    values = controls(crude_part(image, image.parents[1].name) for image in images)
    assert values["I-AUROC of background brightness"] > 0.99
    assert values["I-AUROC of valid 3D share"] > 0.99
    assert 0.88 < values["P-AUROC of the blurred part mask"] < 0.97
    assert 0.6 < values["AUPRO@30% of the blurred part mask"] < 0.9
    assert values["fg-P-AUROC of the blurred part mask"] < 0.75
    assert values["fg-AUPRO@30% of the blurred part mask"] < 0.45
