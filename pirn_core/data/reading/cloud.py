"""Point clouds as their files hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.sample import ByteArray


@dataclass(frozen=True)
class Cloud:
    """Points in the file's unit and order.

    Attributes:
        points: Shape (N, 3); not finite where there is no point.
        colours: uint8 (N, 3), if there are any.
        size: Height and width when the points are an image row by row, else None.
        viewpoint: Where the sensor was, if the file says so.
    """

    points: NDArray[np.float64]
    colours: ByteArray | None = None
    size: tuple[int, int] | None = None
    viewpoint: NDArray[np.float64] | None = None


def columns(table: NDArray[Any], names: tuple[str, str, str]) -> NDArray[np.float64] | None:
    """Three named fields as (N, 3), or None when one is absent."""
    if not set(names) <= set(table.dtype.names or ()):
        return None
    with np.errstate(invalid="ignore"):  # a signalling NaN of a scanner is a missing point like any other
        return np.stack([table[name].astype(np.float64) for name in names], axis=1)


def to_bytes(colours: NDArray[np.float64] | None, *, fractions: bool) -> ByteArray | None:
    """Colours to uint8; `fractions` are in the range 0 to 1."""
    if colours is None:
        return None
    scaled = np.nan_to_num(colours) * (255.0 if fractions else 1.0)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
