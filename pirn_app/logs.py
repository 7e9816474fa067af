"""The log file, and what ends there: notes, uncaught errors of every thread, and Qt's own messages."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from pirn_app.preferences import log_dir

LOGGER = logging.getLogger("pirn_app")
LOGGER.addHandler(logging.NullHandler())
_BYTES, _FILES = 1_000_000, 3
_FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Faults(QObject):
    """Tells of errors that nobody caught, in the window's thread whatever thread they came from."""

    caught = Signal(str, str)
    """One sentence, and the traceback."""


def start(path: Path | None = None) -> Path | None:
    """Opens the log file, rotated at 1 MB.

    Args:
        path: Another file than the usual one.

    Returns:
        Where it is; None where it cannot be written, which is no reason not to start.
    """
    target = path or log_dir() / "pirn-app.log"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(target, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    except OSError as error:
        print(f"{target}: no log can be written: {error.strerror}.", file=sys.stderr)
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    return target


def stop() -> None:
    """Closes the log file."""
    for handler in _files():
        LOGGER.removeHandler(handler)
        handler.close()


def _files() -> list[logging.Handler]:
    return [handler for handler in LOGGER.handlers if not isinstance(handler, logging.NullHandler)]


def watch(faults: Faults) -> None:
    """Sends uncaught errors and Qt's messages to the log, and the errors to `faults`."""

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        LOGGER.error("uncaught error\n%s", details)
        faults.caught.emit(f"Something went wrong that the program did not foresee: {error or kind.__name__}.", details)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    qInstallMessageHandler(_from_qt)


def unwatch() -> None:
    """Gives the hooks back, e.g. between tests."""
    sys.excepthook = sys.__excepthook__
    threading.excepthook = threading.__excepthook__
    qInstallMessageHandler(None)


def _from_qt(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    level = _LEVELS.get(kind, logging.INFO)
    LOGGER.log(level, "Qt: %s", message)
    if level >= logging.ERROR or not _files():
        print(message, file=sys.stderr)
