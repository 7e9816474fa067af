"""What a part is: a reference to its files, and the sample read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Modality = Literal["rgb", "sn"]
"""`rgb`: colour image; `sn`: surface-normal map."""

MODALITIES: tuple[Modality, ...] = ("rgb", "sn")

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

LengthUnit = Literal["m", "mm", "um", "cm", "inch"]


@dataclass(frozen=True)
class PartRef:
    """Where a part's files are. Cheap: listing ten thousand of them opens no image.

    Attributes:
        id: Unique within the part set, e.g. `test/bent/003`.
        split: `train`, `validation`, `test` or `` where the layout has none.
        label: Class folder, e.g. `good`, `bent`; `` when unknown. Used for picking shots (good parts of
            `train`) and by evaluation; inference never reads it.
        rgb: Colour image, if any.
        xyz: Organised or unorganised 3D data, or a depth image, if any.
        normals: Surface normals given by the data set, if any.
        mask: Ground truth mask, if any. Only `pirn_core.data.truth` opens it.
        extra: Further files the layout's reader needs, e.g. `intrinsics`, `depth_range`.
        layout: Name of the layout that found it, e.g. `mvtec3d`.
    """

    id: str
    split: str = ""
    label: str = ""
    rgb: Path | None = None
    xyz: Path | None = None
    normals: Path | None = None
    mask: Path | None = None
    extra: Mapping[str, Path] = field(default_factory=dict)
    layout: str = "plain"

    @property
    def stem(self) -> str:
        """The last piece of the id."""
        return self.id.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Sample:
    """One part, read and checked.

    Attributes:
        ref: Where it came from.
        rgb: Colour image, uint8, shape (H, W, 3), RGB order; None for a 3D-only part.
        xyz: Points in mm in the camera frame (z away from the camera), float32, shape (H, W, 3), NaN where
            there is no point; None for an RGB-only part.
        normals: Unit normals given by the data set, oriented to the camera (n_z < 0), float32, shape
            (H, W, 3), NaN where unknown; None where they are to be computed from `xyz`.
        valid: Where there is a 3D point, shape (H, W); all False for an RGB-only part.
        unit: The unit of the file, before the conversion to mm, and how it was found, e.g. `m (layout)`.
        warnings: What the reader noticed and mended, one sentence each.
    """

    ref: PartRef
    rgb: ByteArray | None
    xyz: FloatArray | None
    normals: FloatArray | None
    valid: BoolArray
    unit: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (int(self.valid.shape[0]), int(self.valid.shape[1]))
