"""From samples to views and back: geometry, photometric options, bad and odd inputs."""

from dataclasses import replace

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pirn_core.config import CropConfig, ForegroundConfig, PhotometricConfig, Recipe
from pirn_core.data.preprocessing import (
    FittedRecipe,
    Planes,
    Pose,
    View,
    fit_recipe,
    make_planes,
    make_view,
    map_to_image,
)
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import SampleError

WHOLE = Recipe(foreground=ForegroundConfig(mode="off"), crop=CropConfig(enabled=False))
POSES = [Pose(), Pose(90), Pose(37), Pose(210, flip=True), Pose(45, shift=(0.1, -0.05)), Pose(0, flip=True)]


def dome(shape=(180, 240), centre=(90, 130), radius=40, table_colour=20, part_colour=(180, 120, 90)):
    """A dome on a table, 0.5 mm between pixels, with its true normals in closed form."""
    row, column = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    dx, dy = (column - centre[1]) * 0.5, (row - centre[0]) * 0.5
    squared = dx**2 + dy**2
    part = squared < (radius * 0.5) ** 2
    height = np.where(part, 15.0 * (1 - squared / (radius * 0.5) ** 2) + 5.0, 0.0)
    xyz = np.dstack([column * 0.5, row * 0.5, 600 - height]).astype(np.float32)
    rgb = np.full((*shape, 3), table_colour, np.uint8)
    rgb[part] = part_colour
    return Sample(PartRef("train/good/000"), rgb, xyz, None, np.ones(shape, bool)), part


def fitted_for(samples, recipe=None, size=96, grid=8):
    return fit_recipe(samples, recipe or Recipe(), input_size=size, grid=grid)


def flat_planes(rgb):
    """Planes of a colour image alone, all foreground."""
    everywhere = np.ones(rgb.shape[:2], bool)
    middle = ((rgb.shape[0] - 1) / 2, (rgb.shape[1] - 1) / 2)
    return Planes(rgb, None, everywhere, everywhere, everywhere, middle, (), "off")


def centroid(image):
    weight = np.nan_to_num(image).astype(np.float64)
    row, column = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(weight * row).sum(), (weight * column).sum()]) / weight.sum()


class TestFitting:
    def test_crop_holds_the_part_and_is_stable(self):
        samples = [dome(centre=c)[0] for c in ((90, 130), (80, 100), (100, 140))]
        sides = {fitted_for([sample]).crop_px for sample in samples} | {fitted_for(samples).crop_px}
        assert sides == {96}  # 81 px across, 10 % margin

    def test_the_largest_shot_decides(self):
        small, large = dome(radius=20)[0], dome(radius=50)[0]
        assert fitted_for([small, large]).crop_px == fitted_for([large]).crop_px == 128

    def test_gain_and_background_come_from_the_shots(self):
        shots = [dome(part_colour=(100 + k, 50, 25))[0] for k in (0, 10, 30)]
        fitted = fitted_for(shots)
        assert fitted.gain_reference == (110, 50, 25)
        assert fitted.background == pytest.approx(np.mean([s.rgb.mean((0, 1)) for s in shots], axis=0))
        assert fitted.image_shape == (180, 240)

    def test_survives_json(self):
        fitted = fitted_for([dome()[0]])
        assert msgspec.json.decode(msgspec.json.encode(fitted), type=FittedRecipe) == fitted

    def test_no_shots(self):
        with pytest.raises(SampleError, match="no shot"):
            fitted_for([])

    def test_whole_image_where_cropping_is_off_or_impossible(self):
        sample = dome()[0]
        assert fitted_for([sample], Recipe(crop=CropConfig(enabled=False))).crop_px is None
        assert fitted_for([sample], Recipe(foreground=ForegroundConfig(mode="off"))).crop_px is None
        assert fitted_for([dome(radius=85)[0]]).crop_px == 192
        assert fitted_for([dome(radius=85)[0]], Recipe(crop=CropConfig(margin=0.9))).crop_px is None

    def test_shots_without_a_found_part_do_not_decide(self):
        sample, bare = dome()[0], dome(radius=0)[0]
        assert fitted_for([sample, sample, bare]).crop_px == 96
        assert fitted_for([sample, bare]).crop_px is None

    def test_colourless_shots(self):
        fitted = fitted_for([replace(dome()[0], rgb=None)])
        assert fitted.gain_reference is None and fitted.crop_px == 96


class TestPlanes:
    def test_normals_have_no_holes(self):
        sample, part = dome()
        valid = np.random.default_rng(0).random(sample.shape) > 0.2
        sample = replace(sample, xyz=np.where(valid[..., None], sample.xyz, np.nan), valid=valid)
        planes = make_planes(sample, fitted_for([sample]))
        assert np.isfinite(planes.normals).all()
        assert np.allclose(np.linalg.norm(planes.normals, axis=-1), 1, atol=1e-5)
        assert planes.centre == pytest.approx((90, 130), abs=1.0)
        assert np.array_equal(planes.valid, valid)
        assert (planes.raw_foreground & part).sum() / (planes.raw_foreground | part).sum() > 0.95

    def test_given_normals_are_used(self):
        sample, _ = dome()
        given_normals = np.zeros((*sample.shape, 3), np.float32)
        given_normals[..., 0], given_normals[..., 2] = 0.6, -0.8
        given_normals[40:50, 40:50] = np.nan
        planes = make_planes(replace(sample, normals=given_normals), fitted_for([sample]))
        assert np.allclose(planes.normals, [0.6, 0, -0.8])

    @pytest.mark.parametrize("missing", ["rgb", "xyz"])
    def test_one_modality_alone(self, missing):
        sample, _ = dome()
        fitted = fitted_for([sample])
        if missing == "rgb":
            sample = replace(sample, rgb=None)
        else:
            sample = replace(sample, xyz=None, valid=np.zeros(sample.shape, bool))
        planes = make_planes(sample, fitted)
        view = make_view(planes, fitted)
        assert (planes.rgb is None, planes.normals is None) == (missing == "rgb", missing == "xyz")
        assert (view.rgb is None, view.sn is None) == (missing == "rgb", missing == "xyz")
        assert view.valid.any() == (missing == "rgb")
        assert view.foreground.any()

    def test_no_point_at_all_gives_no_normals(self):
        sample, _ = dome()
        empty = replace(sample, xyz=np.full_like(sample.xyz, np.nan), valid=np.zeros(sample.shape, bool))
        assert make_planes(empty, fitted_for([sample])).normals is None

    def test_gain(self):
        recipe = Recipe(photometric=PhotometricConfig(normalise_gain=True))
        bright, dim = dome(part_colour=(200, 100, 60))[0], dome(part_colour=(100, 80, 6))[0]
        planes = make_planes(dim, fitted_for([bright], recipe))
        assert planes.rgb[90, 130] == pytest.approx([200, 100, 24])  # gains 2, 1.25, and at most 4
        assert planes.rgb[5, 5] == pytest.approx([40, 25, 80])

    def test_blank_background(self):
        recipe = Recipe(photometric=PhotometricConfig(blank_background=True))
        sample, _ = dome()
        tilted = sample.xyz.copy()
        tilted[..., 2] += 0.5 * tilted[..., 0]
        sample = replace(sample, xyz=tilted)
        fitted = fitted_for([sample], recipe)
        planes, plain = make_planes(sample, fitted), make_planes(sample, fitted_for([sample]))
        inside, far = planes.foreground, ~ndimage.binary_dilation(planes.foreground, iterations=6)
        assert np.array_equal(planes.rgb[inside], plain.rgb[inside])
        assert np.allclose(planes.normals[inside], plain.normals[inside], atol=1e-6)
        assert (planes.rgb[far] == np.round(fitted.background)).all()
        assert np.allclose(planes.normals[far], [0, 0, -1])
        assert np.allclose(np.linalg.norm(planes.normals, axis=-1), 1, atol=1e-5)

    def test_warnings(self):
        fitted = fitted_for([dome()[0]])
        assert make_planes(dome()[0], fitted).warnings == ()
        warned = replace(dome()[0], warnings=("The alpha channel was dropped.",))
        assert make_planes(warned, fitted).warnings == ("The alpha channel was dropped.",)
        large = make_planes(dome(radius=60)[0], fitted).warnings
        assert len(large) == 1 and "more than the crop of 96 px" in large[0]
        resized = make_planes(dome(shape=(180, 250))[0], fitted).warnings
        assert resized == ("The image has 250x180 pixels, the model's parts had 240x180.",)
        lost = make_planes(dome(radius=0)[0], fitted).warnings
        assert "not told from its background" in lost[0] and "from the image's middle" in lost[1]

    def test_the_sample_is_not_changed(self):
        sample, _ = dome()
        before = (sample.rgb.copy(), sample.xyz.copy(), sample.valid.copy())
        options = PhotometricConfig(normalise_gain=True, blank_background=True)
        fitted = fitted_for([sample], Recipe(photometric=options))
        make_view(make_planes(sample, fitted), fitted, Pose(30))
        assert all(np.array_equal(a, b) for a, b in zip(before, (sample.rgb, sample.xyz, sample.valid), strict=True))


class TestViews:
    def test_shapes_and_ranges(self):
        sample, _ = dome()
        fitted = fitted_for([sample])
        view = make_view(make_planes(sample, fitted), fitted, Pose(20))
        for plane in (view.rgb, view.sn):
            assert plane.shape == (3, 96, 96) and plane.dtype == np.float32 and plane.flags.c_contiguous
            assert plane.min() >= 0 and plane.max() <= 1
        assert np.allclose(np.linalg.norm(view.sn * 2 - 1, axis=0), 1, atol=1e-5)
        assert view.foreground.shape == view.valid.shape == (96, 96)
        assert view.to_image.shape == (2, 3) and view.to_image.dtype == np.float64

    @pytest.mark.parametrize("pose", POSES)
    def test_normals_turn_with_the_image(self, pose):
        """Against the closed-form normals of the dome, looked up where each view pixel lies."""
        sample, _ = dome()
        fitted = fitted_for([sample])
        view = make_view(make_planes(sample, fitted), fitted, pose)
        v = np.mgrid[:96, :96][::-1].reshape(2, -1)
        x, y = view.to_image[:, :2] @ v + view.to_image[:, 2:]
        # z = const + 15 q^2 / 20^2 in mm: the normal towards the camera is (dz/dx, dz/dy, -1).
        slope = 2 * 15 / 20**2
        true = np.stack([slope * (x - 130) * 0.5, slope * (y - 90) * 0.5, -np.ones(x.shape)])
        true /= np.linalg.norm(true, axis=0)
        true[:2] = pose.matrix() @ true[:2]
        inner = np.hypot(x - 130, y - 90) < 35
        found = (view.sn * 2 - 1).reshape(3, -1)
        error = np.degrees(np.arccos(np.clip((found * true).sum(0), -1, 1)))[inner]
        assert inner.sum() > 2000 and error.max() < 1.0 and np.median(error) < 0.2

    @pytest.mark.parametrize("pose", POSES)
    @pytest.mark.parametrize(("shape", "size"), [((61, 83), 83), ((200, 120), 97), ((64, 64), 112)])
    def test_every_view_pixel_shows_what_lies_there(self, pose, shape, size):
        """The picture of an affine ramp is its own coordinates, also after resampling."""
        row, column = np.mgrid[: shape[0], : shape[1]]
        rgb = np.dstack([column, row, 0 * row]).astype(np.uint8)
        fitted = FittedRecipe(recipe=WHOLE, input_size=size, grid=8)
        view = make_view(flat_planes(rgb), fitted, pose)
        v = np.mgrid[:size, :size][::-1].reshape(2, -1)
        xy = (view.to_image[:, :2] @ v + view.to_image[:, 2:]).reshape(2, size, size)
        inside = (xy >= 3).all(0) & (xy[0] <= shape[1] - 4) & (xy[1] <= shape[0] - 4)
        assert inside.sum() > 500
        assert np.abs(view.rgb[:2] * 255 - xy)[:, inside].max() < 0.1

    def test_letterbox_of_odd_and_oblong_images(self):
        rgb = np.full((61, 101, 3), 200, np.uint8)
        view = make_view(flat_planes(rgb), FittedRecipe(recipe=WHOLE, input_size=101, grid=10))
        assert view.foreground[20:81].all() and not view.foreground[:20].any() and not view.foreground[81:].any()
        assert np.array_equal(view.foreground, view.valid)
        assert np.allclose(view.rgb, 200 / 255)  # the border is repeated

    def test_outside_the_image(self):
        """A part in the corner: there is no image beyond it, so nothing to see and flat normals."""
        sample, _ = dome(centre=(20, 20), radius=40)
        fitted = fitted_for([dome()[0]])
        view = make_view(make_planes(sample, fitted), fitted)
        v = np.mgrid[:96, :96][::-1].reshape(2, -1)
        xy = (view.to_image[:, :2] @ v + view.to_image[:, 2:]).reshape(2, 96, 96)
        outside = (xy < -0.6).any(0)
        assert outside.sum() > 1000
        assert not view.valid[outside].any() and not view.foreground[outside].any()
        assert np.allclose(view.sn[:, outside].T, [0.5, 0.5, 0], atol=1e-6)
        assert np.isfinite(view.rgb).all()

    def test_shrinking_averages(self):
        """One-pixel stripes, four times smaller: grey, not a false pattern."""
        rgb = np.zeros((256, 256, 3), np.uint8)
        rgb[:, ::2] = 255
        view = make_view(flat_planes(rgb), FittedRecipe(recipe=WHOLE, input_size=64, grid=8))
        assert np.abs(view.rgb[:, 4:-4, 4:-4] - 0.5).max() < 0.02

    @pytest.mark.parametrize("angle", [90.0, 180.0, 270.0])
    def test_quarter_turns_of_a_view_are_exact(self, angle):
        rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        fitted = FittedRecipe(recipe=WHOLE, input_size=64, grid=8)
        still, turned = (make_view(flat_planes(rgb), fitted, pose).rgb for pose in (Pose(), Pose(angle)))
        assert np.array_equal(turned, np.rot90(still, round(angle / 90), axes=(1, 2)))

    def test_tokens(self):
        mask = np.zeros((96, 96), bool)
        mask[12:24, 24:36] = True  # token (1, 2) of 8 x 8
        mask[12:24, 36:39] = True  # a quarter of its right neighbour
        mask[24:26, 24:36] = True  # a sixth of the one below
        view = View(None, None, mask, ~mask, np.eye(2, 3))
        assert np.flatnonzero(view.token_foreground(8)).tolist() == [10, 11]
        assert np.flatnonzero(view.token_foreground(8, 0.5)).tolist() == [10]
        assert np.flatnonzero(~view.token_valid(8)).tolist() == [10]
        assert view.token_foreground(7).shape == (49,)  # a grid that does not divide the size

    def test_same_view_on_every_call(self):
        sample, _ = dome()
        fitted = fitted_for([sample])
        first, second = (make_view(make_planes(sample, fitted), fitted, Pose(33)) for _ in range(2))
        assert np.array_equal(first.rgb, second.rgb) and np.array_equal(first.sn, second.sn)


class TestBackToTheImage:
    @settings(max_examples=40, deadline=None)
    @given(
        st.builds(Pose, st.floats(0, 360), st.booleans(), st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))),
        st.integers(72, 128),
        st.integers(92, 148),
        st.sampled_from([96, 113, 224]),
    )
    def test_a_marked_place_comes_back(self, pose, row, column, size):
        """Marked on the image, seen in the view, mapped back: less than half a pixel away."""
        rgb = np.zeros((200, 240, 3), np.uint8)
        cv2.circle(rgb, (column, row), 4, (255, 255, 255), cv2.FILLED)
        planes = replace(flat_planes(rgb), centre=(100.0, 120.0))
        fitted = FittedRecipe(recipe=Recipe(), input_size=size, grid=8, crop_px=128)
        view = make_view(planes, fitted, pose)
        back = map_to_image(view.rgb[0], view, (200, 240))
        # OpenCV interpolates at 1/32 of a pixel, and a view of 96 px is coarser than the image.
        assert np.linalg.norm(centroid(back) - [row, column]) < 0.25
        smooth = cv2.GaussianBlur(np.nan_to_num(back), (0, 0), 2)
        peak = np.array(np.unravel_index(smooth.argmax(), smooth.shape))
        assert np.abs(peak - [row, column]).max() <= 1

    @pytest.mark.parametrize("pose", POSES)
    def test_token_maps_land_on_their_cells(self, pose):
        """A ramp over 8 x 8 tokens equals the ramp of the cells' centres in the image."""
        fitted = FittedRecipe(recipe=Recipe(), input_size=96, grid=8, crop_px=128)
        planes = replace(flat_planes(np.zeros((200, 240, 3), np.uint8)), centre=(101.3, 118.7))
        view = make_view(planes, fitted, pose)
        row, column = np.mgrid[:8, :8].astype(np.float32)
        x = map_to_image(column, view, (200, 240))
        y = map_to_image(row, view, (200, 240))
        for k in range(1, 7):
            for j in range(1, 7):
                cell = np.array([k * 12 + 5.5, j * 12 + 5.5, 1.0])
                at = np.round(view.to_image @ cell).astype(int)
                assert abs(x[at[1], at[0]] - k) < 0.06 and abs(y[at[1], at[0]] - j) < 0.06

    def test_nan_exactly_outside_the_view(self):
        fitted = FittedRecipe(recipe=Recipe(), input_size=96, grid=8, crop_px=64)
        planes = replace(flat_planes(np.zeros((200, 240, 3), np.uint8)), centre=(99.5, 119.5))
        seen = np.isfinite(map_to_image(np.ones((8, 8), np.float32), make_view(planes, fitted), (200, 240)))
        expected = np.zeros((200, 240), bool)
        expected[68:132, 88:152] = True
        assert np.array_equal(seen, expected)

    def test_all_of_a_letterboxed_image_is_seen(self):
        fitted = FittedRecipe(recipe=WHOLE, input_size=96, grid=8)
        view = make_view(flat_planes(np.zeros((61, 101, 3), np.uint8)), fitted)
        back = map_to_image(np.full((8, 8), 3.0, np.float32), view, (61, 101))
        assert back.shape == (61, 101) and back.dtype == np.float32 and (back == 3).all()

    def test_a_part_at_the_edge(self):
        sample, part = dome(centre=(25, 130))
        fitted = fitted_for([dome()[0]])
        planes = make_planes(sample, fitted)
        assert (planes.raw_foreground & part).sum() / part.sum() > 0.95
        view = make_view(planes, fitted, Pose(60))
        back = map_to_image(view.foreground.astype(np.float32), view, sample.shape)
        agreed = (np.nan_to_num(back) > 0.5) == planes.foreground
        assert agreed.mean() > 0.99


def test_data_and_preprocessing_know_no_torch():
    import subprocess
    import sys

    code = "import sys, pirn_core.data.preprocessing, pirn_core.data.defects; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
