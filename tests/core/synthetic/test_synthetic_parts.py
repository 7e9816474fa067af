import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pirn_core.errors import SampleError
from pirn_core.synthetic import DEFECTS, DRAWINGS, SET_DEFECTS, render_part
from pirn_core.synthetic.camera import Camera
from pirn_core.synthetic.defects import HIDDEN
from pirn_core.synthetic.designs import design
from pirn_core.synthetic.look import draw
from pirn_core.synthetic.render import SMALLEST_DEFECT, _damaged
from pirn_core.synthetic.scene import FRINGE, Scene

SIZE = 96
COLOUR_ONLY = ("stain", "scratch")
BOTH = ("crack", "chip", "contamination")


def seen(part):
    return (part.xyz != 0).any(axis=-1)


def table_of(part):
    """A point of the table, its normal towards the camera, and the deviation of the points from it, in mm."""
    border = seen(part)
    border[5:-5, 5:-5] = False
    points = part.xyz[border].astype(np.float64) * 1000
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle, full_matrices=False)[2][2]
    normal *= -np.sign(normal[2])
    return middle, normal, float(np.std((points - middle) @ normal))


@pytest.fixture(params=DRAWINGS)
def kind(request):
    return request.param


def test_a_good_part_has_the_stated_form(kind):
    part = render_part(kind, 3, SIZE)
    assert part.label == "good" and not part.mask.any()
    assert part.rgb.shape == part.xyz.shape == (SIZE, SIZE, 3)
    assert part.rgb.dtype == np.uint8 and part.xyz.dtype == np.float32 and part.mask.dtype == bool
    assert np.isfinite(part.xyz).all()
    assert np.all((part.xyz == 0).all(axis=-1) | (part.xyz[..., 2] > 0)), "a missing point is 0 in all coordinates"
    assert 0.7 < seen(part).mean() < 0.99
    assert part.xyz[seen(part)][:, 2].min() > 0.45 and part.xyz[seen(part)][:, 2].max() < 0.53


def test_points_lie_on_the_rays_of_their_pixels(kind):
    part, camera = render_part(kind, 5, SIZE), Camera(SIZE)
    rows, columns = np.nonzero(seen(part))
    x, y, z = part.xyz[rows, columns].T
    assert np.allclose(x / z * camera.focal + camera.centre, columns, atol=2e-3)
    assert np.allclose(y / z * camera.focal + camera.centre, rows, atol=2e-3)


def test_the_table_is_a_plane_within_the_stated_noise(kind):
    _, normal, spread = table_of(render_part(kind, 7, SIZE))
    assert 0.015 < spread < 0.07
    assert normal[2] == pytest.approx(-np.cos(np.deg2rad(17)), abs=0.01)
    assert normal[1] == pytest.approx(-np.sin(np.deg2rad(17)), abs=0.01), "the viewer stands below the picture"


def test_the_part_has_its_height_above_the_table(kind):
    part = render_part(kind, 11, SIZE)
    middle, normal, _ = table_of(part)
    height = (part.xyz[seen(part)].astype(np.float64) * 1000 - middle) @ normal
    assert np.quantile(height, 0.998) == pytest.approx(design(kind).top, abs=0.3)
    assert height.min() > -0.5


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(kind):
    one, same, other = (render_part(kind, seed, SIZE, "crack") for seed in (1, 1, 2))
    for name in ("rgb", "xyz", "mask"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_a_seed_sequence_is_not_used_up(kind):
    sequence = np.random.SeedSequence(4)
    assert np.array_equal(render_part(kind, sequence, SIZE).rgb, render_part(kind, sequence, SIZE).rgb)
    assert np.array_equal(render_part(kind, sequence, SIZE).rgb, render_part(kind, 4, SIZE).rgb)


def test_parts_lie_in_any_direction(kind):
    angles = [draw(kind, np.random.default_rng(seed)).pose.degrees for seed in range(200)]
    assert np.all(np.histogram(angles, bins=6, range=(0, 360))[0] > 15)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_changes_its_surroundings_only(kind, defect):
    good, bad = render_part(kind, 21, SIZE), render_part(kind, 21, SIZE, defect)
    assert bad.label == defect
    reach = 2 * (FRINGE + 1) + 1
    far = cv2.dilate(bad.mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) == 0
    assert np.array_equal(good.rgb[far], bad.rgb[far])
    assert np.array_equal(good.xyz[far], bad.xyz[far])


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_is_large_enough_to_be_seen(kind, defect):
    for seed in range(3):
        assert render_part(kind, seed, SIZE, defect).mask.sum() >= max(5, SMALLEST_DEFECT * SIZE**2)


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_mask_holds_what_changed_beyond_the_tolerances(kind, defect):
    """Against the definition, pixel by pixel, from the noise-free views."""
    rng = np.random.default_rng(8)
    scene = Scene(kind, SIZE, draw(kind, rng))
    bad = _damaged(scene, defect, rng)
    colour = np.abs(bad.picture - scene.view.picture).max(axis=-1)
    depth = np.abs(bad.depth - scene.view.depth)
    changed = (colour >= 8) | (depth >= 0.1 * (1 - 1e-5))
    near = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    assert np.all(near[bad.mask]), "only gaps are closed"
    missed = changed & ~bad.mask
    assert missed.sum() <= 0.1 * bad.mask.sum(), "only specks are dropped"
    assert changed[bad.mask].mean() > 0.6


@pytest.mark.parametrize("defect", COLOUR_ONLY)
def test_colour_defects_leave_the_scan_as_it_was(kind, defect):
    good, bad = render_part(kind, 31, SIZE), render_part(kind, 31, SIZE, defect)
    assert np.array_equal(good.xyz, bad.xyz)
    change = np.abs(good.rgb.astype(int) - bad.rgb).max(axis=-1)
    assert change[bad.mask].mean() > 8


@pytest.mark.parametrize("defect", sorted(HIDDEN))
def test_geometry_defects_leave_the_picture_as_it_was(kind, defect):
    good, bad = render_part(kind, 33, SIZE), render_part(kind, 33, SIZE, defect)
    assert np.array_equal(good.rgb, bad.rgb)
    both = seen(good) & seen(bad) & bad.mask
    change = np.abs(good.xyz - bad.xyz)[..., 2][both] * 1000
    assert change.max() > 0.2
    deeper = np.median((bad.xyz - good.xyz)[..., 2][both])
    assert deeper > 0 if defect == "dent" else deeper < 0


@pytest.mark.parametrize("defect", BOTH)
def test_combined_defects_change_picture_and_scan(kind, defect):
    good, bad = render_part(kind, 35, 160), render_part(kind, 35, 160, defect)
    assert not np.array_equal(good.rgb, bad.rgb) and not np.array_equal(good.xyz, bad.xyz)
    both = seen(good) & seen(bad) & bad.mask
    assert (np.abs(good.xyz - bad.xyz)[..., 2][both] * 1000).max() > 0.1
    assert np.abs(good.rgb.astype(int) - bad.rgb).max(axis=-1)[bad.mask].max() > 20


def test_defects_are_of_different_sizes(kind):
    sizes = [render_part(kind, seed, SIZE, "dent").mask.sum() for seed in range(8)]
    assert max(sizes) > 3 * min(sizes)


def statistics(part):
    """What a control that is blind to defects sees: light, background, part, valid share, size."""
    grey = part.rgb.astype(np.float64).mean(axis=-1)
    bright = grey > 70
    return [grey.mean(), grey[:8].mean(), grey[bright].mean(), seen(part).mean(), bright.sum()]


def test_light_pose_and_point_density_do_not_tell_the_label(kind):
    """A defect shifts each statistic by far less than good parts differ, so no control can separate them."""
    good, shift = [], []
    for seed in range(20):
        own = statistics(render_part(kind, seed, SIZE))
        defect = SET_DEFECTS[kind][seed % 5]
        shift.append(np.subtract(statistics(render_part(kind, seed, SIZE, defect)), own))
        good.append(own)
    spread = np.std(good, axis=0)
    assert np.all(np.abs(np.mean(shift, axis=0)) < 0.1 * spread)
    paired = np.array(good) + np.array(shift)
    labels = np.repeat([0, 1], len(good))
    for column in range(len(spread)):
        area = roc_auc_score(labels, np.concatenate([np.array(good)[:, column], paired[:, column]]))
        assert abs(area - 0.5) < 0.06


def test_the_looks_of_different_seeds_do_not_tell_the_label(kind):
    rows = [
        statistics(render_part(kind, 500 + seed, 48, SET_DEFECTS[kind][seed // 2 % 5] if seed % 2 else None))
        for seed in range(60)
    ]
    labels = np.arange(60) % 2
    for column in np.array(rows).T:
        assert abs(roc_auc_score(labels, column) - 0.5) < 0.2, "chance gives a deviation of 0.075"


def test_an_unknown_part_is_refused():
    with pytest.raises(SampleError, match=r"'gearbox'.*flange"):
        render_part("gearbox")


def test_an_unknown_defect_is_refused():
    with pytest.raises(SampleError, match=r"'rust'.*stain"):
        render_part("flange", defect="rust")


@pytest.mark.parametrize("size", [47, 2001])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(SampleError, match=f"{size}.*48 to 2000"):
        render_part("flange", size=size)
