"""Files written whole or not at all, content hashes, and where caches and resources are."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

_BLOCK = 1 << 20


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Gives a temporary path beside `target` that replaces it when the block ends without an error.

    A reader sees the old file or the new one, never half of one; an error or Ctrl-C leaves the old one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(*paths: Path) -> str:
    """Hex digest over the contents of the files, in order."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def cache_dir(*parts: str) -> Path:
    """The user's cache folder for this program (`PIRN_CACHE` overrides it), not created."""
    root = os.environ.get("PIRN_CACHE") or platformdirs.user_cache_dir("pirn-inspector", appauthor=False)
    return Path(root, *parts)


def resource(*parts: str) -> Path:
    """A file that ships with the program, in a wheel or in a checkout."""
    here = Path(__file__).parent
    packed = here / "_resources"
    return Path(packed if packed.is_dir() else here.parent / "resources", *parts)
