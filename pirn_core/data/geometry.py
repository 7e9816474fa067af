"""How the network sees a part: the size of a patch, and how much of image and part there is to see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.planes import Planes
from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.data.views import make_view

FEW_PATCHES = 60
"""With fewer patches on the part, a defect of a tenth of its area is six patches or less."""
BLURRED_PX = 5.0
"""A patch of fewer image pixels shows nothing that its neighbours do not: the picture is only blown up."""
FEW_POINTS = 0.75
"""A smaller share of the part with a point leaves the normals of a quarter of it to their neighbours."""

Square = tuple[float, float, float]
"""Top, left and side in image pixels, measured at pixel edges: (0, 0, 400) is the whole of a 400x400 image."""


class Measured(Protocol):
    """The figures that `doubts` needs."""

    @property
    def crop(self) -> Square | None: ...  # noqa: D102
    @property
    def patch_px(self) -> float: ...  # noqa: D102
    @property
    def part_share(self) -> float | None: ...  # noqa: D102
    @property
    def covered(self) -> float | None: ...  # noqa: D102
    @property
    def patches(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class PartGeometry:
    """How the network sees a part.

    Attributes:
        crop: The square that the network sees; may exceed the image. None: the whole image.
        patch_px: Side of one patch in image pixels.
        patch_mm: The same on the part's surface, median; None without 3D.
        part_share: Share of the image that the part (not dilated) covers; None where it was not told from
            its background.
        covered: Share of the part, or of the image where there is no part, with a 3D point; None without 3D.
        patches: Number of patches that count as part, of `grid * grid`.
    """

    crop: Square | None
    patch_px: float
    patch_mm: float | None
    part_share: float | None
    covered: float | None
    patches: int


def part_geometry(planes: Planes, fitted: FittedRecipe, xyz: FloatArray | None) -> PartGeometry:
    """Measures a part.

    Args:
        planes: Of the part.
        fitted: What its views are cut with.
        xyz: Its points in mm, shape (H, W, 3), NaN where none; None without 3D.
    """
    side = fitted.crop_px if fitted.crop_px is not None else max(planes.shape)
    patch_px = side / fitted.grid
    part, known = planes.raw_foreground, planes.foreground_source != "off"
    masks = make_view(replace(planes, rgb=None, normals=None), fitted)
    spacing = None if xyz is None else point_spacing(xyz, planes.valid & part)
    return PartGeometry(
        crop=None if fitted.crop_px is None else crop_square(planes.centre, fitted.crop_px),
        patch_px=patch_px,
        patch_mm=None if spacing is None else spacing * patch_px,
        part_share=float(part.mean()) if known else None,
        covered=None if xyz is None or not part.any() else float(planes.valid[part].mean()),
        patches=int(masks.token_foreground(fitted.grid).sum()),
    )


def crop_square(centre: tuple[float, float], side: float) -> Square:
    """The square of a view without a pose.

    Args:
        centre: Its middle, (row, column); pixel centres are at whole numbers, as in `view_to_image`.
        side: Image pixels.
    """
    return (centre[0] + 0.5 - side / 2.0, centre[1] + 0.5 - side / 2.0, float(side))


def point_spacing(xyz: FloatArray, where: BoolArray) -> float | None:
    """Median distance in mm of points that are neighbours in the image; None where there are no two.

    It is measured along the surface, so a tilted face has larger patches than a level one.

    Args:
        xyz: Shape (H, W, 3).
        where: Points to look at, shape (H, W); every other row and column of pairs is taken.
    """
    right = where[::2, 1:] & where[::2, :-1]
    down = where[1:, ::2] & where[:-1, ::2]
    steps = [np.diff(xyz[::2], axis=1)[right], np.diff(xyz[:, ::2], axis=0)[down]]
    both = np.concatenate(steps)
    return float(np.median(np.linalg.norm(both, axis=1))) if len(both) else None


def doubts(geometry: Measured) -> tuple[str, ...]:
    """What the figures warn of, a sentence or two each with the way out; empty where all is well."""
    return tuple(text for text in (_small(geometry), _sparse(geometry)) if text)


def _small(geometry: Measured) -> str:
    """The part is small in the image: few patches on it, or patches of hardly any pixels."""
    share = "" if geometry.part_share is None else f"covers {_percent(geometry.part_share)} of the image and "
    if geometry.patches < FEW_PATCHES:
        way_out = "Turn cropping on, or move" if geometry.crop is None else "Move"
        return (
            f"The part {share}lies on {geometry.patches} patches only, so small defects drown. "
            f"{way_out} the camera closer."
        )
    if geometry.patch_px < BLURRED_PX:
        return (
            f"The part {share}gives {geometry.patch_px:.1f} image pixels per patch, so the picture is blown up "
            "without showing more. Move the camera closer, or record at a higher resolution."
        )
    return ""


def _sparse(geometry: Measured) -> str:
    if geometry.covered is None or geometry.covered >= FEW_POINTS:
        return ""
    return (
        f"Only {_percent(geometry.covered)} of the part has a 3D point; in the gaps, shape is guessed from the "
        "neighbours. Scan with another exposure or from more directions, and mind shiny and steep faces."
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.{1 if share < 0.1 else 0}f} %"
