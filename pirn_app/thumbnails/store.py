"""Who gets which picture when: newest request first, in one thread."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage, QPixmap, QPixmapCache

from pirn_app.thumbnails.disk import LIMIT_BYTES, DiskCache
from pirn_app.thumbnails.reading import letterboxed, read_picture, source
from pirn_core.data.sample import PartRef
from pirn_core.errors import PirnError

Key = tuple[str, str]
"""Id of the part and its file: another folder may have the same ids."""

_HELD = 1000
"""Pictures in memory, 64 KiB each."""
_WAITING = 200
"""Requests kept; older ones were scrolled past and are asked for again when they come into view."""


class Thumbnails(QObject):
    """Gives what is there at once and fetches what is not. Used from the window's thread only."""

    ready = Signal(str)
    """Id of a part whose picture is there now, or of which it is now known that there is none."""
    _read = Signal(int, object, QImage, str)

    def __init__(
        self, parent: QObject | None = None, *, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._disk = DiskCache(folder, limit_bytes)
        self._held: OrderedDict[Key, QImage] = OrderedDict()
        self._failures: dict[Key, str] = {}
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Key, PartRef] = OrderedDict()
        self._busy: Key | None = None
        self._running = False
        self._epoch = 0
        self._read.connect(self._arrived)

    def get(self, ref: PartRef) -> QImage | None:
        """The picture of a part, square; None while it is being fetched (`ready` tells) or where there is none."""
        key = _key(ref)
        if (found := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            return found
        if key not in self._failures:
            self._ask(key, ref)
        return None

    def failed(self, ref: PartRef) -> bool:
        """Whether the part's picture cannot be read."""
        return _key(ref) in self._failures

    def reason(self, ref: PartRef) -> str:
        """Why it cannot be read; `` where it can or where that is not known yet."""
        return self._failures.get(_key(ref), "")

    def pixmap(self, ref: PartRef, side: int, ratio: float = 1.0) -> QPixmap | None:
        """The picture for painting, `side` logical pixels wide; None as in `get`."""
        image = self.get(ref)
        if image is None:
            return None
        name = f"thumbnail/{image.cacheKey()}/{side}/{ratio}"
        made = QPixmap()
        if not QPixmapCache.find(name, made):
            pixels = max(1, round(side * ratio))
            made = QPixmap.fromImage(_scaled(image, pixels))
            made.setDevicePixelRatio(ratio)
            QPixmapCache.insert(name, made)
        return made

    def clear(self) -> None:
        """Forgets all pictures, faults and requests, e.g. when another folder is opened."""
        with self._lock:
            self._waiting.clear()
            self._busy = None
            self._epoch += 1
        self._held.clear()
        self._failures.clear()

    def close(self) -> None:
        """Waits for the picture that is being read, and wants no more."""
        self.clear()
        self._pool.waitForDone(5000)

    def _ask(self, key: Key, ref: PartRef) -> None:
        with self._lock:
            if key == self._busy:
                return
            self._waiting[key] = ref
            self._waiting.move_to_end(key)
            if len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
            starts, self._running = not self._running, True
        if starts:
            self._pool.start(_Reading(self))

    def _next(self) -> tuple[int, Key, PartRef] | None:
        """The newest request; asked by the thread, which ends at None."""
        with self._lock:
            if not self._waiting:
                self._running, self._busy = False, None
                return None
            key, ref = self._waiting.popitem(last=True)
            self._busy = key
            return self._epoch, key, ref

    def _tell(self, epoch: int, key: Key, image: QImage, fault: str) -> None:
        with contextlib.suppress(RuntimeError):  # the application ended meanwhile
            self._read.emit(epoch, key, image, fault)

    def _arrived(self, epoch: int, key: Key, image: QImage, fault: str) -> None:
        if epoch != self._epoch:
            return
        if image.isNull():
            self._failures[key] = fault
        else:
            self._held[key] = image
            if len(self._held) > _HELD:
                self._held.popitem(last=False)
        with self._lock:
            self._waiting.pop(key, None)  # asked for again while it was on its way
        self.ready.emit(key[0])


class _Reading(QRunnable):
    """Reads pictures until none is wanted."""

    def __init__(self, owner: Thumbnails) -> None:
        super().__init__()
        self._owner = owner

    def run(self) -> None:
        """Runs in the background thread."""
        while (wanted := self._owner._next()) is not None:
            epoch, key, ref = wanted
            image, fault = _picture(ref, self._owner._disk)
            self._owner._tell(epoch, key, image, fault)


def _picture(ref: PartRef, disk: DiskCache) -> tuple[QImage, str]:
    """The square picture, or a null one and why."""
    path = source(ref)
    try:
        image = None if path is None else disk.load(path)
        if image is None:
            image = read_picture(ref)
            if path is not None:
                disk.save(path, image)
        return letterboxed(image), ""
    except PirnError as error:
        return QImage(), str(error)
    except Exception as error:  # a picture less must never end the thread that makes them
        return QImage(), f"{ref.id}: cannot be shown: {error}."


def _key(ref: PartRef) -> Key:
    return ref.id, str(source(ref) or "")


def _scaled(image: QImage, pixels: int) -> QImage:
    from PySide6.QtCore import Qt

    return image.scaled(pixels, pixels, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
