"""The json file that names the splits of a Real-IAD D3 category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pirn_core.data.layouts.scan import stem
from pirn_core.errors import SampleError

SPLITS = ("train", "validation", "test")
_FOLDERS = ("realiad_d3_jsons", "jsons/realiad_d3_jsons", "realiad_jsons", "")
_ITEMS = {"mask_path": "mask", "ps_path": "ps", "xyz_path": "xyz", "pcd_path": "pcd"}


@dataclass(frozen=True)
class Entry:
    """One part: its split and label, its folder, its name in that folder, and the files named outright."""

    split: str
    label: str
    folder: Path
    part: str
    named: Mapping[str, Path]


def find_splits(category: Path) -> Path | None:
    """The json file of a category folder, beside it or up to three folders above."""
    for base in list(category.parents)[:3]:
        for folder in _FOLDERS:
            path = base / folder / f"{category.name}.json"
            if path.is_file():
                return path
    return None


def read_splits(path: Path, category: Path) -> Iterator[Entry]:
    """The parts that the file names, split by split.

    Raises:
        SampleError: When the file cannot be read, has no lists of parts, or names a file outside the
            category.
    """
    try:
        content = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise SampleError(f"{path}: cannot be read as json: {error}.", "Unpack it again.") from error
    if not isinstance(content, dict) or not any(content.get(split) for split in SPLITS):
        raise SampleError(f"{path}: has no list named train, validation or test.", "Unpack it again.")
    meta = content.get("meta")
    normal = str(meta.get("normal_class", "OK")) if isinstance(meta, dict) else "OK"
    for split in SPLITS:
        for number, row in enumerate(content.get(split) or ()):
            yield _entry(row, split, normal, category, f"{path}: {split}[{number}]")


def _entry(row: Any, split: str, normal: str, category: Path, where: str) -> Entry:
    if not isinstance(row, dict) or not isinstance(row.get("image_path"), str):
        raise SampleError(f"{where}: has no image_path.", "Unpack the json file again.")
    image = _inside(row["image_path"], category, where)
    label = str(row.get("anomaly_class", normal))
    named = {item: _inside(row[key], category, where) for key, item in _ITEMS.items() if row.get(key)}
    part = stem(image.name).rpartition("_RGB")[0] or stem(image.name)
    return Entry(split, "good" if label == normal else label, image.parent, part, named)


def _inside(relative: Any, category: Path, where: str) -> Path:
    """The path in the category folder; some releases begin it with the category's name."""
    if not isinstance(relative, str):
        raise SampleError(f"{where}: {relative!r} is no path.", "Unpack the json file again.")
    pieces = [piece for piece in relative.replace("\\", "/").split("/") if piece not in ("", ".")]
    if ".." in pieces or relative.startswith("/") or not pieces:
        raise SampleError(f"{where}: {relative} leads out of the category's folder.", "Do not trust this file.")
    if pieces[0] == category.name and len(pieces) > 1:
        pieces = pieces[1:]
    return category.joinpath(*pieces)
