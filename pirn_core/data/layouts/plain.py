"""A plain folder: images and 3D files that belong together have one stem.

`003.png` with `003.tiff`; or `003_rgb.png` with `003_depth.png`; or `rgb/003.png` with `xyz/003.ply`; or a
folder per part with `rgb.png` and `xyz.npy`. Folders named train, validation and test are splits; where a
folder is named like a verdict (good, ok, bad, ng, ...), it and its siblings are labels, otherwise nothing
is known about the parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pirn_core.data.layouts.layout import Layout
from pirn_core.data.layouts.naming import label_at, role_and_stem, role_of, split_of, verdict_level
from pirn_core.data.layouts.partset import SPLIT_ORDER, Listing, Problem
from pirn_core.data.layouts.scan import Roles, missing, scan
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

NAME = "plain"
DEEPEST = 8
"""Folders below the root that are searched."""

_ORDER = ("rgb", "xyz", "depth", "normals", "mask", "intrinsics")
_PARTS = frozenset(("rgb", "xyz", "depth"))
"""Roles that make a part; the others only accompany one."""


@dataclass(frozen=True)
class Key:
    """What the files of one part have in common."""

    split: str
    folders: tuple[str, ...]
    stem: str

    @property
    def order(self) -> tuple[int, tuple[str, ...], str]:
        """Train, validation, test, then by name."""
        return (SPLIT_ORDER.index(self.split) if self.split else -1, self.folders, self.stem)


@dataclass
class _Found:
    """Files by part and role, cameras by folder, and the level of the folders that are labels."""

    name: str
    files: dict[Key, dict[str, list[Path]]] = field(default_factory=dict)
    places: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    cameras: dict[tuple[str, ...], Path] = field(default_factory=dict)
    level: int | None = None

    def ordered(self) -> list[tuple[Key, dict[str, list[Path]]]]:
        return sorted(self.files.items(), key=lambda item: item[0].order)

    def has(self, *roles: str) -> bool:
        return any(role in files for files in self.files.values() for role in roles)


def categories(root: Path) -> Mapping[str, Path]:
    """The root, when there is any usable file in it or below it."""
    return {root.name: root} if any(True for _ in _walk(root, (), (), None)) else {}


def listing(folder: Path, _lighting: str = "") -> Listing:
    """All parts below a folder."""
    return _listing(folder, _walk(folder, (), (), None))


def nearby(folder: Path) -> Listing:
    """The parts of one folder and of its folders that are named after a role, such as `rgb` and `xyz`."""
    return _listing(folder, _walk(folder, (), (), None, only_roles=True))


def _walk(
    folder: Path,
    names: tuple[str, ...],
    above: tuple[tuple[int, int], ...],
    role: str | None,
    *,
    only_roles: bool = False,
) -> Iterator[tuple[Path, tuple[str, ...], str, str]]:
    """Every usable file with the folders that lead to it, role folders left out, its role and its stem."""
    found = scan(folder)
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise SampleError(f"{folder}: the symbolic link leads back to a folder above it.", "Remove the link.")
    for name, path in found.files.items():
        if known := role_and_stem(name, role):
            yield path, names, *known
    for name, path in found.folders.items() if len(above) < DEEPEST else ():
        inner = role_of(name)
        if inner or not only_roles:
            below = names if inner else (*names, name)
            yield from _walk(path, below, (*above, here), inner or role, only_roles=only_roles)


def _sort_in(found: _Found, path: Path, names: tuple[str, ...], role: str, stem: str) -> None:
    if role == "intrinsics" and not stem:
        found.cameras.setdefault(names, path)
        return
    place = names
    if not stem:
        *way, stem = names or (found.name,)
        names = tuple(way)
    split = next((s for s in map(split_of, names) if s), "")
    folders = tuple(name for name in names if not split_of(name))
    if found.level is None:
        found.level = verdict_level(folders)
    key = Key(split, folders, stem)
    found.places.setdefault(key, place)
    found.files.setdefault(key, {}).setdefault(role, []).append(path)


def _resolve_tiffs(found: _Found) -> None:
    """Decides tiffs whose name says nothing: 3D beside an image of that stem, else by the first one."""
    alone = ""
    for files in found.files.values():
        tiffs = files.pop("tiff", [])
        if tiffs and "rgb" not in files:
            alone = alone or _role_of_tiff(tiffs[0])
            files.setdefault(alone, []).extend(tiffs)
        elif tiffs:
            files.setdefault("xyz", []).extend(tiffs)


def _role_of_tiff(path: Path) -> str:
    """Floating-point pixels are 3D data. Only the header is read; damage shows when the part is read."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            kind = tiff.pages.first.dtype
            return "rgb" if kind is not None and kind.kind != "f" else "xyz"
    except (OSError, ValueError, RuntimeError, IndexError):
        return "xyz"


def _attach_masks(found: _Found) -> None:
    """Masks kept apart, as `ground_truth/<label>/003.png`, go to the test part of that label and stem."""
    places = {(key.folders, key.stem): key for key, files in found.ordered() if files.keys() & _PARTS}
    for key in [key for key, files in found.files.items() if files.keys() == {"mask"} and not key.split]:
        target = places.get((key.folders, key.stem))
        if target is not None:
            found.files[target].setdefault("mask", []).extend(found.files.pop(key)["mask"])


def _listing(root: Path, files: Iterator[tuple[Path, tuple[str, ...], str, str]]) -> Listing:
    found = _Found(root.name)
    for path, names, role, stem in files:
        _sort_in(found, path, names, role, stem)
    _resolve_tiffs(found)
    _attach_masks(found)
    return _pair(found)


def _pair(found: _Found) -> Listing:
    refs: list[PartRef] = []
    problems: list[Problem] = []
    both = found.has("rgb") and found.has("xyz", "depth")
    for key, files in found.ordered():
        if not files.keys() & _PARTS:
            lost = [path for paths in files.values() for path in paths]
            problems += [Problem("unused", "", f"{path.name} belongs to no part.", path) for path in lost]
            continue
        roles = Roles()
        for role in _ORDER:
            roles.add(role, files.get(role, ()))
        ref = _ref(key, roles, found)
        refs.append(ref)
        problems += roles.problems(ref.id)
        problems += missing(ref.id, {"colour image": ref.rgb, "3D file": ref.xyz}, together=both)
    return Listing(tuple(refs), tuple(problems))


def _ref(key: Key, roles: Roles, found: _Found) -> PartRef:
    chosen = roles.chosen
    camera = chosen.get("intrinsics") or _nearest(found.cameras, found.places[key])
    return PartRef(
        id="/".join(piece for piece in (key.split, *key.folders, key.stem) if piece),
        split=key.split,
        label="" if found.level is None else label_at(key.folders, found.level),
        rgb=chosen.get("rgb"),
        xyz=chosen.get("xyz") or chosen.get("depth"),
        normals=chosen.get("normals"),
        mask=chosen.get("mask"),
        extra={**roles.extra, **({"intrinsics": camera} if camera else {})},
        layout=NAME,
    )


def _nearest(cameras: Mapping[tuple[str, ...], Path], place: tuple[str, ...]) -> Path | None:
    """The camera file in the innermost folder on the way to the part."""
    ways = (place[:length] for length in range(len(place), -1, -1))
    return next((cameras[way] for way in ways if way in cameras), None)


LAYOUT = Layout(NAME, "images and 3D files that share a stem", categories, listing)
