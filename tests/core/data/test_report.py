"""The data report finds every fault, names it once, and disturbs nothing."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core.data.layouts import open_parts
from pirn_core.data.report import data_report
from pirn_core.errors import Cancelled, SampleError

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


def part(folder: Path, stem: str, *, size: tuple[int, int] = (20, 24), seed: int | None = None) -> None:
    """A colour image and a scan in an MVTec class folder."""
    rng = np.random.default_rng(
        zlib.crc32(f"{folder.name}{folder.parent.name}{stem}".encode()) if seed is None else seed
    )
    rows, cols = np.mgrid[: size[0], : size[1]] * 0.001
    xyz = np.stack((cols, rows, 0.4 + 0.1 * cols), axis=-1).astype(np.float32)
    for kind in ("rgb", "xyz"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"rgb/{stem}.png"), rng.integers(0, 255, (*size, 3), dtype=np.uint8))
    tifffile.imwrite(folder / f"xyz/{stem}.tiff", xyz, photometric="rgb")


def gt(folder: Path, stem: str, value: int, size: tuple[int, int] = (20, 24)) -> None:
    (folder / "gt").mkdir(exist_ok=True)
    image = np.zeros(size, np.uint8)
    image[3:6, 3:6] = value
    cv2.imwrite(str(folder / f"gt/{stem}.png"), image)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    root = tmp_path / "cable"
    for stem in ("000", "001", "002"):
        part(root / "train/good", stem)
    part(root / "test/good", "000")
    part(root / "test/bent", "000")
    gt(root / "test/good", "000", 0)
    gt(root / "test/bent", "000", 255)
    return root


def test_a_sound_folder_has_counts_and_no_problem(sound: Path) -> None:
    report = data_report(open_parts(sound))
    assert report.problems == () and report.warnings == () and report.unusable == ()
    assert report.parts == 5 and report.checked
    assert report.sizes == {"24x20": 5} and report.units == {"m (layout)": 5}
    assert report.count_rows() == (
        ("split", "label", "parts", "colour", "3D", "masks"),
        ("train", "good", "3", "3", "3", "0"),
        ("test", "good", "1", "1", "1", "1"),
        ("test", "bent", "1", "1", "1", "1"),
    )


def test_every_fault_is_named_once(sound: Path) -> None:
    good = sound / "train/good"
    (good / "xyz/000.tiff").unlink()  # missing
    (good / "rgb/001.png").write_bytes((good / "rgb/001.png").read_bytes()[:90])  # unreadable
    part(good, "003")
    (good / "rgb/003.jpg").write_bytes((good / "rgb/003.png").read_bytes())  # duplicate stem
    part(good, "004")
    cv2.imwrite(str(good / "rgb/004.png"), np.zeros((20, 22, 3), np.uint8))  # mismatched
    part(good, "005", size=(18, 24))  # another size than the rest
    (good / "rgb/006.png").write_bytes((sound / "test/good/rgb/000.png").read_bytes())  # the same content
    (good / "xyz/006.tiff").write_bytes((good / "xyz/002.tiff").read_bytes())
    gt(sound / "test/good", "000", 9)  # labelled good, marked bad
    gt(sound / "test/bent", "000", 0)  # labelled bad, nothing marked
    part(sound / "test/bent", "001")
    gt(sound / "test/bent", "001", 1, size=(20, 20))  # mask of another size
    gt(sound / "test/bent", "009", 1)  # unused
    found = [(p.kind, p.part) for p in data_report(open_parts(sound)).problems]
    assert sorted(found) == sorted(
        [
            ("missing", "train/good/000"),
            ("unreadable", "train/good/001"),
            ("duplicate", "train/good/003"),
            ("mismatched", "train/good/004"),
            ("mismatched", "train/good/005"),
            ("duplicate", "test/good/000"),
            ("mismatched", "test/good/000"),
            ("mismatched", "test/bent/000"),
            ("mismatched", "test/bent/001"),
            ("unused", ""),
        ]
    )


def test_messages_carry_value_and_place(sound: Path) -> None:
    part(sound / "train/good", "005", size=(18, 24))
    good = sound / "train/good"
    (good / "rgb/001.png").write_bytes(b"")
    (good / "rgb/006.png").write_bytes((good / "rgb/002.png").read_bytes())
    report = data_report(open_parts(sound))
    rows = {(row[0], row[1]): row for row in report.problem_rows()[1:]}
    assert report.problem_rows()[0] == ("problem", "part", "file", "what")
    assert rows["unreadable", "train/good/001"][2] == "001.png"
    assert "the file is empty" in rows["unreadable", "train/good/001"][3]
    assert rows["mismatched", "train/good/005"][3] == "is 24x18 while most parts are 24x20."
    assert rows["duplicate", "train/good/006"][3] == "has the same content as train/good/002."
    assert report.unusable == ("train/good/001",)


def test_listing_only_opens_nothing(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    report = data_report(open_parts(sound), check_files=False)
    assert report.parts == 5 and not report.checked and report.sizes == {}


def test_progress_and_cancel(sound: Path) -> None:
    steps: list[tuple[int, int]] = []
    data_report(open_parts(sound), progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 5) for n in range(1, 6)]

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        data_report(open_parts(sound), progress=stop)


def test_the_dictionary_is_json_with_relative_paths(sound: Path) -> None:
    (sound / "train/good/xyz/000.tiff").unlink()
    (sound / "train/good/rgb/001.png").write_bytes(b"")
    values = data_report(open_parts(sound)).to_dict()
    again = json.loads(json.dumps(values))
    assert again == values and values["layout"] == "mvtec3d" and values["parts"] == 5
    assert values["counts"][0] == {
        "split": "train",
        "label": "good",
        "parts": 3,
        "rgb": 3,
        "xyz": 2,
        "masks": 0,
    }
    assert [problem["file"] for problem in values["problems"]] == [None, "train/good/rgb/001.png"]


def test_warnings_of_the_reader_are_kept_with_their_part(sound: Path) -> None:
    deep = np.full((20, 24, 3), 40_000, np.uint16)
    cv2.imwrite(str(sound / "train/good/rgb/000.png"), deep)
    assert data_report(open_parts(sound)).warnings == (
        ("train/good/000", "000.png has 16 bits per channel; it was converted to 8."),
    )


def test_clouds_may_have_any_size(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in (1, 2):
        np.save(tmp_path / f"{number}.npy", rng.uniform(0, 50 * number, (3000, 3)) * (1, 1, 0.01) + (0, 0, 400))
    report = data_report(open_parts(tmp_path), unit="mm")
    assert report.problems == () and len(report.warnings) == 2 and report.units == {"mm (given)": 2}


def test_a_folder_without_parts(tmp_path: Path) -> None:
    (tmp_path / "a_mask.png").touch()
    with pytest.raises(SampleError, match="holds no part"):
        data_report(open_parts(tmp_path))


def test_files_without_permission_do_not_stop_the_report(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = sound / "train/good/rgb"
    (good / "009.png").write_bytes((good / "000.png").read_bytes())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    problems = data_report(open_parts(sound)).problems
    assert sum("you may not read this file" in p.message for p in problems) == 6
    assert not any(p.kind == "duplicate" for p in problems)


def test_links_and_gone_files_do_not_stop_the_report(sound: Path) -> None:
    (sound / "train/good/rgb/007.png").symlink_to(sound / "train/good/rgb/007.png")
    (sound / "train/good/rgb/008.png").symlink_to(sound / "nowhere.png")
    problems = data_report(open_parts(sound)).problems
    unreadable = {p.part: p.message for p in problems if p.kind == "unreadable"}
    assert "leads back to itself" in unreadable["train/good/007"]
    assert "is not there" in unreadable["train/good/008"]


@pytest.mark.parametrize(("name", "parts"), [("mvtec3d", 45), ("eyecandies", 32)])
def test_the_development_data_is_sound(name: str, parts: int) -> None:
    if not SHARED.is_dir():
        pytest.skip("the development data (../shared/data) is not here")
    report = data_report(open_parts(SHARED / name))
    assert report.problems == () and report.warnings == () and report.parts == parts
