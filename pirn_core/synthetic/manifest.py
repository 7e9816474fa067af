"""What makes a folder a sample set: its manifest, and the refusal to touch any other folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pirn_core.errors import SampleError
from pirn_core.files import atomic_path

MANIFEST = "demo.json"
REVISION = 1
"""Raised whenever the same seed renders other parts than before."""


def begin(folder: Path, parameters: dict[str, Any], wanted: Iterable[Path]) -> bool:
    """Claims a folder for a sample set.

    Args:
        folder: New, empty, or holding a set of the same parameters.
        parameters: What the set is made from.
        wanted: Every file of the set, relative to `folder`, without the manifest.

    Returns:
        True when the set is there already, whole.

    Raises:
        SampleError: When the folder holds anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise SampleError(f"{folder}: is a file.", "Choose a new or empty folder.")
    expected = {*wanted, Path(MANIFEST)}
    found = _recorded(folder)
    if found is None:
        _refuse_unless_empty(folder)
        _record(folder, parameters, complete=False)
        return False
    if found.get("revision") != REVISION or found.get("parameters") != parameters:
        raise SampleError(
            f"{folder}: holds a sample set made with other settings.",
            "Choose a new folder, or delete this one first.",
        )
    if found.get("complete") is True and all((folder / path).is_file() for path in expected):
        return True
    _clear_leftovers(folder, expected)
    return False


def finish(folder: Path, parameters: dict[str, Any]) -> None:
    """Records that the set is whole."""
    _record(folder, parameters, complete=True)


def _recorded(folder: Path) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SampleError(f"{path}: is damaged: {error}.", "Choose a new folder, or delete this one first.") from error
    if not isinstance(found, dict) or "revision" not in found:
        raise SampleError(f"{path}: does not belong to a sample set.", "Choose a new or empty folder.")
    return found


def _record(folder: Path, parameters: dict[str, Any], complete: bool) -> None:
    content = {"revision": REVISION, "parameters": parameters, "complete": complete}
    with atomic_path(folder / MANIFEST) as target:
        target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _refuse_unless_empty(folder: Path) -> None:
    """Hidden files, as file managers leave them, do not count."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.name[0] != ".") if folder.is_dir() else []
    if names:
        raise SampleError(
            f"{folder}: holds {names[0]!r}{' and more' if len(names) > 1 else ''} and is no sample set.",
            "Choose a new or empty folder.",
        )


def _clear_leftovers(folder: Path, expected: set[Path]) -> None:
    """Refuses files that are not the set's, and removes half-written ones of an interrupted run."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or inside in expected:
            continue
        origin = inside.name.lstrip(".").rsplit(".", 1)[0]
        if inside.name.startswith(".") and inside.with_name(origin) in expected:
            path.unlink()
        elif not inside.name.startswith("."):
            raise SampleError(
                f"{folder}: the sample set is incomplete, and {inside} does not belong to it.",
                "Move that file away, or choose a new folder.",
            )
