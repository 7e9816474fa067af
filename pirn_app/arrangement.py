"""Where panels stand in each workspace as the program is delivered, and how that is put in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStyle

VERSION = 3
"""Raised when panels come or go; a layout remembered under another number is left aside."""

Stack = tuple[str, ...]
"""Panels that share a place as tabs, the first on top."""


@dataclass(frozen=True)
class Arrangement:
    """One workspace.

    Attributes:
        left: Stacks from top to bottom.
        right: Stacks from top to bottom, or side by side where the pictures are hidden.
        bottom: Stacks from left to right.
        pictures: Whether the four views are shown.
        left_share: Width of the left column as a share of the window's.
        right_share: Likewise; without pictures, that of the outermost column at the right.
        bottom_share: Height of the bottom row.
        left_heights: Shares of the left column's stacks.
    """

    left: tuple[Stack, ...]
    right: tuple[Stack, ...]
    bottom: tuple[Stack, ...] = ()
    pictures: bool = True
    left_share: float = 0.21
    right_share: float = 0.2
    bottom_share: float = 0.3
    left_heights: tuple[int, ...] = (3, 2)

    @property
    def panels(self) -> frozenset[str]:
        """All panels that are shown."""
        return frozenset(name for area in (self.left, self.right, self.bottom) for stack in area for name in stack)


ARRANGEMENTS: Mapping[str, Arrangement] = {
    "setup": Arrangement((("parts",),), (("preprocessing", "report"),), (("shots",),)),
    "train": Arrangement(
        (("parts",), ("shots",)),
        (("training",), ("model-card",)),
        pictures=False,
        left_share=0.2375,
        right_share=0.25,
        left_heights=(1, 1),
    ),
    "inspect": Arrangement((("parts",),), (("inspection", "feedback"),)),
    "understand": Arrangement(
        (("parts",),), (("origin", "inspection"),), (("transport", "prototypes"),), bottom_share=0.4
    ),
}
HOME = {"log": "bottom", "shots": "bottom", "parts": "left"}
"""Where a panel goes that a workspace does not show by itself; elsewhere: right."""
_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_LIMITS = {"left": (264, 420), "right": (352, 480)}
_CARD = (320, 440)
"""Limits of the outermost column where the pictures are hidden."""
LEAST_PICTURES = 0.35
"""Share of the window's width that a remembered layout must leave to the pictures, else it is left aside."""


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Arrangement) -> None:
    """Puts all panels where the plan wants them; those it does not name are closed, near their home."""
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    _place(window, docks, plan.left, "left", Qt.Orientation.Vertical)
    beside = Qt.Orientation.Vertical if plan.pictures else Qt.Orientation.Horizontal
    _place(window, docks, plan.right, "right", beside)
    _place(window, docks, plan.bottom, "bottom", Qt.Orientation.Horizontal)
    for name, dock in docks.items():
        if name not in plan.panels:
            _put_away(window, docks, plan, name, dock)
    resize(window, docks, plan)


def resize(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Arrangement) -> None:
    """Gives columns and rows their shares of the window."""
    _resize(window, docks, _widths(window, docks, plan), Qt.Orientation.Horizontal)
    vertical = {stack[0]: round(100 * share) for stack, share in zip(plan.left, plan.left_heights, strict=False)}
    _resize(window, docks, vertical, Qt.Orientation.Vertical)
    bottom = {stack[0]: round(window.height() * plan.bottom_share) for stack in plan.bottom}
    _resize(window, docks, bottom, Qt.Orientation.Vertical)


def _widths(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Arrangement) -> dict[str, int]:
    """Of the columns as delivered; without pictures, they add up to the window's."""
    left = _clamped(window.width() * plan.left_share, *_LIMITS["left"])
    widths = {plan.left[0][0]: left}
    if plan.pictures:
        widths[plan.right[0][0]] = _clamped(window.width() * plan.right_share, *_LIMITS["right"])
        return widths
    *middle, outer = plan.right
    widths[outer[0]] = _clamped(window.width() * plan.right_share, *_CARD)
    rest = window.width() - sum(widths.values()) - _gap(window) * len(plan.right)
    return widths | {stack[0]: max(rest // len(middle), 1) for stack in middle}


def columns(docks: Mapping[str, QDockWidget], plan: Arrangement) -> dict[str, int]:
    """Present widths of the columns that stand in the window, by their first panel."""
    names = [plan.left[0][0], *(stack[0] for stack in plan.right)]
    return {name: docks[name].width() for name in names if not docks[name].isHidden() and not docks[name].isFloating()}


def keep(
    window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Arrangement, widths: Mapping[str, int], by: int
) -> None:
    """Without pictures, Qt shares what the window gains among all columns; here the first at the right takes it.

    Args:
        window: Was made wider or narrower.
        docks: All panels.
        plan: Of the workspace.
        widths: Of its columns before.
        by: Pixels that the window gained.
    """
    main = plan.right[0][0]
    if by and main in widths and widths.keys() == columns(docks, plan).keys():
        _resize(window, docks, {**widths, main: max(widths[main] + by, 1)}, Qt.Orientation.Horizontal)


def _gap(window: QMainWindow) -> int:
    """Width of the line between two panels."""
    return window.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, window)


def _resize(
    window: QMainWindow, docks: Mapping[str, QDockWidget], sizes: Mapping[str, int], along: Qt.Orientation
) -> None:
    if sizes:
        window.resizeDocks([docks[name] for name in sizes], list(sizes.values()), along)


def _place(
    window: QMainWindow, docks: Mapping[str, QDockWidget], stacks: tuple[Stack, ...], area: str, along: Qt.Orientation
) -> None:
    for stack in stacks:
        first = docks[stack[0]]
        window.addDockWidget(_AREAS[area], first, along)
        for name in stack[1:]:
            window.tabifyDockWidget(first, docks[name])
        for name in stack:
            docks[name].show()
        first.raise_()


def _put_away(
    window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Arrangement, name: str, dock: QDockWidget
) -> None:
    """Closed, but ready to open as a tab beside its neighbours and not as another column."""
    area = HOME.get(name, "right")
    stacks = {"left": plan.left, "right": plan.right, "bottom": plan.bottom}[area]
    window.addDockWidget(_AREAS[area], dock)
    if stacks:
        window.tabifyDockWidget(docks[stacks[-1][0]], dock)
        docks[stacks[-1][0]].raise_()
    dock.hide()


def _clamped(value: float, low: int, high: int) -> int:
    return round(min(max(value, low), high))
