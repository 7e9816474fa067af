import numpy as np
import pytest

from pirn_core.synthetic.designs import DRAWINGS, design
from pirn_core.synthetic.lettering import bent, text_distance
from pirn_core.synthetic.shapes import (
    CELLS,
    HALF,
    PITCH,
    Plane,
    body,
    box,
    carve,
    circle,
    grid,
    ring,
    segment,
    to_cells,
)


def points(*pairs):
    return Plane(*(np.array(axis, np.float32) for axis in zip(*pairs, strict=True)))


def test_grid_is_centred_and_evenly_spaced():
    plane = grid()
    assert plane.x.shape == (CELLS, CELLS)
    assert plane.x[0, 0] == pytest.approx(-HALF + PITCH / 2) and plane.x[0, -1] == pytest.approx(HALF - PITCH / 2)
    assert np.allclose(plane.x + plane.x[:, ::-1], 0, atol=1e-4)
    assert np.allclose(to_cells(plane.x[0]), np.arange(CELLS), atol=0.01)


def test_distances_against_geometry_by_hand():
    plane = points((0, 0), (3, 4), (10, 0), (4, 3))
    assert np.allclose(circle(plane, 5), [-5, 0, 5, 0], atol=1e-5)
    assert np.allclose(ring(plane, 5, 2), [4, -1, 4, -1], atol=1e-5)
    assert np.allclose(box(plane, 4, 2), [-2, 2, 6, 1], atol=1e-5)
    assert np.allclose(segment(plane, (0, 0), (4, 0)), [0, 4, 6, 3], atol=1e-5)


def test_rounded_box_is_exact_at_its_corner():
    corner = np.hypot(6 - 3, 5 - 3) - 1
    assert box(points((6, 5)), 4, 4, 1)[0] == pytest.approx(corner, abs=1e-5)


def test_turned_frame_keeps_distances():
    plane = points((1, 2), (-3, 0.5)).at(1, 2, 33)
    assert np.allclose(plane.radius, [0, np.hypot(4, 1.5)], atol=1e-5)


def test_body_profile_has_top_round_edge_wall_and_fillet():
    distance = np.linspace(-5, 5, 4001).astype(np.float32)
    height = body(distance, 10, 2, rounding=1, fillet=1.5, draft=0.05)
    assert np.all(height[distance < -1.01] == 10) and np.all(height[distance > 2] == 2)
    assert np.all(np.diff(height) <= 1e-6)
    middle = np.abs(distance + 1 - np.sqrt(0.5)).argmin()
    assert height[middle] == pytest.approx(9 + np.sqrt(0.5), abs=0.01)
    wall = (height < 8.5) & (height > 4.5)
    slope = np.diff(height[wall]) / np.diff(distance[wall])
    assert np.median(slope) == pytest.approx(-20, rel=0.01)


def test_carve_cuts_inside_only_and_never_raises():
    distance = np.linspace(-5, 5, 1001).astype(np.float32)
    face = np.full(1001, 8, np.float32)
    cut = carve(face, distance, 3, 8, rounding=0.4)
    assert np.all(cut <= face) and np.all(cut[distance > 0.5] == 8)
    assert np.all(cut[distance < -1] == 3)


def test_text_distance_is_zero_on_strokes_and_large_away():
    plane = points((0, 0), (0, 40), (-1.0, 1.5))
    distance = text_distance("1", plane, 6.0)
    assert distance[0] == pytest.approx(0, abs=1e-5) and distance[1] == 6.0
    assert 0 < distance[2] < 2


def test_text_of_a_part_has_no_letter_without_strokes():
    plane = grid()
    for text in ("DN25", "PN16", "G3-106", ">PA66-GF30<"):
        assert (text_distance(text, plane, 3.0) < 0.2).any()


def test_bent_coordinates_follow_the_circle():
    place = bent(points((0, 30), (30, 0), (0, 32)), 30, 90)
    assert np.allclose(place.x, [0, 30 * np.pi / 2, 0], atol=1e-3)
    assert np.allclose(place.y, [0, 0, 2], atol=1e-4)


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_design_is_a_part_of_realistic_size_on_a_table(kind):
    part = design(kind)
    assert part.height.min() == 0 and 10 < part.top < 25
    assert 60 < np.ptp(part.outline[:, 0]) < 82
    assert np.all(part.height[:40] == 0) and np.all(part.height[:, -40:] == 0)
    assert 0 < part.relief[..., 2].min() < 0.5 and part.relief[..., 2].max() <= 1
    assert np.allclose(np.hypot(part.marks[..., 0], part.marks[..., 1]), 1, atol=0.02)
    assert part.room.max() > 2 and part.edge.sum() > 1000
    assert np.all(part.height[part.room > 0] > 1.0)
    with pytest.raises(ValueError, match="read-only"):
        part.height[0, 0] = 1
