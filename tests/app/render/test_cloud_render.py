"""Points, colours, order and picking, against slow or independent ways to the same."""

import numpy as np
import pytest

from pirn_app.render import cloud as module
from pirn_app.render.cloud import (
    box_of,
    corners_of,
    heat_colours,
    make_cloud,
    normal_colours,
    pick,
    picture_colours,
    project,
    shaded_colours,
    steady,
    visibility,
)
from pirn_app.render.colormap import heat_rgba
from pirn_app.render.normals import normals_rgb

LENS = np.array([[500.0, 0, 200], [0, 500.0, 150], [0, 0, 1]]) @ np.eye(3, 4)


@pytest.fixture
def grid() -> np.ndarray:
    """A plane at 600 mm, 60 x 80, 0.5 mm apart, with two holes."""
    rows, columns = np.mgrid[:60, :80].astype(np.float32)
    xyz = np.stack([(columns - 40) * 0.5, (rows - 30) * 0.5, np.full_like(rows, 600)], axis=-1)
    xyz[5:8, 5:9] = np.nan
    xyz[20, 20, 2] = np.nan
    return xyz


@pytest.fixture
def foreground() -> np.ndarray:
    part = np.zeros((60, 80), bool)
    part[10:50, 20:60] = True
    return part


def test_every_finite_pixel_is_one_point(grid: np.ndarray, foreground: np.ndarray) -> None:
    made = make_cloud(grid, foreground)
    there = np.isfinite(grid).all(axis=-1)
    assert len(made) == there.sum() == 60 * 80 - 13
    assert len(np.unique(made.pixels)) == len(made)
    for index in (0, 7, len(made) - 1):
        assert np.array_equal(made.points[index], grid[made.pixel(index)])
        assert made.part[index] == foreground[made.pixel(index)]
    assert made.points.flags.c_contiguous
    assert made.points.dtype == np.float32
    assert made.spacing == pytest.approx(0.5)
    assert made.level == 600
    assert made.moving == len(made)


def test_part_only_leaves_the_background_out(grid: np.ndarray, foreground: np.ndarray) -> None:
    made = make_cloud(grid, foreground, part_only=True)
    assert made.part.all()
    assert len(made) == (foreground & np.isfinite(grid[..., 2])).sum()
    # A part without points on it is not shown as nothing.
    assert len(make_cloud(grid, np.zeros_like(foreground), part_only=True)) > 0


def test_nothing_there() -> None:
    made = make_cloud(np.full((4, 5, 3), np.nan, np.float32), np.ones((4, 5), bool))
    assert len(made) == 0
    assert made.spacing == 1.0
    assert len(steady(made.points)) == 0


def test_many_points_start_with_an_even_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", 1000)
    monkeypatch.setattr(module, "MOVING", 800)
    rows, columns = np.mgrid[:60, :80].astype(np.float32)
    made = make_cloud(np.stack([columns, rows, rows * 0 + 9], axis=-1), np.ones((60, 80), bool))
    assert made.moving == 800
    assert np.array_equal(np.sort(made.pixels), np.arange(4800))
    chosen = np.zeros(4800, bool)
    chosen[made.pixels[:800]] = True
    # Each 12 x 10 block should hold 20 of its 120 pixels.
    blocks = chosen.reshape(5, 12, 8, 10).sum(axis=(1, 3))
    assert blocks.min() >= 17
    assert blocks.max() <= 23


def test_frame_prefers_the_part(grid: np.ndarray, foreground: np.ndarray) -> None:
    made = make_cloud(grid, foreground)
    inside = made.within((0, 0, 30, 30))
    assert len(inside) == 20 * 10 - 1
    assert inside[:, 0].min() == grid[10, 20, 0]
    outside = made.within((0, 0, 4, 3))
    assert len(outside) == 12
    assert len(made.within((200, 200, 220, 220))) == 0


def test_colours_agree_with_the_pictures(grid: np.ndarray, foreground: np.ndarray) -> None:
    generator = np.random.default_rng(0)
    made = make_cloud(grid, foreground)
    rgb = generator.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    assert np.array_equal(picture_colours(made, rgb)[9], rgb[made.pixel(9)])
    normals = generator.normal(size=(60, 80, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    assert np.array_equal(normal_colours(made, normals)[77], normals_rgb(normals)[made.pixel(77)])


def test_shading_is_grey_and_turns_with_the_surface(grid: np.ndarray, foreground: np.ndarray) -> None:
    made = make_cloud(grid, foreground)
    normals = np.zeros((60, 80, 3), np.float32)
    normals[..., 2] = -1
    flat = shaded_colours(made, normals)
    assert (flat == flat[:, :1]).all()
    normals[:] = (0.8, 0.0, -0.6)
    assert (shaded_colours(made, normals) < flat).all()
    assert (shaded_colours(made, None) == 170).all()


def test_heat_is_laid_over_as_in_the_picture(grid: np.ndarray, foreground: np.ndarray) -> None:
    generator = np.random.default_rng(1)
    made = make_cloud(grid, foreground)
    base = generator.integers(0, 256, (len(made), 3), dtype=np.uint8)
    values = generator.uniform(0, 3, (60, 80)).astype(np.float32)
    values[30] = np.nan
    values[31] = 0.4
    mixed = heat_colours(made, base, values, (0.5, 2.0), "inferno", 0.75)
    heat = heat_rgba(values, (0.5, 2.0), "inferno", 0.75).reshape(-1, 4)[made.pixels].astype(float)
    alpha = heat[:, 3:] / 255
    assert np.abs(mixed - (base * (1 - alpha) + heat[:, :3] * alpha)).max() <= 0.51
    clear = np.isin(made.pixels // 80, (30, 31))
    assert np.array_equal(mixed[clear], base[clear])


def test_projection_is_the_pinhole_formula() -> None:
    shown = project(np.array([[2.0, -1.0, 500.0], [0.0, 0.0, -5.0]], np.float32), LENS)
    assert shown.x[0] == pytest.approx(200 + 500 * 2 / 500)
    assert shown.y[0] == pytest.approx(150 - 1)
    assert shown.depth[0] == 500
    assert np.isnan(shown.x[1])


def test_pick_takes_the_front_surface_and_on_it_the_nearest() -> None:
    points = np.array(
        [[0, 0, 620], [0, 0, 600], [0.6, 0, 600.2], [30, 0, 600], [0, 0, -10]], np.float32
    )  # fmt: skip
    shown = project(points, LENS)
    assert pick(shown, (200.1, 150), cover=2, tolerance=1) == 1
    assert pick(shown, (200.4, 150), cover=2, tolerance=1) == 2
    # Nothing covers the mouse: what is around it.
    assert pick(shown, (231, 150), cover=2, tolerance=1) == 3
    assert pick(shown, (260, 150), cover=2, tolerance=1) is None
    assert pick(shown, (200, 170), cover=2, tolerance=1) is None


def test_pick_against_a_slow_search() -> None:
    generator = np.random.default_rng(2)
    points = generator.uniform((-100, -80, 600), (100, 80, 600.5), (4000, 3)).astype(np.float32)
    shown = project(points, LENS)
    for x, y in generator.uniform((120, 90), (280, 210), (40, 2)):
        found = pick(shown, (x, y), cover=3, tolerance=10)
        away = np.maximum(np.abs(shown.x - x), np.abs(shown.y - y))
        near = np.flatnonzero(away <= (3 if (away <= 3).any() else module.REACH))
        expected = near[np.argmin((shown.x[near] - x) ** 2 + (shown.y[near] - y) ** 2)] if near.size else None
        assert found == expected


def test_visibility() -> None:
    shown = project(np.array([[0, 0, 600], [0, 0, 640]], np.float32), LENS)
    assert visibility(shown, (200, 150, 600), (400, 300), 1, 2) == "seen"
    assert visibility(shown, (200, 150, 640), (400, 300), 1, 2) == "hidden"
    assert visibility(shown, (200, 150, 601), (400, 300), 1, 2) == "seen"
    assert visibility(shown, (-3, 150, 600), (400, 300), 1, 2) == "outside"
    assert visibility(shown, (200, 150, -1), (400, 300), 1, 2) == "outside"


def test_box_and_stray_points() -> None:
    generator = np.random.default_rng(3)
    points = generator.uniform(-1, 1, (1000, 3)).astype(np.float32)
    points[:3, 2] = 500
    assert steady(points)[:, 2].max() <= 1
    assert len(steady(points)) > 900
    low, high = box_of(points)
    corners = corners_of(low, high)
    assert np.array_equal(corners.min(axis=0), low)
    assert np.array_equal(corners.max(axis=0), high)
    assert len(np.unique(corners, axis=0)) == 8
    assert corners[4, 0] == high[0]
    assert corners[2, 1] == high[1]
    assert corners[1, 2] == high[2]
