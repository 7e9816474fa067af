"""What follows by itself from a change: which job is asked for when another part, recipe or model is in force."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from pirn_app.messages import jobs
from pirn_app.state.cursor import Cursor, Place
from pirn_app.state.history import Document
from pirn_app.state.plan import TrainingPlan
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_core.nn.catalogue import PAPER, BackboneState
from pirn_core.nn.embedded import EMBEDDED

STEP_MS = 60
"""Parts that come faster than this, as under a held key, are passed over."""
EDIT_MS = 150
"""Rest after a change of preprocessing before the part is read again."""
_INPUT, _GRID = 448, 28


class Flow(QObject):
    """Reads the shared state and asks for jobs; changes nothing but the part in view of a new part set."""

    def __init__(self, workspace: Workspace, cursor: Cursor, plan: TrainingPlan, requests: Requests) -> None:
        super().__init__()
        self._workspace, self._cursor, self._plan, self._requests = workspace, cursor, plan, requests
        self._pending = False
        self._step = QTimer(self, singleShot=True, interval=STEP_MS)
        self._step.timeout.connect(self._rested)
        self._edit = QTimer(self, singleShot=True, interval=EDIT_MS)
        self._edit.timeout.connect(self.load)

    def parts_opened(self) -> None:
        """Goes to the first part."""
        refs = self._workspace.refs
        self._step.stop()
        self._pending = False
        self._cursor.go(part="")
        if refs:
            self._cursor.go(part=refs[0].id)

    def moved(self, new: Place, old: Place) -> None:
        """Another part: the first one at once, those of a held key only when it rests."""
        if new.part == old.part or not new.part:
            return
        if self._step.isActive():
            self._pending = True
        else:
            self.look()
        self._step.start()

    def edited(self, new: Document, old: Document) -> None:
        """Preprocessing, or the shots that the crop is taken from."""
        if new.recipe != old.recipe or (new.shots != old.shots and self._workspace.model is None):
            self._edit.start()

    def changed_network(self) -> None:
        """Another backbone, or its input size: the patches are of another size."""
        if self._workspace.model is None and self._cursor.place.part:
            self._edit.start()

    def model_taken(self) -> None:
        """Another model: the part is cut out anew, and inspected."""
        self._edit.stop()
        self.look()

    def look(self) -> None:
        """Reads the part in view, and inspects it where that was not done."""
        self.load()
        self.inspect()

    def load(self) -> None:
        """Reads the part in view."""
        workspace = self._workspace
        if (ref := workspace.ref(self._cursor.place.part)) is None:
            return
        fitted = None if workspace.model is None else workspace.model.fitted
        side, grid = self.network()
        self._requests.ask(
            jobs.LoadPart(ref, workspace.document.recipe, fitted, workspace.shots, workspace.unit, grid, side)
        )

    def inspect(self) -> None:
        """Inspects the part in view, unless its maps are held or it failed before."""
        workspace, part = self._workspace, self._cursor.place.part
        ref = workspace.ref(part)
        if ref is None or workspace.model is None or workspace.result(part) is not None:
            return
        known = workspace.results.get(part)
        if known is None or not known.error:
            self._requests.ask(jobs.InspectPart(ref, workspace.own_threshold, workspace.unit))

    def network(self) -> tuple[int, int]:
        """Input size and grid of the model in force, else of the backbone that training would use."""
        if (model := self._workspace.model) is not None:
            return model.fitted.input_size, model.fitted.grid
        state = self._backbone()
        side = self._plan.value("recipe.input_size") or (_INPUT if state is None else state.entry.input_size)
        grid = self._plan.value("recipe.grid") or (_GRID if state is None else state.entry.grid)
        return int(side), int(grid)

    def _backbone(self) -> BackboneState | None:
        states = {state.name: state for state in self._workspace.backbones if state.entry.input_size}
        if self._plan.backbone != "auto":
            return states.get(self._plan.backbone)
        paper = states.get(PAPER)
        return paper if paper is not None and paper.place == "cached" else states.get(EMBEDDED)

    def _rested(self) -> None:
        if self._pending:
            self._pending = False
            self.look()
            self._step.start()
