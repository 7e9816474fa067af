"""PCD files (Point Cloud Library, version 0.7): ascii, binary and binary_compressed, organised or not."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.cloud import Cloud, columns, to_bytes
from pirn_core.data.reading.ply import read_table
from pirn_core.data.reading.source import check_points, damaged, guarded, load, short
from pirn_core.errors import SampleError

_KINDS = {"F": "f", "I": "i", "U": "u"}


def read_pcd(path: Path, max_points: int) -> Cloud:
    """Reads the points with their colours, image size and viewpoint.

    Raises:
        SampleError: When it is damaged or cut off, has no x, y and z, or has too many points.
    """
    data = load(path)
    with guarded(path):
        header, start = _header(path, data)
        fields = _fields(header)
        if not {"x", "y", "z"} <= {name for name, _ in fields}:
            raise SampleError(f"{short(path)}: has no fields x, y and z.", "Export a point cloud.")
        width, height = int(header["WIDTH"][0]), int(header.get("HEIGHT", ["1"])[0])
        count = int(header.get("POINTS", [str(width * height)])[0])
        check_points(path, count, max_points)
        if count != width * height:
            raise damaged(path, f"it announces {count} points for a size of {width}x{height}")
        table = _table(path, data[start:], header["DATA"][0], fields, count)
        size = (height, width) if height > 1 and width > 1 else None
        return Cloud(_points(table), _colours(table), size, _view(header))


def _header(path: Path, data: bytes) -> tuple[dict[str, list[str]], int]:
    found: dict[str, list[str]] = {}
    at = 0
    while "DATA" not in found:
        end = data.find(b"\n", at)
        if end < 0:
            raise damaged(path, "its header has no end")
        words = data[at:end].decode("latin-1").split()
        if words and not words[0].startswith("#"):
            found[words[0].upper()] = words[1:]
        at = end + 1
    return found, at


def _fields(header: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Name and type per number; a field of several numbers and padding get names of their own."""
    names = header["FIELDS"]
    counts = header.get("COUNT", ["1"] * len(names))
    fields: list[tuple[str, str]] = []
    for number, (name, size, kind, count) in enumerate(zip(names, header["SIZE"], header["TYPE"], counts, strict=True)):
        code = f"<{_KINDS[kind]}{int(size)}"
        plain = int(count) == 1 and name != "_"
        fields += [(name if plain else f"{name}.{number}.{part}", code) for part in range(int(count))]
    return fields


def _table(path: Path, body: bytes, form: str, fields: list[tuple[str, str]], count: int) -> NDArray[Any]:
    if form == "ascii":
        return _retyped(read_table(path, body, fields, count), fields)
    dtype = np.dtype(fields)
    if form == "binary_compressed":
        return _compressed(path, body, dtype, count)
    if form != "binary":
        raise damaged(path, f"its data form {form} is unknown")
    if len(body) < count * dtype.itemsize:
        raise damaged(path, f"it was cut off: {len(body) // dtype.itemsize} of {count} points are there")
    return np.frombuffer(body, dtype, count)


def _retyped(table: NDArray[Any], fields: list[tuple[str, str]]) -> NDArray[Any]:
    """Packed colours are bit patterns, so text has to go back to the declared type."""
    packed = {name: code for name, code in fields if name in ("rgb", "rgba")}
    dtype = np.dtype([(name, packed.get(name, "f8")) for name, _ in fields])
    typed = np.empty(len(table), dtype)
    for name, _ in fields:
        typed[name] = table[name].astype(dtype[name])
    return typed


def _compressed(path: Path, body: bytes, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Unpacks LZF; all values of a field follow each other."""
    import imagecodecs

    packed, unpacked = struct.unpack("<II", body[:8])
    if len(body) - 8 < packed or unpacked != count * dtype.itemsize:
        raise damaged(path, "it was cut off")
    data = imagecodecs.lzf_decode(body[8 : 8 + packed], out=unpacked)
    table = np.empty(count, dtype)
    at = 0
    for name in dtype.names or ():
        table[name] = np.frombuffer(data, dtype[name], count, at)
        at += count * dtype[name].itemsize
    return table


def _points(table: NDArray[Any]) -> NDArray[np.float64]:
    points = columns(table, ("x", "y", "z"))
    assert points is not None  # read_pcd has looked
    return points


def _colours(table: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Red, green and blue are packed into one number, often declared a float."""
    name = next((name for name in ("rgb", "rgba") if name in (table.dtype.names or ())), None)
    if name is None or table.dtype[name].itemsize != 4:
        return to_bytes(columns(table, ("r", "g", "b")), fractions=False)
    bits = np.ascontiguousarray(table[name]).view(np.uint32)
    return np.stack([(bits >> shift & 255).astype(np.uint8) for shift in (16, 8, 0)], axis=1)


def _view(header: dict[str, list[str]]) -> NDArray[np.float64] | None:
    """Where the sensor was; the default, the origin, says nothing."""
    numbers = [float(word) for word in header.get("VIEWPOINT", ())]
    if len(numbers) != 7 or numbers == [0, 0, 0, 1, 0, 0, 0]:
        return None
    return np.array(numbers[:3])
