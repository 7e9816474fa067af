"""Tokens kept on disk: computed once per image content and recipe, found again by the hash of both."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pirn_core.files import atomic_path

Arrays = dict[str, NDArray[Any]]

SCHEMA = "1"
"""Part of every key: entries of another layout are never found."""

_SUFFIX = ".safetensors"
_ABANDONED_S = 3600.0
_LARGEST_HALF = float(np.finfo(np.float16).max)

_log = logging.getLogger(__name__)


class TokenCache:
    """A folder of arrays by key, shared by any number of processes.

    Writing is atomic; a damaged entry counts as absent and is removed; beyond the limit the entries that were
    not used for longest go. A cache that cannot be written only costs time: it logs a warning and goes on.

    Args:
        folder: Where the entries are, created when needed; None keeps nothing.
        limit_mb: Most disk space in MB (10^6 bytes).
    """

    def __init__(self, folder: Path | None, limit_mb: float = 4096) -> None:
        self.folder = folder
        self.limit = int(limit_mb * 1e6)

    @staticmethod
    def key(*parts: str) -> str:
        """Hex digest of texts: the hash of the files and all that the tokens depend on, in a fixed order.

        The boundaries count: ("ab", "c") and ("a", "bc") differ.
        """
        digest = hashlib.sha256()
        for part in (SCHEMA, *parts):
            text = part.encode()
            digest.update(len(text).to_bytes(8, "little") + text)
        return digest.hexdigest()

    def get(self, key: str) -> Arrays | None:
        """The arrays under a key; None if there are none.

        Floating-point arrays come back as float32, see `put`.
        """
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            arrays = load(path.read_bytes())
        except OSError:
            return None
        except (SafetensorError, KeyError, ValueError) as error:
            _log.warning("%s: a damaged entry is removed (%s)", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # time of last use, by which entries are kept
        return {name: _widened(values) for name, values in arrays.items()}

    def put(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """Keeps arrays under a key.

        Floating-point arrays are stored as fp16, or as fp32 where that range does not suffice; others as they
        are.

        Returns:
            The arrays as `get` gives them, rounding included, whether or not they could be kept: with these
            the first inspection of a part and every later one give the same score to the last digit.
        """
        stored = {name: _narrowed(np.asarray(values)) for name, values in arrays.items()}
        if self.folder is not None:
            try:
                self._write(self._path(key), save(stored))
            except OSError as error:
                _log.warning("%s: tokens are not kept (%s)", self.folder, error)
        return {name: _widened(values) for name, values in stored.items()}

    def clear(self) -> None:
        """Removes all entries."""
        for path, _, _ in self._entries():
            path.unlink(missing_ok=True)

    def size_mb(self) -> float:
        """Disk space of the entries in MB (10^6 bytes)."""
        return sum(size for _, size, _ in self._entries()) / 1e6

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def _write(self, path: Path, content: bytes) -> None:
        if len(content) > self.limit:
            return
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)
        self._shrink(keep=path)

    def _shrink(self, keep: Path) -> None:
        """Removes abandoned temporary files, then the longest unused entries until the limit is met."""
        entries = sorted(self._entries(), key=lambda entry: (entry[0] == keep, entry[2]))
        excess = sum(size for _, size, _ in entries) - self.limit
        for path, size, _ in entries:
            if excess <= 0:
                return
            with contextlib.suppress(OSError):  # another process may have removed it, or (Windows) be reading it
                path.unlink()
                excess -= size

    def _entries(self) -> list[tuple[Path, int, float]]:
        """Path, bytes and time of last use of every entry; entries that vanish meanwhile are left out."""
        entries = []
        for path in self.folder.glob(f"??/*{_SUFFIX}*") if self.folder is not None else ():
            with contextlib.suppress(OSError):
                status = path.stat()
                if path.suffix == _SUFFIX and not path.name.startswith("."):
                    entries.append((path, status.st_size, status.st_mtime))
                elif time.time() - status.st_mtime > _ABANDONED_S:  # left by a process that was killed
                    path.unlink()
        return entries


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    if not np.issubdtype(values.dtype, np.floating):
        return np.asarray(values, order="C")
    finite = np.abs(values[np.isfinite(values)])
    fits = finite.size == 0 or float(finite.max()) <= _LARGEST_HALF
    return np.asarray(values, dtype=np.float16 if fits else np.float32, order="C")


def _widened(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float32) if np.issubdtype(values.dtype, np.floating) else values
