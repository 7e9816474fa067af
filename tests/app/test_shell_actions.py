"""The action table: complete, without clashes, and quiet while one types."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from pirn_app import menus
from pirn_app.messages import events, jobs
from pirn_core.files import resource

_spec = importlib.util.spec_from_file_location("app_shell", Path(__file__).with_name("shell.py"))
shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shell)

WANTED = set(
    """open-folder open-files open-model save-model make-samples import-report preprocessing quit undo redo
    next-part previous-part toggle-shot pick-random-shots clear-shots label-good label-defective label-none
    train cancel inspect-all inspect-part backbones reset-threshold settings toggle-heat toggle-contour
    toggle-truth toggle-foreground toggle-crosshair reset-view maximise-rgb maximise-normals maximise-anomaly
    maximise-cloud release-cursor workspace-setup workspace-train workspace-inspect theme-dark theme-light
    theme-system shortcuts show-log about""".split()  # noqa: SIM905 - easier to read
)


class Answers:
    """Answers file questions in the user's place."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.asked: list = []

    def __call__(self, window, question, answer) -> None:
        self.asked.append(question)
        if self.path is not None:
            answer((self.path,))


@pytest.fixture
def running(qtbot, tmp_path, make_parts, monkeypatch):
    monkeypatch.setenv("PIRN_DATA", str(tmp_path / "data"))
    answers = Answers()
    app, engine = shell.launch(tmp_path / "config", chooser=answers)
    qtbot.addWidget(app.window)
    app.window.show()
    app.window.activateWindow()
    engine.event.emit(events.PartsOpened(make_parts()))
    app.context.actions.refresh()
    yield app, engine, answers
    app.close()


def test_all_actions_are_there_with_words_and_icons(running):
    actions = running[0].context.actions
    assert {entry.id for entry in actions} >= WANTED
    for entry in actions:
        assert entry.hint.endswith("."), entry.id
        assert not entry.icon or resource("icons", f"{entry.icon}.svg").is_file(), entry.icon


def test_keys_are_used_once(running):
    used = Counter(QKeySequence(keys).toString() for entry in running[0].context.actions for keys in entry.shortcuts)
    assert "" not in used
    assert [keys for keys, count in used.items() if count > 1] == []


def test_every_action_stands_in_one_menu(running):
    placed = Counter(name for _, entries in menus.MENUS for name in entries) + Counter(menus.THEMES)
    wanted = {entry.id for entry in running[0].context.actions if entry.menu}
    assert {name for name in placed if name[0] not in "->"} == wanted
    assert all(placed[name] == 1 for name in wanted)


def test_letters_work_in_the_window_and_not_while_typing(running, qtbot):
    app = running[0]
    ws, field = app.context.workspace, app.window.panel("parts").field
    app.window.setFocus()
    qtbot.keyClick(app.window, Qt.Key.Key_S)
    assert ws.document.shots == (ws.refs[0].id,)
    qtbot.keyClick(app.window, Qt.Key.Key_D)
    assert app.context.cursor.place.part == ws.refs[1].id
    field.setFocus()
    before = (ws.document, app.context.cursor.place, app.context.display.look)
    for key in "sdagbnpxctfh01234":
        qtbot.keyClick(field, key)
    assert field.text() == "sdagbnpxctfh01234"
    assert (ws.document, app.context.cursor.place, app.context.display.look) == before


def test_undo_says_what_it_undoes(running):
    app = running[0]
    actions, ws = app.context.actions, app.context.workspace
    assert not actions.qaction("undo").isEnabled()
    actions.trigger("label-good")
    actions.refresh()
    assert actions.qaction("undo").text() == "Undo label parts"
    actions.trigger("undo")
    actions.refresh()
    assert not ws.document.labels and actions.qaction("redo").text() == "Redo label parts"


def test_shots_of_defective_parts_are_refused_with_the_reason(running):
    app = running[0]
    bent = next(ref for ref in app.context.workspace.refs if ref.label == "bent")
    app.context.cursor.go(part=bent.id)
    app.context.actions.trigger("toggle-shot")
    assert not app.context.workspace.document.shots and "bent" in app.window.notice.text


def test_state_decides_what_can_be_done(running, make_model, qtbot):
    app, engine, _ = running
    actions = app.context.actions

    def enabled(*names):
        qtbot.wait(5)
        return [actions.qaction(name).isEnabled() for name in names]

    assert enabled("train", "inspect-all", "save-model", "cancel", "reset-threshold") == [False] * 5
    app.draw_shots(2)
    assert enabled("train", "inspect-all") == [True, False]
    engine.event.emit(events.ModelReady(make_model()))
    assert enabled("inspect-all", "inspect-part", "save-model", "reset-threshold") == [True, True, True, False]
    app.context.workspace.set_threshold(1.1)
    assert enabled("reset-threshold") == [True]
    actions.trigger("reset-threshold")
    assert app.context.workspace.own_threshold is None
    engine.event.emit(events.JobStarted(3, "InspectParts", "Inspecting"))
    assert enabled("inspect-all", "open-folder", "cancel") == [False, False, True]


def test_layer_keys(running, qtbot):
    app = running[0]
    for key, name in (("x", "heat"), ("c", "contour"), ("t", "truth"), ("f", "foreground"), ("h", "crosshair")):
        was = getattr(app.context.display.look, name)
        qtbot.keyClick(app.window, key)
        assert getattr(app.context.display.look, name) is not was


def test_files_are_asked_for_and_opened(running, tmp_path, make_model):
    app, engine, answers = running
    app.context.actions.trigger("open-folder")
    assert answers.asked[-1].kind == "folder" and not engine.of(jobs.OpenFolder)
    answers.path = tmp_path
    app.context.actions.trigger("open-folder")
    assert engine.of(jobs.OpenFolder) == [jobs.OpenFolder(tmp_path)]
    assert app.preferences.folder == tmp_path.parent
    answers.path = tmp_path / "a.pirn"
    app.plan.choose(device="cpu")
    app.context.actions.trigger("open-model")
    assert engine.of(jobs.OpenModel) == [jobs.OpenModel(answers.path, "cpu")]
    engine.event.emit(events.ModelReady(make_model()))
    app.context.workspace.set_threshold(1.25)
    app.context.actions.refresh()
    app.context.actions.trigger("save-model")
    assert answers.asked[-1].start.name == "flange-abcdef.pirn"
    assert engine.of(jobs.SaveModel) == [jobs.SaveModel(answers.path, 1.25)]
    app.context.actions.trigger("make-samples")
    assert engine.of(jobs.MakeSamples)[-1].folder == tmp_path / "data" / "samples"


def test_the_theme_is_chosen_and_remembered(running):
    app = running[0]
    for name in ("light", "dark"):
        app.context.actions.trigger(f"theme-{name}")
        assert app.context.theme.name == name == app.preferences.theme
        assert app.context.actions.qaction(f"theme-{name}").isChecked()
        assert not app.context.actions.qaction("theme-system").isChecked()


def test_the_list_of_actions_runs_what_is_chosen(running, qtbot):
    app = running[0]
    app.context.actions.trigger("shortcuts")
    dialog = app.window.dialog
    dialog._search.setText("ground truth")
    qtbot.keyClick(dialog._search, Qt.Key.Key_Return)
    assert app.window.dialog is None and app.context.display.look.truth is False


def test_esc_releases_the_cursor(running, qtbot):
    app = running[0]
    app.context.cursor.pin((3, 4))
    qtbot.wait(5)
    qtbot.keyClick(app.window, Qt.Key.Key_Escape)
    assert not app.context.cursor.place.pinned


def test_random_shots_come_from_the_panel(running):
    app = running[0]
    app.context.actions.trigger("pick-random-shots")
    assert app.window.panel("shots").picked == 1
