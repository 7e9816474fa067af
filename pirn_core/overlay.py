"""A part with its anomaly map as a picture: colours on a fixed scale, contour at the threshold, verdict."""

from __future__ import annotations

import cv2
import numpy as np

from pirn_core.data.planes import Planes
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray
from pirn_core.results import InspectionResult, Region, Verdict

OPACITY = 0.75
"""Of the map's colours at the upper end of their range; at the lower end they are transparent."""

_LEAST_WIDTH = 512
"""Smaller pictures are enlarged by a whole factor, so that contours and letters are legible."""

_WHITE, _BLACK = (255, 255, 255), (20, 20, 20)
_BANDS: dict[Verdict, tuple[int, int, int]] = {
    "OK": (0, 84, 132),
    "unsure": (116, 88, 0),
    "NG": (172, 62, 0),
}
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def part_picture(planes: Planes) -> ByteArray:
    """The part as the model saw it: its colour image, else its normals as colours, uint8 (H, W, 3)."""
    if planes.rgb is not None:
        return planes.rgb
    assert planes.normals is not None, "a prepared part has colour or normals"
    # (x, y, z) with z away from the camera: a surface that faces the camera comes out light blue, as usual.
    coded = (planes.normals * np.array([1.0, -1.0, -1.0], np.float32) + 1.0) * np.float32(127.5)
    picture: ByteArray = coded.round().clip(0, 255).astype(np.uint8)
    return picture


def heat(values: FloatArray, colour_range: tuple[float, float]) -> tuple[ByteArray, FloatArray]:
    """Colours and opacity of a map.

    Args:
        values: (H, W), NaN outside what was seen.
        colour_range: Scores at both ends: constants of the model, so that a good part looks calm.

    Returns:
        RGB uint8 (H, W, 3) and opacity in [0, 1], float32 (H, W); 0 where nothing was seen.
    """
    share = to_share(values, colour_range)
    colours = cv2.applyColorMap((share * 255.0).round().astype(np.uint8), cv2.COLORMAP_INFERNO)
    rgb: ByteArray = np.ascontiguousarray(colours[..., ::-1])
    return rgb, (share * np.float32(OPACITY)).astype(np.float32)


def to_share(values: FloatArray, colour_range: tuple[float, float]) -> FloatArray:
    """Where scores lie in a range, clipped to [0, 1]; 0 where NaN."""
    low, high = colour_range
    share = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-12)
    clipped: FloatArray = share.clip(0.0, 1.0).astype(np.float32)
    return clipped


def overlay(planes: Planes, result: InspectionResult, colour_range: tuple[float, float]) -> ByteArray:
    """The picture of an inspected part.

    Args:
        planes: Of the prepared part.
        result: What was found.
        colour_range: From `Calibration.colour_range`.

    Returns:
        RGB uint8: the image (a small one enlarged by a whole factor) above a band with the verdict.
    """
    base = part_picture(planes).astype(np.float32)
    colours, opacity = heat(result.map, colour_range)
    mixed = base + opacity[..., None] * (colours.astype(np.float32) - base)
    factor = max(1, -(-_LEAST_WIDTH // base.shape[1]))
    picture = _enlarged(mixed.round().astype(np.uint8), factor, cv2.INTER_LINEAR)
    above = np.nan_to_num(result.map, nan=-np.inf) >= result.threshold
    _draw_contours(picture, above, factor)
    for region in result.regions:
        _draw_number(picture, region, factor)
    return np.vstack([picture, _band(result, picture.shape[1])])


def _enlarged(image: ByteArray, factor: int, interpolation: int) -> ByteArray:
    if factor == 1:
        return np.ascontiguousarray(image)
    size = (image.shape[1] * factor, image.shape[0] * factor)
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def _draw_contours(picture: ByteArray, above: BoolArray, factor: int) -> None:
    """A white line with a dark rim, which stands out on any part."""
    mask = _enlarged(above.astype(np.uint8), factor, cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    width = max(1, picture.shape[1] // 600)
    cv2.drawContours(picture, contours, -1, _BLACK, 3 * width, cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, _WHITE, width, cv2.LINE_AA)


def _draw_number(picture: ByteArray, region: Region, factor: int) -> None:
    top, _, _, right = (factor * edge for edge in region.box)
    size = picture.shape[1] / 1100.0
    text = str(region.label)
    (width, height), _ = cv2.getTextSize(text, _FONT, size, 1)
    x = min(right + 3, picture.shape[1] - width - 2)
    y = min(max(top, height + 2), picture.shape[0] - 3)
    for colour, thickness in ((_BLACK, 4), (_WHITE, 1)):
        cv2.putText(picture, text, (x, y), _FONT, size, colour, thickness, cv2.LINE_AA)


def _band(result: InspectionResult, width: int) -> ByteArray:
    height = width // 12
    band = np.full((height, width, 3), _BANDS[result.verdict], np.uint8)
    _draw_icon(band, result.verdict, height)
    words = f"{result.verdict}   score {result.score:.3g}   threshold {result.threshold:.3g}"
    if result.ref.id:
        words += f"   {_ascii(result.ref.id)}"
    size = height / 62.0
    while cv2.getTextSize(words, _FONT, size, 1)[0][0] > width - 1.4 * height and size > 0.2:
        size *= 0.92
    baseline = (height + cv2.getTextSize(words, _FONT, size, 1)[0][1]) // 2
    cv2.putText(band, words, (int(1.2 * height), baseline), _FONT, size, _WHITE, 1, cv2.LINE_AA)
    return band


def _draw_icon(band: ByteArray, verdict: Verdict, height: int) -> None:
    """A tick, a question mark or a cross: the verdict is never told by hue alone."""
    unit, line = height / 10.0, max(2, height // 12)

    def point(x: float, y: float) -> tuple[int, int]:
        return round(x * unit), round(y * unit)

    if verdict == "OK":
        strokes = [(point(2.5, 5.5), point(4.5, 7.5)), (point(4.5, 7.5), point(8, 2.5))]
    elif verdict == "NG":
        strokes = [(point(3, 3), point(7.5, 7.5)), (point(7.5, 3), point(3, 7.5))]
    else:
        cv2.putText(band, "?", point(3, 8), _FONT, height / 40.0, _WHITE, line, cv2.LINE_AA)
        return
    for start, end in strokes:
        cv2.line(band, start, end, _WHITE, line, cv2.LINE_AA)


def _ascii(text: str) -> str:
    """OpenCV's own letters are ASCII only."""
    return text.encode("ascii", "replace").decode()
