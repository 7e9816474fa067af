"""Organised points from tiff, npy and npz: what is missing, sizes, frames and units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from pirn_core.data.reading import read_sample
from pirn_core.data.reading.organised import to_camera_frame
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import SampleError


def save(path: Path, xyz: np.ndarray) -> Path:
    if path.suffix == ".npy":
        np.save(path, xyz)
    elif path.suffix == ".npz":
        np.savez_compressed(path, xyz=xyz)
    else:
        tifffile.imwrite(path, xyz, photometric="rgb" if xyz.ndim == 3 and xyz.shape[2] == 3 else "minisblack")
    return path


def read(path: Path, **options: object) -> Sample:
    layout = str(options.pop("layout", "plain"))
    return read_sample(PartRef("p", xyz=path, layout=layout), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.tiff", "a.npy", "a.npz", "Maß.tiff"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_come_back_in_mm(tmp_path: Path, scene: np.ndarray, name: str, dtype: type) -> None:
    sample = read(save(tmp_path / name, scene.astype(dtype)), unit="mm")
    assert sample.xyz.dtype == np.float32 and np.array_equal(sample.xyz, scene)
    assert sample.valid.all() and sample.rgb is None and sample.warnings == () and sample.unit == "mm (given)"


def test_float16_is_accepted(tmp_path: Path, scene: np.ndarray) -> None:
    sample = read(save(tmp_path / "a.npy", scene.astype(np.float16)), unit="mm")
    assert np.abs(sample.xyz - scene).max() < 0.5


@pytest.mark.parametrize("marker", [(0, 0, 0), (np.nan,) * 3, (1, 2, np.nan), (np.inf, 1, 1)])
def test_what_is_missing(tmp_path: Path, scene: np.ndarray, marker: tuple[float, ...]) -> None:
    scene[3:6, 7] = marker
    sample = read(save(tmp_path / "a.tiff", scene), unit="mm")
    expected = np.ones(scene.shape[:2], bool)
    expected[3:6, 7] = False
    assert np.array_equal(sample.valid, expected)
    assert np.array_equal(np.isfinite(sample.xyz).all(-1), expected) and np.isnan(sample.xyz[3, 7]).all()
    told = any("infinite coordinates at 3 points" in text for text in sample.warnings)
    assert told == (np.inf in marker)


def test_a_point_on_an_axis_is_not_missing(tmp_path: Path, scene: np.ndarray) -> None:
    scene[0, 0] = (0, 0, 300)
    assert read(save(tmp_path / "a.tiff", scene), unit="mm").valid.all()


@pytest.mark.parametrize(
    ("value", "what"), [(0.0, r"all are \(0, 0, 0\)"), (np.nan, "all are NaN"), (None, "3 points")]
)
def test_scans_without_points(tmp_path: Path, scene: np.ndarray, value: float | None, what: str) -> None:
    kept = scene[0, :3].copy()
    scene[:] = 0.0 if value is None else value
    if value is None:
        scene[0, :3] = kept
    with pytest.raises(SampleError, match=rf"a.tiff: holds no usable points \({what}\)"):
        read(save(tmp_path / "a.tiff", scene))


def test_image_and_scan_of_different_sizes(tmp_path: Path, scene: np.ndarray, picture: np.ndarray) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "017.png"), picture[:, :48])
    path = save(tmp_path / "017.tiff", scene)
    with pytest.raises(SampleError, match=r"017.tiff: 50x40 but the image is 48x40. Export both at one size."):
        read_sample(PartRef("017", rgb=tmp_path / "017.png", xyz=path))


def test_wrong_types_and_channels(tmp_path: Path, scene: np.ndarray, picture: np.ndarray) -> None:
    with pytest.raises(SampleError, match=r"holds uint8 values with 3 channels; points are floating-point"):
        read(save(tmp_path / "a.tiff", picture))
    with pytest.raises(SampleError, match=r"has 4 channels; points have 3"):
        read(save(tmp_path / "a.npy", np.dstack((scene, scene[..., 0]))))
    with pytest.raises(SampleError, match=r"holds a <U1 array of shape 2x2"):
        read(save(tmp_path / "b.npy", np.full((2, 2), "x")))
    with pytest.raises(SampleError, match=r"array of shape 5\b"):
        read(save(tmp_path / "c.npy", np.zeros(5)))
    with pytest.raises(SampleError, match=r"holds Python objects"):
        np.save(tmp_path / "d.npy", np.array([[{}]], dtype=object), allow_pickle=True)
        read(tmp_path / "d.npy")


def test_planes_one_after_another_are_turned(tmp_path: Path, scene: np.ndarray) -> None:
    sample = read(save(tmp_path / "a.npy", np.moveaxis(scene, -1, 0)), unit="mm")
    assert np.array_equal(sample.xyz, scene)


def test_fortran_order(tmp_path: Path, scene: np.ndarray) -> None:
    assert np.array_equal(read(save(tmp_path / "a.npy", np.asfortranarray(scene)), unit="mm").xyz, scene)


def test_npz_with_colours_and_without_points(tmp_path: Path, scene: np.ndarray, picture: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", xyz=scene, rgb=picture)
    sample = read(tmp_path / "a.npz", unit="mm")
    assert np.array_equal(sample.rgb, picture) and np.array_equal(sample.xyz, scene)
    np.savez(tmp_path / "b.npz", scene)
    assert read(tmp_path / "b.npz", unit="mm").shape == (40, 50)
    np.savez(tmp_path / "c.npz", left=scene, right=scene)
    with pytest.raises(SampleError, match=r"holds the arrays left, right, and none is named xyz"):
        read(tmp_path / "c.npz")


@pytest.mark.parametrize("name", ["a.tiff", "a.npy", "a.npz"])
@pytest.mark.parametrize("kept", [0.01, 0.5, 0.98])
def test_files_that_were_cut_off(tmp_path: Path, scene: np.ndarray, name: str, kept: float) -> None:
    path = save(tmp_path / name, scene)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(SampleError, match=f"{name}: the file is damaged"):
        read(path)


def test_a_tiny_file_cannot_announce_a_huge_array(tmp_path: Path, scene: np.ndarray) -> None:
    path = save(tmp_path / "a.npy", scene)
    path.write_bytes(path.read_bytes().replace(b"(40, 50, 3)", b"(40, 50, 3("))
    with pytest.raises(SampleError, match=r"a.npy: the file is damaged"):
        read(path)
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (90000, 90000, 3), }"
    (tmp_path / "b.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + text.ljust(117) + b"\n")
    with pytest.raises(SampleError, match=r"90000x90000 is 8100 megapixels"):
        read(tmp_path / "b.npy")


@pytest.mark.parametrize("kind", [b"\xff\xd8\xff\xe0jpeg", b"BMbitmap", b"solid stl"])
def test_files_without_3d_data(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "a.tiff").write_bytes(kind * 4)
    with pytest.raises(SampleError, match=r"a.tiff: is (a (jpeg|bmp) image and holds no 3D data|no 3D file)"):
        read(tmp_path / "a.tiff")


@pytest.mark.parametrize(
    ("turn", "axis"), [((1, -1, -1), "x"), ((-1, 1, -1), "y"), ((-1, -1, 1), "z"), ((1, 1, 1), None)]
)
def test_other_axes_are_turned_into_the_cameras_frame(
    scene: np.ndarray, turn: tuple[int, ...], axis: str | None
) -> None:
    given = scene.astype(np.float64) * turn
    given[5:9, 5:9] = np.nan
    turned, note = to_camera_frame(given)
    good = np.isfinite(turned[..., 0])
    assert np.allclose(turned[good], scene[good], atol=1e-4)
    assert note is None if axis is None else f"about {axis}:" in str(note)


def test_only_layouts_with_a_known_frame_are_left_alone(tmp_path: Path, scene: np.ndarray) -> None:
    path = save(tmp_path / "a.tiff", scene * np.float32([0.001, -0.001, -0.001]))
    assert np.nanmax(read(path, layout="mvtec3d").xyz[..., 2]) < 0
    turned = read(path)
    assert np.allclose(turned.xyz, scene, rtol=1e-5) and "turned by 180 degrees about x" in turned.warnings[0]


@pytest.mark.parametrize(("factor", "unit"), [(0.001, "m"), (1.0, "mm"), (1000.0, "um")])
def test_units_are_guessed_from_the_extent(tmp_path: Path, scene: np.ndarray, factor: float, unit: str) -> None:
    sample = read(save(tmp_path / "a.npy", scene.astype(np.float64) * factor))
    assert sample.unit.startswith(f"{unit} (guessed from an extent of ")
    assert np.allclose(sample.xyz, scene, rtol=1e-5)


@pytest.mark.parametrize(("unit", "factor"), [("m", 1000), ("cm", 10), ("mm", 1), ("um", 0.001), ("inch", 25.4)])
def test_units_can_be_named(tmp_path: Path, scene: np.ndarray, unit: str, factor: float) -> None:
    scene = scene.astype(np.float64) * (10 if factor < 1 else 1)  # tens of micrometres would be refused
    sample = read(save(tmp_path / "a.npy", scene), unit=unit)
    assert sample.unit == f"{unit} (given)" and np.allclose(sample.xyz, scene * factor, rtol=1e-5)


def test_layouts_fix_the_unit_and_the_user_overrides_it(tmp_path: Path, scene: np.ndarray) -> None:
    path = save(tmp_path / "a.tiff", scene / 1000)
    assert read(path, layout="mvtec3d").unit == "m (layout)"
    assert read(path, layout="mvtec3d", unit="inch").unit == "inch (given)"
    with pytest.raises(SampleError, match=r"no unit 'feet'. Choose one of m, mm, um, cm, inch"):
        read(path, unit="feet")


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "um"), (1e4, "m")])
def test_absurd_extents(tmp_path: Path, scene: np.ndarray, factor: float, unit: str) -> None:
    with pytest.raises(SampleError, match=rf"the scene would be .* mm wide in the unit {unit}.*Name the right unit"):
        read(save(tmp_path / "a.npy", scene * factor), unit=unit)


def test_parts_without_files_and_with_two_for_one_purpose(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="p: has neither a colour image nor a 3D file"):
        read_sample(PartRef("p"))
    ref = PartRef("003", rgb=tmp_path / "003.jpg", extra={"duplicate": tmp_path / "003.png"})
    with pytest.raises(SampleError, match=r"003.jpg and 003.png are both there.*Keep one"):
        read_sample(ref)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "rowsperstrip": 3}, {"tile": (16, 16)}])
def test_a_tiff_that_was_cut_off_says_so(tmp_path: Path, scene: np.ndarray, options: dict[str, object]) -> None:
    tifffile.imwrite(tmp_path / "a.tiff", scene, photometric="rgb", **options)
    data = (tmp_path / "a.tiff").read_bytes()
    (tmp_path / "a.tiff").write_bytes(data[:-100])
    with pytest.raises(
        SampleError, match=rf"a.tiff: the file is damaged: it was cut off after {len(data) - 100} bytes"
    ):
        read(tmp_path / "a.tiff")
