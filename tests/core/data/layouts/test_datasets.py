"""MVTec 3D-AD and Eyecandies: what becomes of their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pirn_core.data.layouts import open_parts
from pirn_core.errors import SampleError


def test_mvtec_parts_pair_by_stem(mvtec: Path) -> None:
    parts = open_parts(mvtec)
    by_id = {ref.id: ref for ref in parts.refs}
    assert list(by_id) == [
        "train/good/000",
        "test/bent/000",
        "test/bent/001",
        "test/cut/000",
        "test/good/000",
    ]
    bent = by_id["test/bent/000"]
    assert (bent.split, bent.label, bent.layout, bent.stem) == ("test", "bent", "mvtec3d", "000")
    for path, kind in ((bent.rgb, "rgb/000.png"), (bent.xyz, "xyz/000.tiff"), (bent.mask, "gt/000.png")):
        assert path == mvtec / "cable/test/bent" / kind
    assert by_id["test/bent/001"].xyz is None


def test_pairs_survive_files_that_shift_the_sorted_order(mvtec: Path) -> None:
    """Pairing by position would match 001.tiff with 000b.png here."""
    place = mvtec / "cable/train/good"
    (place / "rgb/000b.png").touch()
    (place / "rgb/001.png").touch()
    (place / "xyz/001.tiff").touch()
    by_id = {ref.id: ref for ref in open_parts(mvtec).refs}
    assert by_id["train/good/000b"].xyz is None
    assert by_id["train/good/001"].xyz == place / "xyz/001.tiff"


def test_mvtec_problems_are_named_part_by_part(mvtec: Path) -> None:
    (mvtec / "cable/test/cut/gt").mkdir()
    (mvtec / "cable/test/cut/gt/007.png").touch()
    (mvtec / "cable/train/good/rgb/000.jpg").touch()
    found = {(p.kind, p.part): p for p in open_parts(mvtec).problems}
    assert set(found) == {
        ("missing", "test/bent/001"),
        ("missing", "test/cut/000"),
        ("unused", ""),
        ("duplicate", "train/good/000"),
    }
    assert "001.png has no 3D file" in found["missing", "test/bent/001"].message
    assert "no ground truth mask" in found["missing", "test/cut/000"].message
    assert "000.jpg" in found["duplicate", "train/good/000"].message
    assert "000.png" in found["duplicate", "train/good/000"].message


def test_selection_splits_labels_and_shots(mvtec: Path) -> None:
    parts = open_parts(mvtec)
    assert parts.splits == ("train", "test") and parts.labels == ("good", "bent", "cut")
    assert len(parts) == 5 and list(parts) == list(parts.refs)
    assert [ref.id for ref in parts.select("test", "good")] == ["test/good/000"]
    assert [ref.id for ref in parts.good()] == ["train/good/000"]
    assert [ref.id for ref in parts.good("test")] == ["test/good/000"]
    assert parts.select("validation") == ()
    with pytest.raises(SampleError, match=r"'validation' has no good part \(splits: train, test"):
        parts.good("validation")


def test_eyecandies_labels_come_from_the_metadata(candy: Path) -> None:
    parts = open_parts(candy)
    labels = {ref.id: (ref.split, ref.label) for ref in parts.refs}
    assert labels == {
        "train/000": ("train", "good"),
        "train/001": ("train", "good"),
        "validation/00": ("validation", "good"),
        "test/00": ("test", "good"),
        "test/01": ("test", "colors+dents"),
        "test_private/02": ("test_private", ""),
    }
    assert parts.splits == ("train", "validation", "test", "test_private")
    assert len(parts.good()) == 2


def test_eyecandies_files_have_their_roles(candy: Path) -> None:
    data = candy / "Candy/train/data"
    ref = open_parts(candy).refs[0]
    assert (ref.rgb, ref.xyz) == (data / "000_image_4.png", data / "000_depth.png")
    assert (ref.normals, ref.mask) == (data / "000_normals.png", data / "000_mask.png")
    assert ref.extra == {"depth_range": data / "000_info_depth.yaml", "pose": data / "000_pose.txt"}


@pytest.mark.parametrize("spelling", ["image_5", "5"])
def test_eyecandies_lighting(candy: Path, spelling: str) -> None:
    parts = open_parts(candy, lighting=spelling)
    assert parts.lighting == "image_5"
    assert all(ref.rgb and ref.rgb.name.endswith("_image_5.png") for ref in parts.refs)


def test_eyecandies_missing_files_are_named(candy: Path) -> None:
    (candy / "Candy/train/data/000_info_depth.yaml").unlink()
    (candy / "Candy/train/data/001_image_4.png").unlink()
    messages = {p.part: p.message for p in open_parts(candy).problems}
    assert "no info_depth.yaml" in messages["train/000"]
    assert "001_depth.png has no lighting image_4" in messages["train/001"]


def test_eyecandies_without_the_usual_lighting(candy: Path) -> None:
    for path in candy.rglob("*_image_4.png"):
        path.unlink()
    with pytest.raises(SampleError, match=r"no lighting image_4 \(the usual one\).*Choose one of image_5"):
        open_parts(candy)
    assert open_parts(candy, lighting="image_5").refs


def test_eyecandies_broken_metadata(candy: Path) -> None:
    (candy / "Candy/test_public/data/00_metadata.yaml").write_text("anomalous: perhaps\n")
    with pytest.raises(SampleError, match=r"00_metadata.yaml: is no list of `anomalous: 0` lines"):
        _ = open_parts(candy).refs


def test_anomalous_without_a_kind_is_not_good(candy: Path) -> None:
    (candy / "Candy/test_public/data/00_metadata.yaml").write_text("anomalous: 1\nanomalous_bumps: 0\n")
    assert {ref.id: ref.label for ref in open_parts(candy).refs}["test/00"] == "anomalous"
