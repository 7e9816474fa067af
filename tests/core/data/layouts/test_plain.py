"""Plain folders: what file and folder names mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from pirn_core.data.layouts import open_parts
from pirn_core.data.layouts.naming import role_and_stem
from pirn_core.errors import SampleError


@pytest.mark.parametrize(
    "names",
    [
        ["3.png", "3.tiff"],
        ["3.JPG", "3.PLY"],
        ["3_rgb.png", "3_xyz.tiff"],
        ["rgb_3.png", "xyz_3.tif"],
        ["rgb/3.png", "xyz/3.tiff"],
        ["images/3.bmp", "pointclouds/3.pcd"],
        ["3/rgb.png", "3/xyz.npy"],
        ["3_color.png", "3_points.npz"],
    ],
)
def test_ways_of_pairing(tmp_path: Path, tree, names: list[str]) -> None:
    (ref,) = open_parts(tree(tmp_path, names)).refs
    assert ref.id == "3"
    assert (ref.rgb, ref.xyz) == (tmp_path / names[0], tmp_path / names[1])
    assert (ref.split, ref.label, ref.layout) == ("", "", "plain")


def test_depth_normals_masks_and_cameras(tmp_path: Path, tree) -> None:
    names = ["1_rgb.png", "1_depth.png", "1_normals.png", "1_mask.png", "intrinsics.json"]
    (ref,) = open_parts(tree(tmp_path, [*names, "2.ply"]), category=None).refs[:1]
    assert ref.id == "1"
    assert (ref.rgb, ref.xyz, ref.normals, ref.mask) == tuple(tmp_path / name for name in names[:4])
    assert ref.extra == {"intrinsics": tmp_path / "intrinsics.json"}


def test_the_nearest_camera_counts(tmp_path: Path, tree) -> None:
    names = ["intrinsics.yaml", "a/depth/1.png", "a/intrinsics.yaml", "b/depth/1.png", "a/depth/2.png"]
    tree(tmp_path, [*names, "a/depth/2_intrinsics.txt"])
    cameras = {ref.id: ref.extra["intrinsics"] for ref in open_parts(tmp_path).refs}
    assert cameras == {
        "a/1": tmp_path / "a/intrinsics.yaml",
        "a/2": tmp_path / "a/depth/2_intrinsics.txt",
        "b/1": tmp_path / "intrinsics.yaml",
    }


def test_splits_and_labels(tmp_path: Path, tree) -> None:
    tree(
        tmp_path,
        ["train/OK/1.png", "val/ok/2.png", "test/ok/3.png", "test/scratch/deep/4.png", "test/ng/dent/5.png"],
    )
    parts = open_parts(tmp_path)
    assert {ref.id: (ref.split, ref.label) for ref in parts.refs} == {
        "train/OK/1": ("train", "good"),
        "validation/ok/2": ("validation", "good"),
        "test/ng/dent/5": ("test", "dent"),
        "test/ok/3": ("test", "good"),
        "test/scratch/deep/4": ("test", "scratch"),
    }
    assert parts.splits == ("train", "validation", "test")
    assert [ref.id for ref in parts.good()] == ["train/OK/1"]


def test_folders_without_a_verdict_are_no_labels(tmp_path: Path, tree) -> None:
    """Dates or batches must not turn good parts into defective ones."""
    parts = open_parts(tree(tmp_path, ["2024-05-01/1.png", "2024-05-02/1.png"]))
    assert {ref.label for ref in parts.refs} == {""}
    assert len(parts.good()) == 2


def test_a_part_beside_the_label_folders_has_no_label(tmp_path: Path, tree) -> None:
    parts = open_parts(tree(tmp_path, ["good/1.png", "2.png"]))
    assert {ref.id: ref.label for ref in parts.refs} == {"good/1": "good", "2": ""}


def test_good_parts_of_a_folder_without_splits(tmp_path: Path, tree) -> None:
    parts = open_parts(tree(tmp_path, ["good/1.png", "bad/2.png"]))
    assert [ref.id for ref in parts.good()] == ["good/1"]
    only_bad = open_parts(tree(tmp_path / "b", ["bad/2.png"]))
    with pytest.raises(SampleError, match=r"the folder has no good part.*labels: bad"):
        only_bad.good()


def test_masks_kept_apart_find_their_part(tmp_path: Path, tree) -> None:
    tree(
        tmp_path,
        ["train/good/1.png", "test/bad/1.png", "ground_truth/bad/1_mask.png", "ground_truth/bad/9_mask.png"],
    )
    parts = open_parts(tmp_path)
    masks = {ref.id: ref.mask for ref in parts.refs}
    assert masks == {"train/good/1": None, "test/bad/1": tmp_path / "ground_truth/bad/1_mask.png"}
    assert [(p.kind, p.file) for p in parts.problems] == [("unused", tmp_path / "ground_truth/bad/9_mask.png")]


def test_missing_partners_and_duplicates_are_problems(tmp_path: Path, tree) -> None:
    parts = open_parts(tree(tmp_path, ["1.png", "1.ply", "2.png", "3.ply", "4.png", "4.jpg", "4.ply"]))
    found = {(p.kind, p.part): p.message for p in parts.problems}
    assert set(found) == {("missing", "2"), ("missing", "3"), ("duplicate", "4")}
    assert found["missing", "2"] == "2.png has no 3D file."
    assert found["missing", "3"] == "3.ply has no colour image."
    assert "4.jpg and 4.png have the same stem" in found["duplicate", "4"]
    assert {ref.id: "duplicate" in ref.extra for ref in parts.refs}["4"]


def test_pictures_alone_lack_nothing(tmp_path: Path, tree) -> None:
    assert open_parts(tree(tmp_path, ["1.png", "2.jpg"])).problems == ()


@pytest.mark.parametrize(("dtype", "role"), [(np.uint8, "rgb"), (np.uint16, "rgb"), (np.float32, "xyz")])
def test_tiffs_alone_are_told_apart_by_their_pixels(tmp_path: Path, dtype: type, role: str) -> None:
    for name in ("1.tif", "2.tif"):
        tifffile.imwrite(tmp_path / name, np.ones((4, 5, 3), dtype))
    for ref in open_parts(tmp_path).refs:
        assert getattr(ref, role) is not None
        assert (ref.rgb is None) != (ref.xyz is None)


def test_a_broken_tiff_alone_is_left_to_the_reader(tmp_path: Path) -> None:
    (tmp_path / "1.tif").write_bytes(b"II*\x00broken")
    assert open_parts(tmp_path).refs[0].xyz == tmp_path / "1.tif"


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("bolt_17.png", None, ("rgb", "bolt_17")),
        ("bolt_17_depth.png", None, ("depth", "bolt_17")),
        ("image_17.png", None, ("rgb", "image_17")),
        ("17.jpg", "xyz", ("rgb", "17")),
        ("17.ply", "rgb", ("xyz", "17")),
        ("17.tiff", "xyz", ("xyz", "17")),
        ("17.tiff", "images", ("rgb", "17")),
        ("17.tiff", None, ("tiff", "17")),
        ("17_mask.png", "rgb", ("mask", "17")),
        ("camera.yaml", None, ("intrinsics", "")),
        ("readme.txt", None, None),
        ("003_metadata.yaml", None, None),
        ("17.gif", "rgb", None),
    ],
)
def test_roles_of_names(name: str, folder: str | None, expected: tuple[str, str] | None) -> None:
    role = {"images": "rgb"}.get(folder or "", folder)
    assert role_and_stem(name, role) == expected
