"""The start page."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from pirn_app.actions import Action
from pirn_app.preferences import Preferences
from pirn_app.views.start import CHOICES, StartView


@pytest.fixture
def page(qtbot, context, tmp_path):
    ran: list[str] = []
    context.actions.add(Action(name, title, "File", lambda name=name: ran.append(name)) for name, title, _ in CHOICES)
    known = Preferences(tmp_path / "config")
    there = tmp_path / "parts"
    there.mkdir()
    known.remember(tmp_path / "gone" / "model.pirn")
    known.remember(there)
    view = StartView(context, known)
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.ran, view.known = ran, known
    return view


@pytest.mark.parametrize("name", [name for name, _, _ in CHOICES])
def test_choices_run_their_actions(page, qtbot, name):
    qtbot.mouseClick(page.findChild(QPushButton, f"start-{name}"), Qt.MouseButton.LeftButton)
    assert page.ran == [name]


def test_recent_paths_open_and_missing_ones_are_grey(page, qtbot, tmp_path):
    first, second = (page.findChild(QToolButton, f"recent-{row}") for row in (0, 1))
    qtbot.waitUntil(lambda: not second.isEnabled())
    assert first.isEnabled() and first.text() == "parts" and second.text() == "model.pirn"
    with qtbot.waitSignal(page.chosen) as told:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert told.args == [tmp_path / "parts"]


def test_a_path_can_be_taken_off(page, qtbot, tmp_path):
    qtbot.mouseClick(page.findChild(QToolButton, "recent-forget-0"), Qt.MouseButton.LeftButton)
    assert page.known.recent == (tmp_path / "gone" / "model.pirn",)
    page.known.forget_all()
    assert not page._heading.isVisible()


def test_the_last_path_is_the_first_and_the_list_is_bounded(page, tmp_path):
    for number in range(20):
        page.known.remember(tmp_path / f"{number}")
    page.known.remember(tmp_path / "15")
    assert page.known.recent[0] == tmp_path / "15" and len(page.known.recent) == 12
    assert len(set(page.known.recent)) == 12
    assert Preferences(page.known.path.parent).recent[0] == Path(tmp_path / "15")


def test_the_theme_may_change_and_the_view_may_go(page, qtbot):
    page.context.theme.choose("light")
    page.release()
    page.context.theme.choose("dark")
