"""How things are shown, not what is shown: one frozen value that all views follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from pirn_core.data.sample import FloatArray

ColourMap = Literal["inferno", "cividis", "viridis", "magma", "turbo", "jet", "grey"]
Source = Literal["fused", "rgb", "sn"]
Frame = tuple[float, float, float, float]
"""Left, top, right, bottom in image pixels."""
Patch = tuple[float, float, float]
"""Row and column of the centre, and side, in pixels."""


@dataclass(frozen=True)
class Look:
    """What the views show.

    Attributes:
        base: Picture under the anomaly map.
        source: Which map: of both modalities, or one of them.
        heat: Whether the map is drawn.
        opacity: Of the map at the upper end of its range, 0 to 1.
        colour_map: Name.
        per_image: Range stretched to this image instead of the model's constant range (clearly marked).
        contour: Outline at the threshold.
        truth: Outline of the ground truth, where there is one.
        foreground: Outline of the part and of the crop.
        crosshair: Whether the cursor is drawn.
        cloud: Colour of the points.
        point_size: Pixels.
        exaggeration: Of heights in 3D, 1 is true.
        box: The part's box with its extents in 3D.
        maximised: Id of the one view that fills the middle; `` for all.
    """

    base: Literal["rgb", "sn"] = "rgb"
    source: Source = "fused"
    heat: bool = True
    opacity: float = 0.75
    colour_map: ColourMap = "inferno"
    per_image: bool = False
    contour: bool = True
    truth: bool = True
    foreground: bool = False
    crosshair: bool = True
    cloud: Literal["rgb", "sn", "anomaly"] = "rgb"
    point_size: int = 2
    exaggeration: float = 1.0
    box: bool = False
    maximised: str = ""


@dataclass(frozen=True, eq=False)
class Layer:
    """A map that some view offers to be shown in the place of the score.

    Attributes:
        name: Of what offers it, e.g. `distance`.
        title: What it is, e.g. `Distance to normal, colour`.
        part: Id of the part.
        values: (H, W) of its image, NaN where nothing was seen.
        span: Values at both ends of the colours.
    """

    name: str
    title: str
    part: str
    values: FloatArray
    span: tuple[float, float]


class Display(QObject):
    """Holds the look, the common frame of the 2D views, and a map that is shown in the place of the score."""

    changed = Signal(object, object)
    """New and former `Look`."""
    framed = Signal(object)
    """The common `Frame` of the 2D views; None: fit the image."""
    layered = Signal(object)
    """The `Layer` in the place of the score; None: the score."""
    marked = Signal()
    """`patches` are others."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = Look()
        self._frame: Frame | None = None
        self._layer: Layer | None = None
        self._patches: tuple[Patch, ...] = ()

    @property
    def look(self) -> Look:
        """What the views show now."""
        return self._look

    @property
    def frame(self) -> Frame | None:
        """What the 2D views show; None: all of the image."""
        return self._frame

    @property
    def layer(self) -> Layer | None:
        """What is shown in the place of the score; None: the score."""
        return self._layer

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Patches of the part in view that are marked in all views."""
        return self._patches

    def mark_patches(self, patches: tuple[Patch, ...]) -> None:
        """Marks other patches of the part in view; none: `()`."""
        if patches != self._patches:
            self._patches = patches
            self.marked.emit()

    def show_layer(self, layer: Layer | None) -> None:
        """Another map, or (None) the score again."""
        if layer is not self._layer:
            self._layer = layer
            self.layered.emit(layer)

    def set(self, **changes: Any) -> None:
        """Changes the look; who chooses a map of the score wants to see it."""
        if "source" in changes:
            self.show_layer(None)
        new = replace(self._look, **changes)
        if new != self._look:
            old, self._look = self._look, new
            self.changed.emit(new, old)

    def show_frame(self, frame: Frame | None) -> None:
        """Zoom and pan of all 2D views; the 3D view turns to its middle."""
        if frame != self._frame:
            self._frame = frame
            self.framed.emit(frame)

    def fit(self) -> None:
        """All of the image, also where the views were moved by hand."""
        self._frame = None
        self.framed.emit(None)
