"""Results as files and pictures: values unchanged, nothing half written, one colour scale for all parts."""

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core import export
from pirn_core.data.planes import Planes
from pirn_core.data.sample import PartRef
from pirn_core.errors import OutputError
from pirn_core.overlay import OPACITY, heat, overlay, part_picture, to_share
from pirn_core.results import InspectionResult, Region

RANGE = (0.5, 2.5)


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    maps = {m: rng.uniform(0.2, 1.2, (40, 60)).astype(np.float32) for m in ("rgb", "sn")}
    maps["sn"][10:20, 30:45] = 5.0
    for values in maps.values():
        values[:, :5] = np.nan
    fused = (maps["rgb"] + maps["sn"]) / 2
    region = Region(1, (10, 30, 20, 45), 150, float(np.nanmax(fused)), (12, 33), {"rgb": 0.1, "sn": 0.9}, 12.5)
    score = float(np.nanmax(fused))
    return InspectionResult(
        ref=PartRef("test/bent/003"),
        model_id="abc",
        score=score,
        scores={"rgb": float(np.nanmax(maps["rgb"])), "sn": 5.0},
        threshold=2.0,
        sure=1.5,
        verdict="NG",
        map=fused,
        maps=maps,
        seen=np.isfinite(fused),
        regions=(region,),
        seconds={"reading": 0.1, "maps": 0.2},
        warnings=("First.", "Second."),
        backbone="embedded",
    )


@pytest.fixture
def planes():
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(40, 60, 3)).astype(np.float32)
    normals[..., 2] = -np.abs(normals[..., 2])
    seen = np.ones((40, 60), bool)
    return Planes(
        rgb=rng.integers(0, 256, (40, 60, 3)).astype(np.uint8),
        normals=normals / np.linalg.norm(normals, axis=-1, keepdims=True),
        valid=seen,
        foreground=seen,
        raw_foreground=seen,
        centre=(20.0, 30.0),
        warnings=(),
        foreground_source="off",
    )


def test_maps_come_back_from_the_tiff_bit_by_bit(result, tmp_path):
    paths = export.write_maps(tmp_path, result, RANGE)
    assert [path.name for path in paths] == [
        "003_map.tiff",
        "003_map_rgb.tiff",
        "003_map_sn.tiff",
        "003_map.png",
    ]
    assert paths[0].parent == tmp_path / "test" / "bent"
    for path, values in zip(paths, (result.map, result.maps["rgb"], result.maps["sn"]), strict=False):
        np.testing.assert_array_equal(tifffile.imread(path), values)


def test_the_8_bit_map_has_the_model_s_fixed_scale(result, tmp_path):
    export.write_maps(tmp_path, result, RANGE)
    grey = cv2.imread(str(tmp_path / "test/bent/003_map.png"), cv2.IMREAD_UNCHANGED).astype(float)
    expected = np.nan_to_num((result.map - 0.5) / 2.0).clip(0, 1) * 255
    assert np.abs(grey - expected).max() <= 0.5 + 1e-4
    assert not grey[:, :5].any(), "what was not seen is black"


def test_pictures_keep_their_colours(tmp_path):
    picture = np.zeros((4, 5, 3), np.uint8)
    picture[..., 0] = 200
    export.write_picture(tmp_path / "x.png", picture)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "x.png"))[..., ::-1], picture)


def test_tables_keep_all_digits_and_leave_nothing_half_written(result, tmp_path):
    path = tmp_path / "tables" / "parts.csv"
    rows = [export.part_row(result, shot=True), export.failure_row("test/x, y", 'says "no"\nand more')]
    export.write_table(path, export.PART_COLUMNS, rows)
    with path.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert float(first["score"]) == result.score and float(first["score_rgb"]) == result.scores["rgb"]
    assert first["fired"] == "sn" and first["shot"] == "yes" and first["warnings"] == "First. Second."
    assert (second["part"], second["error"]) == ("test/x, y", 'says "no"\nand more')
    assert second["verdict"] == "error" and second["score"] == ""
    assert [entry.name for entry in path.parent.iterdir()] == ["parts.csv"]


def test_a_missing_number_is_an_empty_cell(tmp_path):
    export.write_table(tmp_path / "x.csv", ("a", "b", "c"), [{"a": None, "b": float("nan"), "c": False}])
    assert (tmp_path / "x.csv").read_text() == "a,b,c\n,,\n"


def test_regions_are_rows_with_their_share_and_size(result):
    (row,) = export.region_rows(result)
    assert set(row) == set(export.REGION_COLUMNS)
    assert (row["row0"], row["column0"], row["row1"], row["column1"]) == (10, 30, 20, 45)
    assert row["area_mm2"] == 12.5 and row["length_mm"] is None and row["share_sn"] == 0.9


def test_results_are_plain_values(result):
    values = export.result_values(result)
    assert json.loads(json.dumps(values)) == values
    assert values["regions"][0]["peak"] == result.score and "map" not in values


def test_the_modality_that_fired_is_the_strongest_region_s(result):
    assert export.fired(result) == "sn"
    assert export.fired(replace(result, regions=())) is None


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"parts\.csv: cannot be written"):
        export.write_table(tmp_path / "file" / "parts.csv", ("a",), [])


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("test/bent/003", "test/bent/003_x.png"),
        ("../../etc/passwd", "etc/passwd_x.png"),
        ("/absolute", "absolute_x.png"),
        ('a:b/c*"d', "a_b/c__d_x.png"),
        ("..", "part_x.png"),
    ],
)
def test_files_of_a_part_stay_below_their_folder(tmp_path, part, expected):
    assert export.part_path(tmp_path, part, "_x.png") == tmp_path / expected


def test_the_low_end_is_transparent_and_unseen_pixels_too():
    values = np.array([[0.1, 0.5, 1.5, 2.5, 9.0, np.nan]], np.float32)
    _, opacity = heat(values, RANGE)
    np.testing.assert_allclose(opacity, [[0.0, 0.0, OPACITY / 2, OPACITY, OPACITY, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(to_share(values, RANGE), [[0, 0, 0.5, 1, 1, 0]])


def test_colours_are_those_of_the_range_and_not_of_the_image():
    calm, loud = np.full((1, 4), 0.4, np.float32), np.array([[0.4, 0.4, 0.4, 9.0]], np.float32)
    assert not heat(calm, RANGE)[1].any()
    np.testing.assert_array_equal(heat(calm, RANGE)[0][0, :3], heat(loud, RANGE)[0][0, :3])


def test_a_part_below_the_range_is_shown_as_it_is(result, planes):
    calm = replace(result, map=np.full((40, 60), 0.3, np.float32), regions=(), verdict="OK", score=0.3)
    picture = overlay(planes, calm, RANGE)
    factor = picture.shape[1] // 60
    enlarged = cv2.resize(planes.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(picture[: 40 * factor], enlarged)


def test_the_verdict_is_told_by_its_sign_and_not_by_hue_alone(result, planes):
    from pirn_core import overlay as module

    bands = {}
    for verdict in ("OK", "unsure", "NG"):
        picture = overlay(planes, replace(result, verdict=verdict), RANGE)
        band = picture[-(picture.shape[1] // 12) :].astype(int)
        sign = band[:, : band.shape[0]]
        bands[verdict] = np.abs(sign - np.array(module._BANDS[verdict])).sum(axis=-1) > 60
        assert bands[verdict].any(), "the sign is drawn"
    assert (bands["OK"] != bands["NG"]).any() and (bands["unsure"] != bands["NG"]).any()


def test_the_contour_runs_around_what_exceeds_the_threshold(result, planes):
    flat = replace(planes, rgb=np.full((40, 60, 3), 90, np.uint8))
    step = np.where(result.map >= 2.0, 2.1, 0.3).astype(np.float32)
    picture = overlay(flat, replace(result, map=step, regions=()), RANGE)
    factor = picture.shape[1] // 60
    rows, columns = np.nonzero((picture[: 40 * factor] > 200).all(axis=-1))
    assert rows.min() // factor == 10 and rows.max() // factor == 19
    assert columns.min() // factor == 30 and columns.max() // factor == 44


def test_without_colour_the_normals_are_shown(planes):
    facing = replace(planes, rgb=None, normals=np.broadcast_to(np.float32([0, 0, -1]), (40, 60, 3)))
    np.testing.assert_array_equal(part_picture(facing)[0, 0], [128, 128, 255])
