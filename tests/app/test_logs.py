"""The log file and the log view."""

import sys
import threading

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from pirn_app import logs
from pirn_app.views.log import LogView


@pytest.fixture
def watched(tmp_path, qapp):
    hooks = sys.excepthook, threading.excepthook
    faults = logs.Faults()
    path = logs.start(tmp_path / "logs" / "app.log")
    logs.watch(faults)
    yield faults, path
    logs.unwatch()
    logs.stop()
    sys.excepthook, threading.excepthook = hooks


def test_uncaught_errors_of_any_thread_are_told_and_written(watched, qtbot):
    faults, path = watched
    told: list[tuple[str, str]] = []
    faults.caught.connect(lambda text, details: told.append((text, details)))

    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        raise KeyError("here")
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    qtbot.waitUntil(lambda: len(told) == 2)
    written = path.read_text()
    for text, details in told:
        assert text.endswith(".") and details.startswith("Traceback") and details.strip() in written


def test_qt_messages_are_written(watched):
    qWarning("something about a plugin")
    assert "Qt: something about a plugin" in watched[1].read_text()


def test_a_log_that_cannot_be_written_is_no_reason_not_to_start(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.touch()
    assert logs.start(blocked / "app.log") is None
    assert "no log can be written" in capsys.readouterr().err


def test_the_view_filters_by_level_and_word(context, qtbot):
    context.workspace.note("info", "Opened flange.")
    view = LogView(context)
    qtbot.addWidget(view)
    context.workspace.note("warning", "A hole in flange/003.")
    context.workspace.note("error", "Bolt is unreadable.")
    assert len(view.text.splitlines()) == 3
    view._words.setText("flange")
    assert len(view.text.splitlines()) == 2
    view._level.setCurrentIndex(1)
    assert view.text.endswith("A hole in flange/003.") and "\n" not in view.text
    context.workspace.note("info", "flange again")
    assert "again" not in view.text
    view.findChild(QPushButton, "log-copy").click()
    assert QGuiApplication.clipboard().text() == view.text
    context.theme.choose("light")
    view.release()
    context.workspace.note("error", "flange after the end")
    assert "after the end" not in view.text
