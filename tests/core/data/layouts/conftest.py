"""Small folder trees. The files are empty: listing must never need their content."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Tree = Callable[[Path, Iterable[str]], Path]


def make(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


@pytest.fixture
def tree() -> Tree:
    return make


@pytest.fixture
def mvtec(tmp_path: Path) -> Path:
    """One category, cable, with four parts; `test/bent/001` has no 3D file and `test/cut/000` no mask."""
    names = [f"cable/train/good/{kind}/000.{end}" for kind, end in (("rgb", "png"), ("xyz", "tiff"))]
    names += [f"cable/test/good/{kind}/000.{end}" for kind, end in (("rgb", "png"), ("xyz", "tiff"), ("gt", "png"))]
    names += [f"cable/test/bent/{kind}/000.{end}" for kind, end in (("rgb", "png"), ("xyz", "tiff"), ("gt", "png"))]
    names += ["cable/test/bent/rgb/001.png", "cable/test/bent/gt/001.png"]
    names += ["cable/test/cut/rgb/000.png", "cable/test/cut/xyz/000.tiff", "cable/readme.txt"]
    return make(tmp_path / "mvtec", names)


CLEAN = "anomalous: 0\nanomalous_bumps: 0\nanomalous_dents: 0\nanomalous_colors: 0\nanomalous_normals: 0\n"


@pytest.fixture
def candy(tmp_path: Path) -> Path:
    """One category with lightings 4 and 5; test parts 00 (good), 01 (dents and colours), private part 02."""
    items = (
        "image_4.png",
        "image_5.png",
        "depth.png",
        "info_depth.yaml",
        "normals.png",
        "mask.png",
        "pose.txt",
    )
    root = tmp_path / "eyecandies"
    for folder, stems in (("train", ("000", "001")), ("val", ("00",)), ("test_public", ("00", "01"))):
        make(root, [f"Candy/{folder}/data/{stem}_{item}" for stem in stems for item in items])
        for stem in stems:
            text = CLEAN
            if (folder, stem) == ("test_public", "01"):
                for key in ("anomalous", "anomalous_dents", "anomalous_colors"):
                    text = text.replace(f"{key}: 0", f"{key}: 1")
            (root / f"Candy/{folder}/data/{stem}_metadata.yaml").write_text(text)
    return make(root, [f"Candy/test_private/data/02_{item}" for item in items[:4]])
