"""PLY files: the vertices of a cloud or a mesh, in ascii or binary.

Read here and not with Open3D because that gives uninitialised memory, and no error, for a file that was cut
off (measured with Open3D 0.20).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.cloud import Cloud, columns, to_bytes
from pirn_core.data.reading.source import check_points, damaged, guarded, load, short
from pirn_core.errors import SampleError

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass
class _Element:
    name: str
    count: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    lists: bool = False


def read_ply(path: Path, max_points: int) -> Cloud:
    """Reads the vertices with their colours.

    Raises:
        SampleError: When it is damaged or cut off, has no x, y and z, or has too many points.
    """
    data = load(path)
    with guarded(path):
        order, elements, start = _header(path, data)
        vertex = next((element for element in elements if element.name == "vertex"), None)
        if vertex is None or vertex.lists or not {"x", "y", "z"} <= {name for name, _ in vertex.fields}:
            raise SampleError(f"{short(path)}: has no vertices with x, y and z.", "Export a point cloud.")
        check_points(path, vertex.count, max_points)
        before = elements[: elements.index(vertex)]
        body = data[start:]
        if order:
            return _cloud(_binary(path, body, vertex, before, order))
        skip = sum(element.count for element in before)
        return _cloud(read_table(path, body, vertex.fields, vertex.count, skip))


def _header(path: Path, data: bytes) -> tuple[str, list[_Element], int]:
    end = data.find(b"end_header")
    newline = data.find(b"\n", end)
    if end < 0 or newline < 0:
        raise damaged(path, "its header has no end")
    order: str | None = None
    elements: list[_Element] = []
    for line in data[:end].decode("latin-1").splitlines():
        words = line.split()
        if words[:1] == ["format"]:
            order = _ORDERS.get(words[1])
        elif words[:1] == ["element"]:
            elements.append(_Element(words[1], int(words[2])))
        elif words[:1] == ["property"] and words[1] == "list":
            elements[-1].lists = True
        elif words[:1] == ["property"]:
            elements[-1].fields.append((words[2], _TYPES[words[1]]))
    if order is None:
        raise damaged(path, "its format is not ascii or binary")
    return order, elements, newline + 1


def _binary(path: Path, body: bytes, vertex: _Element, before: list[_Element], order: str) -> NDArray[Any]:
    if any(element.lists for element in before):
        raise SampleError(f"{short(path)}: the vertices come after lists.", "Export the points alone.")
    start = sum(_dtype(element, order).itemsize * element.count for element in before)
    dtype = _dtype(vertex, order)
    there = (len(body) - start) // dtype.itemsize
    if there < vertex.count:
        raise damaged(path, f"it was cut off: {max(there, 0)} of {vertex.count} points are there")
    return np.frombuffer(body, dtype, vertex.count, start)


def _dtype(element: _Element, order: str) -> np.dtype[Any]:
    return np.dtype([(name, order + code) for name, code in element.fields])


def read_table(path: Path, body: bytes, fields: list[tuple[str, str]], count: int, skip: int = 0) -> NDArray[Any]:
    """Lines of numbers to a table with named columns, in double precision.

    Raises:
        SampleError: When lines are missing or too short.
    """
    lines = [line for line in io.BytesIO(body) if line.strip()][skip : skip + count]
    if len(lines) < count:
        raise damaged(path, f"it was cut off: {len(lines)} of {count} points are there")
    numbers = np.loadtxt(lines, dtype=np.float64, ndmin=2, comments=None)
    if numbers.shape[1] != len(fields):
        raise damaged(path, f"its lines have {numbers.shape[1]} numbers and not {len(fields)}")
    dtype = np.dtype([(name, "f8") for name, _ in fields])
    return np.ascontiguousarray(numbers).view(dtype)[:, 0]


def _cloud(table: NDArray[Any]) -> Cloud:
    points = columns(table, ("x", "y", "z"))
    assert points is not None  # read_ply has looked
    colours = columns(table, ("red", "green", "blue"))
    if colours is None:
        colours = columns(table, ("diffuse_red", "diffuse_green", "diffuse_blue"))
    fractions = colours is not None and bool(np.nanmax(colours, initial=0) <= 1.0) and _is_float(table)
    return Cloud(points, to_bytes(colours, fractions=fractions))


def _is_float(table: NDArray[Any]) -> bool:
    name = "red" if "red" in (table.dtype.names or ()) else "diffuse_red"
    return table.dtype[name].kind == "f"
