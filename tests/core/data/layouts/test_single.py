"""Parts given as one file or one folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pirn_core.data.layouts import open_parts, part_from_path
from pirn_core.errors import SampleError


@pytest.mark.parametrize("name", ["rgb/000.png", "xyz/000.tiff"])
def test_an_mvtec_file_finds_its_partner(mvtec: Path, name: str) -> None:
    (ref,) = part_from_path(mvtec / "cable/test/bent" / name)
    assert ref in open_parts(mvtec).refs


def test_an_eyecandies_file_finds_its_part_and_keeps_its_lighting(candy: Path) -> None:
    data = candy / "Candy/test_public/data"
    assert part_from_path(data / "01_depth.png")[0] in open_parts(candy).refs
    (ref,) = part_from_path(data / "01_image_5.png")
    assert ref.rgb == data / "01_image_5.png" and ref.xyz == data / "01_depth.png"


def test_plain_files(tmp_path: Path, tree) -> None:
    tree(tmp_path, ["1.png", "1.ply", "2.jpg", "deep/1.npy", "set/rgb/7.png", "set/xyz/7.npy"])
    assert part_from_path(tmp_path / "1.png")[0].xyz == tmp_path / "1.ply"
    assert part_from_path(tmp_path / "1.ply")[0].rgb == tmp_path / "1.png"
    assert part_from_path(tmp_path / "2.jpg")[0].xyz is None
    assert part_from_path(tmp_path / "set/rgb/7.png")[0].xyz == tmp_path / "set/xyz/7.npy"


def test_hidden_files_are_parts_when_named(tmp_path: Path, tree) -> None:
    tree(tmp_path, [".1.png", ".1.ply"])
    (ref,) = part_from_path(tmp_path / ".1.png")
    assert (ref.rgb, ref.xyz) == (tmp_path / ".1.png", None)
    assert part_from_path(tmp_path / ".1.ply")[0].xyz == tmp_path / ".1.ply"


def test_a_relative_path(tmp_path: Path, tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path, ["1.png", "1.ply"]))
    assert part_from_path(Path("1.png"))[0].xyz == tmp_path / "1.ply"
    assert len(part_from_path(Path())) == 1


def test_a_file_named_outright_settles_a_duplicate(tmp_path: Path, tree) -> None:
    tree(tmp_path, ["1.png", "1.jpg", "1.ply"])
    for name in ("1.png", "1.jpg"):
        (ref,) = part_from_path(tmp_path / name)
        assert ref.rgb == tmp_path / name and "duplicate" not in ref.extra and ref.xyz == tmp_path / "1.ply"


def test_a_folder_gives_all_its_parts(mvtec: Path, tmp_path: Path, tree) -> None:
    assert len(part_from_path(mvtec)) == 5
    assert len(part_from_path(mvtec / "cable/test/bent")) == 2
    (ref,) = part_from_path(tree(tmp_path / "part_17", ["rgb.png", "xyz.npy"]))
    assert ref.rgb == tmp_path / "part_17/rgb.png" and ref.xyz == tmp_path / "part_17/xyz.npy"


def test_what_is_no_part(tmp_path: Path, tree) -> None:
    tree(tmp_path, ["1_mask.png", "notes.txt", "film.mp4"])
    for name in ("1_mask.png", "notes.txt", "film.mp4"):
        with pytest.raises(SampleError, match="is no colour image and no 3D file"):
            part_from_path(tmp_path / name)
    with pytest.raises(SampleError, match="no such file or folder"):
        part_from_path(tmp_path / "1.png")
