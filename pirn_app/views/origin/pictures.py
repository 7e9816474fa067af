"""Small pictures of maps over a quiet picture of the part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pirn_app.messages.events import Picture
from pirn_app.render.colormap import heat_rgba
from pirn_app.render.normals import normals_rgb
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray

MOST = 480
"""Pixels of a picture's longer side; larger maps are thinned out, as the panes are no larger."""
_MARGIN = 4


@dataclass(frozen=True)
class Window:
    """The part of the image that is shown.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
        stride: Every how many pixels one is shown.
    """

    top: int
    left: int
    height: int
    width: int
    stride: int

    def cut(self, values: FloatArray) -> FloatArray:
        """A map inside the window."""
        rows = slice(self.top, self.top + self.height, self.stride)
        return values[rows, self.left : self.left + self.width : self.stride]


def window_of(seen: BoolArray) -> Window:
    """The box of what was seen, with a small margin; the whole image where nothing was."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    height, width = seen.shape
    top = max(int(rows[0]) - _MARGIN, 0) if rows.size else 0
    left = max(int(columns[0]) - _MARGIN, 0) if columns.size else 0
    bottom = min(int(rows[-1]) + 1 + _MARGIN, height) if rows.size else height
    right = min(int(columns[-1]) + 1 + _MARGIN, width) if columns.size else width
    longer = max(bottom - top, right - left)
    return Window(top, left, bottom - top, right - left, -(-longer // MOST))


def backdrop(picture: Picture | None, window: Window, ground: str) -> FloatArray:
    """The part in dim grey, (h, w, 3) 0 to 255; the plain ground where its picture is not there.

    Args:
        picture: Of the part, or None.
        window: What is shown.
        ground: `#rrggbb`.
    """
    base = np.array([int(ground[k : k + 2], 16) for k in (1, 3, 5)], np.float32)
    rows, columns = -(-window.height // window.stride), -(-window.width // window.stride)
    shown: ByteArray | None = None
    if picture is not None and picture.rgb is not None:
        shown = picture.rgb
    elif picture is not None and picture.normals is not None:
        shown = normals_rgb(picture.normals)
    if shown is None or shown.shape[0] < window.top + window.height or shown.shape[1] < window.left + window.width:
        return np.broadcast_to(base, (rows, columns, 3))
    grey = window.cut(shown.mean(axis=2, dtype=np.float32))
    quiet: FloatArray = (0.35 * base + 0.45 * grey[..., None]).astype(np.float32)
    return quiet


def heated(values: FloatArray, score_range: tuple[float, float], name: str, back: FloatArray) -> ByteArray:
    """Scores as colours over the backdrop, RGB uint8 (h, w, 3)."""
    heat = heat_rgba(values, score_range, name, 0.95)
    return _over(heat, back)


def changed(values: FloatArray, span: float, down: str, up: str, back: FloatArray) -> ByteArray:
    """Differences as two colours over the backdrop: `down` for lower, `up` for higher, full at the span's end."""
    colours = [np.array([int(c[k : k + 2], 16) for k in (1, 3, 5)], np.uint8) for c in (down, up)]
    known = np.nan_to_num(values)
    heat = np.empty((*values.shape, 4), np.uint8)
    heat[..., :3] = np.where((known < 0)[..., None], colours[0], colours[1])
    heat[..., 3] = (np.clip(np.abs(known) / max(span, 1e-12), 0.0, 1.0) * 242).astype(np.uint8)
    return _over(heat, back)


def _over(heat: ByteArray, back: FloatArray) -> ByteArray:
    alpha = heat[..., 3:].astype(np.float32) / np.float32(255.0)
    mixed = back * (1 - alpha) + heat[..., :3].astype(np.float32) * alpha
    shown: ByteArray = np.ascontiguousarray(mixed.round().clip(0, 255).astype(np.uint8))
    return shown
