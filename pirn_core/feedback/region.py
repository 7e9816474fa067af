"""One region of a part as a record of its own: its tokens only."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pirn_core.calibration import Evidence, NormalRecord
from pirn_core.data.sample import BoolArray, FloatArray
from pirn_core.errors import SampleError
from pirn_core.scoring import Frame

Box = tuple[int, int, int, int]


def region_mask(fused: FloatArray, threshold: float, at: tuple[int, int]) -> BoolArray:
    """The 8-connected area at or above the threshold that holds a pixel, as `find_regions` sees it.

    Args:
        fused: (H, W), NaN outside what was seen.
        threshold: Of the verdict.
        at: Pixel (row, column), e.g. the region's peak.

    Returns:
        bool (H, W).

    Raises:
        SampleError: When the pixel is outside the image or below the threshold.
    """
    height, width = fused.shape
    row, column = at
    if not (0 <= row < height and 0 <= column < width) or not fused[row, column] >= threshold:
        raise SampleError(
            f"There is no region above {threshold:.4g} at row {row}, column {column}.",
            "Inspect the part again and choose one of its regions.",
        )
    above = (np.nan_to_num(fused, nan=-np.inf) >= threshold).astype(np.uint8)
    _, labels = cv2.connectedComponents(above, connectivity=8)
    mask: BoolArray = labels == labels[row, column]
    return mask


def region_box(mask: BoolArray) -> Box:
    """Pixel box (row0, col0, row1, col1), half open, of a mask that is not empty."""
    rows, columns = np.nonzero(mask)
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


def region_tokens(frame: Frame, mask: BoolArray) -> BoolArray:
    """Tokens of the part that show any of the mask, bool (N,)."""
    size = frame.view.foreground.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(mask.astype(np.float32), frame.view.to_image, (size, size), flags=flags)
    share = cv2.resize(seen, (frame.grid, frame.grid), interpolation=cv2.INTER_AREA).reshape(-1)
    on_part = frame.foreground if frame.foreground.any() else np.ones_like(frame.foreground)
    tokens: BoolArray = (share > 0) & on_part
    return tokens


def region_record(record: NormalRecord, mask: BoolArray, name: str, limit: float) -> NormalRecord:
    """A confirmed region: the tokens under a mask, nothing else of the part.

    Args:
        record: Of the whole part.
        mask: bool (H, W), at the part's image size.
        name: Of the new record, see `region_name`.
        limit: The score that the region may have at most from now on.

    Raises:
        SampleError: When the mask covers no token of the part.
    """
    tokens = region_tokens(record.frame, mask)
    if not tokens.any():
        raise SampleError(f"{name}: the region covers nothing of the part.", "Choose a region on the part.")
    frame = replace(record.frame, foreground=tokens, seen=record.frame.seen & mask)
    evidence = {
        m: Evidence(
            np.where(tokens, item.residual, np.float32(0)),
            np.where(tokens[:, None], item.prototypes, np.int32(0)),
            np.where(tokens[:, None], item.weights, np.float32(0)),
        )
        for m, item in record.evidence.items()
    }
    return NormalRecord(name, "confirmed region", frame, evidence, limit)


def region_name(part: str, box: Box) -> str:
    """Under which name a model keeps a region of a part."""
    return f"{part}#{'-'.join(str(side) for side in box)}"


def parts_of_name(name: str) -> tuple[str, Box | None]:
    """The part's id and, for a region, its box: what a confirmed record's name says."""
    part, mark, sides = name.rpartition("#")
    try:
        box = tuple(int(side) for side in sides.split("-")) if mark else ()
    except ValueError:
        box = ()
    whole = part if len(box) == 4 else name
    return whole.rpartition("@")[0] or whole, (box[0], box[1], box[2], box[3]) if len(box) == 4 else None
