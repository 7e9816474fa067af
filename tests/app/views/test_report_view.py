"""The import report: at once from the names, later from the files, and every problem leads to its part."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QProgressBar, QPushButton, QTableView, QTableWidget

from pirn_app.actions import Action
from pirn_app.messages import events, jobs
from pirn_app.views.report import ReportView
from pirn_app.views.report_problems import WORDS
from pirn_app.views.view import EmptyState
from pirn_core.data.layouts import Listing, PartSet, Problem
from pirn_core.data.report import data_report

PROBLEMS = (
    Problem("missing", "test/bent/001", "001.png has no 3D file."),
    Problem("unused", "", "the mask 9 belongs to no part.", Path("/set/gt/9.png")),
    Problem("duplicate", "train/good/002", "002.png and 002.jpg have the same stem; keep one.", Path("/set/002.jpg")),
)


@pytest.fixture
def parts(make_parts):
    made = make_parts()
    return replace(made, lister=lambda: Listing(tuple(made.refs), PROBLEMS))


@pytest.fixture
def view(context, qtbot):
    made = ReportView(context)
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


@pytest.fixture
def opened(view, context, parts):
    context.workspace.apply(events.PartsOpened(parts))
    return view


@pytest.fixture
def asked(context):
    found = []
    context.requests.asked.connect(found.append)
    return found


def checked(parts):
    """A report as after reading the files."""
    listed = data_report(parts, check_files=False)
    bad = Problem("unreadable", "test/good/000", "000.png: the file is damaged. Copy it again.", Path("/set/000.png"))
    return replace(
        listed,
        problems=(*listed.problems, bad),
        warnings=(("test/good/001", "The alpha channel was left out."),),
        sizes={"400x400": 11, "300x300": 1},
        units={"m (layout)": 12},
        checked=True,
    )


def text(view, name):
    return view.findChild(QLabel, f"report-{name}").text()


def shown(view):
    model = view.findChild(QTableView, "report-problems").model()
    return [[model.index(r, c).data() for c in range(4)] for r in range(model.rowCount())]


def click_row(view, qtbot, part):
    table = view.findChild(QTableView, "report-problems")
    row = next(k for k, row in enumerate(shown(view)) if row[1] == part)
    place = table.visualRect(table.model().index(row, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_without_parts_it_says_what_to_do(view, context, qtbot):
    opened = []
    context.actions.add([Action("open-folder", "Open folder", "File", lambda: opened.append(True))])
    ReportView(context).deleteLater()
    view._renew()
    empty = view.findChild(EmptyState)
    assert empty.isVisible() and "Open a folder" in empty.text
    qtbot.mouseClick(empty.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert opened == [True]


def test_the_names_are_told_at_once(opened):
    assert text(opened, "title") == "flange: 12 parts"
    assert text(opened, "state") == "Listed only, files not opened"
    assert "made up" in text(opened, "layout") and text(opened, "sizes") == "known after checking"
    assert [row[:2] for row in shown(opened)] == [
        ["Missing", "test/bent/001"],
        ["Duplicate", "train/good/002"],
        ["Unused", "-"],
    ]


def test_counts_stand_by_split_and_class_with_a_sum(opened):
    table = opened.findChild(QTableWidget, "report-counts")
    rows = [[table.item(r, c).text() for c in range(6)] for r in range(table.rowCount())]
    assert rows == [
        ["train", "good", "6", "6", "0", "0"],
        ["test", "good", "3", "3", "0", "0"],
        ["test", "bent", "3", "3", "0", "0"],
        ["Total", "", "12", "12", "0", "0"],
    ]


def test_checking_is_asked_for_shown_and_stopped(opened, context, qtbot, asked):
    button = opened.findChild(QPushButton, "report-check")
    bar = opened.findChild(QProgressBar, "report-progress")
    assert not bar.isVisible()
    context.workspace.unit = "mm"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == [jobs.CheckParts(context.workspace.parts, "mm")]
    context.workspace.apply(events.JobStarted(7, "CheckParts", "Checking"))
    context.workspace.apply(events.JobProgress(7, 0.25, 9.0, "3 of 12 parts"))
    assert bar.isVisible() and bar.value() == 250
    assert text(opened, "doing") == "3 of 12 parts, 9 s left"
    cancelled = []
    context.requests.cancel_asked.connect(cancelled.append)
    assert button.text() == "Stop checking"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert cancelled == [7] and len(asked) == 1
    context.workspace.apply(events.JobEnded(7, "CheckParts", "cancelled"))
    assert not bar.isVisible() and button.text() == "Check all files"


def test_the_checked_report_takes_its_place(opened, context, parts):
    context.workspace.apply(events.ReportMade(checked(parts)))
    assert text(opened, "state") == "Files checked"
    assert text(opened, "sizes") == "400x400 (11), 300x300 (1)" and text(opened, "units") == "m (layout)"
    assert [row[0] for row in shown(opened)] == ["Unreadable", "Missing", "Duplicate", "Unused", "Warning"]
    assert text(opened, "heading") == "5 problems or warnings; 1 of the parts cannot be read"


def test_another_folder_takes_the_report_away(opened, context, parts, make_parts):
    context.workspace.apply(events.ReportMade(checked(parts)))
    context.workspace.apply(events.PartsOpened(make_parts(2, 1, 0)))
    assert text(opened, "title") == "flange: 3 parts"
    assert text(opened, "state") == "Listed only, files not opened" and shown(opened) == []
    assert text(opened, "heading") == "No problem in the names; the files were not opened."


def test_problems_can_be_filtered_by_kind(opened, context, parts, qtbot):
    context.workspace.apply(events.ReportMade(checked(parts)))
    kinds = opened.findChild(QComboBox, "report-kinds")
    assert [kinds.itemText(k) for k in range(kinds.count())][:2] == ["All kinds (5)", "Unreadable (1)"]
    kinds.setFocus()
    qtbot.keyClick(kinds, Qt.Key.Key_Down)
    assert [row[0] for row in shown(opened)] == ["Unreadable"]
    context.workspace.apply(events.ReportMade(checked(parts)))  # the choice stays
    assert [row[0] for row in shown(opened)] == ["Unreadable"]
    context.workspace.apply(events.PartsOpened(parts))  # a kind that is gone does not
    assert len(shown(opened)) == 3


def test_problems_can_be_sorted_by_every_column(opened, qtbot):
    table = opened.findChild(QTableView, "report-problems")
    header = table.horizontalHeader()
    for column in (1, 2, 3):
        place = header.viewport().rect().center()
        place.setX(header.sectionViewportPosition(column) + 20)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        words = [row[column] for row in shown(opened)]
        assert words in (sorted(words), sorted(words, reverse=True)) and len(words) == 3


def test_a_click_on_a_problem_shows_its_part(opened, context, qtbot):
    click_row(opened, qtbot, "test/bent/001")
    assert context.cursor.place.part == "test/bent/001"
    assert opened.findChild(QLabel, "report-detail").text() == "001.png has no 3D file."
    click_row(opened, qtbot, "-")  # a file that belongs to no part
    assert context.cursor.place.part == "test/bent/001"
    assert "/set/gt/9.png" in opened.findChild(QLabel, "report-detail").text()


def test_the_report_is_copied_as_text(opened, context, parts, qtbot):
    context.workspace.apply(events.ReportMade(checked(parts)))
    qtbot.mouseClick(opened.findChild(QPushButton, "report-copy"), Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "flange: 12 parts" in copied and "All files were opened and checked." in copied
    assert "Image sizes: 400x400 (11), 300x300 (1)" in copied
    lines = [line for line in copied.splitlines() if line.startswith(tuple(WORDS.values()))]
    assert len(lines) == 5 and lines[0].startswith("Unreadable  test/good/000")


def test_ten_thousand_parts_do_not_stall(view, context, tmp_path, parts):
    ref = parts.refs[0]
    refs = tuple(replace(ref, id=f"{k}", label=f"class {k % 40}") for k in range(10_000))
    problems = tuple(Problem("missing", f"{k}", "no 3D file.") for k in range(10_000))
    many = PartSet(tmp_path, "mvtec3d", "made up", "many", lambda: Listing(refs, problems))
    assert many.refs
    began = time.perf_counter()
    context.workspace.apply(events.PartsOpened(many))
    assert time.perf_counter() - began < 0.5  # 0.03 s here
    assert len(shown(view)) == 10_000


def test_it_follows_the_theme_and_lets_go(opened, context, parts):
    table = opened.findChild(QTableView, "report-problems")
    before = table.model().index(0, 0).data(Qt.ItemDataRole.ForegroundRole)
    context.theme.choose("light")
    assert table.model().index(0, 0).data(Qt.ItemDataRole.ForegroundRole) != before
    opened.release()
    context.workspace.apply(events.ReportMade(checked(parts)))
    assert text(opened, "state") == "Listed only, files not opened"
