"""PLY and PCD files: forms, colours, organised clouds, and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pirn_core.data.reading import read_sample
from pirn_core.data.reading.cloud import Cloud
from pirn_core.data.reading.pcd import read_pcd
from pirn_core.data.reading.ply import read_ply
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

LIMIT = 10**6


@pytest.fixture
def points(scene: np.ndarray) -> np.ndarray:
    points = scene.reshape(-1, 3).copy()
    points[17] = np.nan
    return points


@pytest.fixture
def colours(picture: np.ndarray) -> np.ndarray:
    return picture.reshape(-1, 3)


FORMS = [
    ("ply", "ascii"),
    ("ply", "binary_little_endian"),
    ("ply", "binary_big_endian"),
    ("pcd", "ascii"),
    ("pcd", "binary"),
    ("pcd", "binary_compressed"),
]


def load(path: Path, limit: int = LIMIT) -> Cloud:
    return (read_ply if path.suffix == ".ply" else read_pcd)(path, limit)


@pytest.mark.parametrize(("kind", "form"), FORMS)
@pytest.mark.parametrize("coloured", [False, True])
def test_every_form_gives_all_points_back(
    write, tmp_path: Path, points: np.ndarray, colours: np.ndarray, kind: str, form: str, coloured: bool
) -> None:
    cloud = load(write(tmp_path / f"a.{kind}", form=form, points=points, colours=colours if coloured else None))
    assert np.allclose(cloud.points, points, equal_nan=True, atol=1e-4)
    assert cloud.size is None and cloud.viewpoint is None
    if coloured:
        assert np.array_equal(cloud.colours, colours)
    else:
        assert cloud.colours is None


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_open3d_reads_the_same(
    write, tmp_path: Path, points: np.ndarray, colours: np.ndarray, kind: str, form: str
) -> None:
    open3d = pytest.importorskip("open3d", reason="Open3D cannot be imported (libusb-1.0?)", exc_type=ImportError)
    path = write(tmp_path / f"a.{kind}", form=form, points=points, colours=colours)
    oracle, cloud = open3d.io.read_point_cloud(str(path)), load(path)
    assert np.allclose(np.asarray(oracle.points), cloud.points, equal_nan=True)
    assert np.allclose(np.asarray(oracle.colors) * 255, cloud.colours)


def test_files_written_by_open3d(tmp_path: Path, points: np.ndarray, colours: np.ndarray) -> None:
    open3d = pytest.importorskip("open3d", reason="Open3D cannot be imported (libusb-1.0?)", exc_type=ImportError)
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points.astype(np.float64)))
    cloud.colors = open3d.utility.Vector3dVector(colours / 255.0)
    cloud.normals = open3d.utility.Vector3dVector(np.tile((0.0, 0.0, -1.0), (len(points), 1)))
    for name, options in (
        ("a.ply", {}),
        ("b.ply", {"write_ascii": True}),
        ("c.pcd", {}),
        ("d.pcd", {"write_ascii": True}),
        ("e.pcd", {"compressed": True}),
    ):
        open3d.io.write_point_cloud(str(tmp_path / name), cloud, **options)
        found = load(tmp_path / name)
        assert np.allclose(found.points, points, equal_nan=True, atol=1e-3)
        assert np.array_equal(found.colours, colours)


@pytest.mark.parametrize(("kind", "form"), FORMS)
@pytest.mark.parametrize("kept", [0.005, 0.1, 0.5, 0.95])
def test_files_that_were_cut_off(write, tmp_path: Path, points: np.ndarray, kind: str, form: str, kept: float) -> None:
    path = write(tmp_path / f"a.{kind}", form=form, points=points)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(SampleError, match=rf"a.{kind}: the file is damaged: (it was cut off|its header has no end)"):
        load(path)


def test_an_ascii_file_with_a_word_among_the_numbers(write, tmp_path: Path, points: np.ndarray) -> None:
    path = write(tmp_path / "a.ply", form="ascii", points=points)
    path.write_bytes(path.read_bytes().replace(b"nan nan nan", b"nan x nan"))
    with pytest.raises(SampleError, match=r"a.ply: the file is damaged: could not convert string 'x'"):
        load(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.ply", "ply\nformat ascii 1.0\nelement face 0\nend_header\n", "has no vertices with x, y and z"),
        ("a.ply", "ply\nformat odd 1.0\nend_header\n", "its format is not ascii or binary"),
        ("a.ply", "ply\nformat ascii 1.0\nelement vertex 0\n@end_header\n", "holds no point"),
        (
            "a.ply",
            "ply\nformat ascii 1.0\nelement vertex 9999999\n@end_header\n",
            "9999999 points are more than",
        ),
        (
            "a.ply",
            "ply\nformat ascii 1.0\nelement vertex 1\n@end_header\n1 2\n",
            "lines have 2 numbers and not 3",
        ),
        (
            "a.pcd",
            "VERSION .7\nFIELDS x y\nSIZE 4 4\nTYPE F F\nWIDTH 1\nDATA ascii\n1 2\n",
            "no fields x, y and z",
        ),
        (
            "a.pcd",
            "VERSION .7\n#WIDTH 2\nHEIGHT 3\nPOINTS 5\nDATA ascii\n",
            "announces 5 points for a size of 2x3",
        ),
        ("a.pcd", "VERSION .7\n#WIDTH 2\nPOINTS 2\nDATA zipped\n", "its data form zipped is unknown"),
        ("a.pcd", "VERSION .7\n#DATA ascii\n", "damaged: 'WIDTH'"),
    ],
)
def test_headers_that_make_no_sense(tmp_path: Path, name: str, text: str, message: str) -> None:
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    fields = "FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
    (tmp_path / name).write_text(text.replace("@", axes).replace("#", fields))
    with pytest.raises(SampleError, match=message):
        load(tmp_path / name)


def test_vertices_after_lists(tmp_path: Path) -> None:
    head = b"ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list uchar int v\nelement vertex 1\n"
    (tmp_path / "a.ply").write_bytes(
        head + b"property float x\nproperty float y\nproperty float z\nend_header\n" + bytes(40)
    )
    with pytest.raises(SampleError, match="the vertices come after lists"):
        load(tmp_path / "a.ply")


def test_colours_as_fractions(tmp_path: Path) -> None:
    head = "ply\nformat ascii 1.0\nelement vertex 2\n" + "".join(
        f"property float {name}\n" for name in ("x", "y", "z", "red", "green", "blue")
    )
    (tmp_path / "a.ply").write_text(head + "end_header\n0 0 1 0 0.5 1\n1 0 1 1 0 0\n")
    assert np.array_equal(load(tmp_path / "a.ply").colours, [[0, 128, 255], [255, 0, 0]])


def test_organised_clouds_stay_organised(
    write, tmp_path: Path, points: np.ndarray, colours: np.ndarray, scene, picture
) -> None:
    write(tmp_path / "a.pcd", points, colours, size=(40, 50))
    sample = read_sample(PartRef("a", xyz=tmp_path / "a.pcd"), unit="mm")
    assert sample.shape == (40, 50) and sample.warnings == ()
    assert np.array_equal(sample.rgb, picture)
    assert not sample.valid[0, 17] and sample.valid.sum() == 1999
    assert np.array_equal(sample.xyz[sample.valid], scene[sample.valid])


def test_a_cloud_with_a_point_per_pixel_follows_the_image(
    write, tmp_path: Path, points: np.ndarray, picture, scene
) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), picture[..., ::-1])
    path = write(tmp_path / "a.ply", form="binary_little_endian", points=points)
    sample = read_sample(PartRef("a", rgb=tmp_path / "a.png", xyz=path), unit="mm")
    assert np.array_equal(sample.xyz[sample.valid], scene[sample.valid])
    assert sample.warnings == ("a.ply has as many points as the image has pixels; they were taken row by row.",)


def test_a_cloud_that_cannot_be_matched_with_the_image(write, tmp_path: Path, points: np.ndarray, picture) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), picture)
    path = write(tmp_path / "a.ply", form="ascii", points=points[:1500])
    with pytest.raises(
        SampleError, match=r"a.ply: 1500 points without image order .* colour image \(50x40\).*intrinsics"
    ):
        read_sample(PartRef("a", rgb=tmp_path / "a.png", xyz=path))


def test_the_limit_holds_for_points_too(write, tmp_path: Path, points: np.ndarray) -> None:
    with pytest.raises(SampleError, match=r"2000 points are more than the limit of 1999.*max_pixels"):
        read_sample(PartRef("a", xyz=write(tmp_path / "a.ply", form="ascii", points=points)), max_pixels=1999)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from([*FORMS, ("npy", ""), ("npz", ""), ("tiff", "")]),
    at=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    cut=st.floats(0, 1),
    early=st.booleans(),
)
def test_broken_bytes_give_a_sample_or_a_sample_error(
    write,
    tmp_path: Path,
    points: np.ndarray,
    scene,
    form: tuple[str, str],
    at: float,
    value: int,
    cut: float,
    early: bool,
) -> None:
    kind, name = form
    path = tmp_path / f"a.{kind}"
    if kind in ("ply", "pcd"):
        write(path, form=name, points=points[:400])
    elif kind == "tiff":
        import tifffile

        tifffile.imwrite(path, scene[:10], photometric="rgb")
    else:
        (np.save if kind == "npy" else np.savez)(path, scene[:10])
    data = bytearray(path.read_bytes())
    data[int(at * (min(400, len(data)) if early else len(data)))] = value
    path.write_bytes(data if cut > 0.3 else data[: int(3 * cut * len(data))])
    try:
        sample = read_sample(PartRef("a", xyz=path), max_pixels=100_000)
    except SampleError as error:
        assert error.message.endswith(".")
    else:
        assert sample.xyz is not None and sample.xyz.dtype == np.float32
        assert np.array_equal(sample.valid, np.isfinite(sample.xyz).all(-1)) and sample.valid.any()
