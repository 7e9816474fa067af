"""The virtual camera: which way it looks, at what scale, and what it leaves empty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pirn_core.data.reading import read_sample
from pirn_core.data.reading.camera import Intrinsics
from pirn_core.data.reading.cloud import Cloud
from pirn_core.data.reading.projection import fill_pinholes, orthographic, pinhole, view_of, z_buffer
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError


def plate(count: int = 20_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A plate of 60 x 40 x 2 mm with a bump of 5 mm at (10, 5), seen from z = -400; colours tell the bump."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-30, 30, count), rng.uniform(-20, 20, count)
    bump = (x - 10) ** 2 + (y - 5) ** 2 < 16
    z = 400 - 5.0 * bump + rng.uniform(0, 0.01, count)
    return np.stack((x, y, z), axis=1), np.where(bump[:, None], (255, 0, 0), (0, 0, 255)).astype(np.uint8)


def where_red(xyz: np.ndarray, colours: np.ndarray) -> np.ndarray:
    return xyz[(colours == (255, 0, 0)).all(-1) & np.isfinite(xyz[..., 2])]


def test_a_cloud_in_the_cameras_frame_keeps_it() -> None:
    points, colours = plate()
    view = orthographic(Cloud(points, colours))
    red = where_red(view.xyz, view.colours)
    assert np.allclose(red.mean(0), (10, 5, 395), atol=0.2)
    valid = np.isfinite(view.xyz[..., 2])
    across = np.diff(view.xyz[..., 0], axis=1)[valid[:, 1:] & valid[:, :-1]]
    down = np.diff(view.xyz[..., 1], axis=0)[valid[1:] & valid[:-1]]
    assert np.median(across) > 0 and np.median(down) > 0
    assert "along the file's z axis from the origin" in view.note


@pytest.mark.parametrize("turn", [("x", 180), ("x", 90), ("y", 90), ("y", -90)])
def test_a_turned_sensor_frame_shows_the_same_part(turn: tuple[str, float]) -> None:
    """Whatever axis the sensor looked along from the origin, the bump comes towards the camera."""
    points, colours = plate()
    view = orthographic(Cloud(points @ Rotation.from_euler(*turn, degrees=True).as_matrix().T, colours))
    red = where_red(view.xyz, view.colours)
    rest = view.xyz[np.isfinite(view.xyz[..., 2])]
    assert np.median(rest[:, 2]) - red[:, 2].mean() > 4.5
    assert "from the origin" in view.note


def test_a_height_map_is_seen_from_above() -> None:
    points, colours = plate()
    heights = points * (1, 1, -1) + (0, 0, 400)  # z up, the table at 0
    view = orthographic(Cloud(heights, colours))
    valid = np.isfinite(view.xyz[..., 2])
    red = where_red(view.xyz, view.colours)
    assert (view.xyz[valid][:, 2] > 0).all()
    assert np.median(view.xyz[valid][:, 2]) - red[:, 2].mean() > 4.5
    assert red[:, 0].mean() == pytest.approx(10, abs=0.2) and red[:, 1].mean() == pytest.approx(-5, abs=0.2)
    assert "from the positive side" in view.note


def test_a_stated_viewpoint_decides_the_side() -> None:
    points, colours = plate()
    below = orthographic(Cloud(points, colours, viewpoint=np.array([0.0, 0.0, 900.0])))
    assert "from the stated viewpoint" in below.note
    valid = np.isfinite(below.xyz[..., 2])
    assert where_red(below.xyz, below.colours)[:, 2].mean() > np.median(below.xyz[valid][:, 2]) + 4.5


def test_the_view_does_not_follow_the_noise_of_the_cloud() -> None:
    """Parts of one kind lie a little differently; all must be seen along the same axis."""
    for seed in range(5):
        points, _ = plate(2000, seed)
        tilted = points @ Rotation.from_euler("xy", (seed * 4.0, -seed * 3.0), degrees=True).as_matrix().T
        rotation, _ = view_of(tilted, None)
        assert np.array_equal(rotation, np.eye(3))


def test_rotations_are_proper_and_an_oblique_plate_is_seen_squarely() -> None:
    points, _ = plate()
    turn = Rotation.from_euler("x", 45, degrees=True).as_matrix()
    rotation, how = view_of((points - points.mean(0)) @ turn.T, None)
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)
    assert "its thin axis" in how and abs(rotation[2] @ turn[:, 2]) > 0.999


def test_the_scale_is_round_and_the_same_for_like_parts() -> None:
    steps = {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}
    pitches = set()
    for seed in range(4):
        points, colours = plate(20_000, seed)
        view = orthographic(Cloud(points + np.array((0.13 * seed, 0, 0)), colours))
        pitch = float(view.note.rpartition("pixels of ")[2].split()[0])
        pitches.add(pitch)
        assert round(pitch / 10 ** np.floor(np.log10(pitch)), 6) in steps
        centres = view.xyz[np.isfinite(view.xyz[..., 0])][:, 0] / pitch
        assert np.ptp(centres) == pytest.approx(60 / pitch, rel=0.02)
        assert np.isfinite(view.xyz[..., 2]).mean() > 0.95
    assert len(pitches) == 1


def test_a_stray_point_does_not_shrink_the_part() -> None:
    points, colours = plate()
    stray = np.vstack((points, (5000.0, 0.0, 400.0))), np.vstack((colours, (0, 0, 0))).astype(np.uint8)
    assert orthographic(Cloud(*stray)).xyz.shape == orthographic(Cloud(points, colours)).xyz.shape


def test_the_grid_stays_within_bounds() -> None:
    rng = np.random.default_rng(0)
    points = np.stack((np.linspace(0, 1000, 50_000), rng.uniform(0, 0.001, 50_000), np.full(50_000, 3000.0)), axis=1)
    assert max(orthographic(Cloud(points)).xyz.shape[:2]) <= 2048


def test_the_nearest_point_wins() -> None:
    points = np.array([[0.0, 0, 5], [0, 0, 3], [0, 0, 4], [1, 0, 9]])
    cells = np.array([[0, 0], [0, 0], [0, 0], [1, 1]])
    xyz, seen = z_buffer(points, cells, (2, 2), np.arange(12, dtype=np.uint8).reshape(4, 3))
    assert xyz[0, 0, 2] == 3 and xyz[1, 1, 2] == 9 and np.isnan(xyz[0, 1]).all()
    assert seen[0, 0].tolist() == [3, 4, 5] and seen[0, 1].tolist() == [0, 0, 0]


def test_only_single_pixels_are_closed() -> None:
    rows, cols = np.mgrid[:9, :9].astype(float)
    xyz = np.stack((cols, rows, np.full_like(cols, 10.0)), axis=-1)
    colours = np.full((9, 9, 3), 100, np.uint8)
    xyz[4, 4] = np.nan  # a pinhole
    xyz[0:3, 6:9] = np.nan  # a gap
    xyz[7, 3:6, 2], xyz[7, 1] = 30, np.nan  # an edge in depth beside a pinhole
    xyz[6:9, 0:3, 2] = [[10, 10, 30], [10, np.nan, 30], [10, 10, 30]]
    before = np.isfinite(xyz[..., 2])
    filled, shade = fill_pinholes(xyz.copy(), colours.copy(), step=4.0)
    closed = np.isfinite(filled[..., 2]) & ~before
    assert np.argwhere(closed).tolist() == [[4, 4]]
    assert np.allclose(filled[4, 4], (4, 4, 10)) and (shade[4, 4] == 100).all()
    assert np.array_equal(filled[before], xyz[before])


def test_points_land_where_the_camera_sees_them() -> None:
    camera = Intrinsics(200, 200, 32, 24)
    depth = np.full((48, 64), 500.0)
    depth[10:20, 30:40] = 450.0
    points = camera.points(depth).reshape(-1, 3)
    order = np.random.default_rng(3).permutation(len(points))
    behind = np.array([[0.0, 0, -500], [np.nan] * 3, [9e3, 0, 500]])
    view = pinhole(Cloud(np.vstack((points[order], behind))), camera, (48, 64))
    assert np.allclose(view.xyz, camera.points(depth))
    assert "100% of them fall into it" in view.note


def test_a_ply_file_alone_becomes_a_sample(write, tmp_path: Path) -> None:
    points, colours = plate()
    write(tmp_path / "a.ply", points.astype(np.float32), colours)
    sample = read_sample(PartRef("a", xyz=tmp_path / "a.ply"))
    assert sample.unit.startswith("mm (guessed") and sample.rgb is not None and sample.valid.mean() > 0.95
    assert len(sample.warnings) == 1 and "virtual camera looks along the file's z axis" in sample.warnings[0]
    assert np.allclose(where_red(sample.xyz, sample.rgb).mean(0), (10, 5, 395), atol=0.3)


def test_the_viewpoint_of_a_pcd_file_is_used(write, tmp_path: Path) -> None:
    points, _ = plate()
    write(tmp_path / "a.pcd", points, view="0 0 900 1 0 0 0")
    assert "from the stated viewpoint" in read_sample(PartRef("a", xyz=tmp_path / "a.pcd")).warnings[0]


def test_a_list_of_points_in_npy(tmp_path: Path) -> None:
    points, colours = plate()
    np.save(tmp_path / "a.npy", points)
    assert "virtual camera" in read_sample(PartRef("a", xyz=tmp_path / "a.npy")).warnings[0]
    np.savez(tmp_path / "b.npz", points=points, colors=colours)
    assert read_sample(PartRef("b", xyz=tmp_path / "b.npz")).rgb is not None
    np.save(tmp_path / "c.npy", points.astype(int))
    with pytest.raises(SampleError, match="holds int64 values"):
        read_sample(PartRef("c", xyz=tmp_path / "c.npy"))


def test_a_cloud_is_projected_into_the_image_of_a_known_camera(write, tmp_path: Path, picture: np.ndarray) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), picture)
    (tmp_path / "intrinsics.txt").write_text("300 300 25 20")
    points, _ = plate()
    write(tmp_path / "a.ply", points.astype(np.float32))
    camera = {"intrinsics": tmp_path / "intrinsics.txt"}
    sample = read_sample(PartRef("a", rgb=tmp_path / "a.png", xyz=tmp_path / "a.ply", extra=camera))
    assert sample.shape == (40, 50) and sample.valid.mean() > 0.5
    assert "projected into the image" in sample.warnings[0]
    write(tmp_path / "b.ply", (points + np.array((9000, 0, 0))).astype(np.float32))
    with pytest.raises(SampleError, match=r"b.ply: its points do not fall into the image"):
        read_sample(PartRef("b", rgb=tmp_path / "a.png", xyz=tmp_path / "b.ply", extra=camera))
