"""Scenes whose points and normals are known in closed form."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

SHARED = Path(__file__).parents[4] / ".." / "shared" / "data"


def dome(height: int = 40, width: int = 50, pitch: float = 0.5) -> np.ndarray:
    """A shallow dome in mm: x right, y down, z away (smallest at the top), float32 (H, W, 3)."""
    rows, cols = np.mgrid[:height, :width].astype(np.float64)
    x, y = (cols - width / 2) * pitch, (rows - height / 2) * pitch
    z = 300 + 0.01 * x**2 + 0.02 * y**2 + 0.003 * x * y
    return np.stack((x, y, z), axis=-1).astype(np.float32)


@pytest.fixture
def scene() -> np.ndarray:
    return dome()


@pytest.fixture
def picture() -> np.ndarray:
    """Random colours, uint8 (40, 50, 3), RGB."""
    return np.random.default_rng(7).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def ply_bytes(points: np.ndarray, colours: np.ndarray | None = None, form: str = "binary_little_endian") -> bytes:
    lines = ["ply", f"format {form} 1.0", "comment made by a test", f"element vertex {len(points)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"property uchar {name}" for name in ("red", "green", "blue")] if colours is not None else []
    lines += ["element face 1", "property list uchar int vertex_indices", "end_header", ""]
    head = "\n".join(lines).encode()
    if form == "ascii":
        rows = [
            " ".join([*(f"{value:.9g}" for value in point), *map(str, colour)])
            for point, colour in zip(points, colours if colours is not None else [()] * len(points), strict=True)
        ]
        return head + ("\n".join(rows) + "\n3 0 1 2\n").encode()
    order = "<" if "little" in form else ">"
    fields = [(axis, f"{order}f4") for axis in "xyz"] + (
        [(name, "u1") for name in "rgb"] if colours is not None else []
    )
    table = np.zeros(len(points), fields)
    for axis, column in zip("xyz", points.T, strict=True):
        table[axis] = column
    for name, column in zip("rgb", colours.T if colours is not None else (), strict=False):
        table[name] = column
    return head + table.tobytes() + struct.pack(f"{order}B3i", 3, 0, 1, 2)


def pcd_bytes(
    points: np.ndarray,
    colours: np.ndarray | None = None,
    form: str = "binary",
    size: tuple[int, int] | None = None,
    view: str = "0 0 0 1 0 0 0",
) -> bytes:
    height, width = size or (1, len(points))
    fields = ["x", "y", "z", *(["rgb"] if colours is not None else [])]
    head = (
        f"# .PCD v0.7 - made by a test\nVERSION 0.7\nFIELDS {' '.join(fields)}\n"
        f"SIZE {' '.join('4' for _ in fields)}\nTYPE {' '.join('F' for _ in fields)}\n"
        f"COUNT {' '.join('1' for _ in fields)}\nWIDTH {width}\nHEIGHT {height}\n"
        f"VIEWPOINT {view}\nPOINTS {len(points)}\nDATA {form}\n"
    ).encode()
    columns = list(points.T.astype(np.float32))
    if colours is not None:
        wide = colours.astype(np.uint32)
        columns.append((wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]).view(np.float32))
    table = np.stack(columns, axis=1)
    if form == "ascii":
        return head + "\n".join(" ".join(f"{v:.9g}" for v in row) for row in table).encode() + b"\n"
    if form == "binary":
        return head + table.tobytes()
    raw = np.ascontiguousarray(table.T).tobytes()
    packed = imagecodecs.lzf_encode(raw)
    return head + struct.pack("<II", len(packed), len(raw)) + packed


def write_cloud(path: Path, points: np.ndarray, colours: np.ndarray | None = None, **form: object) -> Path:
    path.write_bytes((ply_bytes if path.suffix == ".ply" else pcd_bytes)(points, colours, **form))
    return path


@pytest.fixture
def write() -> Callable[..., Path]:
    """Writes a cloud: `write(path, points, colours, form="ascii")`; PCD also takes `size` and `view`."""
    return write_cloud


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the development data (../shared/data) is not here")
    return SHARED
