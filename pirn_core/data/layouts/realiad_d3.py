"""Real-IAD D3: colour images under five lightings, a pseudo-3D normal image and a 3D scan per part.

Zhu et al., Real-IAD D3: A Real-World 2D/Pseudo-3D/3D Dataset for Industrial Anomaly Detection, CVPR 2025.
`realiad_d3_raw/<category>/{OK,NG/<defect>,<defect>}/S0001/<category>_0001_OK_{RGBL05,PS,XYZ,PCD}_<time>.*`
and `realiad_d3_jsons/<category>.json` with the splits. The names follow public readers of the data set; the
data set itself was not at hand, so what they leave open is decided by what a file holds, not by its name
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pirn_core.data.layouts.layout import Layout
from pirn_core.data.layouts.partset import Listing, Problem
from pirn_core.data.layouts.realiad_splits import Entry, find_splits, read_splits
from pirn_core.data.layouts.scan import missing, scan, subfolder, suffix
from pirn_core.data.sample import PartRef

NAME = "realiad_d3"
DEFAULT_LIGHTING = "L05"
RAW = "realiad_d3_raw"

ITEM = re.compile(r"^(.+?)_(RGB(L\d\d)|PS[A-Z0-9]*|XYZ|PCD)(?=[_.])")
_SAMPLE_FOLDER = re.compile(r"^S\d+$")
_POINTS = {"xyz": (".tiff", ".tif", ".npy"), "pcd": (".pcd", ".ply")}


def categories(root: Path) -> Mapping[str, Path]:
    """The root itself, its folders, or those of its `realiad_d3_raw` that are a category."""
    if found := _category(root):
        return {root.name: found}
    base = subfolder(root, RAW) or root
    inside = ((name, _category(path)) for name, path in scan(base).folders.items())
    return {name: path for name, path in inside if path}


def _category(folder: Path) -> Path | None:
    """The folder with `OK` in it: this one, or the one of the same name that unpacking puts inside."""
    for path in (folder, folder / folder.name):
        ok = subfolder(path, "OK")
        if ok and lightings(path):
            return path
    return None


def _places(label: Path) -> Iterator[Path]:
    """The folders that hold a label's files: its sample folders, and itself."""
    inside = scan(label)
    yield from (path for name, path in inside.folders.items() if _SAMPLE_FOLDER.match(name))
    if inside.files:
        yield label


def group(folder: Path) -> dict[str, dict[str, Path]]:
    """Files of a folder by part, the name before the item, and by item: `L01`, `ps`, `xyz`, `pcd`, `mask`."""
    found: dict[str, dict[str, Path]] = {}
    for name, path in scan(folder).files.items():
        if match := ITEM.match(name):
            items = found.setdefault(match[1], {})
            items.setdefault(_item(match, name), path)
    for items in found.values():
        # A defective part's mask has the name of its colour image, as png beside the jpg.
        lone = {key[4:]: key for key in items if key.startswith("png:")}
        for lighting, key in lone.items():
            items["mask" if lighting in items else lighting] = items.pop(key)
    return found


def _item(match: re.Match[str], name: str) -> str:
    end = suffix(name)
    if match[3]:
        return f"png:{match[3].upper()}" if end == ".png" else match[3].upper()
    kind = "ps" if match[2].startswith("PS") else match[2].lower()
    return kind if kind == "ps" or end in _POINTS[kind] else f"{kind}{end}"


def lightings(folder: Path) -> tuple[str, ...]:
    """The lightings of the first good part, e.g. `L05`."""
    ok = subfolder(folder, "OK")
    for place in _places(ok) if ok else ():
        for items in group(place).values():
            if found := _lightings(items):
                return found
    return ()


def _lightings(items: Mapping[str, Path]) -> tuple[str, ...]:
    return tuple(sorted(key for key in items if re.fullmatch(r"L\d\d", key)))


def listing(folder: Path, lighting: str) -> Listing:
    """All parts of a category folder, with the splits of its json file where there is one."""
    grouped = lru_cache(maxsize=None)(group)
    path = find_splits(folder)
    entries = read_splits(path, folder) if path else _entries(folder)
    refs: list[PartRef] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for entry in entries:
        ref = _part(entry, grouped(entry.folder) if entry.folder.is_dir() else {}, lighting, seen)
        refs.append(ref)
        wanted = {f"colour image {lighting}": ref.rgb, "3D file": ref.xyz}
        problems += missing(ref.id, wanted, together=True)
    return Listing(tuple(refs), tuple(problems))


def _entries(folder: Path) -> Iterator[Entry]:
    """Parts found by walking the folders, where no json file names the splits."""
    for name, path in scan(folder).folders.items():
        deeper = scan(path).folders if name.upper() == "NG" else {name: path}
        for label, place in deeper.items():
            for holder in _places(place):
                for part in sorted(group(holder)):
                    yield Entry("", "good" if label == "OK" else label, holder, part, {})


def _part(entry: Entry, groups: Mapping[str, Mapping[str, Path]], lighting: str, seen: set[str]) -> PartRef:
    items = {**groups.get(entry.part, {}), **{k: p for k, p in entry.named.items() if p.is_file()}}
    name = "/".join(piece for piece in (entry.split, entry.label, entry.part) if piece)
    name = f"{name}@{entry.folder.name}" if name in seen else name
    seen.add(name)
    extra = {"cloud": items["pcd"]} if "xyz" in items and "pcd" in items else {}
    return PartRef(
        id=name,
        split=entry.split,
        label=entry.label,
        rgb=items.get(lighting),
        xyz=items.get("xyz") or items.get("pcd"),
        normals=items.get("ps"),
        mask=items.get("mask"),
        extra=extra,
        layout=NAME,
    )


def single(path: Path) -> PartRef | None:
    """The part that a file of this layout belongs to."""
    match = ITEM.match(path.name)
    groups = group(path.parent) if match else {}
    if not match or not _lightings(groups[match[1]]):
        return None
    label = path.parent.parent.name if _SAMPLE_FOLDER.match(path.parent.name) else path.parent.name
    entry = Entry("", "good" if label == "OK" else label, path.parent, match[1], {})
    lighting = match[3].upper() if match[3] else DEFAULT_LIGHTING
    return _part(entry, groups, lighting, set())


LAYOUT = Layout(
    NAME,
    f"{RAW}/<category>/{{OK,NG/<defect>}}/S0001/*_{{RGBL05,PS,XYZ}}_* with realiad_d3_jsons/<category>.json",
    categories,
    listing,
    lightings,
    DEFAULT_LIGHTING,
)
