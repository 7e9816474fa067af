"""Reads the pretraining pictures: photographs, material textures and their normal maps.

Normal maps are kept in the project's camera frame (x right, y down, z away from the camera, so n_z < 0 faces
the camera), encoded as uint8 (n + 1) / 2 * 255.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from pirn_core.data.sample import ByteArray, FloatArray
from pirn_core.errors import SampleError

Kind = Literal["photo", "normal"]

HELD_OUT_SHARE = 0.05
_TRAK_SUFFIXES = {"_d": "photo", "_n": "normal"}


@dataclass(frozen=True)
class Picture:
    """One picture in memory.

    Attributes:
        image: uint8 (H, W, 3): RGB colour, or an encoded normal map.
        kind: Which of both.
        group: What must stay on one side of the validation split, e.g. a material with its variants.
    """

    image: ByteArray
    kind: Kind
    group: str

    @property
    def held_out(self) -> bool:
        """Whether the picture belongs to the fixed validation split: a hash of its group, no random state."""
        return zlib.crc32(self.group.encode()) % 1000 < HELD_OUT_SHARE * 1000


def read_rgb(path: Path) -> ByteArray:
    """Reads a colour image as uint8 RGB (H, W, 3).

    Raises:
        SampleError: The file is no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SampleError(f"{path}: not a readable image.")
    return np.ascontiguousarray(image[..., ::-1])


def encode_normals(normals: FloatArray) -> ByteArray:
    """Unit normals (H, W, 3) in [-1, 1] to uint8 (n + 1) / 2 * 255, rounded."""
    encoded: ByteArray = np.clip((normals + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)
    return encoded


def decode_normals(encoded: ByteArray) -> FloatArray:
    """The inverse of `encode_normals`, made unit length again."""
    normals = encoded.astype(np.float32) / 127.5 - 1
    return unit(normals)


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors (..., 3) divided by their lengths; zero stays zero."""
    length = np.sqrt(np.einsum("...c,...c->...", vectors, vectors))[..., None]
    scaled: FloatArray = (vectors / np.maximum(length, 1e-6)).astype(np.float32)
    return scaled


def camera_normals(texture: ByteArray) -> ByteArray:
    """A tangent-space normal texture (R right, G up, towards the viewer) in the project's camera frame.

    Z is computed from R and G, since textures store it with different conventions.
    """
    x, y = (texture[..., channel].astype(np.float32) / 127.5 - 1 for channel in (0, 1))
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0.01))
    return encode_normals(unit(np.stack([x, -y, -z], -1)))


def relief_normals(photo: ByteArray, depth: float, blur: float) -> ByteArray:
    """Normals of a surface whose height is the photo's blurred luminance.

    Such reliefs have the statistics of real edges and textures, which procedural height fields lack.

    Args:
        photo: uint8 (H, W, 3).
        depth: Height in pixels between black and white.
        blur: Gaussian sigma in pixels, so that no sensor noise becomes relief.
    """
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32) * (depth / 255)
    return height_normals(cv2.GaussianBlur(grey, (0, 0), blur))


def height_normals(height: FloatArray) -> ByteArray:
    """Encoded camera-frame normals of a height field (H, W) in pixels, positive towards the camera."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return encode_normals(unit(np.stack([-slope_x, -slope_y, -np.ones_like(height)], -1)))


def load_photos(root: Path) -> Iterator[Picture]:
    """Photographs in class folders, `<root>/<class>/<name>.jpg`."""
    for path in sorted(root.glob("*/*.jpg")):
        yield Picture(read_rgb(path), "photo", path.stem)


def load_folder_materials(root: Path) -> Iterator[Picture]:
    """Materials in one folder each: `*diffus*.jpg` and `*normal*.jpg`."""
    for path in sorted(root.glob("*/*.jpg")):
        if "normal" in path.stem:
            yield Picture(camera_normals(read_rgb(path)), "normal", f"material {path.parent.name}")
        elif "diffus" in path.stem:
            yield Picture(read_rgb(path), "photo", f"material {path.parent.name}")


def load_flat_materials(root: Path) -> Iterator[Picture]:
    """Materials in one flat folder: `<stem><variant>_d.jpg` and `<stem>_n.jpg`."""
    for path in sorted(root.glob("*_[dn].jpg")):
        kind, group = _TRAK_SUFFIXES[path.stem[-2:]], "panel " + path.stem[:-2].rstrip("abcdefg")
        if kind == "normal":
            yield Picture(camera_normals(read_rgb(path)), "normal", group)
        else:
            yield Picture(read_rgb(path), "photo", group)


def reliefs(photos: list[Picture], seed: int) -> Iterator[Picture]:
    """A relief of every photograph; depth and blur vary, seeded by the photo's position."""
    for index, picture in enumerate(photos):
        rng = np.random.default_rng([seed, 17, index])
        depth, blur = float(rng.choice([-1.0, 1.0]) * rng.uniform(10, 40)), float(rng.uniform(1.0, 3.0))
        yield Picture(relief_normals(picture.image, depth, blur), "normal", picture.group)


def load_pictures(data: Path, seed: int) -> dict[str, list[Picture]]:
    """Everything under the pretraining folder, by source.

    Args:
        data: Folder with `trashnet`, `nobiax_cc0` and `trak5_mit`.
        seed: For the reliefs.

    Raises:
        SampleError: A source is missing or empty.
    """
    photos = list(load_photos(data / "trashnet"))
    materials = [*load_folder_materials(data / "nobiax_cc0"), *load_flat_materials(data / "trak5_mit")]
    sources = {
        "photo": photos,
        "material": [picture for picture in materials if picture.kind == "photo"],
        "material normal": [picture for picture in materials if picture.kind == "normal"],
        "relief": list(reliefs(photos, seed)),
    }
    for name, pictures in sources.items():
        if not pictures:
            raise SampleError(f"{data}: no {name} pictures.", "Give the pretraining folder with --data.")
    return sources
