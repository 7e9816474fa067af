"""Numpy files: `npy` with one array, `npz` with `xyz` (or `points`) and perhaps colours (`rgb`)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pirn_core.data.reading.source import Kind, check_size, guarded, short
from pirn_core.errors import SampleError

_POINTS = ("xyz", "points", "depth")
_COLOURS = ("rgb", "colors", "colours")


@dataclass(frozen=True)
class Arrays:
    """What a numpy file holds, as stored."""

    points: NDArray[Any]
    colours: NDArray[Any] | None = None


def read_arrays(path: Path, kind: Kind, max_pixels: int) -> Arrays:
    """Reads a numpy file; nothing in it is executed (no pickles).

    Raises:
        SampleError: When it is damaged, holds objects, has no array of points, or is too large.
    """
    with guarded(path):
        if kind == "npy":
            with path.open("rb") as stream:
                return Arrays(_read(path, stream, max_pixels))
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
            key = next((key for key in _POINTS if key in names), next(iter(names)) if len(names) == 1 else None)
            if key is None:
                raise SampleError(
                    f"{short(path)}: holds the arrays {', '.join(names) or '(none)'}, and none is named xyz.",
                    "Name the array of points xyz.",
                )
            colours = next((names[key] for key in _COLOURS if key in names), None)
            return Arrays(
                _member(path, archive, names[key], max_pixels),
                _member(path, archive, colours, max_pixels) if colours else None,
            )


def _member(path: Path, archive: zipfile.ZipFile, name: str, max_pixels: int) -> NDArray[Any]:
    with archive.open(name) as stream:
        return _read(path, stream, max_pixels)


def _read(path: Path, stream: IO[bytes], max_pixels: int) -> NDArray[Any]:
    """Reads the header first, so that a tiny file cannot announce a huge array."""
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, by_columns, dtype = read_header(stream)
    if dtype.hasobject:
        raise SampleError(f"{short(path)}: holds Python objects, no numbers.", "Save a plain array of numbers.")
    if not 2 <= len(shape) <= 3 or not np.issubdtype(dtype, np.number):
        what = f"a {dtype} array of shape {'x'.join(map(str, shape)) or '()'}"
        raise SampleError(f"{short(path)}: holds {what}.", "Save the points as float array (H, W, 3) or (N, 3).")
    check_size(path, shape[0], shape[1], max_pixels)
    data = stream.read(int(np.prod(shape)) * dtype.itemsize)
    array = np.frombuffer(data, dtype)
    return array.reshape(shape, order="F" if by_columns else "C")
