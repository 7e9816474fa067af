import hashlib
import json
import zlib

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core.errors import Cancelled, SampleError
from pirn_core.synthetic import CLASS_IDS, SET_DEFECTS, generate, render_part

SMALL = {"train": 2, "validation": 1, "good": 1, "defective_per_kind": 1, "size": 64, "seed": 3}


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "demo"
    calls = []
    summary = generate(folder, **SMALL, progress=lambda done, total: calls.append((done, total)))
    return folder, summary, calls


def test_the_set_has_the_stated_layout(made):
    folder, summary, _ = made
    assert sorted(path.name for path in folder.iterdir()) == ["demo.json", "flange", "housing", "readme.txt"]
    for kind, defects in SET_DEFECTS.items():
        root = folder / kind
        assert {path.name for path in (root / "test").iterdir()} == {"good", *defects}
        for split, label, count in (("train", "good", 2), ("validation", "good", 1), ("test", defects[0], 1)):
            place = root / split / label
            names = [f"{index:03d}" for index in range(count)]
            assert sorted(path.name for path in (place / "rgb").iterdir()) == [f"{name}.png" for name in names]
            assert sorted(path.name for path in (place / "xyz").iterdir()) == [f"{name}.tiff" for name in names]
            assert (place / "gt").is_dir() == (split == "test")
    assert summary.parts == summary.written == 2 * (2 + 1 + 1 + 5)
    assert summary.part_types == {"flange": folder / "flange", "housing": folder / "housing"}


def test_images_and_scans_can_be_read_back(made):
    folder, _, _ = made
    place = folder / "flange" / "test" / "dent"
    rgb = cv2.imread(str(place / "rgb" / "000.png"), cv2.IMREAD_UNCHANGED)
    xyz = tifffile.imread(place / "xyz" / "000.tiff")
    assert rgb.shape == xyz.shape == (64, 64, 3)
    assert rgb.dtype == np.uint8 and xyz.dtype == np.float32
    assert 0.4 < np.median(xyz[..., 2]) < 0.6, "metres"


def test_files_hold_what_was_rendered(tmp_path):
    generate(tmp_path, **{**SMALL, "train": 1, "validation": 0}, parts=("flange",))
    rgb = cv2.imread(str(tmp_path / "flange/train/good/rgb/000.png"))[..., ::-1]
    xyz = tifffile.imread(tmp_path / "flange/train/good/xyz/000.tiff")
    twin = np.random.SeedSequence(3, spawn_key=(_word("flange"), _word("train"), _word("good"), 0))
    part = render_part("flange", twin, 64)
    assert np.array_equal(rgb, part.rgb) and np.array_equal(xyz, part.xyz)


def _word(text):
    return zlib.crc32(text.encode())


def test_ground_truth_is_the_class_number_and_zero_for_good_parts(made):
    folder, _, _ = made
    for kind, defects in SET_DEFECTS.items():
        numbers = json.loads((folder / kind / "class_ids.json").read_text())
        assert numbers == {"0": "good"} | {str(CLASS_IDS[name]): name for name in defects}
        for label in ("good", *defects):
            gt = cv2.imread(str(folder / kind / "test" / label / "gt" / "000.png"), cv2.IMREAD_UNCHANGED)
            assert gt.dtype == np.uint8 and gt.ndim == 2
            assert set(np.unique(gt)) == ({0} if label == "good" else {0, CLASS_IDS[label]})


def test_the_camera_file_reprojects_the_points(made):
    folder, _, _ = made
    camera = json.loads((folder / "housing" / "calibration" / "camera_parameters.json").read_text())
    xyz = tifffile.imread(folder / "housing" / "train" / "good" / "xyz" / "001.tiff")
    rows, columns = np.nonzero(xyz[..., 2])
    x, y, z = xyz[rows, columns].T.astype(np.float64)
    assert np.allclose(x / z * camera["focus"] / camera["sx"] + camera["cx"], columns, atol=2e-3)
    assert np.allclose(y / z * camera["focus"] / camera["sy"] + camera["cy"], rows, atol=2e-3)
    assert camera["image_width"] == camera["image_height"] == 64


def test_progress_runs_from_none_to_all(made):
    _, summary, calls = made
    assert calls == [(done, summary.parts) for done in range(summary.parts + 1)]


def test_the_readme_names_origin_and_licence(made):
    text = (made[0] / "readme.txt").read_text()
    assert "pirn demo" in text and "Apache License 2.0" in text and "8 of 255" in text


def test_the_same_arguments_give_the_same_bytes(made, tmp_path):
    generate(tmp_path / "again", **SMALL)
    assert hashes(tmp_path / "again") == hashes(made[0])


def test_another_seed_gives_other_parts(made, tmp_path):
    generate(tmp_path, **{**SMALL, "seed": 4, "train": 1, "validation": 0}, parts=("flange",))
    name = "flange/train/good/rgb/000.png"
    assert hashes(tmp_path)[name] != hashes(made[0])[name]


def test_a_part_does_not_depend_on_how_many_there_are(made, tmp_path):
    generate(tmp_path, **{**SMALL, "train": 1, "validation": 0}, parts=("housing",))
    ours, theirs = hashes(tmp_path), hashes(made[0])
    assert all(theirs[name] == value for name, value in ours.items() if name.endswith((".png", ".tiff")))


def test_a_complete_set_is_left_alone(made):
    folder, _, _ = made
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    summary = generate(folder, **SMALL)
    assert summary.written == 0 and summary.parts == 18 and summary.seconds < 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_interrupted_set_is_finished(made, tmp_path):
    def stop(done, total):
        if done == 5:
            raise Cancelled("stopped.")

    folder = tmp_path / "demo"
    with pytest.raises(Cancelled):
        generate(folder, **SMALL, progress=stop)
    assert json.loads((folder / "demo.json").read_text())["complete"] is False
    leftover = folder / "flange" / "train" / "good" / "rgb" / ".001.png.k3j2h1"
    leftover.write_bytes(b"half")
    summary = generate(folder, **SMALL)
    assert summary.written == 18 - 5
    assert hashes(folder) == hashes(made[0]), "and what was half-written is gone"


def test_a_lost_file_is_made_again(tmp_path):
    arguments = {**SMALL, "train": 1, "validation": 0, "parts": ("flange",)}
    generate(tmp_path, **arguments)
    before = hashes(tmp_path)
    (tmp_path / "flange/test/stain/gt/000.png").unlink()
    (tmp_path / "readme.txt").unlink()
    assert generate(tmp_path, **arguments).written == 1
    assert hashes(tmp_path) == before


def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(SampleError, match=r"'thesis.docx'.*new or empty"):
        generate(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_hidden_files_do_not_make_a_folder_foreign(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert generate(tmp_path, **{**SMALL, "train": 1, "validation": 0}, parts=("flange",)).written == 7


def test_a_foreign_file_in_an_incomplete_set_is_refused(tmp_path):
    arguments = {**SMALL, "train": 1, "validation": 0, "parts": ("flange",)}
    generate(tmp_path, **arguments)
    (tmp_path / "flange/train/good/rgb/000.png").unlink()
    (tmp_path / "flange/train/good/rgb/mine.png").write_bytes(b"x")
    with pytest.raises(SampleError, match=r"mine\.png does not belong"):
        generate(tmp_path, **arguments)


def test_a_set_with_other_settings_is_refused(made):
    with pytest.raises(SampleError, match=r"other settings.*new folder"):
        generate(made[0], **{**SMALL, "seed": 9})


@pytest.mark.parametrize(
    ("text", "message"), [("{", "damaged"), ('{"name": "x"}', "does not belong"), ("[]", "does not")]
)
def test_a_foreign_manifest_is_refused(tmp_path, text, message):
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(SampleError, match=message):
        generate(tmp_path, **SMALL)


def test_a_file_is_not_a_folder(tmp_path):
    path = tmp_path / "demo"
    path.write_text("x")
    with pytest.raises(SampleError, match="is a file"):
        generate(path, **SMALL)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SampleError, match="cannot be written"):
        generate(tmp_path / "file" / "demo", **SMALL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": ("gear",)}, "gear.*flange, housing"),
        ({"parts": ()}, "none"),
        ({"parts": ("flange", "flange")}, "each once"),
        ({"train": -1}, "train is -1"),
        ({"defective_per_kind": 1000}, "0 to 999"),
        ({"size": 20}, "size is 20.*48 to 2000"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_written(tmp_path, change, message):
    with pytest.raises(SampleError, match=message):
        generate(tmp_path / "new", **{**SMALL, **change})
    assert not (tmp_path / "new").exists()
