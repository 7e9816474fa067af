"""Results as files: maps, pictures, tables. Every file is written whole or not at all."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pirn_core.data.sample import MODALITIES, ByteArray, FloatArray, Modality
from pirn_core.errors import OutputError
from pirn_core.files import atomic_path
from pirn_core.overlay import to_share
from pirn_core.results import InspectionResult, Region

PART_COLUMNS = (
    "part", "verdict", "score", "threshold", "sure", "score_rgb", "score_sn", "fired", "regions", "area_mm2",
    "seconds", "shot", "warnings", "model", "backbone", "rgb", "xyz", "error",
)  # fmt: skip
"""Columns of the table of parts; what does not apply is empty. Scores have all their digits."""

REGION_COLUMNS = (
    "part", "region", "peak", "peak_row", "peak_column", "row0", "column0", "row1", "column1", "pixels",
    "share_rgb", "share_sn", "area_mm2", "length_mm", "width_mm", "height_mm", "model",
)  # fmt: skip

Row = dict[str, Any]


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """`atomic_path` for results, with an error that says what to do.

    Raises:
        OutputError: When the file cannot be written.
    """
    try:
        with atomic_path(path) as temporary:
            yield temporary
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}.",
            "Choose another folder or free some space.",
        ) from error


def fired(result: InspectionResult) -> Modality | None:
    """The modality with the largest share in the strongest region; None where there is no region."""
    if not result.regions:
        return None
    share = result.regions[0].share
    return max(share, key=lambda modality: share[modality])


def part_row(result: InspectionResult, *, shot: bool = False) -> Row:
    """A part as a row of the table of parts."""
    areas = [region.area_mm2 for region in result.regions if region.area_mm2 is not None]
    return {
        "part": result.ref.id,
        "verdict": result.verdict,
        "score": result.score,
        "threshold": result.threshold,
        "sure": result.sure,
        **{f"score_{m}": result.scores.get(m) for m in MODALITIES},
        "fired": fired(result),
        "regions": len(result.regions),
        "area_mm2": sum(areas) if areas else None,
        "seconds": sum(result.seconds.values()),
        "shot": shot,
        "warnings": " ".join(result.warnings),
        "model": result.model_id,
        "backbone": result.backbone,
        "rgb": result.ref.rgb,
        "xyz": result.ref.xyz,
    }


def failure_row(part: str, error: str) -> Row:
    """The row of a part that could not be inspected: it must not look as if it were OK."""
    return {"part": part, "verdict": "error", "error": error}


def region_rows(result: InspectionResult) -> list[Row]:
    """A row per region."""
    return [_region_row(result, region) for region in result.regions]


def result_values(result: InspectionResult, *, shot: bool = False) -> Row:
    """A result without its maps, as plain values for JSON."""
    ref = result.ref
    return part_row(result, shot=shot) | {
        "warnings": list(result.warnings),
        "seconds": dict(result.seconds),
        "rgb": None if ref.rgb is None else str(ref.rgb),
        "xyz": None if ref.xyz is None else str(ref.xyz),
        "regions": [_without(_region_row(result, region), "part", "model") for region in result.regions],
    }


def _without(row: Row, *names: str) -> Row:
    return {key: value for key, value in row.items() if key not in names}


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes rows as CSV: UTF-8, comma, a header; numbers with all their digits, None and NaN as nothing.

    Raises:
        OutputError: When the file cannot be written.
    """
    with writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def write_maps(folder: Path, result: InspectionResult, colour_range: tuple[float, float]) -> list[Path]:
    """Writes the maps of a part at its image's size.

    `*_map.tiff` (fused) and `*_map_rgb.tiff`, `*_map_sn.tiff`: float32 scores, NaN outside what was seen;
    `*_map.png`: 8 bit, 0 to 255 over the model's colour range, 0 outside.
    """
    maps = {"map": result.map, **{f"map_{m}": values for m, values in result.maps.items()}}
    paths = []
    for name, values in maps.items():
        paths.append(part_path(folder, result.ref.id, f"_{name}.tiff"))
        write_float_map(paths[-1], values)
    paths.append(part_path(folder, result.ref.id, "_map.png"))
    write_picture(paths[-1], (to_share(result.map, colour_range) * 255.0).round().astype(np.uint8))
    return paths


def write_float_map(path: Path, values: FloatArray) -> None:
    """Writes a map as a 32-bit tiff, not compressed, so that every program reads it."""
    import tifffile

    with writing(path) as temporary:
        tifffile.imwrite(temporary, values.astype(np.float32, copy=False))


def write_picture(path: Path, picture: ByteArray) -> None:
    """Writes a grey (H, W) or RGB (H, W, 3) picture as png."""
    ordered = picture if picture.ndim == 2 else np.ascontiguousarray(picture[..., ::-1])
    done, encoded = cv2.imencode(".png", ordered)
    assert done, "uint8 pictures can be encoded"
    with writing(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def part_path(folder: Path, part: str, suffix: str) -> Path:
    """A file of a part below `folder`: the pieces of its id become folders, as in the data set."""
    pieces = [re.sub(r'[<>:"\\|?*\x00-\x1f]', "_", piece) for piece in part.split("/")]
    safe = [piece for piece in pieces if piece not in ("", ".", "..")] or ["part"]
    return folder.joinpath(*safe[:-1], safe[-1] + suffix)


def _region_row(result: InspectionResult, region: Region) -> Row:
    long, across = region.extent_mm or (None, None)
    row0, column0, row1, column1 = region.box
    return {
        "part": result.ref.id,
        "region": region.label,
        "peak": region.peak,
        "peak_row": region.peak_at[0],
        "peak_column": region.peak_at[1],
        "row0": row0,
        "column0": column0,
        "row1": row1,
        "column1": column1,
        "pixels": region.pixels,
        **{f"share_{m}": region.share.get(m) for m in MODALITIES},
        "area_mm2": region.area_mm2,
        "length_mm": long,
        "width_mm": across,
        "height_mm": region.height_mm,
        "model": result.model_id,
    }


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return ("yes" if value else "") if isinstance(value, bool) else value
