"""Real-IAD D3 as its public readers expect it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pirn_core.data.layouts import open_parts, part_from_path
from pirn_core.errors import SampleError

CAP = "knob_cap"


def _sample(tree, base: Path, label: str, number: int, *, mask: bool = False) -> Path:
    prefix = f"{label}/S{number:04d}/{CAP}_{number:04d}_{label.rpartition('/')[2]}"
    names = [f"{prefix}_RGBL0{lamp}_2024.jpg" for lamp in (1, 5)]
    names += [f"{prefix}_PS_2024.jpg", f"{prefix}_XYZ_2024.tiff", f"{prefix}_PCD_2024.pcd"]
    tree(base, [*names, *([f"{prefix}_RGBL05_2024.png"] if mask else [])])
    return base / prefix


@pytest.fixture
def root(tmp_path: Path, tree) -> Path:
    raw = tmp_path / "d3" / "realiad_d3_raw" / CAP
    for number in (1, 2, 3):
        _sample(tree, raw, "OK", number)
    _sample(tree, raw, "NG/scratch", 7, mask=True)
    return tmp_path / "d3"


def _entry(label: str, number: int, *, mask: bool = False) -> dict[str, str | None]:
    prefix = f"{label}/S{number:04d}/{CAP}_{number:04d}_{label.rpartition('/')[2]}"
    return {
        "category": CAP,
        "anomaly_class": label.rpartition("/")[2],
        "image_path": f"{prefix}_RGBL05_2024.jpg",
        "ps_path": f"{prefix}_PS_2024.jpg",
        "xyz_path": f"{prefix}_XYZ_2024.tiff",
        "mask_path": f"{prefix}_RGBL05_2024.png" if mask else None,
    }


@pytest.fixture
def split_root(root: Path) -> Path:
    splits = {
        "meta": {"prefix": f"{CAP}/", "normal_class": "OK"},
        "train": [_entry("OK", 1)],
        "validation": [_entry("OK", 2)],
        "test": [_entry("OK", 3), _entry("NG/scratch", 7, mask=True)],
    }
    path = root / "realiad_d3_jsons" / f"{CAP}.json"
    path.parent.mkdir()
    path.write_text(json.dumps(splits))
    return root


def test_splits_come_from_the_json_file(split_root: Path) -> None:
    parts = open_parts(split_root)
    assert (parts.layout, parts.category, parts.lighting) == ("realiad_d3", CAP, "L05")
    assert [(ref.split, ref.label) for ref in parts.refs] == [
        ("train", "good"),
        ("validation", "good"),
        ("test", "good"),
        ("test", "scratch"),
    ]
    assert len({ref.id for ref in parts.refs}) == 4
    assert parts.problems == ()
    bad = parts.refs[-1]
    place = split_root / "realiad_d3_raw" / CAP / "NG/scratch/S0007"
    assert bad.rgb == place / f"{CAP}_0007_scratch_RGBL05_2024.jpg"
    assert bad.xyz == place / f"{CAP}_0007_scratch_XYZ_2024.tiff"
    assert bad.normals == place / f"{CAP}_0007_scratch_PS_2024.jpg"
    assert bad.mask == place / f"{CAP}_0007_scratch_RGBL05_2024.png"
    assert bad.extra == {"cloud": place / f"{CAP}_0007_scratch_PCD_2024.pcd"}


def test_paths_may_begin_with_the_category(split_root: Path) -> None:
    path = split_root / "realiad_d3_jsons" / f"{CAP}.json"
    path.write_text(path.read_text().replace('_path": "', f'_path": "{CAP}/'))
    parts = open_parts(split_root)
    assert parts.problems == () and len(parts) == 4


@pytest.mark.parametrize("where", [".", "realiad_d3_raw", f"realiad_d3_raw/{CAP}"])
def test_any_of_its_folders_can_be_opened(split_root: Path, where: str) -> None:
    assert [ref.split for ref in open_parts(split_root / where).refs] == [
        "train",
        "validation",
        "test",
        "test",
    ]


def test_without_a_json_file_all_parts_are_there_without_a_split(root: Path) -> None:
    parts = open_parts(root)
    assert parts.splits == ("",)
    assert sorted(ref.label for ref in parts.refs) == ["good", "good", "good", "scratch"]
    assert len(parts.good()) == 3


def test_defects_beside_ok_instead_of_below_ng(tmp_path: Path, tree) -> None:
    raw = tmp_path / CAP
    _sample(tree, raw, "OK", 1)
    _sample(tree, raw, "dent", 2, mask=True)
    labels = {ref.label: ref for ref in open_parts(raw).refs}
    assert set(labels) == {"good", "dent"} and labels["dent"].mask is not None


def test_lightings_can_be_chosen(split_root: Path) -> None:
    for spelling in ("L01", "01"):
        refs = open_parts(split_root, lighting=spelling).refs
        assert all(ref.rgb and "_RGBL01_" in ref.rgb.name for ref in refs)
    with pytest.raises(SampleError, match=r"no lighting L03.*L01, L05"):
        open_parts(split_root, lighting="L03")


def test_files_that_are_gone_are_problems(split_root: Path) -> None:
    place = split_root / "realiad_d3_raw" / CAP / "OK/S0001"
    (place / f"{CAP}_0001_OK_XYZ_2024.tiff").unlink()
    ref = open_parts(split_root).refs[0]
    assert ref.xyz == place / f"{CAP}_0001_OK_PCD_2024.pcd"
    (place / f"{CAP}_0001_OK_PCD_2024.pcd").unlink()
    parts = open_parts(split_root)
    assert parts.refs[0].xyz is None
    assert [(p.kind, p.part) for p in parts.problems] == [("missing", parts.refs[0].id)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as json"),
        ("[]", "no list named train"),
        ('{"train": [{"image": "x"}]}', r"train\[0\]: has no image_path"),
        ('{"train": [{"image_path": "../../etc/passwd"}]}', "leads out of the category's folder"),
        ('{"train": [{"image_path": "/etc/passwd"}]}', "leads out of the category's folder"),
        ('{"train": [{"image_path": "OK/S0001/a_RGBL05_1.jpg", "xyz_path": 7}]}', "7 is no path"),
    ],
)
def test_broken_json_files(split_root: Path, text: str, message: str) -> None:
    (split_root / "realiad_d3_jsons" / f"{CAP}.json").write_text(text)
    with pytest.raises(SampleError, match=message):
        _ = open_parts(split_root).refs


def test_plain_folders_named_ok_are_not_taken_for_it(tmp_path: Path, tree) -> None:
    assert open_parts(tree(tmp_path, ["OK/1_XYZ.tiff", "OK/1.png", "NG/2.png"])).layout == "plain"


def test_a_single_file_finds_its_partners(root: Path) -> None:
    place = root / "realiad_d3_raw" / CAP / "NG/scratch/S0007"
    (ref,) = part_from_path(place / f"{CAP}_0007_scratch_XYZ_2024.tiff")
    assert ref.layout == "realiad_d3" and ref.label == "scratch"
    assert ref.rgb == place / f"{CAP}_0007_scratch_RGBL05_2024.jpg"
    (other,) = part_from_path(place / f"{CAP}_0007_scratch_RGBL01_2024.jpg")
    assert other.rgb == place / f"{CAP}_0007_scratch_RGBL01_2024.jpg"
