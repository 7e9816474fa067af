"""Thumbnails on disk, so that a folder opened before is there at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QImageReader, QImageWriter

from pirn_app.thumbnails.reading import SIDE
from pirn_core.files import atomic_path, cache_dir

LIMIT_BYTES = 64 * 2**20
"""About 15,000 pictures."""
_KEPT = 0.8
_QUALITY = 88
_FORMAT = QByteArray(b"jpg")


class DiskCache:
    """Small jpg files named after path, size and time of the file that they show; used by one thread only.

    A file that cannot be read or written is as good as none: the cache never stops a picture.
    """

    def __init__(self, folder: Path | None = None, limit: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit
        self._held: int | None = None

    @property
    def folder(self) -> Path:
        """Where the files are; asked late, so that the environment can name it."""
        return self._folder or cache_dir("thumbnails")

    def path(self, source: Path) -> Path:
        """Where the picture of a file belongs.

        Raises:
            OSError: When the file is not there.
        """
        found = source.stat()
        text = f"{source.absolute()}|{found.st_size}|{found.st_mtime_ns}|{SIDE}"
        name = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}.jpg"

    def load(self, source: Path) -> QImage | None:
        """The picture of a file, if it is there and whole."""
        with contextlib.suppress(OSError):
            path = self.path(source)
            if path.exists():
                image = QImageReader(str(path), _FORMAT).read()
                if not image.isNull() and max(image.width(), image.height()) == SIDE:
                    os.utime(path)  # the oldest ones make room
                    return image.convertToFormat(QImage.Format.Format_RGB32)
                path.unlink()
        return None

    def save(self, source: Path, image: QImage) -> None:
        """Keeps a picture; the oldest ones make room."""
        with contextlib.suppress(OSError):
            path = self.path(source)
            with atomic_path(path) as temporary:
                writer = QImageWriter(str(temporary), _FORMAT)
                writer.setQuality(_QUALITY)
                if not writer.write(image):
                    raise OSError(f"{temporary}: cannot be written")
            self._held = self._size() if self._held is None else self._held + path.stat().st_size
            if self._held > self._limit:
                self._make_room()

    def _size(self) -> int:
        return sum(entry.stat().st_size for entry in self.folder.glob("*/*.jpg"))

    def _make_room(self) -> None:
        files = sorted((entry.stat().st_mtime_ns, entry.stat().st_size, entry) for entry in self.folder.glob("*/*.jpg"))
        held = sum(size for _, size, _ in files)
        for _, size, path in files:
            if held <= _KEPT * self._limit:
                break
            path.unlink(missing_ok=True)
            held -= size
        self._held = held
