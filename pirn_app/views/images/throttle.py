"""Things that are wanted more often than they can be seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Throttle(QObject):
    """Runs a function at once, and again at most every `interval` milliseconds while it is wanted; never misses the
    last time."""

    def __init__(self, run: Callable[[], None], interval: int, parent: QObject) -> None:
        super().__init__(parent)
        self._run, self._wanted = run, False
        self._timer = QTimer(self, interval=interval, singleShot=True)
        self._timer.timeout.connect(self._due)

    def want(self) -> None:
        """Runs now or as soon as it may."""
        if self._timer.isActive():
            self._wanted = True
        else:
            self._timer.start()
            self._run()

    def stop(self) -> None:
        """Forgets what was wanted."""
        self._wanted = False
        self._timer.stop()

    def _due(self) -> None:
        if self._wanted:
            self._wanted = False
            self._timer.start()
            self._run()
