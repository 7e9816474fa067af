"""Takes the steps of a story one after another, waits for each, and photographs the window."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QWidget

_LOOK_EVERY = 50
_TITLE_BAR = 30
_SETTLE = 0.6
"""Seconds between a step's condition and its picture, in which debounced views catch up."""


@dataclass(frozen=True)
class Step:
    """One step of a story; it was started by the code before its `yield`.

    Attributes:
        name: Of the picture; `` takes none.
        done: Asked until it is true.
        limit: Seconds after which the tour gives up.
    """

    name: str
    done: Callable[[], bool]
    limit: float = 60.0


class Guide(QObject):
    """Runs on the event loop like a user: between two looks the application is left alone."""

    finished = Signal(int)

    def __init__(self, window: QWidget, steps: Iterator[Step], out: Path, last: str = "") -> None:
        super().__init__(window)
        self._window, self._steps, self._out, self._last = window, steps, out, last
        self._timer = QTimer(self, interval=_LOOK_EVERY)
        self._timer.timeout.connect(self._look)
        self._step: Step | None = None
        self._since, self._true_since, self._pictures = 0.0, 0.0, 0

    def start(self) -> None:
        """Begins."""
        self._out.mkdir(parents=True, exist_ok=True)
        self._timer.start()

    def _look(self) -> None:
        now = time.monotonic()
        try:
            if self._step is None:
                self._next(now)
            elif not self._step.done():
                self._true_since = now
                if now - self._since > self._step.limit:
                    self._end(1, f"the step {self._step.name!r} took more than {self._step.limit:g} s")
            elif now - self._true_since > _SETTLE:
                self._photograph()
                if self._last and self._step.name == self._last:
                    self._steps = iter(())
                self._next(now)
        except Exception as error:  # a story that stumbles must end the program, not leave it waiting
            self._end(1, f"{type(error).__name__}: {error}")
            raise

    def _next(self, now: float) -> None:
        self._step = next(self._steps, None)
        self._since = self._true_since = now
        if self._step is None:
            self._end(0, f"{self._pictures} pictures in {self._out}")

    def _photograph(self) -> None:
        if self._step is None or not self._step.name:
            return
        self._pictures += 1
        path = self._out / f"{self._pictures:02d}-{self._step.name}.png"
        screen = self._window.screen()
        # A screen grab shows what a user sees, native drawing included; offscreen there is no screen to grab.
        offscreen = QGuiApplication.platformName() == "offscreen"
        picture = photograph(self._window) if offscreen else screen.grabWindow(self._window.winId())
        if not picture.save(str(path)):
            raise OSError(f"{path}: cannot be written")
        print(f"{path}  ({time.monotonic() - self._since:.1f} s)", flush=True)

    def _end(self, code: int, text: str) -> None:
        self._timer.stop()
        print(f"tour: {text}", file=sys.stderr if code else sys.stdout, flush=True)
        self.finished.emit(code)


def photograph(window: QWidget) -> QPixmap:
    """The window with the dialogs over it, in their frames; a widget's own picture lacks them."""
    picture = window.grab()
    painter = QPainter(picture)
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, QDialog) and dialog.isVisible():
            _paint_dialog(painter, window, dialog)
    painter.end()
    return picture


def _paint_dialog(painter: QPainter, window: QWidget, dialog: QDialog) -> None:
    """Veils what is below, and puts the dialog in the middle, under a title bar."""
    veil, colours = QColor(0, 0, 0, 90), dialog.palette()
    painter.fillRect(window.rect(), veil)
    frame = QRect(0, 0, dialog.width(), dialog.height() + _TITLE_BAR)
    frame.moveCenter(window.rect().center())
    bar = QRect(frame.left(), frame.top(), frame.width(), _TITLE_BAR)
    painter.fillRect(frame, colours.color(QPalette.ColorRole.Button))
    painter.setPen(colours.color(QPalette.ColorRole.WindowText))
    painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, dialog.windowTitle())
    painter.drawPixmap(frame.left(), frame.top() + _TITLE_BAR, dialog.grab())
    painter.setPen(colours.color(QPalette.ColorRole.Mid))
    painter.drawRect(frame.adjusted(-1, -1, 0, 0))
