"""Normals as colours, as the overlays of the model package show them."""

from types import SimpleNamespace

import numpy as np

from pirn_app.render.normals import hatched, normals_rgb
from pirn_core.overlay import part_picture


def test_same_colours_as_in_saved_overlays():
    normals = np.random.default_rng(0).normal(size=(20, 30, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    assert np.array_equal(normals_rgb(normals), part_picture(SimpleNamespace(rgb=None, normals=normals)))


def test_a_surface_that_faces_the_camera_is_light_blue():
    assert normals_rgb(np.array([[[0.0, 0.0, -1.0]]], np.float32)).tolist() == [[[128, 128, 255]]]


def test_holes_are_darkened_in_stripes_and_nothing_else_is_touched():
    picture = np.full((40, 50, 3), 200, np.uint8)
    valid = np.ones((40, 50), bool)
    valid[10:30, 10:30] = False
    shown = hatched(picture, valid)
    assert (shown[valid] == 200).all() and (picture == 200).all()
    assert set(np.unique(shown[~valid])) == {50, 100}
    assert hatched(picture, np.ones((40, 50), bool)) is picture
