"""The common frame of the pictures: what zoom and pan make of it.

Panes change the common frame instead of telling what they themselves show: a wide pane shows more than the frame at its
sides, and if that became the frame, every change of pane would zoom out a little.
"""

from __future__ import annotations

from pirn_app.state.display import Frame

_LEAST = 6.0
"""Pixels of the image that the frame's longer side has at least."""


def whole(shape: tuple[int, int]) -> Frame:
    """All of an image of (height, width)."""
    return (0.0, 0.0, float(shape[1]), float(shape[0]))


def zoomed(frame: Frame, about: tuple[float, float], factor: float) -> Frame:
    """The frame made larger (zoom out) or smaller by a factor, so that the point (x, y) stays where it is."""
    left, top, right, bottom = frame
    factor = max(factor, _LEAST / max(right - left, bottom - top))
    x, y = about
    return (x + (left - x) * factor, y + (top - y) * factor, x + (right - x) * factor, y + (bottom - y) * factor)


def moved(frame: Frame, across: float, down: float) -> Frame:
    """The frame moved by pixels of the image."""
    left, top, right, bottom = frame
    return (left + across, top + down, right + across, bottom + down)


def limited(frame: Frame, shape: tuple[int, int]) -> Frame | None:
    """The frame with its middle on the image; None (all of the image) where it is as large as the image."""
    left, top, right, bottom = frame
    height, width = shape
    if right - left >= width * 0.999 and bottom - top >= height * 0.999:
        return None
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    return moved(frame, min(max(middle_x, 0.0), width) - middle_x, min(max(middle_y, 0.0), height) - middle_y)


def overlaps(frame: Frame, shape: tuple[int, int]) -> bool:
    """Whether the frame shows any of an image of (height, width)."""
    left, top, right, bottom = frame
    return right > 0 and bottom > 0 and left < shape[1] and top < shape[0]
