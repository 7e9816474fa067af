"""Any image file to an array, complete or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading import headers
from pirn_core.data.reading.headers import Header
from pirn_core.data.reading.source import (
    MAX_PIXELS,
    Kind,
    check_name,
    check_size,
    damaged,
    guarded,
    load,
    short,
    sniff,
)
from pirn_core.errors import SampleError

Raster = NDArray[Any]

_FORMATS: dict[Kind, tuple[Callable[[Path, bytes], Header], Callable[[Path, bytes], None]]] = {
    "png": (headers.png_header, headers.check_png),
    "jpeg": (headers.jpeg_header, headers.check_jpeg),
    "bmp": (headers.bmp_header, headers.check_bmp),
}


def read_raster(path: Path, max_pixels: int = MAX_PIXELS, notes: list[str] | None = None) -> Raster:
    """Decodes a png, jpeg, bmp or tiff file as it is stored.

    Args:
        path: The file; its content decides, not its name.
        max_pixels: Refuse more pixels than that, by the header and before decoding.
        notes: Takes a sentence about anything unexpected.

    Returns:
        Shape (H, W) or (H, W, C), of the file's own type; colours in the order red, green, blue, alpha.

    Raises:
        SampleError: When it is no image, is damaged or cut off, or is too large.
    """
    kind = sniff(path)
    check_name(path, kind, notes if notes is not None else [])
    if kind == "tiff":
        return read_tiff(path, max_pixels, notes if notes is not None else [])
    if kind not in _FORMATS:
        what = "of an unknown kind" if kind == "unknown" else f"a {kind} file"
        raise SampleError(f"{short(path)}: is {what}, no image.", "Give a png, jpg, bmp or tiff file.")
    return _decode(path, kind, max_pixels)


def _decode(path: Path, kind: Kind, max_pixels: int) -> Raster:
    data = load(path)
    read_header, check = _FORMATS[kind]
    header = read_header(path, data)
    check_size(path, header.height, header.width, max_pixels)
    check(path, data)
    # Photographs carry the camera's orientation, which every viewer applies; only IMREAD_COLOR does so here.
    flags = cv2.IMREAD_COLOR if kind == "jpeg" and header.channels > 1 else cv2.IMREAD_UNCHANGED
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise damaged(path, str(error.err)) from error
    if image is None:
        raise damaged(path, f"its {kind} data cannot be decoded")
    return _rgb_order(np.asarray(image))


def _rgb_order(image: Raster) -> Raster:
    if image.ndim == 3 and image.shape[2] >= 3:
        return np.ascontiguousarray(image[..., [2, 1, 0, 3][: image.shape[2]]])
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def read_tiff(path: Path, max_pixels: int, notes: list[str]) -> Raster:
    """The first image series of a tiff file, channels last.

    Raises:
        SampleError: When it is damaged or cut off, is too large, or is no single image.
    """
    import tifffile

    with guarded(path), tifffile.TiffFile(path) as tiff:
        if not tiff.series:
            raise damaged(path, "it holds no image")
        series = tiff.series[0]
        # HALCON stores the valid region as a sub-image; it says nothing that the points do not.
        others = [other for other in tiff.series[1:] if not other.keyframe.is_subifd]
        if others:
            notes.append(f"{path.name} holds {len(others) + 1} images; the first one was read.")
        shape = tuple(size for size in series.shape if size != 1) or (1, 1)
        height, width = _sides(path, shape if len(shape) > 1 else series.shape)
        check_size(path, height, width, max_pixels)
        _check_tiff(path, series)
        image = np.asarray(series.asarray()).reshape(shape if len(shape) > 1 else series.shape)
    return _channels_last(image)


def _sides(path: Path, shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 3:
        small = min(range(3), key=lambda axis: (shape[axis], -axis))
        sides = [shape[axis] for axis in range(3) if axis != small]
        return sides[0], sides[1]
    raise SampleError(
        f"{short(path)}: has the shape {'x'.join(map(str, shape))}, which is no single image.",
        "Export one image per file.",
    )


def _check_tiff(path: Path, series: Any) -> None:
    """Compares where the pixels should lie with the file's length."""
    length = path.stat().st_size
    for page in series.pages:
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            if offset + count > length:
                raise damaged(path, f"it was cut off after {length} bytes")


def _channels_last(image: Raster) -> Raster:
    """Planes stored one after another, (3, H, W), become (H, W, 3)."""
    if image.ndim == 3 and image.shape[0] in (2, 3, 4) and image.shape[2] not in (2, 3, 4):
        return np.moveaxis(image, 0, -1)
    return image
