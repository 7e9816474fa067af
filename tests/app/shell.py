"""An application with a silent engine and small views, for tests of the shell."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from pirn_app import furnishing
from pirn_app.compose import Application, compose
from pirn_app.messages import jobs
from pirn_app.preferences import Preferences
from pirn_app.views.log import LogView
from pirn_app.views.view import View


class SilentEngine(QObject):
    """Keeps what it is asked for; tests answer in its place through `event`."""

    event = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[jobs.Job] = []
        self.cancelled: list[int] = []
        self.closed = 0

    def submit(self, job: jobs.Job) -> int:
        self.jobs.append(job)
        return len(self.jobs)

    def cancel(self, number: int = 0) -> None:
        self.cancelled.append(number)

    def close(self, ms: int = 0) -> bool:
        self.closed += 1
        return True

    def of(self, kind: type) -> list:
        return [job for job in self.jobs if isinstance(job, kind)]


def small_makers(context, plan, studies):
    """One plain view per name, with a text field in the list of parts."""

    class Small(View):
        help = "Read it like this. Do that when it looks bad."

        def __init__(self, context, name):
            self.name = self.title = name
            super().__init__(context)
            self.field = QLineEdit(self)
            QVBoxLayout(self).addWidget(self.field)

    class List(Small):
        selection_changed = Signal()
        selected: tuple[str, ...] = ()

        def step(self, by):
            refs = [ref.id for ref in context.workspace.refs]
            at = refs.index(context.cursor.place.part)
            context.cursor.go(part=refs[min(max(at + by, 0), len(refs) - 1)])

        def selected_parts(self):
            return self.selected

    class Picker(Small):
        picked, drawn = 0, (5, 0)

        def set_draw(self, count, seed):
            self.drawn = count, seed

        def pick_random(self):
            self.picked += 1

    special = {"parts": List, "shots": Picker}
    names = furnishing.view_makers(context, plan, studies)
    made: dict[str, Callable[[], View]] = {
        name: (lambda name=name: special.get(name, Small)(context, name)) for name in names
    }
    made["log"] = lambda: LogView(context)
    return made


def launch(folder: Path, **more) -> tuple[Application, SilentEngine]:
    """Composed and furnished, not shown."""
    engine = SilentEngine()
    more = {"makers": small_makers, **more}
    app = compose(lambda: engine, Preferences(folder), **more)
    app.furnish()
    return app, engine
