"""Which layout a folder has, which category, and the sentences for what cannot be opened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pirn_core.data.layouts import LAYOUTS, open_parts
from pirn_core.errors import SampleError


def test_layouts_are_detected_with_a_reason(mvtec: Path, candy: Path, tree, tmp_path: Path) -> None:
    plain = tree(tmp_path / "plain", ["1.png", "1.ply"])
    for root, name in ((mvtec, "mvtec3d"), (candy, "eyecandies"), (plain, "plain")):
        parts = open_parts(root)
        assert parts.layout == name
        assert parts.reason.endswith(".") and (name in parts.reason or name == "plain")
        assert parts.root == root


def test_a_category_folder_opens_like_its_data_set(mvtec: Path, candy: Path) -> None:
    for root, name in ((mvtec, "cable"), (candy, "Candy")):
        inside, outside = open_parts(root / name), open_parts(root)
        assert inside.category == outside.category == name
        assert inside.refs == outside.refs


def test_several_categories_must_be_named(mvtec: Path, tree) -> None:
    tree(mvtec, ["tire/train/good/rgb/000.png"])
    with pytest.raises(SampleError, match=r"2 categories: cable, tire.*--category"):
        open_parts(mvtec)
    assert open_parts(mvtec, category="tire").refs[0].id == "train/good/000"
    with pytest.raises(SampleError, match=r"no category 'rope'.*cable, tire"):
        open_parts(mvtec, category="rope")


def test_a_layout_can_be_forced(mvtec: Path) -> None:
    forced = open_parts(mvtec / "cable", layout="plain")
    assert forced.layout == "plain" and "asked for" in forced.reason
    assert {ref.id for ref in forced.refs} == {ref.id for ref in open_parts(mvtec).refs}
    with pytest.raises(SampleError, match="not laid out as eyecandies"):
        open_parts(mvtec, layout="eyecandies")
    with pytest.raises(SampleError, match=r"no layout 'mvtec'.*mvtec3d, eyecandies, realiad_d3, plain"):
        open_parts(mvtec, layout="mvtec")


def test_opening_again_by_what_the_part_set_says_gives_the_same_parts(mvtec: Path, candy: Path) -> None:
    for root in (mvtec, candy, mvtec / "cable" / "test"):
        first = open_parts(root)
        again = open_parts(first.root, layout=first.layout, category=first.category, lighting=first.lighting or None)
        assert again.refs == first.refs


def test_missing_empty_and_useless_folders(tmp_path: Path, tree) -> None:
    with pytest.raises(SampleError, match="no such folder"):
        open_parts(tmp_path / "nothing")
    with pytest.raises(SampleError, match="the folder is empty"):
        open_parts(tmp_path)
    tree(tmp_path, ["notes.docx", "deeper/readme.md"])
    with pytest.raises(SampleError, match="no image and no 3D file"):
        open_parts(tmp_path)
    with pytest.raises(SampleError, match="is a file, not a folder"):
        open_parts(tmp_path / "notes.docx")
    with pytest.raises(SampleError, match=r"packed files \(parts.zip\)"):
        open_parts(tree(tmp_path / "packed", ["parts.zip"]))


def test_a_folder_of_data_sets_is_not_one_plain_folder(mvtec: Path, candy: Path) -> None:
    with pytest.raises(SampleError, match="holds data sets: eyecandies, mvtec"):
        open_parts(mvtec.parent)


def test_many_folders_are_parts_and_not_data_sets(mvtec: Path, tree) -> None:
    root = tree(mvtec.parent, [f"part{number}/rgb.png" for number in range(60)])
    assert open_parts(root).layout == "plain"


def test_circles_of_links_are_named(tmp_path: Path, tree) -> None:
    tree(tmp_path / "a", ["good/1.png"])
    (tmp_path / "a" / "good" / "back").symlink_to(tmp_path / "a", target_is_directory=True)
    with pytest.raises(SampleError, match=r"good/back: the symbolic link leads back to a folder above"):
        _ = open_parts(tmp_path / "a").refs
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(SampleError, match="leads back to itself"):
        open_parts(tmp_path / "self")


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path, mvtec: Path) -> None:
    (tmp_path / "link").symlink_to(mvtec, target_is_directory=True)
    assert [ref.id for ref in open_parts(tmp_path / "link").refs] == [ref.id for ref in open_parts(mvtec).refs]


def test_a_folder_without_permission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SampleError, match="you may not read this folder"):
        open_parts(tmp_path)


def test_a_folder_on_a_failing_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(SampleError, match="cannot be listed: Input/output error"):
        open_parts(tmp_path)


def test_folders_that_may_not_be_looked_at_are_no_data_set(monkeypatch: pytest.MonkeyPatch, mvtec: Path) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert open_parts(mvtec).layout == "plain"


def test_only_layouts_with_lightings_take_one(mvtec: Path, candy: Path) -> None:
    with pytest.raises(SampleError, match="mvtec3d has no lightings"):
        open_parts(mvtec, lighting="image_4")
    with pytest.raises(SampleError, match=r"no lighting image_0.*image_4, image_5"):
        open_parts(candy, lighting="image_0")


def test_non_ascii_and_odd_names(tmp_path: Path, tree) -> None:
    root = tree(tmp_path / "Prüfteile 日本", ["gut (1).png", "gut (1).tiff", "тест.v2.png", ".hidden.png", "._1.png"])
    assert [ref.id for ref in open_parts(root).refs] == ["gut (1)", "тест.v2"]


@pytest.mark.parametrize("shape", ["flat", "mvtec", "eyecandies", "folders"])
def test_ten_thousand_parts_are_listed_within_two_seconds(shape: str, tmp_path: Path, monkeypatch) -> None:
    count = 2_000 if shape == "folders" else 10_000  # making folders takes longer than listing them
    folder = {"flat": "", "mvtec": "c/train/good/rgb", "eyecandies": "c/train/data", "folders": ""}[shape]
    place = tmp_path / folder
    place.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = {"eyecandies": f"{number}_image_4.png", "folders": f"p{number}/rgb.png"}.get(shape, f"{number}.png")
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).touch()

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    start = time.thread_time()
    assert len(open_parts(tmp_path).refs) == count
    assert time.thread_time() - start < 2.0 * count / 10_000


def test_listing_imports_nothing_heavy(mvtec: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pirn_core.data.layouts import open_parts;"
        f"open_parts(Path({str(mvtec)!r})).refs;"
        "print(sorted(set(sys.modules) & {'torch', 'open3d', 'cv2', 'tifffile', 'sklearn', 'scipy'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    assert done.stdout.strip() == "[]"


def test_every_layout_says_its_shape() -> None:
    assert set(LAYOUTS) == {"mvtec3d", "eyecandies", "realiad_d3", "plain"}
    assert all(layout.shape for layout in LAYOUTS.values())
