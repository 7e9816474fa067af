"""The tasks of the reading lane: they are run here without an engine, on parts that were drawn."""

import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

import pirn_core.synthetic
from pirn_app.engine.shelf import Shelf, array_bytes
from pirn_app.engine.tasks import loading
from pirn_app.engine.tasks.loading import load_part
from pirn_app.engine.tasks.opening import check_parts, open_files, open_folder
from pirn_app.engine.tasks.samples import make_samples
from pirn_app.engine.tasks.shots import check_shots
from pirn_app.engine.tools import Tools
from pirn_app.messages import events, jobs
from pirn_core.config import CropConfig, ForegroundConfig, PhotometricConfig, Recipe, SurfaceConfig
from pirn_core.data.crop import applied
from pirn_core.data.layouts import open_parts
from pirn_core.data.preprocessing import fit_recipe, make_planes, make_view
from pirn_core.data.reading import read_sample
from pirn_core.errors import Cancelled, SampleError
from pirn_core.synthetic import generate

CABLE_GLAND = Path(__file__).parents[3] / ".." / "shared" / "data" / "mvtec3d" / "cable_gland"
SMALL = {"train": 5, "validation": 1, "good": 1, "defective_per_kind": 1, "size": 112}


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Two categories of small parts; not to be changed."""
    folder = tmp_path_factory.mktemp("drawn") / "set"
    generate(folder, **SMALL)
    return folder


@pytest.fixture
def flange(made, tmp_path) -> Path:
    """One category of its own, to be damaged."""
    return Path(shutil.copytree(made / "flange", tmp_path / "flange"))


@pytest.fixture
def parts(made):
    return open_parts(made / "flange")


def run(task, job, tools=None):
    """All events, and the sentence at the end."""
    steps, told = task(job, tools or Tools()), []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return told, end.value or ""


def only(task, job, kind):
    told, _ = run(task, job)
    (found,) = [event for event in told if isinstance(event, kind)]
    return found


def picture(ref, recipe=None, **more):
    return only(load_part, jobs.LoadPart(ref, recipe or Recipe(), **more), events.PartLoaded).picture


# Opening ---------------------------------------------------------------------------------------------------------


def test_a_folder_is_listed_before_it_is_told(flange, monkeypatch):
    told, message = run(open_folder, jobs.OpenFolder(flange, unit="m"))
    (opened,) = told
    shutil.rmtree(flange)
    assert len(opened.parts.refs) == 12  # without the disk
    assert (opened.parts.layout, opened.parts.category, opened.unit) == ("mvtec3d", "flange", "m")
    assert message.startswith("flange: 12 parts found.")


def test_several_categories_are_offered(made):
    (told,), message = run(open_folder, jobs.OpenFolder(made))
    assert told == events.CategoryNeeded(made, ("flange", "housing"))
    assert message == ""


def test_a_chosen_category_is_opened(made):
    opened = only(open_folder, jobs.OpenFolder(made, category="housing"), events.PartsOpened)
    assert opened.parts.category == "housing"


def test_a_named_layout_offers_its_categories_too(made):
    assert only(open_folder, jobs.OpenFolder(made, layout="mvtec3d"), events.CategoryNeeded).categories
    assert (
        only(open_folder, jobs.OpenFolder(made / "flange", layout="plain"), events.PartsOpened).parts.layout == "plain"
    )


def test_what_cannot_be_opened_says_why(made, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.pirn").touch()
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "models" / "a.pirn": "is a model",
        tmp_path / "models": "only 1 model file",
        made / "flange" / "train" / "good" / "rgb" / "000.png": "is a file, not a folder",
        tmp_path / "nowhere": "no such folder",
        tmp_path / "empty": "is empty",
    }
    for path, words in cases.items():
        with pytest.raises(SampleError, match=words) as caught:
            run(open_folder, jobs.OpenFolder(path))
        assert caught.value.advice


def test_an_unknown_category_or_layout_is_refused(made):
    with pytest.raises(SampleError, match="no category 'nut'"):
        run(open_folder, jobs.OpenFolder(made, category="nut"))
    with pytest.raises(SampleError, match="no layout 'x'"):
        run(open_folder, jobs.OpenFolder(made, layout="x"))


def test_opening_can_be_cancelled(made):
    tools = Tools()
    tools.cancelled.set()
    with pytest.raises(Cancelled):
        run(open_folder, jobs.OpenFolder(made / "flange"), tools)


def test_ten_thousand_parts_are_listed_quickly(tmp_path):
    for split, count in (("train", 9000), ("test", 1000)):
        folder = tmp_path / "big" / split / "good" / "rgb"
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{number:05d}.png").touch()
    began = time.perf_counter()
    opened = only(open_folder, jobs.OpenFolder(tmp_path / "big"), events.PartsOpened)
    assert len(opened.parts.refs) == 10_000
    assert time.perf_counter() - began < 3.0  # 0.3 s here


def test_files_become_a_set_of_their_own(made):
    good = made / "flange" / "train" / "good"
    paths = (good / "rgb" / "001.png", good / "rgb" / "000.png", good / "xyz" / "001.tiff")
    opened = only(open_files, jobs.OpenFiles(paths, "m"), events.PartsOpened)
    assert [ref.id for ref in opened.parts.refs] == ["train/good/001", "train/good/000"]
    assert all(ref.xyz is not None for ref in opened.parts.refs)
    assert opened.parts.layout == "files" and opened.unit == "m"


def test_parts_of_several_places_have_unique_names(made):
    paths = tuple(made / kind / "train" / "good" / "rgb" / "000.png" for kind in ("flange", "housing"))
    opened = only(open_files, jobs.OpenFiles(paths), events.PartsOpened)
    assert [ref.id for ref in opened.parts.refs] == ["train/good/000", "train/good/000~2"]
    assert opened.parts.root == made


@pytest.mark.parametrize("names", [("model.pirn",), ("notes.txt",), ("gone.png",), ()])
def test_files_that_are_no_parts_are_refused(tmp_path, names):
    for name in names:
        if not name.startswith("gone"):
            (tmp_path / name).touch()
    with pytest.raises(SampleError) as caught:
        run(open_files, jobs.OpenFiles(tuple(tmp_path / name for name in names)))
    assert caught.value.advice


# Checking --------------------------------------------------------------------------------------------------------


def test_every_file_is_read_with_progress(flange):
    (flange / "test" / "good" / "rgb" / "000.png").write_bytes(b"damaged")
    told, message = run(check_parts, jobs.CheckParts(open_parts(flange)))
    progress = [event for event in told if isinstance(event, events.JobProgress)]
    report = told[-1].report
    assert [p.fraction for p in progress] == pytest.approx([k / 12 for k in range(13)])
    assert progress[-1].text == "12 of 12 parts"
    assert report.checked and report.unusable == ("test/good/000",)
    assert message == f"12 parts checked: {len(report.problems)} problem{'s' * (len(report.problems) > 1)}."


def test_checking_stops_after_the_part_at_hand(parts):
    tools, seen = Tools(), 0
    with pytest.raises(Cancelled):
        for event in check_parts(jobs.CheckParts(parts), tools):
            assert not isinstance(event, events.ReportMade)
            seen += 1
            tools.cancelled.set()
    assert seen == 1


def test_a_forced_unit_is_checked(parts):
    report = only(check_parts, jobs.CheckParts(parts, "mm"), events.ReportMade).report
    assert list(report.units) == ["mm (given)"]


# Samples ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(pirn_core.synthetic, "generate", partial(generate, **{**SMALL, "size": 64, "train": 1}))


def test_sample_parts_are_drawn_once_and_opened(quick, tmp_path):
    heard = []
    told, message = run(make_samples, jobs.MakeSamples(tmp_path / "new"), Tools(tell=heard.append))
    assert told[-1].parts.category == "flange"
    assert [event.fraction for event in heard] == sorted(event.fraction for event in heard)
    assert heard[-1].fraction == 1.0 and heard[3].remaining > 0
    assert message.startswith("16 sample parts drawn. flange: 8 parts")
    heard.clear()
    told, message = run(make_samples, jobs.MakeSamples(tmp_path / "new", "housing"), Tools(tell=heard.append))
    assert told[-1].parts.category == "housing"
    assert heard == [] and message.startswith("housing: 8 parts")


def test_cancelled_drawing_goes_on_where_it_stopped(quick, tmp_path):
    tools = Tools(tell=lambda event: tools.cancelled.set() if event.fraction > 0.2 else None)
    with pytest.raises(Cancelled):
        run(make_samples, jobs.MakeSamples(tmp_path / "new"), tools)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "new").rglob("*.png")}
    assert written
    told, message = run(make_samples, jobs.MakeSamples(tmp_path / "new"))
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert isinstance(told[-1], events.PartsOpened)
    assert int(message.split()[0]) < 16


def test_other_samples_and_other_folders_are_refused(quick, tmp_path):
    with pytest.raises(SampleError, match="no sample parts named 'nut'"):
        run(make_samples, jobs.MakeSamples(tmp_path / "new", "nut"))
    (tmp_path / "letters.txt").touch()
    with pytest.raises(SampleError, match=r"letters\.txt"):
        run(make_samples, jobs.MakeSamples(tmp_path))


# Loading ---------------------------------------------------------------------------------------------------------


def test_a_picture_shows_the_file_and_the_models_view_of_it(parts):
    ref = parts.good()[0]
    sample = read_sample(ref)
    fitted = fit_recipe([sample], Recipe(), input_size=448, grid=28)
    planes = make_planes(sample, fitted)
    shown = picture(ref)
    assert np.array_equal(shown.rgb, sample.rgb)
    assert np.array_equal(shown.xyz, sample.xyz, equal_nan=True)
    assert np.array_equal(shown.normals, planes.normals) and np.isfinite(shown.normals).all()
    assert np.array_equal(shown.foreground, planes.foreground)
    assert shown.foreground_source == "border plane" and shown.unit == "m (layout)"
    assert shown.truth is None


def test_the_colour_stays_as_in_the_file_whatever_the_recipe(parts):
    recipe = Recipe(photometric=PhotometricConfig(normalise_gain=True, blank_background=True))
    shown = picture(parts.good()[0], recipe, shots=parts.good()[1:3])
    assert np.array_equal(shown.rgb, read_sample(parts.good()[0]).rgb)
    assert np.allclose(shown.normals[0, 0], (0, 0, -1))  # as the model sees it


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_square_is_the_view_that_the_network_gets(parts, index):
    shots = parts.good()[:3]
    samples = [read_sample(ref) for ref in shots]
    fitted = fit_recipe(samples, Recipe(), input_size=448, grid=28)
    view = make_view(make_planes(samples[index], fitted), fitted)
    x, y = applied(view.to_image, np.array([-0.5, 447.5]), np.array([-0.5, 447.5]))
    top, left, side = picture(shots[index], shots=shots).geometry.crop
    assert np.allclose([left, left + side, top, top + side], [*(x + 0.5), *(y + 0.5)])
    assert view.foreground.sum() > 0


def test_the_crop_comes_from_the_model_then_the_shots_then_the_part(parts):
    ref, shots = parts.good()[0], parts.good()[1:4]
    samples = [read_sample(shot) for shot in shots]
    model = fit_recipe(samples, Recipe(), input_size=448, grid=28)
    model = type(model)(**{f: getattr(model, f) for f in model.__struct_fields__} | {"crop_px": 111})
    assert picture(ref, fitted=model).geometry.crop[2] == 111
    assert picture(ref, fitted=model).geometry.patch_px == 111 / 28
    other = Recipe(crop=CropConfig(margin=0.4, step_px=1))
    from_shots = fit_recipe(samples, other, input_size=448, grid=28).crop_px
    from_part = fit_recipe([read_sample(ref)], other, input_size=448, grid=28).crop_px
    crops = [picture(ref, other, fitted=model, **more).geometry.crop for more in ({"shots": shots}, {})]
    assert [crop and crop[2] for crop in crops] == [from_shots, from_part]


@pytest.mark.parametrize(
    "changes",
    [
        {"surface": SurfaceConfig(method="pca")},
        {"photometric": PhotometricConfig(normalise_gain=True)},
        {"foreground": ForegroundConfig(dilate=0.1)},
        {"crop": CropConfig(margin=0.3)},
        {"grid": 14},
    ],
)
def test_a_fit_found_again_is_that_of_the_recipe_asked_for(parts, changes):
    shots = parts.good()[:3]
    recipe = Recipe(**changes)
    job = jobs.LoadPart(shots[0], Recipe(), shots=shots)
    loading._shots_fit(job, Tools())
    again = loading._fit(replace(job, recipe=recipe), read_sample(shots[0]), Tools()).fitted
    expected = fit_recipe([read_sample(s) for s in shots], recipe, input_size=448, grid=recipe.grid or 28)
    assert again == expected


def test_the_backbones_grid_sets_the_patch(parts):
    shown = picture(parts.good()[0], grid=16, input_size=224)
    assert shown.geometry.patch_px == pytest.approx((shown.geometry.crop or (0, 0, 112))[2] / 16)


def test_ground_truth_is_shown_where_there_is_one(made, flange):
    ref = open_parts(flange).select("test", "dent")[0]
    mask = cv2.imread(str(ref.mask), cv2.IMREAD_UNCHANGED) > 0
    assert np.array_equal(picture(ref).truth, mask) and mask.any()
    ref.mask.write_bytes(b"no picture")
    shown = picture(replace(ref, id="anew"))
    assert shown.truth is None and shown.rgb is not None
    assert any(w.startswith("The ground truth cannot be shown") for w in shown.warnings)


def test_parts_of_one_modality_are_shown(parts):
    ref = parts.good()[0]
    flat = picture(replace(ref, xyz=None))
    assert flat.xyz is None and flat.normals is None and not flat.valid.any()
    assert flat.geometry.patch_mm is None and flat.geometry.covered is None
    grey = picture(replace(ref, rgb=None))
    assert grey.rgb is None and grey.normals is not None and grey.geometry.patch_mm > 0


def test_a_damaged_part_says_so_and_fails_no_job(flange):
    ref = open_parts(flange).good()[0]
    ref.xyz.write_bytes(b"II*\0 and no more")
    told = only(load_part, jobs.LoadPart(ref, Recipe()), events.PartUnreadable)
    assert told.part == ref.id and "000.tiff" in told.message and told.advice


def test_a_damaged_shot_is_left_out_of_the_crop(flange):
    shots = open_parts(flange).good()[:3]
    shots[1].rgb.write_bytes(b"")
    shown = picture(shots[0], shots=shots)
    assert any(shots[1].id in warning for warning in shown.warnings)
    assert picture(shots[0], shots=shots[1:2]).geometry.crop == picture(shots[0]).geometry.crop


def test_stepping_back_reads_nothing(parts, monkeypatch):
    jobs_ = [jobs.LoadPart(ref, Recipe()) for ref in parts.good()[:3]]
    first = [only(load_part, job, events.PartLoaded).picture for job in jobs_]
    monkeypatch.setattr(loading, "read_sample", lambda *a, **k: pytest.fail("read again"))
    assert all(
        only(load_part, job, events.PartLoaded).picture is shown for job, shown in zip(jobs_, first, strict=True)
    )


def test_a_part_that_was_scanned_anew_is_read_anew(flange):
    ref, other = open_parts(flange).good()[:2]
    before = picture(ref)
    shutil.copy(other.rgb, ref.rgb)
    assert not np.array_equal(picture(ref).rgb, before.rgb)


def test_loading_can_be_cancelled(parts):
    tools = Tools()
    tools.cancelled.set()
    with pytest.raises(Cancelled):
        run(load_part, jobs.LoadPart(parts.good()[4], Recipe(crop=CropConfig(margin=0.77))), tools)


def test_a_shelf_holds_so_many_and_so_much():
    shelf = Shelf(2, most_bytes=100)
    for key in "abc":
        shelf.put(key, key)
    assert shelf.get("a") is None and shelf.get("b") == "b"
    shelf.put("d", "d")  # c was used longest ago
    assert shelf.get("c") is None and shelf.get("b") == "b"
    region = loading._Fit(None)
    assert array_bytes(region) == 0 and array_bytes("no dataclass") == 0


def test_a_shelf_counts_the_arrays(make_picture, make_parts):
    shown = make_picture(make_parts().refs[0])
    held = (shown.rgb, shown.normals, shown.xyz, shown.valid, shown.foreground)
    assert array_bytes(shown) == sum(array.nbytes for array in held)
    shelf = Shelf(9, most_bytes=array_bytes(shown) * 2)
    for number in range(5):
        shelf.put(number, shown)
    assert len(shelf) == 2
    small = Shelf(9, most_bytes=1)
    assert small.put("only", shown) is small.get("only")


@pytest.mark.skipif(not CABLE_GLAND.is_dir(), reason="real parts are not at ../shared/data/mvtec3d/cable_gland")
def test_a_real_part_is_shown_quickly():
    parts = open_parts(CABLE_GLAND)
    shots = parts.good()[:3]
    picture(parts.good()[3], shots=shots)
    began = time.perf_counter()
    shown = picture(parts.select("test", "bent")[0], shots=shots)
    assert time.perf_counter() - began < 0.6  # 0.1 s here
    assert shown.truth.any() and 8 < shown.geometry.patch_px < 10 and 2.0 < shown.geometry.patch_mm < 2.6


# Shots -----------------------------------------------------------------------------------------------------------


def test_copies_and_strangers_are_told(made, flange):
    shots = list(open_parts(flange).good())
    shutil.copy(shots[0].rgb, shots[1].rgb)
    shutil.copy(shots[0].xyz, shots[1].xyz)
    stranger = replace(open_parts(made / "housing").good()[0], id="stranger")
    job = jobs.CheckShots((*shots, stranger), Recipe())
    found = only(check_shots, job, events.ShotsChecked)
    assert found.shots == tuple(ref.id for ref in job.shots)
    assert {(d.part, d.kind) for d in found.doubts} == {(shots[1].id, "duplicate"), ("stranger", "outlier")}


def test_good_shots_and_no_shots_raise_no_doubt(parts):
    assert only(check_shots, jobs.CheckShots(parts.good(), Recipe()), events.ShotsChecked).doubts == ()
    assert only(check_shots, jobs.CheckShots((), Recipe()), events.ShotsChecked).doubts == ()


def test_a_shot_that_cannot_be_read_is_told(flange):
    shots = open_parts(flange).good()
    shots[2].rgb.unlink()
    (doubt,) = only(check_shots, jobs.CheckShots(shots, Recipe()), events.ShotsChecked).doubts
    assert doubt.part == shots[2].id and "cannot be read" in doubt.message
