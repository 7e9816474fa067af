"""Reading folders: fast, in a fixed order, with errors that say what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pirn_core.data.layouts.partset import Problem
from pirn_core.errors import SampleError

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
"""Suffixes of colour images, masks and normal maps."""

POINTS = (".tif", ".tiff", ".npy", ".npz", ".ply", ".pcd", ".png")
"""Suffixes of 3D data; png holds depth."""

_SKIPPED = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Entries:
    """A folder's content, both ordered by name; hidden entries are left out."""

    folders: Mapping[str, Path]
    files: Mapping[str, Path]


def scan(folder: Path) -> Entries:
    """Lists one folder. Symbolic links are followed; one that leads nowhere counts as a file.

    Raises:
        SampleError: When the folder is missing, is no folder, may not be read, or is a link that runs in a
            circle.
    """
    folders: dict[str, Path] = {}
    files: dict[str, Path] = {}
    try:
        with os.scandir(folder) as found:
            for entry in sorted(found, key=lambda e: e.name):
                if entry.name.startswith(".") or entry.name in _SKIPPED:
                    continue
                (folders if _is_folder(entry) else files)[entry.name] = folder / entry.name
    except OSError as error:
        raise folder_error(folder, error) from error
    return Entries(folders, files)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link that points to itself: it is reported when the part is read.
        return False


def folder_error(folder: Path, error: OSError) -> SampleError:
    """The sentence for a folder that cannot be listed."""
    if isinstance(error, FileNotFoundError):
        return SampleError(f"{folder}: there is no such folder.", "Check the path.")
    if isinstance(error, NotADirectoryError):
        return SampleError(f"{folder}: is a file, not a folder.", "Open the folder that holds the parts.")
    if isinstance(error, PermissionError):
        return SampleError(f"{folder}: you may not read this folder.", "Change its permissions.")
    if error.errno == errno.ELOOP:
        return SampleError(f"{folder}: the symbolic link leads back to itself.", "Remove the link.")
    return SampleError(f"{folder}: cannot be listed: {error.strerror or error}.")


def subfolder(folder: Path, *names: str) -> Path | None:
    """`folder/names...` when that is a folder."""
    path = folder.joinpath(*names)
    try:
        return path if path.is_dir() else None
    except OSError:
        return None


def stem(name: str) -> str:
    """The name without its last suffix."""
    return name.rpartition(".")[0] or name


def suffix(name: str) -> str:
    """The last suffix in small letters, with its dot."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - called for every file; Path is ten times slower


def by_stem(folder: Path | None, suffixes: tuple[str, ...]) -> dict[str, list[Path]]:
    """Files of these kinds, grouped by stem; an absent folder (None) gives nothing."""
    grouped: dict[str, list[Path]] = {}
    for name, path in (scan(folder).files if folder else {}).items():
        if suffix(name) in suffixes:
            grouped.setdefault(stem(name), []).append(path)
    return grouped


@dataclass
class Roles:
    """The files of one part by role; of two for one role the first by name counts and both are reported."""

    chosen: dict[str, Path] = field(default_factory=dict)
    extra: dict[str, Path] = field(default_factory=dict)

    def add(self, role: str, paths: Iterable[Path]) -> Roles:
        """Takes the files of a role; `extra["duplicate"]` keeps a second one, so that reading refuses it."""
        for path in paths:
            if role in self.chosen:
                self.extra.setdefault("duplicate", path)
            else:
                self.chosen[role] = path
        return self

    def problems(self, part: str) -> list[Problem]:
        """The duplicate, if there is one."""
        other = self.extra.get("duplicate")
        if other is None:
            return []
        twin = next((p for p in self.chosen.values() if p.parent == other.parent and p.stem == other.stem), None)
        return [
            Problem(
                "duplicate",
                part,
                f"{twin.name if twin else 'another file'} and {other.name} have the same stem; keep one.",
                other,
            )
        ]


def missing(part: str, wanted: Mapping[str, Path | None], together: bool) -> list[Problem]:
    """A problem per absent file, where the set has such files elsewhere (`together`)."""
    if not together:
        return []
    here = next((p.name for p in wanted.values() if p), part)
    return [Problem("missing", part, f"{here} has no {what}.") for what, path in wanted.items() if path is None]
