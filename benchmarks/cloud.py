"""Speed of the 3D view: `python benchmarks/cloud.py --out resources/results/cloud.csv`.

A made-up scan at 400 x 400 and 800 x 800 pixels, drawn in software or on the card that OpenGL finds. Frames are turns
of the camera with all points drawn and read back; `orbit` is what the user gets, fewer points where there are many.
Where other work shares the machine, `cpu_ms` (all threads together) and `least_ms` tell more than the median.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from pirn_app.render.cloud import Cloud, heat_colours, make_cloud, picture_colours
from pirn_app.theme import DARK
from pirn_app.views.cloud.surface import Mark, Surface

SIDES = (400, 800)
ROUNDS = 40


def main() -> None:
    """Measures and writes one row per figure."""
    options = _options()
    app = QApplication([])
    rows = [{**row, "size": f"{options.width}x{options.height}", **_facts()} for row in _figures(app, options)]
    for row in rows:
        print({name: row[name] for name in ("points", "what", "least_ms", "median_ms", "p95_ms", "cpu_ms")}, flush=True)
    _write(options.out, rows)
    app.quit()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("cloud.csv"))
    parser.add_argument("--width", type=int, default=600)
    parser.add_argument("--height", type=int, default=500)
    return parser.parse_args()


def _figures(app: QApplication, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for side in SIDES:
        surface = Surface(DARK)
        surface.resize(options.width, options.height)
        surface.show()
        app.processEvents()
        before, used = time.perf_counter(), time.process_time()
        surface.open()
        xyz, rgb = _scan(side)
        cloud = make_cloud(xyz, np.ones((side, side), bool))
        surface.show_cloud(cloud, picture_colours(cloud, rgb))
        surface.repaint()
        first = _times([time.perf_counter() - before], [time.process_time() - used])
        yield {"points": len(cloud), "what": "open and first frame", **first}
        for what, step in _steps(surface, cloud, xyz, rgb).items():
            yield {"points": len(cloud), "what": what, **_measured(step)}
        surface.close_scene()
        surface.close()


def _steps(surface: Surface, cloud: Cloud, xyz: np.ndarray, rgb: np.ndarray) -> dict[str, Callable[[int], None]]:
    """What is timed, each called with the number of the round."""
    side = xyz.shape[0]
    draws = np.random.default_rng(0).uniform(0.2, 0.8, (ROUNDS + 2, 2))
    base = picture_colours(cloud, rgb)
    scores = np.abs(xyz[..., 2] - 600).astype(np.float32)

    def frame(_number: int) -> None:
        surface.move_camera(surface.pose.orbit(3, 1, surface.pivot))
        surface._few = False
        surface.repaint()

    def orbit(_number: int) -> None:
        surface.move_camera(surface.pose.orbit(3, 1, surface.pivot))
        surface.repaint()

    def recolour(number: int) -> None:
        surface._few = False
        surface.colour(heat_colours(cloud, base, scores, (0.0, 8.0 + number), "inferno", 0.75))
        surface.repaint()

    def project(_number: int) -> None:
        surface._shown, surface._few = None, False
        surface.point_at(QPointF(100, 100))

    def pick(number: int) -> None:
        surface.point_at(QPointF(draws[number, 0] * surface.width(), draws[number, 1] * surface.height()))

    def marker(number: int) -> None:
        row, column = (draws[number] * side).astype(int)
        surface.mark(Mark(xyz[row, column]))
        QApplication.processEvents()

    def part(_number: int) -> None:
        made = make_cloud(xyz, np.ones((side, side), bool))
        surface.show_cloud(made, picture_colours(made, rgb))
        surface.repaint()

    return {
        "frame, all points": frame,
        "orbit": orbit,
        "recolour and frame": recolour,
        "first pick after a move": project,
        "pick": pick,
        "marker to repainted view": marker,
        "next part": part,
    }


def _measured(step: Callable[[int], None]) -> dict[str, Any]:
    seconds, work = [], []
    for number in range(ROUNDS + 2):
        before, used = time.perf_counter(), time.process_time()
        step(number)
        seconds.append(time.perf_counter() - before)
        work.append(time.process_time() - used)
    return _times(seconds[2:], work[2:])


def _times(seconds: list[float], work: list[float]) -> dict[str, Any]:
    return {
        "least_ms": round(1000 * min(seconds), 3),
        "median_ms": round(1000 * statistics.median(seconds), 3),
        "p95_ms": round(1000 * float(np.quantile(seconds, 0.95)), 3),
        "cpu_ms": round(1000 * statistics.median(work), 3),
        "rounds": len(seconds),
    }


def _scan(side: int) -> tuple[np.ndarray, np.ndarray]:
    """A wavy disc on a plane, 100 mm wide, a point at every pixel."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    radius = np.hypot(rows, columns)
    height = np.where(radius < 0.35, 8 + np.sin(40 * columns), 0)
    xyz = np.stack([columns * 100, rows * 100, 600 - height], axis=-1).astype(np.float32)
    rgb = np.stack([200 - 200 * radius, 120 + 80 * rows, 120 + 80 * columns], axis=-1).clip(0, 255).astype(np.uint8)
    return xyz, rgb


def _facts() -> dict[str, str]:
    import PySide6
    from vtkmodules.vtkCommonCore import vtkVersion

    versions = f"PySide6-{PySide6.__version__} vtk-{vtkVersion.GetVTKVersion()} numpy-{np.__version__}"
    return {"cpus": str(os.cpu_count()), "versions": versions, "command": "python " + " ".join(sys.argv)}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
