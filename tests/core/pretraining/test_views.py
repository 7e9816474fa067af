import cv2
import numpy as np
import torch

from pirn_core.pretraining.pictures import Picture, decode_normals, height_normals, unit
from pirn_core.pretraining.views import (
    ViewSettings,
    ViewStream,
    normal_view,
    random_turn,
    turn_vectors,
    validation_views,
    view_of,
    warp,
)

SIZE = 65


def smooth_height(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(SIZE, SIZE)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 5) * 60


def pictures(kind: str, count: int = 6) -> list[Picture]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 40, 40, 3), dtype=np.uint8)
    return [Picture(image, kind, f"{kind} {index}") for index, image in enumerate(images)]  # type: ignore[arg-type]


def test_turned_normals_are_the_normals_of_the_turned_surface() -> None:
    height = smooth_height()
    rng = np.random.default_rng(3)
    for _ in range(6):  # Rotations by any angle and reflections.
        turn = random_turn(rng)
        centre = ((SIZE - 1) / 2, (SIZE - 1) / 2)
        turned_map = warp(height_normals(height), turn, 1.0, centre, SIZE)
        got = unit(turn_vectors(turned_map.astype(np.float32) / 127.5 - 1, turn))
        expected = decode_normals(height_normals(warp(height, turn, 1.0, centre, SIZE)))
        inner = slice(16, SIZE - 16)
        cosine = np.einsum("hwc,hwc->hw", got, expected)[inner, inner]
        assert cosine.min() > 0.98
        unturned = unit(turned_map.astype(np.float32) / 127.5 - 1)
        if np.abs(turn - np.eye(2)).max() > 0.3:
            assert np.einsum("hwc,hwc->hw", unturned, expected)[inner, inner].min() < cosine.min()


def test_turn_by_a_right_angle_moves_pixels_and_vectors_alike() -> None:
    turn = np.array([[0, -1], [1, 0]], np.float32)  # (x, y) -> (-y, x): x axis to y axis, i.e. right to down.
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    image[SIZE // 2, SIZE - 5] = 255  # A point at the right ...
    turned = warp(image, turn, 1.0, ((SIZE - 1) / 2, (SIZE - 1) / 2), SIZE)
    assert turned[SIZE - 5, SIZE // 2].min() > 200  # ... comes to the bottom,
    vectors = turn_vectors(np.array([[[1.0, 0.0, 0.0]]], np.float32), turn)
    np.testing.assert_allclose(vectors[0, 0], [0, 1, 0])  # and a vector to the right points down.


def test_turns_are_orthogonal() -> None:
    rng = np.random.default_rng(0)
    turns = [random_turn(rng) for _ in range(20)]
    for turn in turns:
        np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-6)
    assert {round(float(np.linalg.det(turn))) for turn in turns} == {-1, 1}


def test_normal_views_stay_unit_vectors() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        view = normal_view(rng, height_normals(smooth_height()), random_turn(rng), ViewSettings())
        assert view.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(view * 2 - 1, axis=-1), 1, atol=1e-4)


def test_views_have_the_size_and_range() -> None:
    rng = np.random.default_rng(2)
    for picture in [*pictures("photo"), *pictures("normal")]:
        view = view_of(rng, picture, 48, ViewSettings(blank=0.5))
        assert view.shape == (48, 48, 3)
        assert view.min() >= 0 and view.max() <= 1


def test_a_batch_depends_on_seed_and_number_alone() -> None:
    sources = {"photo": pictures("photo"), "relief": pictures("normal")}
    first, second = (ViewStream(sources, 4, ViewSettings()) for _ in range(2))
    second.batch(0, 3, 32)
    torch.testing.assert_close(first.batch(7, 3, 32), second.batch(7, 3, 32), rtol=0, atol=0)
    assert not torch.equal(first.batch(7, 3, 32), first.batch(8, 3, 32))


def test_validation_uses_only_held_out_pictures() -> None:
    blank = Picture(np.zeros((40, 40, 3), np.uint8), "photo", "a")
    names = [f"photo {index}" for index in range(300)]
    held = next(name for name in names if Picture(blank.image, "photo", name).held_out)
    kept = next(name for name in names if not Picture(blank.image, "photo", name).held_out)
    black, white = Picture(blank.image, "photo", held), Picture(blank.image + 255, "photo", kept)
    views = validation_views({"photo": [white, black]}, "photo", 4, 32)
    assert views.shape == (4, 3, 32, 32)
    assert float(views.mean()) < 0
