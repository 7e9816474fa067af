"""Units of length: all points are in mm once they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pirn_core.data.reading.source import short
from pirn_core.data.sample import FloatArray, LengthUnit
from pirn_core.errors import SampleError

FACTORS: Mapping[LengthUnit, float] = {"m": 1000.0, "mm": 1.0, "um": 1e-3, "cm": 10.0, "inch": 25.4}
"""Millimetres per unit."""

LAYOUT_UNITS: Mapping[str, LengthUnit] = {"mvtec3d": "m", "eyecandies": "m", "realiad_d3": "mm"}
"""Units that a data set's own description fixes."""

SMALLEST_MM, LARGEST_MM = 0.1, 100_000.0
"""A scene outside these extents is a mistaken unit."""

_METRES_BELOW, _MICROMETRES_FROM = 3.0, 3000.0


def resolve_unit(given: LengthUnit | None, stated: LengthUnit | None, layout: str, extent: float) -> tuple[LengthUnit, str]:
    """The unit of a file, and how it was found.

    Args:
        given: Named by the user.
        stated: Named by the part's own files, e.g. its intrinsics.
        layout: The part's layout.
        extent: Diagonal of the scene in the file's unit; decides where nothing else does: below 3 metres, below
            3000 millimetres, else micrometres.
    """
    if given is not None:
        if given not in FACTORS:
            raise SampleError(f"there is no unit {given!r}.", f"Choose one of {', '.join(FACTORS)}.")
        return given, f"{given} (given)"
    if stated is not None:
        return stated, f"{stated} (stated in the part's files)"
    if layout in LAYOUT_UNITS:
        return LAYOUT_UNITS[layout], f"{LAYOUT_UNITS[layout]} (layout)"
    unit: LengthUnit = "m" if extent < _METRES_BELOW else "mm" if extent < _MICROMETRES_FROM else "um"
    return unit, f"{unit} (guessed from an extent of {extent:.3g})"


def extent_of(xyz: FloatArray) -> float:
    """Diagonal of the scene, outliers left out (the middle 99 % on each axis); 0 for a single point."""
    points = xyz[np.isfinite(xyz).all(axis=-1)].astype(np.float64)
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    return float(np.linalg.norm(high - low))


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
