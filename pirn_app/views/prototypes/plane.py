"""The plane of tokens and prototypes: drawing and picking, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor

from pirn_app.theme import Palette
from pirn_app.views.prototypes.lasso import LassoBox, inside
from pirn_core.data.sample import BoolArray, FloatArray, Modality

Kind = Literal["shot", "prototype", "token"]

_REACH = 9
"""Pixels within which a click takes hold of a point."""
_NONE = np.zeros((0, 2), np.float32)


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes:
        shots: Places of the shots' tokens, (S, 2).
        prototypes: Places of all prototypes, (K, 2).
        dead: Prototypes that are hardly used, drawn hollow, bool (K,).
        tokens: Places of the tokens of inspected parts, (M, 2).
        above: Those at or above the threshold, bool (M,).
        defect: Those on a ground truth, bool (M,); None: unknown.
    """

    shots: FloatArray
    prototypes: FloatArray
    dead: BoolArray
    tokens: FloatArray
    above: BoolArray
    defect: BoolArray | None


class Plane(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is untyped
    """Five scatter plots with a shared brush each, and rings around single points."""

    picked = Signal(str, int)
    """Kind and index of the point that the user clicked."""
    missed = Signal()
    """A click beside all points."""
    enclosed = Signal(object)
    """Indices of the tokens that the user's line encloses."""

    def __init__(self) -> None:
        self.box = LassoBox()
        super().__init__(viewBox=self.box)
        self.setObjectName("prototype-plane")
        self.setMinimumSize(120, 80)
        self.hideButtons()
        self.points: Points | None = None
        made = {
            name: pg.ScatterPlotItem(pxMode=True, symbol=symbol, size=size, pen=None)
            for name, symbol, size in (
                ("prototypes", "d", 9),
                ("dead", "d", 9),
                ("shots", "o", 4),
                ("normal", "o", 6),
                ("above", "t1", 10),
                ("defect", "s", 11),
                ("marked", "o", 12),
                ("chosen", "d", 18),
                ("ring", "o", 18),
            )
        }
        self.layers: dict[str, Any] = made
        for level, item in enumerate(made.values()):
            item.setZValue(level)
            self.addItem(item, ignoreBounds=level >= 6)
        self.box.enclosed.connect(self._enclosed)
        self.scene().sigMouseClicked.connect(self._clicked)

    def draw(self, points: Points, names: tuple[str, str], *, fit: bool) -> None:
        """Draws these, and shows all of them where `fit`."""
        self.points = points
        above = points.above
        places = {
            "shots": points.shots,
            "normal": points.tokens[~above],
            "above": points.tokens[above],
            "prototypes": points.prototypes[~points.dead],
            "dead": points.prototypes[points.dead],
            "defect": _NONE if points.defect is None else points.tokens[points.defect],
        }
        size = 12 if len(points.prototypes) <= 300 else 8
        for name, at in places.items():
            self.layers[name].setData(at[:, 0], at[:, 1])
        for name in ("prototypes", "dead"):
            self.layers[name].setSize(size)
        for side, text in zip(("bottom", "left"), names, strict=True):
            self.setLabel(side, text)
        if fit:
            self.box.autoRange(padding=0.04)

    def show_marks(self, marked: NDArray[np.intp], chosen: int | None, token: int | None) -> None:
        """Rings around marked tokens, around the chosen prototype and around the token under the cursor."""
        points = self.points
        if points is None:
            return
        single = {"chosen": (points.prototypes, chosen), "ring": (points.tokens, token)}
        for name, (places, index) in single.items():
            at = _NONE if index is None or index >= len(places) else places[index : index + 1]
            self.layers[name].setData(at[:, 0], at[:, 1])
        at = points.tokens[marked]
        self.layers["marked"].setData(at[:, 0], at[:, 1])

    def recolour(self, palette: Palette, modality: Modality) -> None:
        """Takes the theme's colours."""
        own = getattr(palette, modality)
        self.setBackground(palette.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(palette.border))
            axis.setTextPen(pg.mkPen(palette.muted))
            axis.setLabel(axis.labelText, color=palette.muted)
            axis.setSIPrefixEnableRanges(())  # small numbers would else be shown times a thousand
            axis.enableAutoSIPrefix(False)
        fills = {"shots": _faded(palette.muted, 150), "normal": _faded(palette.ok, 200), "above": QColor(palette.ng)}
        for name, colour in fills.items():
            self.layers[name].setBrush(pg.mkBrush(colour))
        self.layers["prototypes"].setBrush(pg.mkBrush(_faded(own, 170)))
        self.layers["prototypes"].setPen(pg.mkPen(palette.panel, width=1))
        lines = {"dead": (own, 1.2), "defect": (palette.text, 1.4), "marked": (palette.unsure, 2.0),
                 "chosen": (palette.text, 2.0), "ring": (palette.text, 2.0)}  # fmt: skip
        for name, (colour, width) in lines.items():
            self.layers[name].setBrush(None)
            self.layers[name].setPen(pg.mkPen(colour, width=width))
        self.box.outline.setPen(pg.mkPen(palette.accent, width=1.5, style=Qt.PenStyle.DashLine))

    def legend(self, palette: Palette, modality: Modality) -> list[tuple[str, str, str]]:
        """Sign, colour and words of what is drawn now."""
        if (points := self.points) is None:
            return []
        own = getattr(palette, modality)
        entries = [("●", palette.muted, "patch of a shot"), ("◆", own, "prototype")]
        if points.dead.any():
            entries.append(("◇", own, "dead prototype"))
        if len(points.tokens):
            entries += [("●", palette.ok, "patch below the threshold"), ("▲", palette.ng, "at or above it")]
        if points.defect is not None:
            entries.append(("□", palette.text, "on the ground truth"))
        if len(points.tokens):
            entries.append(("◯", palette.text, "under the cursor"))
        return entries

    # Picking -------------------------------------------------------------------------------------------------------

    def pick(self, at: QPointF) -> tuple[Kind, int] | None:
        """The point under a place in the plot's coordinates: tokens before prototypes before the shots' tokens."""
        if self.points is None:
            return None
        width, height = self.box.viewPixelSize()
        order: tuple[tuple[Kind, FloatArray], ...] = (
            ("token", self.points.tokens),
            ("prototype", self.points.prototypes),
            ("shot", self.points.shots),
        )
        best: tuple[float, Kind, int] | None = None
        for kind, places in order:
            if not len(places):
                continue
            away = np.hypot((places[:, 0] - at.x()) / width, (places[:, 1] - at.y()) / height)
            nearest = int(away.argmin())
            distance = float(away[nearest])
            if distance <= _REACH and (best is None or distance < best[0] - 2):  # a tie goes to the former kind
                best = (distance, kind, nearest)
        return None if best is None else best[1:]

    def _clicked(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.box.sceneBoundingRect().contains(event.scenePos()):
            return
        if event.double():
            self.box.autoRange(padding=0.04)
            return
        found = self.pick(self.box.mapSceneToView(event.scenePos()))
        if found is None:
            self.missed.emit()
        else:
            self.picked.emit(*found)

    def _enclosed(self, line: NDArray[Any]) -> None:
        if self.points is not None:
            self.enclosed.emit(np.flatnonzero(inside(self.points.tokens, line)))


def _faded(colour: str, alpha: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
