"""The application's shared state, filled with small made-up parts, for tests without an engine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

from pirn_app.actions import Actions
from pirn_app.context import Context
from pirn_app.messages import events
from pirn_app.state.cursor import Cursor
from pirn_app.state.display import Display
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_app.theme import Theme
from pirn_app.thumbnails import Thumbnails
from pirn_core.card import HeldOutFigures, ModelCard
from pirn_core.config import PirnConfig, Recipe
from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.layouts import Listing, PartSet
from pirn_core.data.sample import PartRef
from pirn_core.regions import find_regions
from pirn_core.results import InspectionResult, verdict_of

HEIGHT, WIDTH = 120, 160


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a test reaches the user's settings, caches and models."""
    for name in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"PIRN_{name}", str(tmp_path_factory.mktemp(name.lower())))


@pytest.fixture
def context(qapp: object) -> Iterator[Context]:
    """The shared objects, empty."""
    made = Context(Workspace(), Cursor(), Display(), Requests(), Actions(), Theme("dark"), Thumbnails())
    yield made
    made.thumbnails.close()


@pytest.fixture
def make_parts(tmp_path: Path) -> Callable[..., PartSet]:
    """A part set by name only: `train` good parts, then test parts with two labels; no file exists."""

    def make(train: int = 6, good: int = 3, bent: int = 3) -> PartSet:
        groups = (("train", "good", train), ("test", "good", good), ("test", "bent", bent))
        refs = tuple(
            PartRef(f"{split}/{label}/{k:03d}", split, label, rgb=tmp_path / f"{split}-{label}-{k:03d}.png")
            for split, label, count in groups
            for k in range(count)
        )
        return PartSet(tmp_path, "mvtec3d", "made up", "flange", lambda: Listing(refs))

    return make


@pytest.fixture
def make_picture() -> Callable[..., events.Picture]:
    """A domed disc on a plane, 120 x 160, with one hole in its points."""

    def make(ref: PartRef, *, rgb: bool = True, xyz: bool = True) -> events.Picture:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        x, y = (columns - 80) * 0.5, (rows - 60) * 0.5
        radius = np.hypot(x, y)
        part = radius < 22
        z = 600 - np.where(part, 8 - radius**2 / 100, 0).astype(np.float32)
        points = np.stack([x, y, z], axis=-1).astype(np.float32)
        points[10:14, 20:26] = np.nan
        dz = np.gradient(z)
        normals = np.stack([dz[1] / 0.5, dz[0] / 0.5, -np.ones_like(z)], axis=-1)
        normals = (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).astype(np.float32)
        shade = (90 + 120 * part + 20 * np.sin(columns / 5)).clip(0, 255).astype(np.uint8)
        truth = (np.hypot(columns - 95, rows - 70) < 6) if ref.label not in ("", "good") else None
        return events.Picture(
            ref=ref,
            rgb=np.stack([shade, shade // 2 + 60, 255 - shade], axis=-1) if rgb else None,
            normals=normals if xyz else None,
            xyz=points if xyz else None,
            valid=np.isfinite(points[..., 2]) if xyz else np.zeros((HEIGHT, WIDTH), bool),
            foreground=radius < 24,
            foreground_source="border",
            geometry=events.Geometry((10.0, 30.0, 100.0), 3.6, 1.8 if xyz else None, 0.24, 0.99 if xyz else None, 600),
            truth=truth,
            unit="mm (made up)",
            warnings=(),
        )

    return make


@pytest.fixture
def make_result() -> Callable[..., InspectionResult]:
    """A result whose map has one peak of a given score at (70, 95)."""

    def make(ref: PartRef, score: float = 2.0, *, model: str = "abcdef", limits=(1.0, 1.5)) -> InspectionResult:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        bump = np.exp(-(np.hypot(columns - 95, rows - 70) ** 2) / 60).astype(np.float32)
        seen = np.hypot(columns - 80, rows - 60) < 50
        fused = np.where(seen, 0.3 + (score - 0.3) * bump, np.nan).astype(np.float32)
        fused[70, 95] = score
        maps = {"rgb": fused * 0.25, "sn": fused * 0.75}
        sure, threshold = limits
        return InspectionResult(
            ref=ref,
            model_id=model,
            score=score,
            scores={m: float(np.nanmax(v)) for m, v in maps.items()},
            threshold=threshold,
            sure=sure,
            verdict=verdict_of(score, sure, threshold),
            map=fused,
            maps=maps,
            seen=seen,
            regions=find_regions(fused, maps, threshold, None),
            seconds={"decoder": 0.1},
            backbone="embedded",
        )

    return make


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., events.Model]:
    """A model in words: threshold 1.5, sure 1.0."""

    def make(shots: tuple[str, ...] = ("train/good/000", "train/good/001"), name: str = "abcdef") -> events.Model:
        card = ModelCard(
            id=name, created="2026-01-02T03:04:05Z", program="0.1.0", preset="default", seed=0, changes={},
            backbone="embedded", backbone_text="embedded, Apache-2.0", weights="0" * 64, modalities=("rgb", "sn"),
            shots=shots, confirmed=(), prototypes=2000, layers=1, steps=40, communication=False,
            held_out=HeldOutFigures(3, 0.91, 0.94, (40, 40, 60), 0.94), threshold=1.5, sure=1.0,
            threshold_source="The highest score of 2 shots (each held out in turn), plus 1 times their robust spread.",
            crop_px=100, input_size=448, grid=28, seconds=12.5, device="cpu", warnings=(), versions={"torch": "2"},
        )  # fmt: skip
        return events.Model(
            card=card,
            path=tmp_path / f"flange-{name}.pirn",
            config=PirnConfig(),
            fitted=FittedRecipe(Recipe(), 448, 28, 100),
            sure=1.0,
            threshold=1.5,
            own_threshold=None,
            colour_range=(0.5, 2.0),
            shot_scores={part: 0.8 + 0.1 * k for k, part in enumerate(shots)},
            shot_hashes=dict.fromkeys(shots, "0" * 64),
            device="CPU, 2 threads",
        )

    return make
