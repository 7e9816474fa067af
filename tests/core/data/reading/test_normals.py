"""Normals that come with a part, and Real-IAD D3's different sizes and placeholders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from pirn_core.data.reading import read_sample
from pirn_core.data.reading.given_normals import oriented
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import SampleError


def sphere(height: int = 40, width: int = 50) -> np.ndarray:
    """Outward normals of a sphere seen from the front: y down, z away, n_z < 0; unit length."""
    rows, cols = np.mgrid[:height, :width].astype(np.float64)
    x, y = (cols - width / 2) / (width * 0.8), (rows - height / 2) / (height * 0.8)
    return np.stack((x, y, -np.sqrt(1 - x**2 - y**2)), axis=-1)


def encode(normals: np.ndarray, path: Path, dtype: type = np.uint8) -> Path:
    """Normal image as usual: x right, y up, z to the camera, (n + 1) / 2."""
    largest = np.iinfo(dtype).max
    image = np.rint((normals * (1, -1, -1) + 1) / 2 * largest).astype(dtype)
    options = [cv2.IMWRITE_JPEG_QUALITY, 100] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), image[..., ::-1], options)
    return path


def read(tmp_path: Path, scene: np.ndarray, normals: Path, layout: str = "plain", **extra: Path) -> Sample:
    tifffile.imwrite(tmp_path / "a.tiff", scene, photometric="rgb")
    ref = PartRef("a", xyz=tmp_path / "a.tiff", normals=normals, layout=layout, extra=extra)
    return read_sample(ref, unit="mm")


@pytest.mark.parametrize(
    ("name", "dtype", "degrees"),
    [("n.png", np.uint8, 0.3), ("n.png", np.uint16, 0.01), ("n.jpg", np.uint8, 2)],
)
def test_normal_images_are_decoded(tmp_path: Path, scene, name: str, dtype: type, degrees: float) -> None:
    given = read(tmp_path, scene, encode(sphere(), tmp_path / name, dtype)).normals
    assert given.dtype == np.float32 and np.allclose(np.linalg.norm(given, axis=-1), 1, atol=1e-5)
    assert (given[..., 2] < 0).all()
    cosine = np.clip((given * sphere()).sum(-1), -1, 1)
    assert np.median(np.degrees(np.arccos(cosine))) < degrees


def test_arrays_of_normals_are_taken_as_they_are(tmp_path: Path, scene: np.ndarray) -> None:
    np.save(tmp_path / "n.npy", sphere())
    assert np.allclose(read(tmp_path, scene, tmp_path / "n.npy").normals, sphere(), atol=1e-6)


def test_orientation() -> None:
    vectors = np.array([[0, 0, -2.0], [0, 0.6, 0.8], [0.6, 0.8, 0.004], [0.1, 0, 0.1], [np.nan] * 3])
    found = oriented(vectors)
    assert np.allclose(found[0], (0, 0, -1)) and np.allclose(found[1], (0, -0.6, -0.8))
    assert np.allclose(found[2], (0.6, 0.8, 0), atol=2e-3) and found[2, 2] < 0  # edge-on stays where it is
    assert np.isnan(found[3:]).all()


def test_normals_that_do_not_fit(tmp_path: Path, scene: np.ndarray, picture: np.ndarray) -> None:
    with pytest.raises(SampleError, match=r"n.png: 48x40 but the part is 50x40"):
        read(tmp_path, scene, encode(sphere(40, 48), tmp_path / "n.png"))
    cv2.imwrite(str(tmp_path / "p.png"), np.full((40, 50, 3), 250, np.uint8))
    with pytest.raises(SampleError, match=r"p.png: its vectors are not of unit length"):
        read(tmp_path, scene, tmp_path / "p.png")
    cv2.imwrite(str(tmp_path / "g.png"), picture[..., 0])
    with pytest.raises(SampleError, match=r"g.png: is no normal map of 3 channels"):
        read(tmp_path, scene, tmp_path / "g.png")
    np.save(tmp_path / "n.npy", sphere()[..., :2])
    with pytest.raises(SampleError, match=r"n.npy: normals have 3 channels"):
        read(tmp_path, scene, tmp_path / "n.npy")


def test_realiad_pseudo_3d_is_resampled_or_left_out(tmp_path: Path, scene: np.ndarray) -> None:
    large = read(tmp_path, scene, encode(sphere(80, 100), tmp_path / "n.jpg"), layout="realiad_d3")
    assert large.normals.shape == (40, 50, 3) and np.allclose(np.linalg.norm(large.normals, axis=-1), 1, atol=1e-5)
    assert "n.jpg was brought to 50x40 pixels." in large.warnings
    cv2.imwrite(str(tmp_path / "p.jpg"), np.full((40, 50, 3), 250, np.uint8))
    none = read(tmp_path, scene, tmp_path / "p.jpg", layout="realiad_d3")
    assert none.normals is None and any("holds no normal vectors" in text for text in none.warnings)


@pytest.mark.parametrize("image_size", [(80, 100), (20, 25), (60, 100)])
def test_realiad_image_and_scan_come_to_the_smaller_size(tmp_path: Path, scene, image_size: tuple[int, int]) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((*image_size, 3), 90, np.uint8))
    tifffile.imwrite(tmp_path / "a.tiff", scene, photometric="rgb")
    ref = PartRef("a", rgb=tmp_path / "a.jpg", xyz=tmp_path / "a.tiff", layout="realiad_d3")
    sample = read_sample(ref)
    smaller = min((scene.shape[:2], image_size), key=lambda size: size[0] * size[1])
    assert sample.shape == smaller == sample.rgb.shape[:2] == sample.xyz.shape[:2]
    assert any("brought to the smaller size" in text for text in sample.warnings)
    assert any("aspect ratio" in text for text in sample.warnings) == (image_size == (60, 100))
    assert set(map(tuple, sample.xyz.reshape(-1, 3))) <= set(map(tuple, scene.reshape(-1, 3)))  # no mixed points


def test_realiad_placeholders_are_replaced_by_the_grid_of_the_cloud(write, tmp_path: Path, scene: np.ndarray) -> None:
    """The constants differ between good and bad parts; the result must not depend on them."""
    write(tmp_path / "a.pcd", scene.reshape(-1, 3))
    found = []
    for constants in ((0.166, 0.2), (3.0, 0.001)):
        broken = scene.copy()
        broken[..., :2] = constants
        tifffile.imwrite(tmp_path / "a.tiff", broken, photometric="rgb")
        ref = PartRef("a", xyz=tmp_path / "a.tiff", layout="realiad_d3", extra={"cloud": tmp_path / "a.pcd"})
        sample = read_sample(ref)
        assert any("a.tiff has no x and y" in text and "0.5 by 0.5" in text for text in sample.warnings)
        found.append(sample.xyz)
    assert np.array_equal(found[0], found[1])
    assert np.allclose(found[0] - scene, (found[0] - scene)[0, 0], atol=1e-4)  # the scene, moved in its plane
    with pytest.raises(SampleError, match="x and y are the same for all points"):
        read_sample(PartRef("a", xyz=tmp_path / "a.tiff", layout="realiad_d3"))
    write(tmp_path / "a.pcd", np.ones((40, 3)))
    with pytest.raises(SampleError, match="has no extent in x and y"):
        read_sample(ref)
