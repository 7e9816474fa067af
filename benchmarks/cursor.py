"""Time from a cursor move to repainted views: `python benchmarks/cursor.py --out resources/results/cursor.csv`.

Three pictures, the readout and (where it can be drawn) the point cloud stand in one window as in the application. Every
move is timed until all of them were painted; the screen is Qt's offscreen one unless `QT_QPA_PLATFORM` says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.environ["QT_QPA_PLATFORM"] == "offscreen":
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import numpy as np
import pyqtgraph
import PySide6
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from pirn_app import style
from pirn_app.actions import Actions
from pirn_app.context import Context
from pirn_app.messages import events
from pirn_app.state.cursor import Cursor
from pirn_app.state.display import Display
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_app.theme import Theme
from pirn_app.thumbnails import Thumbnails
from pirn_app.views.images import AnomalyPane, NormalsPane, RgbPane
from pirn_app.views.readout import ReadoutView
from pirn_app.views.view import View
from pirn_core.card import HeldOutFigures, ModelCard
from pirn_core.config import PirnConfig, Recipe
from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.layouts import Listing, PartSet
from pirn_core.data.sample import PartRef
from pirn_core.regions import find_regions
from pirn_core.results import InspectionResult

SIDES = (400, 800)
WARM_UP = 20


class Painted(QObject):
    """Notes which views were painted."""

    def __init__(self, views: Sequence[View]) -> None:
        super().__init__()
        self._owner: dict[int, str] = {}
        self.since: set[str] = set()
        for view in views:
            for widget in (view, *view.findChildren(QWidget)):
                self._owner[id(widget)] = view.name
                widget.installEventFilter(self)
        self._kept = [widget for view in views for widget in (view, *view.findChildren(QWidget))]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Looks only."""
        if event.type() == QEvent.Type.Paint and id(watched) in self._owner:
            self.since.add(self._owner[id(watched)])
        return False


def main() -> None:
    """Measures and writes one row per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("cursor.csv"))
    parser.add_argument("--moves", type=int, default=200)
    options = parser.parse_args()
    rows = []
    for row in measured(options.moves):
        rows.append({**row, **facts()})
        print(row, flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def measured(moves: int) -> Iterator[dict[str, Any]]:
    """Every size with the pictures only and, if it can be had, with the cloud too."""
    app = QApplication.instance() or QApplication([])
    for side in SIDES:
        for cloud in (False, True):
            context = Context(Workspace(), Cursor(), Display(), Requests(), Actions(), Theme("dark"), Thumbnails())
            style.apply(app, context.theme)
            views = made_views(context, cloud)
            if views is None:
                continue
            window = arranged(views)
            show_part(context, side)
            wait(app, 1.0)
            times, work = 1000 * np.array(list(timed(app, context, views, side, moves))).T
            yield {
                "what": "cursor move to repainted views",
                "image": f"{side}x{side}",
                "views": " ".join(view.name for view in views),
                "moves": moves,
                "median_ms": round(float(np.median(times)), 2),
                "p95_ms": round(float(np.percentile(times, 95)), 2),
                "most_ms": round(float(times.max()), 2),
                "median_cpu_ms": round(float(np.median(work)), 2),
            }
            for view in views:
                view.release()
            window.close()
            window.deleteLater()
            context.thumbnails.close()
            wait(app, 0.1)


def made_views(context: Context, cloud: bool) -> list[View] | None:
    """The pictures and the readout; None where the cloud is wanted but cannot be had."""
    views: list[View] = [RgbPane(context), NormalsPane(context), AnomalyPane(context)]
    if cloud:
        try:
            views.append(importlib.import_module("pirn_app.views.cloud").CloudView(context))
        except (ImportError, AttributeError) as error:
            print(f"Without the point cloud: {error}", file=sys.stderr)
            return None
    return [*views, ReadoutView(context)]


def arranged(views: Sequence[View]) -> QWidget:
    """Two by two over the readout, as large as in a window of 1440 x 900."""
    window = QWidget()
    grid = QGridLayout(window)
    for number, view in enumerate(views[:-1]):
        grid.addWidget(view, number // 2, number % 2)
    grid.addWidget(views[-1], 2, 0, 1, 2)
    window.resize(1000, 760)
    window.show()
    return window


def timed(
    app: Any, context: Context, views: Sequence[View], side: int, moves: int, patience: float = 1.0
) -> Iterator[tuple[float, float]]:
    """Seconds on the clock and of the processor for every move, until all views were painted."""
    generator = np.random.default_rng(0)
    painted, names = Painted(views), {view.name for view in views}
    for number in range(moves + WARM_UP):
        row, column = (int(v) for v in generator.integers(side // 4, 3 * side // 4, 2))
        painted.since.clear()
        before, spent = time.perf_counter(), time.process_time()
        context.cursor.go(pixel=(row, column))
        while painted.since != names:
            app.processEvents()
            if time.perf_counter() - before > patience:
                raise SystemExit(f"Not painted after {patience} s: {', '.join(sorted(names - painted.since))}.")
        if number >= WARM_UP:
            yield time.perf_counter() - before, time.process_time() - spent
        wait(app, 0.005)


def wait(app: Any, seconds: float) -> None:
    """Lets the event loop run."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()


def show_part(context: Context, side: int) -> None:
    """A domed disc with one dent, inspected, with all layers on."""
    ref = PartRef("test/bent/000", "test", "bent")
    workspace = context.workspace
    workspace.apply(events.PartsOpened(PartSet(Path(), "plain", "made up", "disc", lambda: Listing((ref,)))))
    workspace.apply(events.ModelReady(made_model()))
    context.cursor.go(part=ref.id)
    context.display.set(foreground=True)
    workspace.apply(events.PartLoaded(made_picture(ref, side)))
    workspace.apply(events.PartInspected(made_result(ref, side), False))


def made_picture(ref: PartRef, side: int) -> events.Picture:
    """Every pixel has a point: as many points as pixels."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    part = np.hypot(rows, columns) < 0.4
    height = np.where(part, 20 - 60 * (rows**2 + columns**2), 0).astype(np.float32)
    slopes = np.gradient(height, 100 / side)
    normals = np.stack([slopes[1], slopes[0], -np.ones_like(height)], axis=-1).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    noise = np.random.default_rng(1).integers(0, 60, (side, side, 3))
    return events.Picture(
        ref=ref,
        rgb=(80 + 90 * part[..., None] + noise).astype(np.uint8),
        normals=normals,
        xyz=np.stack([100 * columns, 100 * rows, 600 - height], axis=-1).astype(np.float32),
        valid=np.ones((side, side), bool),
        foreground=part,
        foreground_source="border plane",
        geometry=events.Geometry((0.1 * side, 0.1 * side, 0.8 * side), 14.0, 3.5, 0.5, 1.0, 600),
        truth=np.hypot(rows - 0.1, columns) < 0.06,
    )


def made_result(ref: PartRef, side: int) -> InspectionResult:
    """A map with a peak and waves around the threshold, so that the contour is long."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    waves = 0.9 + 0.7 * np.sin(40 * rows) * np.sin(40 * columns)
    fused = (waves + 2 * np.exp(-((rows - 0.1) ** 2 + columns**2) / 0.004)).astype(np.float32)
    fused[np.hypot(rows, columns) >= 0.42] = np.nan
    maps = {"rgb": 0.25 * fused, "sn": 0.75 * fused}
    score = float(np.nanmax(fused))
    return InspectionResult(
        ref=ref,
        model_id="abcdef",
        score=score,
        scores={"rgb": 0.25 * score, "sn": 0.75 * score},
        threshold=1.5,
        sure=1.0,
        verdict="NG",
        map=fused,
        maps=maps,  # type: ignore[arg-type]
        seen=np.isfinite(fused),
        regions=find_regions(fused, maps, 1.5, None),  # type: ignore[arg-type]
    )


def made_model() -> events.Model:
    """A model in words."""
    card = ModelCard(
        id="abcdef", created="2026-01-02T03:04:05Z", program="0.1.0", preset="default", seed=0, changes={},
        backbone="embedded", backbone_text="embedded", weights="0" * 64, modalities=("rgb", "sn"), shots=(),
        confirmed=(), prototypes=2000, layers=1, steps=40, communication=False,
        held_out=HeldOutFigures(3, 0.91, 0.94, (40, 40, 60), 0.94), threshold=1.5, sure=1.0, threshold_source="",
        crop_px=100, input_size=448, grid=28, seconds=1.0, device="cpu", warnings=(), versions={},
    )  # fmt: skip
    fitted = FittedRecipe(Recipe(), 448, 28, 100)
    return events.Model(card, Path(), PirnConfig(), fitted, 1.0, 1.5, None, (0.5, 2.25), {}, {}, "CPU")


def facts() -> dict[str, str]:
    """What the figures depend on."""
    versions = [f"PySide6-{PySide6.__version__}", f"pyqtgraph-{pyqtgraph.__version__}", f"numpy-{np.__version__}"]
    if (vtk := sys.modules.get("vtkmodules")) is not None:
        versions.append(f"vtk-{vtk.__version__}")
    return {
        "screen": os.environ["QT_QPA_PLATFORM"],
        "device": f"{platform.machine()}, {os.cpu_count()} cores",
        "command": "python " + " ".join(sys.argv),
        "versions": " ".join(versions),
    }


if __name__ == "__main__":
    main()
