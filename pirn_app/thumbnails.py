"""Small pictures of parts, read in the background and kept on disk."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage

from pirn_core.data.sample import PartRef

SIDE = 96
"""Pixels of the longer side."""
_HELD = 2000


class Thumbnails(QObject):
    """Gives what is there at once and fetches what is not; owns no tensors and stops none that do."""

    ready = Signal(str)
    """Id of a part whose picture is there now."""
    _read = Signal(str, QImage)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._held: OrderedDict[str, QImage] = OrderedDict()
        self._asked: set[str] = set()
        self._read.connect(self._arrived)

    def get(self, ref: PartRef) -> QImage | None:
        """The picture of a part; None while it is being fetched (`ready` tells) or where there is none."""
        if (found := self._held.get(ref.id)) is not None:
            self._held.move_to_end(ref.id)
            return None if found.isNull() else found
        if ref.id not in self._asked:
            self._asked.add(ref.id)
            self._pool.start(_Reading(self, ref))
        return None

    def clear(self) -> None:
        """Forgets all pictures and requests, e.g. when another folder is opened."""
        self._pool.clear()
        self._asked.clear()
        self._held.clear()

    def close(self) -> None:
        """Waits for the picture that is being read."""
        self._pool.clear()
        self._pool.waitForDone(2000)

    def _arrived(self, part: str, image: QImage) -> None:
        self._asked.discard(part)
        self._held[part] = image
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
        self.ready.emit(part)


class _Reading(QRunnable):
    """Reads one picture."""

    def __init__(self, owner: Thumbnails, ref: PartRef) -> None:
        super().__init__()
        self._owner, self._ref = owner, ref

    def run(self) -> None:
        image = QImage() if self._ref.rgb is None else QImage(str(self._ref.rgb))
        if not image.isNull():
            image = image.scaled(
                SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        self._owner._read.emit(self._ref.id, image)
