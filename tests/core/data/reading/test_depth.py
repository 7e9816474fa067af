"""Depth images and their cameras."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core.data.reading import read_sample
from pirn_core.data.reading.camera import Intrinsics, read_intrinsics
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

CAMERA = {"fx": 500.0, "fy": 510.0, "cx": 24.0, "cy": 19.0}


def camera(folder: Path, values: object = None, name: str = "intrinsics.json") -> Path:
    path = folder / name
    path.write_text(values if isinstance(values, str) else json.dumps(CAMERA if values is None else values))
    return path


@pytest.fixture
def depth() -> np.ndarray:
    """Millimetres, uint16 (40, 50), one pixel without depth."""
    rows, cols = np.mgrid[:40, :50]
    values = (400 + rows + 2 * cols).astype(np.uint16)
    values[4, 5] = 0
    return values


def part(folder: Path, depth: np.ndarray, intrinsics: Path | None) -> PartRef:
    path = folder / "003_depth.png"
    cv2.imwrite(str(path), depth)
    return PartRef("003", xyz=path, extra={"intrinsics": intrinsics} if intrinsics else {})


def test_points_lie_on_the_rays_of_the_camera(tmp_path: Path, depth: np.ndarray) -> None:
    sample = read_sample(part(tmp_path, depth, camera(tmp_path)))
    assert sample.unit == "mm (usual for 16-bit depth)"
    assert np.isnan(sample.xyz[4, 5]).all() and sample.valid.sum() == depth.size - 1
    row, col = 30, 10
    z = float(depth[row, col])
    assert np.allclose(sample.xyz[row, col], ((col - 24) * z / 500, (row - 19) * z / 510, z))
    # The oracle projects with OpenCV.
    points = sample.xyz[sample.valid].astype(np.float64)
    matrix = np.array([[500, 0, 24], [0, 510, 19], [0, 0, 1.0]])
    pixels = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, None)[0][:, 0]
    assert np.allclose(pixels, np.argwhere(sample.valid)[:, ::-1], atol=1e-3)


@pytest.mark.parametrize(
    ("scale", "text", "factor"),
    [
        ({"depth_scale": 10000}, "m (intrinsics)", 0.1),
        ({"depth_scale": 0.0001}, "m (intrinsics)", 0.1),
        ({"unit": "um"}, "um (intrinsics)", 0.001),
        ({"depth_scale": 0.1, "unit": "mm"}, "mm (intrinsics)", 0.1),
    ],
)
def test_scale_and_unit_of_the_camera_file(
    tmp_path: Path, depth: np.ndarray, scale: dict, text: str, factor: float
) -> None:
    sample = read_sample(part(tmp_path, depth, camera(tmp_path, {**CAMERA, **scale})))
    assert sample.unit == text
    assert np.allclose(sample.xyz[30, 10, 2], depth[30, 10] * factor)


def test_the_user_overrides_the_unit(tmp_path: Path, depth: np.ndarray) -> None:
    sample = read_sample(part(tmp_path, depth, camera(tmp_path)), unit="um")
    assert np.allclose(sample.xyz[30, 10, 2], depth[30, 10] / 1000) and sample.unit == "um (given)"


def test_floating_point_depth(tmp_path: Path, depth: np.ndarray) -> None:
    metres = (depth / 1000).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tiff", metres)
    ref = PartRef("a", xyz=tmp_path / "a.tiff", extra={"intrinsics": camera(tmp_path)})
    sample = read_sample(ref)
    assert sample.unit.startswith("m (guessed") and np.allclose(sample.xyz[30, 10, 2], depth[30, 10])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"K": [[500, 0, 24], [0, 510, 19], [0, 0, 1]]}'),
        ("a.json", '{"intrinsic_matrix": [500, 0, 0, 0, 510, 0, 24, 19, 1], "width": 50, "height": 40}'),
        ("a.json", '{"intrinsics": {"fx": 500, "fy": 510, "cx": 24, "cy": 19}}'),
        ("a.yaml", "camera_matrix:\n  rows: 3\n  cols: 3\n  data: [500, 0, 24, 0, 510, 19, 0, 0, 1]\n"),
        ("a.yml", "image_width: 50\nimage_height: 40\nK: [500, 0, 24, 0, 510, 19, 0, 0, 1]\n"),
        ("a.txt", "500 0 24\n0 510 19\n0 0 1\n"),
        ("a.txt", "500, 510, 24, 19"),
    ],
)
def test_spellings_of_a_camera(tmp_path: Path, name: str, text: str) -> None:
    found = read_intrinsics(camera(tmp_path, text, name))
    assert (found.fx, found.fy, found.cx, found.cy) == (500, 510, 24, 19)
    assert found.size in (None, (40, 50)) and found.scale == 1 and found.unit is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "does not describe a camera"),
        ("a.json", '{"width": 50, "height": 40}', "fx, fy, cx and cy are not all there"),
        ("a.json", "[1, 2]", "holds a list, no named values"),
        ("a.json", '{"fx": 500, "fy": 510}', "fx, fy, cx and cy are not all there"),
        ("a.json", '{"fx": "wide", "fy": 1, "cx": 1, "cy": 1}', "could not convert"),
        ("a.json", '{"fx": 0, "fy": 1, "cx": 1, "cy": 1}', "must be above 0"),
        ("a.json", '{"fx": 5, "fy": 1, "cx": 1, "cy": 1, "unit": "feet"}', "no unit 'feet'"),
        ("a.json", '{"K": [1, 2, 3]}', "cannot reshape"),
        ("a.yaml", "%YAML:1.0\n--- !!opencv-matrix [", "does not describe a camera"),
        ("a.txt", "five hundred", "could not convert"),
        ("a.json", " " * ((1 << 20) + 1), "more than 1048576 bytes"),
    ],
)
def test_files_that_are_no_camera(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        read_intrinsics(camera(tmp_path, text, name))


def test_depth_that_cannot_be_used(tmp_path: Path, depth: np.ndarray) -> None:
    with pytest.raises(
        SampleError, match=r"003_depth.png: is a depth image, and its camera is not known.*003_depth_intr"
    ):
        read_sample(part(tmp_path, depth, None))
    with pytest.raises(SampleError, match=r"depth of type uint8 is too coarse"):
        read_sample(part(tmp_path, (depth // 4).astype(np.uint8), camera(tmp_path)))
    other = camera(tmp_path, {**CAMERA, "width": 640, "height": 480}, "b.json")
    with pytest.raises(SampleError, match=r"003_depth.png: 50x40 but its camera file is for 640x480"):
        read_sample(part(tmp_path, depth, other))
    with pytest.raises(SampleError, match=r"holds no usable points \(all are NaN\)"):
        read_sample(part(tmp_path, np.zeros_like(depth), camera(tmp_path)))


def test_intrinsics_keep_the_depth_and_hit_the_principal_point() -> None:
    points = Intrinsics(100, 100, 3, 2).points(np.full((5, 7), 50.0))
    assert np.array_equal(points[2, 3], (0, 0, 50)) and (points[..., 2] == 50).all()
    assert np.allclose(points[4, 6], (1.5, 1.0, 50))


def _candy(folder: Path, depth: np.ndarray, text: str | None) -> PartRef:
    ref = part(folder, depth, None)
    extra = {}
    if text is not None:
        (folder / "info.yaml").write_text(text)
        extra = {"depth_range": folder / "info.yaml"}
    return PartRef("0", xyz=ref.xyz, extra=extra, layout="eyecandies")


def test_eyecandies_depth_formula(tmp_path: Path) -> None:
    depth = np.linspace(0, 65535, 40 * 50).reshape(40, 50).astype(np.uint16)
    sample = read_sample(_candy(tmp_path, depth, "normalization:\n  min: 2.0\n  max: 5.0\n"))
    assert sample.unit == "m (layout)" and sample.valid.all()  # the value 0 is the nearest point, not a missing one
    assert np.allclose(sample.xyz[..., 2], (depth / 65535 * 3 + 2) * 1000, rtol=1e-6)
    z, focal = float(sample.xyz[7, 9, 2]), 711.11 * 50 / 512
    assert np.allclose(sample.xyz[7, 9, :2], ((9 - 25) * z / focal, (7 - 20) * z / focal), rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "info_depth.yaml is not there"),
        ("normalization: 3", "names no depth range"),
        ("a: [", "names no depth range"),
        ("normalization: {min: 5, max: 2}", "the depth range 5 to 2 is impossible"),
        ("normalization: {min: 0, max: .inf}", "is impossible"),
    ],
)
def test_eyecandies_depth_without_its_range(tmp_path: Path, text: str | None, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        read_sample(_candy(tmp_path, np.ones((40, 50), np.uint16), text))


def test_eyecandies_depth_of_8_bits(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="holds uint8 depth and not 16 bits"):
        read_sample(_candy(tmp_path, np.ones((40, 50), np.uint8), "normalization: {min: 1, max: 2}"))
