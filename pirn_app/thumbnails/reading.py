"""From a part's files to a small picture; runs in the background thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

from pirn_core.data.sample import ByteArray, FloatArray, PartRef
from pirn_core.errors import SampleError

SIDE = 128
"""Pixels of the square that a thumbnail fills."""

_BY_QT = frozenset({b"png", b"jpeg", b"bmp"})
_LIGHT = np.array((-0.45, -0.6, -0.66), np.float32)
"""Towards the light that shades 3D-only parts: from the upper left, in the frame x right, y down, z away."""


def source(ref: PartRef) -> Path | None:
    """The file that the picture is made of."""
    return ref.rgb or ref.xyz


def read_picture(ref: PartRef) -> QImage:
    """A picture of a part whose longer side is `SIDE`: its colours, or its shaded surface where it has none.

    Raises:
        SampleError: When it cannot be read; it names the file and what is wrong.
    """
    path = source(ref)
    if path is None:
        raise SampleError(f"{ref.id}: has neither a colour image nor a 3D file.", "Add one of them.")
    if not path.exists():  # the most frequent fault needs no decoder
        raise SampleError(f"{path.name}: the file is not there.", "It was moved or deleted, or a link is broken.")
    if ref.rgb is not None and (image := _read_by_qt(ref.rgb)) is not None:
        return image
    return _read_by_core(ref)


def letterboxed(image: QImage) -> QImage:
    """The picture in the middle of a transparent square, aspect kept."""
    square = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    square.fill(Qt.GlobalColor.transparent)
    painter = QPainter(square)
    painter.drawImage((SIDE - image.width()) // 2, (SIDE - image.height()) // 2, image)
    painter.end()
    return square


def _read_by_qt(path: Path) -> QImage | None:
    """None where Qt does not know the format or finds it damaged: pirn_core then reads it or says what is wrong."""
    from pirn_core.data.reading import MAX_PIXELS

    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    reader.setDecideFormatFromContent(True)
    size = reader.size()
    if bytes(reader.format().data()) not in _BY_QT or not size.isValid():
        return None
    if size.width() * size.height() > MAX_PIXELS:
        return None
    # Scaled inside `read`, which works without the interpreter's lock; QImage.scaled would hold the window up.
    reader.setScaledSize(_fitted(size))
    image = reader.read()
    return None if image.isNull() else image.convertToFormat(QImage.Format.Format_RGB32)


def _fitted(size: QSize) -> QSize:
    return size.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))


def _read_by_core(ref: PartRef) -> QImage:
    from pirn_core.data.reading import read_sample

    sample = read_sample(replace(ref, xyz=None) if ref.rgb is not None else ref)
    if sample.rgb is not None:
        return _to_image(_small(sample.rgb))
    assert sample.xyz is not None  # a sample has colours or points
    return _to_image(_small(shaded(sample.xyz)))


def shaded(xyz: FloatArray) -> ByteArray:
    """Points (H, W, 3) in mm, thinned out to about twice `SIDE`, as a surface lit from one side.

    Returns:
        uint8 (h, w, 3), grey; black where there is no point.
    """
    step = max(1, max(xyz.shape[:2]) // (2 * SIDE))
    points = xyz[::step, ::step]
    if min(points.shape[:2]) < 2:  # no neighbours, no slopes
        return np.full((*points.shape[:2], 3), 128, np.uint8)
    down, across = np.gradient(points, axis=(0, 1))
    normals = np.cross(across, down)
    normals *= -np.sign(normals[..., 2:])
    with np.errstate(invalid="ignore", divide="ignore"):
        light = (normals @ _LIGHT) / np.linalg.norm(normals, axis=-1)
    grey = np.nan_to_num(40 + 215 * np.clip(light, 0, 1), nan=0.0).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _small(picture: ByteArray) -> ByteArray:
    import cv2

    height, width = picture.shape[:2]
    size = _fitted(QSize(width, height))
    shrinks = size.width() < width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size.width(), size.height()), interpolation=method), dtype=np.uint8)


def _to_image(picture: NDArray[np.uint8]) -> QImage:
    height, width = picture.shape[:2]
    held = np.ascontiguousarray(picture)
    image = QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy: `held` ends here
