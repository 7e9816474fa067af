"""The one cursor through all views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from pirn_core.data.sample import Modality


@dataclass(frozen=True)
class Place:
    """Where the user looks.

    Attributes:
        part: Id of the part in view; `` for none.
        pixel: Row and column in its image; None: nowhere.
        pinned: A click fixed the pixel: hovering does not move it until Esc or another click.
        region: Number of the chosen region; None: none.
        prototype: Index of the chosen prototype, with its modality.
    """

    part: str = ""
    pixel: tuple[int, int] | None = None
    pinned: bool = False
    region: int | None = None
    prototype: tuple[Modality, int] | None = None


class Cursor(QObject):
    """Holds the place and says when it changes: once per change, never for no change."""

    changed = Signal(object, object)
    """New and former `Place`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = Place()

    @property
    def place(self) -> Place:
        """Where the user looks now."""
        return self._place

    def go(self, **changes: Any) -> None:
        """Moves; another part takes pixel, region and prototype away unless they are given too."""
        new = replace(self._place, **changes)
        if new.part != self._place.part:
            new = replace(Place(part=new.part), **{k: v for k, v in changes.items() if k != "part"})
        if new != self._place:
            old, self._place = self._place, new
            self.changed.emit(new, old)

    def hover(self, pixel: tuple[int, int] | None) -> None:
        """The mouse is over a pixel of some view."""
        if not self._place.pinned and pixel is not None:
            self.go(pixel=pixel)

    def pin(self, pixel: tuple[int, int]) -> None:
        """The user clicked a pixel."""
        self.go(pixel=pixel, pinned=True)

    def release(self) -> None:
        """Hovering moves the cursor again."""
        self.go(pinned=False)
