"""House rules that import contracts cannot say: which part of Qt a package may use, and that views are strangers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pirn_app

ROOT = Path(pirn_app.__file__).parent


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules("state", "messages"), ids=lambda p: p.stem)
def test_state_uses_nothing_of_qt_but_its_core(path: Path):
    qt = {name for name in imported(path) if name.startswith("PySide6")}
    assert qt <= {"PySide6.QtCore"}


@pytest.mark.parametrize("path", modules("render"), ids=lambda p: p.stem)
def test_pictures_are_made_without_qt(path: Path):
    assert not [name for name in imported(path) if name.partition(".")[0] in ("PySide6", "pyqtgraph", "vtkmodules")]


@pytest.mark.parametrize("path", modules("views"), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_view_knows_another_view(path: Path):
    own = path.relative_to(ROOT / "views").parts[0].removesuffix(".py").split("_")[0]
    views = [name.split(".")[2] for name in imported(path) if name.startswith("pirn_app.views.")]
    assert [name for name in views if name != "view" and name.split("_")[0] != own] == []


@pytest.mark.parametrize("path", modules("."), ids=lambda p: str(p.relative_to(ROOT)))
def test_torch_is_met_in_the_engine_only(path: Path):
    if path.is_relative_to(ROOT / "engine"):
        return
    assert "torch" not in {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", modules("."), ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_runs_the_event_loop_by_hand(path: Path):
    assert "processEvents" not in path.read_text(encoding="utf-8")
