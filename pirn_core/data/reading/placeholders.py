"""Organised files whose x and y are placeholders and only z was measured, as some of Real-IAD D3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.reading.pcd import read_pcd
from pirn_core.data.reading.ply import read_ply
from pirn_core.data.reading.source import MAX_PIXELS, short, sniff
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

Points = NDArray[np.float64]


def plane_from_grid(ref: PartRef, path: Path, xyz: Points, notes: list[str]) -> Points:
    """Replaces constant x and y by the pixel grid.

    The pixel pitch comes from the extent of the part's own point cloud. The constants themselves are never
    used: they differ between good and defective parts of Real-IAD D3 and would give the answer away.

    Args:
        ref: The part; `extra["cloud"]` is the cloud of the same scan.
        path: The organised file, for messages.
        xyz: Shape (H, W, 3), NaN where there is no point.
        notes: Takes a sentence about what was done.

    Raises:
        SampleError: When there is no such cloud.
    """
    cloud = ref.extra.get("cloud")
    if cloud is None:
        raise SampleError(
            f"{short(path)}: x and y are the same for all points.",
            "Export all three coordinates, or give the point cloud.",
        )
    points = (read_ply if sniff(cloud) == "ply" else read_pcd)(cloud, MAX_PIXELS).points
    points = points[np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)]
    rows, cols = np.nonzero(np.isfinite(xyz[..., 2]))
    spans = max(np.ptp(cols), 1), max(np.ptp(rows), 1)
    if len(points) < 2 or not (np.ptp(points[:, :2], axis=0) > 0).all():
        raise SampleError(f"{short(cloud)}: has no extent in x and y.", "Scan the part again.")
    pitch = np.ptp(points[:, 0]) / spans[0], np.ptp(points[:, 1]) / spans[1]
    grid_rows, grid_cols = np.indices(xyz.shape[:2], dtype=np.float64)
    rebuilt = np.stack((grid_cols * pitch[0], grid_rows * pitch[1], xyz[..., 2]), axis=-1)
    rebuilt[~np.isfinite(xyz[..., 2])] = np.nan
    notes.append(
        f"{path.name} has no x and y; they follow the pixel grid with a pitch of {pitch[0]:.4g} by "
        f"{pitch[1]:.4g} units, from the extent of {cloud.name}."
    )
    return rebuilt
