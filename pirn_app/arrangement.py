"""Where panels stand in each workspace as the program is delivered, and how that is put in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

VERSION = 1
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
        right_share: Likewise.
        bottom_share: Height of the bottom row.
        left_heights: Shares of the left column's stacks.
    """

    left: tuple[Stack, ...]
    right: tuple[Stack, ...]
    bottom: tuple[Stack, ...] = ()
    pictures: bool = True
    left_share: float = 0.235
    right_share: float = 0.25
    bottom_share: float = 0.3
    left_heights: tuple[int, ...] = (3, 2)

    @property
    def panels(self) -> frozenset[str]:
        """All panels that are shown."""
        return frozenset(name for area in (self.left, self.right, self.bottom) for stack in area for name in stack)


ARRANGEMENTS: Mapping[str, Arrangement] = {
    "setup": Arrangement((("parts",),), (("preprocessing", "report"),), (("shots",),)),
    "train": Arrangement((("parts",), ("shots",)), (("training",), ("model-card",)), pictures=False),
    "inspect": Arrangement((("parts",),), (("inspection",),)),
}
HOME = {"log": "bottom", "shots": "bottom", "parts": "left"}
"""Where a panel goes that a workspace does not show by itself; elsewhere: right."""
_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_LIMITS = {"left": (304, 420), "right": (316, 480)}


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
    """Gives the columns their shares of the window."""
    left = _clamped(window.width() * plan.left_share, *_LIMITS["left"])
    horizontal = {plan.left[0][0]: left}
    if plan.pictures:
        horizontal[plan.right[0][0]] = _clamped(window.width() * plan.right_share, *_LIMITS["right"])
    else:
        rest = window.width() - left
        shares = (0.62, 0.38) if len(plan.right) == 2 else (1.0,) * len(plan.right)
        horizontal |= {stack[0]: round(rest * share) for stack, share in zip(plan.right, shares, strict=True)}
    vertical = {stack[0]: round(100 * share) for stack, share in zip(plan.left, plan.left_heights, strict=False)}
    _resize(window, docks, horizontal, Qt.Orientation.Horizontal)
    _resize(window, docks, vertical, Qt.Orientation.Vertical)
    bottom = {stack[0]: round(window.height() * plan.bottom_share) for stack in plan.bottom}
    _resize(window, docks, bottom, Qt.Orientation.Vertical)


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
