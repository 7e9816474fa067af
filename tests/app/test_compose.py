"""The connections: which change asks the engine for what, and which event changes the window."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject

from pirn_app import furnishing
from pirn_app.messages import events, jobs
from pirn_app.opening import jobs_for
from pirn_core.errors import PirnError

_spec = importlib.util.spec_from_file_location("app_shell", Path(__file__).with_name("shell.py"))
shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shell)


@pytest.fixture
def running(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("PIRN_DATA", str(tmp_path / "data"))
    app, engine = shell.launch(tmp_path / "config")
    qtbot.addWidget(app.window)
    app.window.show()
    yield app, engine
    app.close()


def opened(app, engine, parts):
    engine.event.emit(events.PartsOpened(parts))
    return app.context.workspace


def test_the_engine_warms_up_only_after_the_views_are_there(qtbot, tmp_path):
    engine = shell.SilentEngine()
    from pirn_app.compose import compose
    from pirn_app.preferences import Preferences

    app = compose(lambda: engine, Preferences(tmp_path), makers=shell.small_makers)
    qtbot.addWidget(app.window)
    assert not engine.jobs and not app.window.is_furnished
    app.window.show()
    qtbot.waitUntil(lambda: app.window.is_furnished)
    assert [type(job) for job in engine.jobs] == [jobs.WarmUp, jobs.ListBackbones]
    app.close()


def test_opened_parts_show_the_first_one(running, make_parts):
    app, engine = running
    ws = opened(app, engine, make_parts())
    assert app.context.cursor.place.part == ws.refs[0].id
    load = engine.of(jobs.LoadPart)[-1]
    assert load.ref == ws.refs[0] and load.fitted is None
    assert app.window.windowTitle() == f"PIRN Inspector — flange — {ws.refs[0].id}"
    assert app.window.at_work and app.window.workspace == "setup"
    assert app.preferences.recent[0] == ws.parts.root
    assert not engine.of(jobs.InspectPart)


def test_the_same_part_of_another_folder_is_read_again(running, make_parts):
    app, engine = running
    opened(app, engine, make_parts())
    before = len(engine.of(jobs.LoadPart))
    opened(app, engine, make_parts())
    assert len(engine.of(jobs.LoadPart)) == before + 1


def test_a_held_key_reads_the_first_and_the_last_part_only(running, make_parts, qtbot):
    app, engine = running
    ws = opened(app, engine, make_parts())
    qtbot.wait(100)
    engine.jobs.clear()
    for ref in ws.refs[1:8]:
        app.context.cursor.go(part=ref.id)
    qtbot.waitUntil(lambda: len(engine.of(jobs.LoadPart)) == 2)
    qtbot.wait(100)
    assert [job.ref.id for job in engine.of(jobs.LoadPart)] == [ws.refs[1].id, ws.refs[7].id]


def test_preprocessing_is_shown_after_a_rest(running, make_parts, qtbot):
    import msgspec

    app, engine = running
    ws = opened(app, engine, make_parts())
    engine.jobs.clear()
    for margin in (0.2, 0.3, 0.4):
        crop = msgspec.structs.replace(ws.document.recipe.crop, margin=margin)
        ws.set_recipe(msgspec.structs.replace(ws.document.recipe, crop=crop), merge="margin")
    assert not engine.jobs
    qtbot.waitUntil(lambda: bool(engine.jobs))
    qtbot.wait(200)
    assert [job.recipe.crop.margin for job in engine.of(jobs.LoadPart)] == [0.4]


def test_a_model_inspects_what_is_in_view_and_goes_to_inspect(running, make_parts, make_model, make_result):
    app, engine = running
    ws = opened(app, engine, make_parts())
    engine.jobs.clear()
    engine.event.emit(events.ModelReady(make_model()))
    assert app.window.workspace == "inspect"
    assert [job.ref for job in engine.of(jobs.InspectPart)] == [ws.refs[0]]
    assert engine.of(jobs.LoadPart)[-1].fitted is ws.model.fitted
    engine.event.emit(events.PartInspected(make_result(ws.refs[1]), False))
    engine.event.emit(events.PartFailed(ws.refs[2].id, "Broken.", ""))
    engine.jobs.clear()
    app.context.cursor.go(part=ws.refs[1].id)
    app.flow.look()
    app.context.cursor.go(part=ws.refs[2].id)
    app.flow.look()
    assert not engine.of(jobs.InspectPart), "held and failed parts are not inspected again"
    ws.set_threshold(1.2)
    app.context.cursor.go(part=ws.refs[3].id)
    app.flow.look()
    assert engine.of(jobs.InspectPart)[-1].threshold == 1.2


def test_an_opened_model_is_recent_a_trained_one_is_not(running, make_model, make_parts):
    app, engine = running
    engine.event.emit(events.ModelReady(make_model(name="opened")))
    assert app.preferences.recent[0].name == "flange-opened.pirn"
    assert "Open a folder" in app.window.notice.text
    opened(app, engine, make_parts())
    engine.event.emit(events.JobStarted(1, "Train", "Training on 2 shots"))
    engine.event.emit(events.ModelReady(make_model(name="trained")))
    assert all("trained" not in path.name for path in app.preferences.recent)


def test_failures_are_told_without_a_dialog(running):
    app, engine = running
    engine.event.emit(events.JobEnded(1, "OpenFolder", "failed", "No part.", "Open another.", "Traceback"))
    assert app.window.notice.on and app.window.notice.text == "No part. Open another."
    assert app.window.dialog is None
    engine.event.emit(events.JobEnded(2, "Train", "cancelled"))
    assert app.window.notice.text == "No part. Open another."


def test_a_category_is_asked_for(running, qtbot, tmp_path):
    app, engine = running
    engine.event.emit(events.CategoryNeeded(tmp_path, ("bolt", "flange")))
    dialog = app.window.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.accept()
    assert engine.of(jobs.OpenFolder) == [jobs.OpenFolder(tmp_path, category="bolt")]


def test_inspect_all_takes_test_parts_or_several_selected(running, make_parts, make_model):
    app, engine = running
    ws = opened(app, engine, make_parts(train=4, good=2, bent=1))
    engine.event.emit(events.ModelReady(make_model()))
    app.context.actions.refresh()
    app.context.actions.trigger("inspect-all")
    assert {ref.split for ref in engine.of(jobs.InspectParts)[-1].refs} == {"test"}
    listed = app.window.panel("parts")
    listed.selected = tuple(ref.id for ref in ws.refs[:2])
    app.context.actions.trigger("inspect-all")
    assert engine.of(jobs.InspectParts)[-1].refs == ws.refs[:2]


def test_training_takes_the_plan_and_leaves_the_window_usable(running, make_parts, tmp_path):
    app, engine = running
    ws = opened(app, engine, make_parts())
    actions = app.context.actions
    actions.refresh()
    assert not actions.qaction("train").isEnabled()
    app.draw_shots(3, seed=1)
    actions.refresh()
    app.plan.choose(preset="quick", device="cpu")
    actions.trigger("train")
    job = engine.of(jobs.Train)[-1]
    assert job.shots == ws.shots and len(job.shots) == 3
    assert job.config.preset == "quick" and job.device == "cpu" and job.name == "flange"
    assert job.out == tmp_path / "data" / "models"
    assert app.window.workspace == "train" and app.window.dialog is None
    engine.event.emit(events.JobStarted(5, "Train", "Training on 3 shots"))
    actions.refresh()
    assert not actions.qaction("train").isEnabled() and not actions.qaction("open-folder").isEnabled()
    actions.trigger("cancel")
    assert engine.cancelled == [5]


def test_paths_say_what_they_open(tmp_path):
    model = tmp_path / "a.pirn"
    model.touch()
    image = tmp_path / "a.png"
    image.touch()
    assert jobs_for(()) == ()
    assert jobs_for((tmp_path,)) == (jobs.OpenFolder(tmp_path),)
    assert jobs_for((model,), "cpu") == (jobs.OpenModel(model, "cpu"),)
    assert jobs_for((image, image)) == (jobs.OpenFiles((image, image)),)
    assert jobs_for((model, tmp_path)) == (jobs.OpenFolder(tmp_path), jobs.OpenModel(model, "auto"))
    with pytest.raises(PirnError, match="no such file"):
        jobs_for((tmp_path / "gone",))
    with pytest.raises(PirnError, match="cannot all be open"):
        jobs_for((tmp_path, image))
    with pytest.raises(PirnError, match="cannot all be open"):
        jobs_for((tmp_path, tmp_path))


def test_drops_during_training_are_refused_with_the_reason(running, make_parts, tmp_path):
    app, engine = running
    app.window.dropped.emit((tmp_path / "gone",))
    assert "no such file" in app.window.notice.text
    engine.event.emit(events.JobStarted(5, "Train", "Training on 3 shots"))
    app.window.dropped.emit((tmp_path,))
    assert not engine.of(jobs.OpenFolder) and "still under way" in app.window.notice.text
    engine.event.emit(events.JobEnded(5, "Train", "cancelled"))
    app.window.dropped.emit((tmp_path,))
    assert engine.of(jobs.OpenFolder) == [jobs.OpenFolder(tmp_path)]


def test_closing_stops_the_engine_once(running):
    app, engine = running
    app.window.close()
    assert app.close() is True
    assert engine.closed == 1


def _python(code: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PIRN_CONFIG": str(tmp_path),
        "PIRN_CACHE": str(tmp_path),
    }
    return subprocess.run(
        [sys.executable, *(["-c", code] if code else []), *arguments],
        check=False, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_window_needs_no_slow_library(tmp_path):
    slow = ("torch", "sklearn", "open3d", "vtk", "vtkmodules", "timm", "pyqtgraph")
    code = f"import sys, pirn_app.window, pirn_app.compose; print([m for m in {slow} if m in sys.modules])"
    done = _python(code, tmp_path)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_command_line(tmp_path):
    version = _python("", tmp_path, "-m", "pirn_app", "--version")
    assert version.returncode == 0 and version.stdout.startswith("PIRN Inspector")
    missing = _python("", tmp_path, "-m", "pirn_app", str(tmp_path / "gone"))
    assert missing.returncode == 1
    assert missing.stderr.startswith(f"pirn-app: {tmp_path / 'gone'}: there is no such file or folder. Check the path")


def test_a_real_engine_ends_cleanly_when_the_window_closes_early(tmp_path):
    code = (
        "from PySide6.QtWidgets import QApplication; from PySide6.QtCore import QTimer; import sys\n"
        "from pirn_app.compose import compose; sys.path.insert(0, sys.argv[1]); import shell\n"
        "qt = QApplication([]); app = compose(makers=shell.small_makers); app.window.show()\n"
        "QTimer.singleShot(400, app.window.close); code = qt.exec(); ok = app.close(); print(code, ok)"
    )
    done = _python(code, tmp_path, str(Path(__file__).parent))
    assert done.stdout.strip() == "0 True", done.stdout + done.stderr
    assert "QThread" not in done.stderr and "Traceback" not in done.stderr


def test_no_part_of_the_window_ever_opens_as_a_window_of_its_own(qtbot, qapp, tmp_path, make_parts):
    """Such windows flash by on a screen and take the keyboard's focus away."""
    seen = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and watched.isWidgetType() and watched.isWindow():
                seen.append(watched.objectName() or type(watched).__name__)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    app, engine = shell.launch(tmp_path / "config", makers=furnishing.view_makers)
    qtbot.addWidget(app.window)
    app.window.show()
    engine.event.emit(events.PartsOpened(make_parts()))
    for name in ("train", "inspect", "setup"):
        app.context.actions.trigger(f"workspace-{name}")
        qtbot.wait(50)
    qapp.removeEventFilter(watch)
    app.close()
    assert set(seen) == {"main-window"}
