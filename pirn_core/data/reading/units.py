"""Units of length: all points are in mm once they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.source import short
from pirn_core.data.sample import LengthUnit
from pirn_core.errors import SampleError

FACTORS: Mapping[LengthUnit, float] = {"m": 1000.0, "mm": 1.0, "um": 1e-3, "cm": 10.0, "inch": 25.4}
"""Millimetres per unit."""

LAYOUT_UNITS: Mapping[str, LengthUnit] = {"mvtec3d": "m", "eyecandies": "m", "realiad_d3": "mm"}
"""Units that a data set's own description fixes."""

SMALLEST_MM, LARGEST_MM = 0.1, 100_000.0
"""A scene outside these extents is a mistaken unit."""

_METRES_BELOW, _MICROMETRES_FROM = 3.0, 3000.0


Unit = tuple[LengthUnit, str]
"""A unit, and in a few words how it was found."""


def resolve_unit(given: LengthUnit | None, stated: Unit | None, layout: str, extent: float) -> Unit:
    """The unit of a file, and the text that goes into `Sample.unit`.

    Args:
        given: Named by the user.
        stated: Named by the part's own files, e.g. its intrinsics.
        layout: The part's layout.
        extent: Diagonal of the scene in the file's unit; decides where nothing else does: below 3 metres,
            below 3000 millimetres, else micrometres.

    Raises:
        SampleError: When there is no such unit.
    """
    if given is not None:
        if given not in FACTORS:
            raise SampleError(f"there is no unit {given!r}.", f"Choose one of {', '.join(FACTORS)}.")
        return given, f"{given} (given)"
    if stated is not None:
        return stated[0], f"{stated[0]} ({stated[1]})"
    if layout in LAYOUT_UNITS:
        return LAYOUT_UNITS[layout], f"{LAYOUT_UNITS[layout]} (layout)"
    unit: LengthUnit = "m" if extent < _METRES_BELOW else "mm" if extent < _MICROMETRES_FROM else "um"
    return unit, f"{unit} (guessed from an extent of {extent:.3g})"


def extent_of(xyz: NDArray[np.floating[Any]]) -> float:
    """Diagonal of the scene, outliers left out (the middle 99 % on each axis of about 20,000 pixels)."""
    low, high = np.percentile(sampled(xyz, 20_000), (0.5, 99.5), axis=0)
    return float(np.linalg.norm(high - low))


def sampled(xyz: NDArray[np.floating[Any]], pixels: int) -> NDArray[np.floating[Any]]:
    """The points, (N, 3), among that many evenly spread pixels; all points when there is none among them."""
    rows = xyz.reshape(-1, 3)
    some = rows[:: max(1, len(rows) // pixels)]
    some = some[np.isfinite(some[:, 2])]
    return np.asarray(some if len(some) else rows[np.isfinite(rows[:, 2])])


def check_extent(path: Path, extent_mm: float, unit: str) -> None:
    """Refuses a scene that no inspection station can have.

    Raises:
        SampleError: Below 0.1 mm or above 100 m.
    """
    if not SMALLEST_MM <= extent_mm <= LARGEST_MM:
        raise SampleError(
            f"{short(path)}: the scene would be {extent_mm:.3g} mm wide in the unit {unit}.",
            "Name the right unit of the file: m, cm, mm, um or inch.",
        )
