"""The only place that connects objects: state, engine, window and views meet here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog

from pirn_app import commands, icons, logs, style
from pirn_app.actions import Actions
from pirn_app.context import Context
from pirn_app.dialogs.category import CategoryDialog
from pirn_app.dialogs.choosing import Chooser, choose
from pirn_app.flow import Flow
from pirn_app.furnishing import Furnishing, Makers, view_makers
from pirn_app.messages import events, jobs
from pirn_app.opening import jobs_for
from pirn_app.preferences import Preferences
from pirn_app.state.cursor import Cursor, Place
from pirn_app.state.display import Display
from pirn_app.state.jobs import LogLine
from pirn_app.state.plan import TrainingPlan
from pirn_app.state.requests import Requests
from pirn_app.state.studies import Studies
from pirn_app.state.workspace import Workspace
from pirn_app.theme import Theme
from pirn_app.thumbnails import Thumbnails
from pirn_app.window import MainWindow
from pirn_core.errors import PirnError
from pirn_core.picking import random_shots

CLOSE_MS = 10_000
"""Longest wait for a step of a job when the window closes."""


class EngineLike(Protocol):
    """What is wanted of the engine."""

    event: Any
    """Signal with every `Event`."""

    def submit(self, job: jobs.Job) -> int:
        """Takes a job; returns its number."""

    def cancel(self, number: int = 0) -> None:
        """Stops a job, or all."""

    def close(self, ms: int = 0) -> bool:
        """Stops everything and waits."""


def make_engine() -> EngineLike:
    """The real engine."""
    from pirn_app.engine.engine import Engine

    return cast(EngineLike, Engine())


@dataclass(frozen=True)
class Application:
    """All objects of a running application, connected."""

    context: Context
    plan: TrainingPlan
    studies: Studies
    preferences: Preferences
    engine: EngineLike
    window: MainWindow
    flow: Flow
    _furnishing: Furnishing
    _closed: list[bool]

    def open_path(self, *paths: Path) -> None:
        """Opens a folder or files of parts, a model, or both.

        Raises:
            PirnError: When there is nothing at a path.
        """
        for job in jobs_for(paths, self.plan.device):
            self.context.requests.ask(job)

    def draw_shots(self, count: int, seed: int = 0) -> None:
        """Chooses shots at random, the same ones as the command line with that seed.

        Raises:
            PirnError: When there are fewer good parts.
        """
        parts = self.context.workspace.parts
        assert parts is not None, "no parts are open"
        if (picker := self.window.panel("shots")) is not None:
            cast(Any, picker).set_draw(count, seed)
        self.context.workspace.set_shots(ref.id for ref in random_shots(parts.good(), count, seed))

    def furnish(self) -> None:
        """Builds the views that are not built yet."""
        self._furnishing.finish()

    def close(self) -> bool:
        """Stops what is under way and lets go of everything; once.

        Returns:
            False when a step of a job did not end in time: only the end of the process stops it then.
        """
        if not self._closed:
            self._furnishing.stop()
            self.window.hide()
            self._closed.append(self.engine.close(CLOSE_MS))
            for name in self._furnishing.made:
                self._furnishing.made[name].release()
            self.context.thumbnails.close()
            self.preferences.save()
        return self._closed[0]


def compose(
    engine_factory: Callable[[], EngineLike] = make_engine,
    preferences: Preferences | None = None,
    *,
    chooser: Chooser = choose,
    faults: logs.Faults | None = None,
    log: Path | None = None,
    makers: Callable[[Context, TrainingPlan, Studies], Makers] = view_makers,
) -> Application:
    """Makes everything and connects it; the window is not shown yet.

    Args:
        engine_factory: Makes the engine.
        preferences: What is remembered; None: this user's.
        chooser: Asks for files.
        faults: Errors that nobody caught, to be told in the window.
        log: The log file, to be named beside an error.
        makers: Makes the views.
    """
    known = preferences or Preferences()
    context = Context(Workspace(), Cursor(), Display(), Requests(), Actions(), Theme(known.theme), Thumbnails())
    plan, studies = TrainingPlan(), Studies.over(context.workspace, context.cursor, context.requests)
    qt = QApplication.instance()
    assert isinstance(qt, QApplication)
    style.apply(qt, context.theme)
    window = MainWindow(context, known, log)
    flow = Flow(context.workspace, context.cursor, plan, context.requests)
    engine = engine_factory()
    desk = commands.Desk(context, plan, studies, known, window, chooser)
    context.actions.add(commands.table(desk))
    window.set_menus()
    furnishing = Furnishing(window, makers(context, plan, studies), lambda: _furnished(app, style_plots))

    def style_plots() -> None:
        style.configure_plots(context.theme)

    app = Application(context, plan, studies, known, engine, window, flow, furnishing, [])
    _connect_engine(app)
    _connect_flow(app)
    _connect_window(app)
    _connect_actions(app)
    if faults is not None:
        faults.caught.connect(lambda text, details: window.tell("error", text, "Details are in the log.", details))
    return app


def _connect_engine(app: Application) -> None:
    requests, workspace = app.context.requests, app.context.workspace
    requests.asked.connect(app.engine.submit)
    requests.cancel_asked.connect(app.engine.cancel)
    handlers = app.studies.handlers()
    app.engine.event.connect(lambda event: handlers.get(type(event), workspace.apply)(event))
    workspace.logged.connect(_to_log)


def _connect_flow(app: Application) -> None:
    workspace, flow = app.context.workspace, app.flow
    app.context.cursor.changed.connect(flow.moved)
    prototypes = app.studies.prototypes
    prototypes.marked_changed.connect(lambda: app.context.display.mark_patches(prototypes.marked))
    workspace.document_changed.connect(flow.edited)
    workspace.model_changed.connect(flow.model_taken)
    workspace.backbones_changed.connect(flow.changed_network)
    app.plan.changed.connect(flow.changed_network)
    workspace.parts_changed.connect(lambda: _parts_opened(app))
    workspace.model_changed.connect(lambda: _model_taken(app))
    workspace.failed.connect(lambda ended: _failed(app, ended))
    workspace.categories_offered.connect(lambda needed: _choose_category(app, needed))


def _connect_window(app: Application) -> None:
    window = app.window
    window.painted.connect(app._furnishing.start)
    window.dropped.connect(lambda paths: _open(app, paths))
    window.closing.connect(app.close)


def _connect_actions(app: Application) -> None:
    """Asks the table again after every change, once per turn of the event loop."""
    context, actions = app.context, app.context.actions
    soon = QTimer(app.window, singleShot=True, interval=0)
    soon.timeout.connect(actions.refresh)
    workspace = context.workspace
    for signal in (workspace.parts_changed, workspace.document_changed, workspace.model_changed,
                   workspace.jobs_changed, workspace.results_cleared, context.display.changed,
                   context.theme.changed, app.window.arranged):  # fmt: skip
        signal.connect(lambda *_: soon.start())

    def moved(new: Place, old: Place) -> None:
        if (new.part, new.pinned) != (old.part, old.pinned):
            soon.start()

    def dress() -> None:
        icons.dress(actions, context.theme)

    context.cursor.changed.connect(moved)
    context.theme.changed.connect(dress)
    dress()
    actions.refresh()


def _furnished(app: Application, then: Callable[[], None]) -> None:
    """The slow part of the start is over: now the engine may take the processor."""
    then()
    listed = app.window.panel("parts")
    if (selected := getattr(listed, "selection_changed", None)) is not None:
        selected.connect(lambda *_: app.context.actions.refresh())
    app.context.actions.refresh()
    app.context.requests.ask(jobs.WarmUp())
    app.context.requests.ask(jobs.ListBackbones())


def _parts_opened(app: Application) -> None:
    workspace = app.context.workspace
    app.context.thumbnails.clear()
    app.furnish()
    parts = workspace.parts
    app.window.set_subject("" if parts is None else parts.category or parts.root.name)
    if parts is not None:
        app.preferences.remember(parts.root)
        app.window.notice.dismiss()
        app.window.begin_work()
        app.window.use_workspace("setup" if workspace.model is None else "inspect")
    app.flow.parts_opened()


def _model_taken(app: Application) -> None:
    workspace = app.context.workspace
    if (model := workspace.model) is None:
        return
    app.furnish()
    if workspace.jobs.of_kind("Train") is None:
        app.preferences.remember(model.path)
    app.window.begin_work()
    if not workspace.continuing:  # undo and lessons change the model, not the task
        app.window.use_workspace("inspect")
    if workspace.parts is None:
        advice = "Open a folder of parts (Ctrl+O), or drop parts here, to inspect them."
        app.window.tell("info", f"Model {model.card.id[:8]} is ready.", advice)


def _failed(app: Application, ended: events.JobEnded) -> None:
    app.window.tell("error", ended.message, ended.advice, ended.details)


def _choose_category(app: Application, needed: events.CategoryNeeded) -> None:
    dialog = CategoryDialog(needed, app.window)

    def answered(result: int) -> None:
        if result == QDialog.DialogCode.Accepted:
            app.context.requests.ask(jobs.OpenFolder(needed.path, category=dialog.chosen))

    dialog.finished.connect(answered)
    app.window.ask(dialog)


def _open(app: Application, paths: tuple[Path, ...]) -> None:
    if (job := app.context.workspace.jobs.of_kind("Train", "InspectParts")) is not None:
        app.window.tell("warning", f"{job.title} is still under way.", "Wait until it ends, or cancel it (Ctrl+.).")
        return
    try:
        app.open_path(*paths)
    except PirnError as error:
        app.window.tell("error", error.message, error.advice)


def _to_log(line: LogLine) -> None:
    levels = {"info": logs.LOGGER.info, "warning": logs.LOGGER.warning, "error": logs.LOGGER.error}
    levels.get(line.level, logs.LOGGER.info)(line.text)
