from pathlib import Path

import cv2
import numpy as np
import pytest

from pirn_core.errors import SampleError
from pirn_core.pretraining.pictures import (
    Picture,
    camera_normals,
    decode_normals,
    encode_normals,
    height_normals,
    load_pictures,
    read_rgb,
    unit,
)
from pirn_core.pretraining.renders import render, renders


def write(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    cv2.imwrite(str(path), image)


def test_encoding_keeps_directions() -> None:
    normals = unit(np.random.default_rng(0).normal(size=(8, 8, 3)).astype(np.float32))
    assert np.einsum("hwc,hwc->hw", decode_normals(encode_normals(normals)), normals).min() > 0.999


def test_a_slope_leans_against_its_rise() -> None:
    height = np.tile(np.arange(20, dtype=np.float32), (20, 1))  # Rises towards the right, 45 degrees.
    normal = decode_normals(height_normals(height))[10, 10]
    np.testing.assert_allclose(normal, [-(0.5**0.5), 0, -(0.5**0.5)], atol=0.01)


def test_texture_normals_face_the_camera_whatever_their_blue() -> None:
    texture = np.random.default_rng(1).integers(60, 200, (16, 16, 3), dtype=np.uint8)
    normals = decode_normals(camera_normals(texture))
    assert normals[..., 2].max() < 0
    assert np.all(np.sign(normals[..., 1]) == -np.sign(texture[..., 1] / 127.5 - 1))


def test_renders_are_seeded_and_their_normals_face_the_camera() -> None:
    first, second = (list(renders(3, 5, [], size=64)) for _ in range(2))
    for (colour, normal), (again, normal_again) in zip(first, second, strict=True):
        np.testing.assert_array_equal(colour.image, again.image)
        np.testing.assert_array_equal(normal.image, normal_again.image)
        assert decode_normals(normal.image)[..., 2].max() < 0
        assert (colour.kind, normal.kind) == ("photo", "normal")
    assert not np.array_equal(first[0][0].image, first[1][0].image)


def test_render_takes_a_texture() -> None:
    texture = np.full((16, 16, 3), 200, np.uint8)
    colour, _ = render(np.random.default_rng(0), 48, texture)
    assert colour.shape == (48, 48, 3)


def test_sources_and_their_kinds(tmp_path: Path) -> None:
    for name in ("trashnet/glass/glass1", "nobiax_cc0/7/diffuse", "nobiax_cc0/7/normal"):
        write(tmp_path / f"{name}.jpg")
    for name in ("wall1a_d", "wall1_n", "wall1_h"):
        write(tmp_path / "trak5_mit" / f"{name}.jpg")
    sources = load_pictures(tmp_path, 0)
    assert {name: len(pictures) for name, pictures in sources.items()} == {
        "photo": 1,
        "material": 2,
        "material normal": 2,
        "relief": 1,
    }
    # Colour variants and the normal map of one panel must stay on one side of the split.
    assert {picture.group for name in ("material", "material normal") for picture in sources[name]} == {
        "material 7",
        "panel wall1",
    }


def test_missing_and_broken_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="no photo pictures"):
        load_pictures(tmp_path, 0)
    (tmp_path / "x.jpg").write_text("no image")
    with pytest.raises(SampleError, match=r"x\.jpg"):
        read_rgb(tmp_path / "x.jpg")


def test_split_is_fixed() -> None:
    image = np.zeros((1, 1, 3), np.uint8)
    held = [index for index in range(400) if Picture(image, "photo", f"p{index}").held_out]
    assert 5 < len(held) < 40
