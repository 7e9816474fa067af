"""Where weight files are on this machine: shipped, imported, or in the Hugging Face cache."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pirn_core.files import cache_dir, resource
from pirn_core.nn.embedded import EMBEDDED
from pirn_core.nn.entry import BackboneEntry

SUFFIXES = (".safetensors", ".pt")
"""Endings of imported weight files: safetensors, and torch's own format."""


def embedded_path() -> Path:
    """The weight file that ships with the program (whether it is there or not)."""
    return resource("backbones", "embedded.safetensors")


def imported_path(entry: BackboneEntry, suffix: str) -> Path:
    """Where an imported weight file of `entry` is kept."""
    return cache_dir("backbones") / f"{entry.timm}{suffix}"


def locate(entry: BackboneEntry) -> Path | None:
    """The weight file of `entry` on this machine: imported before cached; None if there is none."""
    if entry.name == EMBEDDED:
        return embedded_path() if embedded_path().is_file() else None
    for suffix in SUFFIXES:
        if (path := imported_path(entry, suffix)).is_file():
            return path
    return hub_cached(entry) if entry.hub else None


def hub_cached(entry: BackboneEntry) -> Path | None:
    """The file in the Hugging Face cache; also one whose branch name was not recorded (a copied cache)."""
    from huggingface_hub import constants, try_to_load_from_cache

    for file in entry.hub_files:
        found = try_to_load_from_cache(entry.hub, file)
        if isinstance(found, str):
            return Path(found)
    snapshots = Path(constants.HF_HUB_CACHE, f"models--{entry.hub.replace('/', '--')}", "snapshots")
    for file in entry.hub_files:
        files = [path for path in snapshots.glob(f"*/{file}") if path.is_file()]
        if files:
            return max(files, key=lambda path: path.stat().st_mtime)
    return None


def remember(entry: BackboneEntry) -> None:
    """Keeps the entry beside its imported weights, so that listing them needs no timm."""
    from pirn_core.files import atomic_path

    with atomic_path(imported_path(entry, ".json")) as temporary:
        temporary.write_bytes(msgspec.json.encode(entry))


def imported_entries() -> tuple[BackboneEntry, ...]:
    """The entries of imported weights, by name; what cannot be read is left out."""
    entries = []
    for file in sorted(cache_dir("backbones").glob("*.json")):
        try:
            entries.append(msgspec.json.decode(file.read_bytes(), type=BackboneEntry))
        except (OSError, msgspec.DecodeError):
            continue
    return tuple(entries)
