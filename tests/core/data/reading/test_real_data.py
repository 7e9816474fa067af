"""What was measured on the development data stays true."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core.data.layouts import open_parts
from pirn_core.data.reading import read_sample
from pirn_core.data.truth import read_truth


def normals_of(xyz: np.ndarray) -> np.ndarray:
    """Cross product of central differences, facing the camera; the image's border is left out."""
    points = xyz.astype(np.float64)
    across, down = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
    normals = np.cross(across, down)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals * -np.sign(normals[..., 2:])


def angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((a * b).sum(-1), -1, 1)))


@pytest.fixture(scope="module")
def candies(shared: Path) -> list:
    return [read_sample(ref) for ref in open_parts(shared / "eyecandies").refs[::8]]


def test_eyecandies_points_and_given_normals_agree(candies: list) -> None:
    """Measured on all 32 parts: median angle 0.233 degrees in every one (8-bit rounding of the given
    normals); on curved surfaces 0.88 degrees for the median part, 0.77 to 2.6 over the parts.
    """
    on_curves = []
    for sample in candies:
        given = sample.normals[1:-1, 1:-1]
        error = angles(normals_of(sample.xyz), given)
        assert np.nanmedian(error) < 0.24
        curved = np.abs(given[..., 0]) > 0.3
        assert curved.mean() > 0.05
        on_curves.append(np.nanmedian(error[curved]))
    assert np.median(on_curves) < 1.2 and max(on_curves) < 3


def test_eyecandies_other_conventions_do_not_fit(candies: list) -> None:
    """The signs and the focal length are not a matter of taste: each alternative is clearly worse."""
    sample = candies[0]
    given = sample.normals[1:-1, 1:-1].astype(np.float64)
    curved = np.abs(given[..., 0]) > 0.3
    best = np.nanmedian(angles(normals_of(sample.xyz), given)[curved])
    mirrored = np.nanmedian(angles(normals_of(sample.xyz), given * (-1, 1, 1))[curved])
    assert mirrored > 20 * best
    upside_down = np.nanmedian(angles(normals_of(sample.xyz), given * (1, -1, 1)))
    assert upside_down > 20
    for focal in (0.98, 1.02):
        stretched = sample.xyz * np.float32([1 / focal, 1 / focal, 1])
        assert np.nanmedian(angles(normals_of(stretched), sample.normals[1:-1, 1:-1])) > 0.4


def test_eyecandies_samples(candies: list) -> None:
    for sample in candies:
        assert sample.shape == (512, 512) and sample.valid.all() and sample.unit == "m (layout)"
        assert sample.warnings == ()
        assert sample.normals.shape == (512, 512, 3) and np.isnan(sample.normals).mean() < 0.001
        assert np.nanmax(sample.normals[..., 2]) < 0
        assert 2000 < sample.xyz[..., 2].min() < sample.xyz[..., 2].max() < 6000


def test_eyecandies_lightings_differ_and_share_the_points(shared: Path) -> None:
    left = read_sample(open_parts(shared / "eyecandies", lighting="image_4").refs[0])
    ambient = read_sample(open_parts(shared / "eyecandies", lighting="image_5").refs[0])
    assert np.array_equal(left.xyz, ambient.xyz) and not np.array_equal(left.rgb, ambient.rgb)


@pytest.mark.parametrize("name", ["mvtec3d", "eyecandies"])
def test_masks_and_labels_agree(shared: Path, name: str) -> None:
    for ref in open_parts(shared / name).select("test"):
        size = (400, 400) if name == "mvtec3d" else (512, 512)
        truth = read_truth(ref, size)
        assert truth.defective == (ref.label != "good") == bool(truth.mask.any())


def test_mvtec_samples(shared: Path) -> None:
    refs = open_parts(shared / "mvtec3d", category="cable_gland").refs
    assert len(refs) == 45
    for ref in refs[::6]:
        sample = read_sample(ref)
        raw = tifffile.imread(ref.xyz)
        assert sample.shape == (400, 400) and sample.warnings == () and sample.normals is None
        assert np.array_equal(sample.valid, (raw != 0).any(-1))
        assert np.array_equal(
            sample.xyz[sample.valid], (raw[sample.valid].astype(np.float64) * 1000).astype(np.float32)
        )
        assert np.array_equal(sample.rgb, cv2.imread(str(ref.rgb))[..., ::-1])
        assert 600 < np.nanmedian(sample.xyz[..., 2]) < 700 and sample.unit == "m (layout)"


def test_mvtec_axes_are_the_cameras(shared: Path) -> None:
    """x grows to the right and y downwards, so that the frame needs no turn."""
    xyz = read_sample(open_parts(shared / "mvtec3d").refs[0]).xyz
    assert np.nanmedian(np.diff(xyz[..., 0], axis=1)) > 0.2
    assert np.nanmedian(np.diff(xyz[..., 1], axis=0)) > 0.2


def test_a_class_folder_alone_guesses_the_same_unit(shared: Path) -> None:
    whole = {ref.id: ref for ref in open_parts(shared / "mvtec3d").refs}
    alone = open_parts(shared / "mvtec3d" / "cable_gland" / "test" / "bent")
    assert alone.layout == "plain"
    sample = read_sample(alone.refs[0])
    assert sample.unit.startswith("m (guessed")
    assert np.array_equal(sample.xyz, read_sample(whole[f"test/bent/{alone.refs[0].id}"]).xyz, equal_nan=True)
