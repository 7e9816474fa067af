import numpy as np
import pytest

from pirn_core.synthetic.camera import DISTANCE, TILT, Camera, Pose, Window
from pirn_core.synthetic.lighting import COARSE, Finish, ambient_occlusion, coarse, highlight, shadow
from pirn_core.synthetic.shapes import CELLS, HALF, PITCH, grid
from pirn_core.synthetic.tracing import Tracer


def step(height=8.0, at=0.0):
    """A terrace: `height` for x < at, else 0."""
    return np.where(grid().x < at, height, 0).astype(np.float32)


def test_camera_axes_are_a_right_handed_frame():
    axes = Camera(100).axes
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    assert np.allclose(np.cross(axes[0], axes[1]), axes[2], atol=1e-6)


def test_camera_projects_along_its_own_rays():
    camera = Camera(64)
    right, down = camera.view_rays(camera.whole())
    row, column = 10, 50
    ray = np.array([right[0, column], down[row, 0], 1.0]) @ camera.axes
    assert np.allclose(camera.project(camera.position + 480 * ray), [row, column], atol=1e-3)


def test_the_table_middle_is_in_the_picture_middle_at_the_stated_distance():
    camera = Camera(64)
    assert np.allclose(camera.project(np.zeros(3)), [31.5, 31.5], atol=1e-3)
    assert np.linalg.norm(camera.position) == pytest.approx(DISTANCE, rel=1e-5)
    assert camera.position[2] == pytest.approx(DISTANCE * np.cos(np.deg2rad(TILT)), rel=1e-5)


def test_oversampled_rays_average_to_the_pixel_centres():
    camera, window = Camera(64), Window(3, 9, 5, 12)
    fine, _ = camera.view_rays(window, 2)
    whole, _ = camera.view_rays(window)
    assert np.allclose(fine.reshape(-1, 2).mean(axis=1), whole[0], atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 7.3])
def test_tracing_a_flat_field_meets_its_plane(level):
    camera, pose = Camera(64), Pose(30, 1, -2)
    tracer = Tracer(camera, pose, Window(20, 44, 20, 44), 12.0)
    hits = tracer.hits(tracer.trace(np.full((CELLS, CELLS), level, np.float32)))
    assert np.allclose(hits.height, level, atol=1e-3)
    right, down = camera.view_rays(Window(20, 44, 20, 44))
    up = camera.position[2] + hits.depth * (right * camera.axes[0, 2] + down * camera.axes[1, 2] + camera.axes[2, 2])
    assert np.allclose(up, level, atol=1e-2)


def test_tracing_a_ramp_and_refining_it():
    ramp = np.clip(6 + 0.1 * grid().x, 0, 12).astype(np.float32)
    pose, window = Pose(70, 0, 0), Window(24, 40, 24, 40)
    near = Tracer(Camera(64), pose, window, 15.0)
    fine = Tracer(Camera(64), pose, window, 15.0, over=2)
    progress = near.trace(ramp)
    for tracer, found in ((near, progress), (fine, fine.refine(ramp, progress))):
        hits = tracer.hits(found)
        x = (hits.column + 0.5) * PITCH - HALF
        assert np.allclose(hits.height, 6 + 0.1 * x, atol=5e-3)


def test_refining_finds_the_nearest_surface_at_a_step():
    terrace, pose, window = step(), Pose(0, 0, 0), Window(16, 48, 16, 48)
    near = Tracer(Camera(64), pose, window, 10.0)
    fine = Tracer(Camera(64), pose, window, 10.0, over=4)
    exact = fine.trace(terrace)
    found = fine.refine(terrace, near.trace(terrace))
    assert np.mean(np.abs(exact - found) < 0.01) > 0.995


def test_open_ground_sees_the_whole_sky_and_a_wall_takes_half_of_it():
    assert ambient_occlusion(np.zeros((CELLS, CELLS), np.float32)).min() > 0.999
    light = ambient_occlusion(step(30.0))
    foot = light[CELLS // 2, CELLS // 2 + 8]
    assert 0.4 < foot < 0.65
    assert light[CELLS // 2, CELLS // 2 + 400] > 0.9


def test_a_shadow_is_as_long_as_the_lamp_is_low():
    lift = np.deg2rad(45)
    lamp = np.array([-np.cos(lift), 0, np.sin(lift)], np.float32)
    light = shadow(coarse(step(8.0)), lamp, 0.0)
    x = (np.arange(light.shape[1]) + 0.5) * PITCH * COARSE - HALF
    row = light[light.shape[0] // 2]
    assert np.all(row[x < -1] > 0.99), "the terrace itself is lit"
    end = x[(x > 0.5) & (row > 0.5)].min()
    assert end == pytest.approx(8.0, abs=0.6)


def test_a_wide_lamp_has_a_wider_half_shadow():
    lamp = np.array([-np.sqrt(0.5), 0, np.sqrt(0.5)], np.float32)
    partly = [
        int(((field > 0.1) & (field < 0.9)).sum())
        for field in (shadow(coarse(step(8.0)), lamp, spread) for spread in (0.0, 0.2))
    ]
    assert partly[1] > 2 * partly[0]


@pytest.mark.parametrize(("along", "across"), [(0.3, 0.3), (0.15, 0.5)])
def test_highlights_conserve_energy(along, across):
    """The facets' projected area is that of the surface: D(h) cos integrates to 1 over half vectors."""
    polar, azimuth = np.meshgrid(np.linspace(0, np.pi / 2, 1500), np.linspace(0, 2 * np.pi, 721)[:-1])
    half = [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)]
    up = [np.zeros_like(polar), np.zeros_like(polar), np.ones_like(polar)]
    marks = [np.ones_like(polar), np.zeros_like(polar), np.zeros_like(polar)]
    finish = Finish(np.zeros(3, np.float32), np.ones(3, np.float32), along, across)
    density = highlight(up, marks, half, finish, 0.0) * np.cos(polar) * np.sin(polar)
    whole = density.mean() * (np.pi / 2) * (2 * np.pi)
    assert whole == pytest.approx(1.0, rel=0.01)
