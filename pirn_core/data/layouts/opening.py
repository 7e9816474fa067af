"""Opening a folder of parts: which layout it is, why, and which category."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pirn_core.data.layouts import eyecandies, mvtec3d, plain, realiad_d3
from pirn_core.data.layouts.layout import Layout
from pirn_core.data.layouts.partset import PartSet
from pirn_core.data.layouts.scan import scan
from pirn_core.errors import SampleError

_DETECTED = (mvtec3d.LAYOUT, eyecandies.LAYOUT, realiad_d3.LAYOUT)
"""In this order; their folders exclude each other."""

_COLLECTION = 50
"""More folders than that are parts, not data sets."""

LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (*_DETECTED, plain.LAYOUT)}
"""All layouts by name."""


def open_parts(
    root: Path, *, layout: str | None = None, category: str | None = None, lighting: str | None = None
) -> PartSet:
    """The parts below a folder. Nothing is listed yet and no image is opened.

    Args:
        root: A category's folder, a data set's folder with one or more categories, or any folder with
            images and 3D files.
        layout: Name of the layout; None: the first that fits, `plain` last.
        category: Which category of a data set; None: the only one.
        lighting: For layouts that show a part under several lightings; None: the layout's usual one.

    Raises:
        SampleError: When there is nothing to open, or it must be said which category, layout or lighting.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links, absolute() keeps `..`
    chosen, found = _detect(root, layout, category)
    name, folder = _choose(root, chosen, found, category)
    lamp = _lighting(folder, chosen, lighting)
    reason = _reason(chosen, folder, named=layout is not None)
    return PartSet(root, chosen.name, reason, name, partial(chosen.listing, folder, lamp), lamp)


def _detect(root: Path, name: str | None, category: str | None) -> tuple[Layout, Mapping[str, Path]]:
    inside = scan(root)
    if not inside.folders and not inside.files:
        raise SampleError(f"{root}: the folder is empty.", "Open a folder with colour images or 3D files.")
    if name not in (None, plain.NAME):
        return _named(root, str(name))
    for layout in _DETECTED if name is None else ():
        if found := layout.categories(root):
            return layout, found
    if name is None:
        _refuse_collection(root, inside.folders)
    folder = root / category if category and category in inside.folders else root
    if found := plain.LAYOUT.categories(folder):
        return plain.LAYOUT, found
    raise SampleError(f"{folder}: {_nothing(folder)}", "Open a folder with png, jpg, tiff, npy, npz, ply or pcd files.")


def _named(root: Path, name: str) -> tuple[Layout, Mapping[str, Path]]:
    if name not in LAYOUTS:
        raise SampleError(f"there is no layout {name!r}.", f"Choose one of {', '.join(LAYOUTS)}.")
    if found := LAYOUTS[name].categories(root):
        return LAYOUTS[name], found
    raise SampleError(f"{root}: is not laid out as {name}.", f"It should look like {LAYOUTS[name].shape}.")


def _refuse_collection(root: Path, folders: Mapping[str, Path]) -> None:
    """A folder of data sets would otherwise open as one plain folder with everything in it."""
    if len(folders) > _COLLECTION:
        return
    sets = [name for name, path in folders.items() if any(layout.categories(path) for layout in _DETECTED)]
    if sets:
        raise SampleError(f"{root}: holds data sets: {', '.join(sets)}.", "Open one of them.")


def _nothing(folder: Path) -> str:
    packed = [name for name in scan(folder).files if name.endswith((".zip", ".tar", ".gz", ".xz"))]
    if packed:
        return f"holds only packed files ({packed[0]}). Unpack them first."
    return "there is no image and no 3D file in it or below it."


def _choose(root: Path, layout: Layout, found: Mapping[str, Path], category: str | None) -> tuple[str, Path]:
    if category is not None:
        if category in found:
            return category, found[category]
        raise SampleError(f"{root}: has no category {category!r}.", f"It has {', '.join(sorted(found))}.")
    if len(found) > 1:
        raise SampleError(
            f"{root}: holds {len(found)} categories: {', '.join(sorted(found))}.",
            "Say which one (--category).",
        )
    return next(iter(found.items()))


def _lighting(folder: Path, layout: Layout, wanted: str | None) -> str:
    offered = layout.lightings(folder)
    if wanted is None and (not offered or layout.default_lighting in offered):
        return layout.default_lighting
    if not offered:
        raise SampleError(f"{folder}: the layout {layout.name} has no lightings to choose from.", "Leave it out.")
    spellings = {spelling: name for name in offered for spelling in (name, name.removeprefix("image_"), name[1:])}
    if wanted in spellings:
        return spellings[wanted]
    missing = wanted or f"{layout.default_lighting} (the usual one)"
    raise SampleError(f"{folder}: there is no lighting {missing}.", f"Choose one of {', '.join(offered)}.")


def _reason(layout: Layout, folder: Path, *, named: bool) -> str:
    if named:
        return f"The layout {layout.name} was asked for."
    if layout is plain.LAYOUT:
        return f"{folder.name} is laid out like no data set; parts are {layout.shape}."
    return f"{folder.name} has the folders of {layout.name}: {layout.shape}."
