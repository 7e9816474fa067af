"""Eyecandies as published: `category/{train,val,test_public,test_private}/data/<stem>_<item>`.

Bonfiglioli et al., The Eyecandies Dataset for Unsupervised Multimodal Anomaly Detection and Localization,
2022. Items: `image_0` to `image_5` (lightings), `depth`, `info_depth`, `normals`, `pose`, `metadata`,
`mask` (the union) and a mask per kind of anomaly. The private test parts have no metadata and stay apart, in
a split of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pirn_core.data.layouts.layout import Layout
from pirn_core.data.layouts.partset import Listing, Problem
from pirn_core.data.layouts.scan import missing, scan, subfolder
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

NAME = "eyecandies"
SPLITS = {"train": "train", "val": "validation", "test_public": "test", "test_private": "test_private"}
DEFAULT_LIGHTING = "image_4"

ITEM = re.compile(r"^(\d+)_(image_\d|depth|info_depth|normals|metadata|mask|pose)\.(png|yaml|yml|txt)$")


def categories(root: Path) -> Mapping[str, Path]:
    """The root itself, or those of its folders that are a category."""
    if _is_category(root):
        return {root.name: root}
    return {name: path for name, path in scan(root).folders.items() if _is_category(path)}


def _is_category(folder: Path) -> bool:
    data = (subfolder(folder, split, "data") for split in SPLITS)
    return any(ITEM.match(name) for path in data if path for name in scan(path).files)


def lightings(folder: Path) -> tuple[str, ...]:
    """The lightings of a category folder, e.g. `image_4`."""
    found: set[str] = set()
    for split in SPLITS:
        if data := subfolder(folder, split, "data"):
            found.update(item for items in group(data).values() for item in items if item.startswith("image_"))
    return tuple(sorted(found))


def listing(folder: Path, lighting: str) -> Listing:
    """All parts of a category folder."""
    refs: list[PartRef] = []
    problems: list[Problem] = []
    for split_folder, split in SPLITS.items():
        data = subfolder(folder, split_folder, "data")
        for stem, items in sorted(group(data).items()) if data else ():
            ref = part(stem, items, split, lighting)
            refs.append(ref)
            wanted = {f"lighting {lighting}": ref.rgb, "depth": ref.xyz}
            if ref.xyz:
                wanted["info_depth.yaml"] = items.get("info_depth")
            problems += missing(ref.id, wanted, together=True)
    return Listing(tuple(refs), tuple(problems))


def group(data: Path) -> dict[str, dict[str, Path]]:
    """Files of a data folder: stem to item to path; files that are no item of the layout are left out."""
    found: dict[str, dict[str, Path]] = {}
    for name, path in scan(data).files.items():
        if match := ITEM.match(name):
            found.setdefault(match[1], {})[match[2]] = path
    return found


def part(stem: str, items: Mapping[str, Path], split: str, lighting: str) -> PartRef:
    """The part that these files make."""
    renamed = {"info_depth": "depth_range", "pose": "pose"}
    return PartRef(
        id=f"{split}/{stem}",
        split=split,
        label=_label(items.get("metadata"), split),
        rgb=items.get(lighting),
        xyz=items.get("depth"),
        normals=items.get("normals"),
        mask=items.get("mask"),
        extra={renamed[item]: path for item, path in items.items() if item in renamed},
        layout=NAME,
    )


def _label(metadata: Path | None, split: str) -> str:
    """`good`, or the kinds of anomaly in alphabetical order, e.g. `colors+dents`; `` when unknown."""
    if metadata is None:
        return "good" if split in ("train", "validation") else ""
    flags = _flags(metadata)
    if not any(flags.values()):
        return "good"
    kinds = sorted(key.removeprefix("anomalous_") for key, on in flags.items() if on and key != "anomalous")
    return "+".join(kinds) or "anomalous"


def _flags(metadata: Path) -> dict[str, bool]:
    """The `key: 0` lines of a metadata file. A full YAML parser would take most of the listing's time."""
    try:
        lines = metadata.read_text(encoding="utf-8").splitlines()
        pairs = (line.split(":") for line in lines if line.strip() and not line.startswith("#"))
        return {key.strip(): bool(int(value)) for key, value in pairs}
    except (OSError, ValueError) as error:
        raise SampleError(
            f"{metadata}: is no list of `anomalous: 0` lines ({error}).",
            "Copy the file from the data set again.",
        ) from error


LAYOUT = Layout(
    NAME,
    "<category>/{train,val,test_public}/data/<stem>_<item>",
    categories,
    listing,
    lightings,
    DEFAULT_LIGHTING,
)
