"""`pirn inspect`: verdicts, exit codes, pictures, maps and tables."""

import csv
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core import checkpoint
from pirn_core.config import changed


@pytest.fixture(scope="module")
def inspected(pirn, model, sample_set, tmp_path_factory):
    """The test parts, inspected with everything written."""
    out = tmp_path_factory.mktemp("results")
    tables = ("--csv", out / "parts.csv", "--regions-csv", out / "regions.csv")
    done = pirn("inspect", model, sample_set, "--out", out, "--maps", *tables, "--json", "--threshold", 1.0)
    return out, done


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_of_a_data_set_all_classes_of_the_test_split_are_inspected(inspected, sample_set):
    _, done = inspected
    labels = {path.name for path in (sample_set / "test").iterdir()}
    assert {part["part"].split("/")[1] for part in done.json["parts"]} == labels
    assert len(done.json["parts"]) == 7


def test_the_verdict_follows_from_the_score_and_sets_the_exit_code(pirn, inspected, model, sample_set):
    _, done = inspected
    found = done.json
    assert found["threshold"] == 1.0 and found["sure"] <= 1.0
    for part in found["parts"]:
        assert (part["verdict"] == "NG") == (part["score"] >= 1.0)
        assert bool(part["regions"]) == (part["verdict"] == "NG")
    assert done.code == 2 and found["counts"]["NG"] > 0
    assert pirn("inspect", model, sample_set, "--threshold", 100).code == 0


def test_the_model_s_own_threshold_is_used_unless_another_is_given(pirn, model, sample_set):
    found = pirn("inspect", model, sample_set / "test" / "good" / "rgb" / "000.png", "--json").json
    sure, threshold = checkpoint.load(model).verdict_limits
    assert (found["sure"], found["threshold"]) == (sure, threshold)
    assert found["model"]["id"] == checkpoint.load(model).id and found["backbone"] == "embedded"


def test_unsure_counts_as_ok_for_the_exit_code_and_is_shown(pirn, model, sample_set, tmp_path, inspected):
    lowest = min(inspected[1].json["parts"], key=lambda part: part["score"])
    path = tmp_path / "wide.pirn"
    assert pirn("confirm", model, lowest["rgb"], "--any-label", "--out", path).code == 0
    confirmed = checkpoint.load(path)
    wide = changed(confirmed.config, {"scoring.quantile": 0.0, "scoring.margin": 50.0})
    checkpoint.save(replace(confirmed, config=wide), path)
    done = pirn("inspect", path, sample_set, "--json")
    verdicts = {part["verdict"] for part in done.json["parts"]}
    assert verdicts <= {"OK", "unsure"} and "unsure" in verdicts
    assert done.code == 0 and done.json["counts"]["unsure"] > 0
    assert "? unsure" in pirn("inspect", path, sample_set).out


def test_maps_are_written_at_the_image_s_size_with_nan_where_nothing_was_seen(inspected):
    out, done = inspected
    for part in done.json["parts"]:
        maps = {name: tifffile.imread(out / f"{part['part']}_{name}.tiff") for name in ("map", "map_rgb", "map_sn")}
        for values in maps.values():
            assert values.dtype == np.float32 and values.shape == (128, 128)
        assert np.nanmax(maps["map"]) == np.float32(part["score"])
        power_mean = ((maps["map_rgb"] ** 3 + maps["map_sn"] ** 3) / 2) ** (1 / 3)
        np.testing.assert_allclose(maps["map"], power_mean, rtol=1e-5)
        grey = cv2.imread(str(out / f"{part['part']}_map.png"), cv2.IMREAD_UNCHANGED)
        assert grey.dtype == np.uint8 and grey.shape == (128, 128)
        assert not grey[np.isnan(maps["map"])].any()
        assert np.isnan(maps["map"]).any()


def test_there_is_a_picture_of_every_part(inspected):
    out, done = inspected
    for part in done.json["parts"]:
        picture = cv2.imread(str(out / f"{part['part']}_overlay.png"))
        assert picture is not None and picture.shape[1] == 512 and picture.shape[0] > 512


def test_the_table_of_parts_has_all_digits(inspected):
    out, done = inspected
    table = {row["part"]: row for row in rows(out / "parts.csv")}
    assert len(table) == 7
    for part in done.json["parts"]:
        row = table[part["part"]]
        assert float(row["score"]) == part["score"] and float(row["score_sn"]) == part["score_sn"]
        assert row["verdict"] == part["verdict"] and row["model"] == done.json["model"]["id"]
        assert row["fired"] == (part["fired"] or "") and row["error"] == ""


def test_the_table_of_regions_has_a_row_per_region(inspected):
    out, done = inspected
    regions = [(part["part"], region) for part in done.json["parts"] for region in part["regions"]]
    table = rows(out / "regions.csv")
    assert len(table) == len(regions) > 0
    for row, (part, region) in zip(table, regions, strict=True):
        assert row["part"] == part and int(row["region"]) == region["region"]
        assert float(row["peak"]) == region["peak"] >= 1.0
        assert float(row["share_rgb"]) + float(row["share_sn"]) == pytest.approx(1.0)
        # Specks of a few pixels have too few points for an area.
        assert row["area_mm2"] != "" or int(row["pixels"]) < 50
        assert row["area_mm2"] == "" or float(row["area_mm2"]) > 0


def test_the_text_shows_verdict_as_word_and_sign_with_backbone_model_and_times(pirn, model, sample_set):
    done = pirn("inspect", model, sample_set, "--threshold", 1.0, "--verbose")
    assert "✗ NG" in done.out and "backbone embedded" in done.out and checkpoint.load(model).id in done.out
    assert all(stage in done.out for stage in ("reading", "geometry", "backbone", "decoder", "maps"))
    assert "embedded" in done.err


def test_quiet_says_all_by_the_exit_code(pirn, model, sample_set):
    done = pirn("inspect", model, sample_set, "--threshold", 1.0, "--quiet")
    assert (done.code, done.out, done.err) == (2, "", "")


def test_a_score_does_not_depend_on_the_cache(pirn, model, sample_set, inspected):
    again = pirn("inspect", model, sample_set, "--no-cache", "--json").json
    former = {part["part"]: part["score"] for part in inspected[1].json["parts"]}
    assert {part["part"]: part["score"] for part in again["parts"]} == former


def test_a_damaged_and_a_missing_part_are_reported_and_the_rest_goes_on(pirn, model, sample_set, tmp_path):
    folder = shutil.copytree(sample_set, tmp_path / "flange")
    damaged = folder / "test" / "dent" / "xyz" / "000.tiff"
    damaged.write_bytes(damaged.read_bytes()[:500])
    (folder / "test" / "crack" / "xyz" / "000.tiff").unlink()
    absent, table = tmp_path / "absent.png", tmp_path / "parts.csv"
    done = pirn("inspect", model, folder, absent, "--json", "--csv", table)
    assert done.code == 1
    found = done.json
    assert {failed["part"] for failed in found["failed"]} == {"test/dent/000", str(absent)}
    assert "000.tiff" in done.err and "absent.png" in done.err
    assert len(found["parts"]) == 6 and found["counts"]["error"] == 2
    (half,) = [part for part in found["parts"] if part["part"] == "test/crack/000"]
    assert "no 3D points" in " ".join(half["warnings"]) and half["score_sn"] is None
    failures = {row["part"]: row for row in rows(table) if row["verdict"] == "error"}
    assert failures["test/dent/000"]["error"] and failures["test/dent/000"]["score"] == ""


def test_a_fault_in_one_part_s_processing_does_not_stop_the_others(pirn, model, sample_set, monkeypatch):
    from pirn_core.inspector import Inspector

    prepare = Inspector.prepare

    def sometimes(self, sample):
        if sample.ref.label == "dent":
            raise ZeroDivisionError("odd")
        return prepare(self, sample)

    monkeypatch.setattr(Inspector, "prepare", sometimes)
    done = pirn("inspect", model, sample_set, "--json")
    assert done.code == 1 and "unexpected ZeroDivisionError" in done.err
    assert [failed["part"] for failed in done.json["failed"]] == ["test/dent/000"]
    assert len(done.json["parts"]) == 6


def test_a_failing_device_stops_everything(pirn, model, sample_set, monkeypatch):
    from pirn_core.inspector import Inspector

    def full(self, sample):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(Inspector, "prepare", full)
    done = pirn("inspect", model, sample_set)
    assert done.code == 1 and done.err.count("memory does not suffice") == 1


def test_ctrl_c_while_inspecting_leaves_only_whole_files(pirn, model, sample_set, tmp_path, monkeypatch):
    import pirn_core.export

    written = pirn_core.export.write_picture

    def third(path, picture):
        if len(list(tmp_path.rglob("*_overlay.png"))) == 2:
            raise KeyboardInterrupt
        written(path, picture)

    monkeypatch.setattr(pirn_core.export, "write_picture", third)
    done = pirn("inspect", model, sample_set, "--out", tmp_path, "--csv", tmp_path / "parts.csv")
    assert done.code == 130
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2 and all(cv2.imread(str(path)) is not None for path in files)


def test_a_shot_is_marked_as_one(pirn, model, training, sample_set):
    shot = training[1].json["shots"][0].rsplit("/", 1)[-1]
    line = ("inspect", model, sample_set / "train" / "good" / "rgb" / f"{shot}.png", "--threshold", 100)
    assert pirn(*line, "--json").json["parts"][0]["shot"] is True
    assert "is a shot of this model" in pirn(*line).out


@pytest.mark.parametrize("threshold", ["0", "-1", "nan", "inf"])
def test_a_threshold_that_is_none_is_refused(pirn, model, sample_set, threshold):
    done = pirn("inspect", model, sample_set, "--threshold", threshold)
    assert done.code == 1 and "is no threshold" in done.err


def test_maps_without_a_folder_are_refused(pirn, model, sample_set):
    done = pirn("inspect", model, sample_set, "--maps")
    assert done.code == 1 and "--out DIR" in done.err


def test_results_that_cannot_be_written_are_an_error(pirn, model, sample_set, tmp_path):
    (tmp_path / "file").write_text("")
    part = sample_set / "test" / "good" / "rgb" / "000.png"
    done = pirn("inspect", model, part, "--csv", tmp_path / "file" / "parts.csv")
    assert done.code == 1 and "cannot be written" in done.err


@pytest.mark.parametrize("content", [b"", b"nothing of the kind"])
def test_a_file_that_is_no_model_is_refused(pirn, sample_set, tmp_path, content):
    path = tmp_path / "m.pirn"
    path.write_bytes(content)
    done = pirn("inspect", path, sample_set)
    assert done.code == 1 and "m.pirn: is" in done.err


def test_nothing_to_inspect_is_an_error(pirn, model, tmp_path):
    done = pirn("inspect", model, tmp_path / "absent")
    assert done.code == 1 and "there is no such file or folder" in done.err and not done.out
