"""Prototypes, tokens and where they lie: what is known, what is looked at, and what is still to be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from pirn_app.messages import prototypes as messages
from pirn_app.messages.events import Event
from pirn_app.messages.jobs import Job
from pirn_app.messages.prototypes import Method, Scope, Source, Space
from pirn_app.state.cursor import Cursor, Place
from pirn_app.state.jobs import JobState
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_core.data.sample import Modality, PartRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pirn_core.explain.health import Health

PARTS = 40
"""Most parts whose tokens are shown together; the first ones inspected are taken."""
_REST = 250
"""Milliseconds of rest before the next question: parts may change, and results come, many times a second."""

Kind = Literal["SurveyPrototypes", "LayOutPrototypes", "PlaceTokens"]
_KINDS: tuple[Kind, ...] = ("SurveyPrototypes", "LayOutPrototypes", "PlaceTokens")


@dataclass(frozen=True)
class Choice:
    """What is looked at.

    Attributes:
        modality: Whose tokens and prototypes.
        layer: Decoder layer, from 0.
        method: Of the layout.
        scope: Tokens of the part in view, or of all inspected parts.
    """

    modality: Modality = "rgb"
    layer: int = 0
    method: Method = "tsne"
    scope: Scope = "part"


@dataclass
class _Question:
    """A job that was asked for: an answer to something else does not settle it."""

    key: object
    former: int = 0
    number: int = 0


class Prototypes(QObject):
    """Asks for what a visible view lacks, one thing after another, and only once."""

    changed = Signal()
    """Atlas, health, layout, placed tokens, progress or the choice."""
    pictured = Signal()
    """`card` is another, or None."""
    marked_changed = Signal()
    """`marked` is another."""

    def __init__(self, workspace: Workspace, cursor: Cursor, requests: Requests, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._cursor, self._requests = workspace, cursor, requests
        self.choice = Choice()
        self._atlases: dict[Space, messages.AtlasMade] = {}
        self._healths: dict[Space, Health] = {}
        self._layouts: dict[tuple[Space, Method], messages.PrototypesLaidOut] = {}
        self._placed: messages.TokensPlaced | None = None
        self.unavailable: messages.PrototypesUnavailable | None = None
        self.card: messages.PrototypePictured | None = None
        self.marked: tuple[tuple[float, float, float], ...] = ()
        """Patches of the part in view that the user marked in the plot: row, column, side, in pixels."""
        self._questions: dict[Kind, _Question] = {}
        self._stopped: set[Kind] = set()
        self._card_key: object = None
        self._watched = False
        self._soon = QTimer(self, singleShot=True, interval=_REST)
        self._soon.timeout.connect(self.look)
        cursor.changed.connect(self._moved)
        workspace.model_changed.connect(self._reset)
        workspace.parts_changed.connect(self._reset)
        workspace.result_changed.connect(self._result)
        workspace.results_cleared.connect(self._forget_placed)
        workspace.jobs_changed.connect(self._jobs)

    @property
    def handles(self) -> Mapping[type[Event], Callable[[Any], None]]:
        """Events that belong here, and what takes them in."""
        return {
            messages.AtlasMade: self._on_atlas,
            messages.HealthMade: self._on_health,
            messages.PrototypesUnavailable: self._on_unavailable,
            messages.PrototypesLaidOut: self._on_layout,
            messages.TokensPlaced: self._on_placed,
            messages.PrototypePictured: self._on_picture,
        }

    # What is there -------------------------------------------------------------------------------------------------

    @property
    def space(self) -> Space | None:
        """The space looked at; None without a model."""
        model = self._workspace.model
        if model is None:
            return None
        has: tuple[Modality, ...] = tuple(m for m in ("rgb", "sn") if m in model.card.modalities)
        modality = self.choice.modality if self.choice.modality in has or not has else has[0]
        return Space(model.card.id, modality, min(self.choice.layer, max(model.card.layers - 1, 0)))

    @property
    def atlas(self) -> messages.AtlasMade | None:
        """The shots' tokens in the space looked at."""
        space = self.space
        return None if space is None else self._atlases.get(space)

    @property
    def health(self) -> Health | None:
        """Use of the codebook in the space looked at."""
        space = self.space
        return None if space is None else self._healths.get(space)

    @property
    def layout(self) -> messages.PrototypesLaidOut | None:
        """Where the points of the space lie."""
        space = self.space
        return None if space is None else self._layouts.get((space, self.choice.method))

    @property
    def placed(self) -> messages.TokensPlaced | None:
        """Tokens of the part in view, or of all inspected parts, in the layout looked at."""
        found = self._placed
        if found is None or (found.space, found.method, found.scope) != (
            self.space,
            self.choice.method,
            self.choice.scope,
        ):
            return None
        stale = found.scope == "part" and found.asked != (self._cursor.place.part,)
        return None if stale else found

    @property
    def job(self) -> JobState | None:
        """What is being computed for the view now."""
        return self._workspace.jobs.of_kind(*_KINDS)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._questions.keys() - self._stopped)

    @property
    def stopped(self) -> bool:
        """Whether something was cancelled and is not asked for again by itself."""
        return bool(self._stopped)

    # What the user does --------------------------------------------------------------------------------------------

    def choose(self, **changes: Any) -> None:
        """Looks at something else."""
        new = replace(self.choice, **changes)
        if new != self.choice:
            self.choice = new
            self.mark(())
            self._resume(*self._stopped)
            self.changed.emit()
            self.look()

    def watch(self, watched: bool) -> None:
        """A view is visible, or hidden again: then nothing is asked for."""
        self._watched = watched
        if watched:
            self._soon.start(0)

    def stop(self) -> None:
        """Cancels what is being computed; `again` begins anew."""
        for kind in tuple(self._questions):
            self._stopped.add(kind)
            if (job := self._workspace.jobs.of_kind(kind)) is not None:
                self._requests.cancel(job.number)
        self.changed.emit()

    def again(self) -> None:
        """Asks once more for what is not there."""
        self._questions.clear()
        self._stopped.clear()
        self.unavailable = None
        self.changed.emit()
        self.look()

    def mark(self, tokens: Iterable[int]) -> None:
        """Marks placed tokens by their indices; those of other parts than the one in view are left out."""
        found, part = self.placed, self._cursor.place.part
        own = set() if found is None else set(found.of_part(part).tolist())
        chosen = [k for k in tokens if k in own]
        new: tuple[tuple[float, float, float], ...] = ()
        if found is not None and chosen:
            side = found.tokens.side_px[found.tokens.parts.index(part)]
            new = tuple((float(row), float(column), side) for row, column in found.tokens.centres[chosen])
        if new != self.marked:
            self.marked = new
            self.marked_changed.emit()

    # What is asked for ---------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Asks for the next thing that the visible view lacks."""
        space = self.space
        if not self._watched or space is None or self._workspace.parts is None:
            return
        if self.unavailable is not None and self.unavailable.space == space:
            return
        if self.atlas is None or self.health is None:
            workspace = self._workspace
            job = messages.SurveyPrototypes(space, workspace.refs, workspace.unit)
            self._ask("SurveyPrototypes", space, job)
        if self.atlas is not None:
            self._look_at_layout(space, self.atlas)
        self._look_at_card(space)

    def _look_at_layout(self, space: Space, atlas: messages.AtlasMade) -> None:
        layout, method = self.layout, self.choice.method
        if layout is None:
            self._ask("LayOutPrototypes", (space, method), messages.LayOutPrototypes(space, atlas.atlas, method))
            return
        refs, scope = self._shown_parts(), self.choice.scope
        key = (space, method, scope, tuple(ref.id for ref in refs))
        if refs and (self.placed is None or self.placed.asked != key[-1]):
            job = messages.PlaceTokens(space, layout.layout, refs, scope, unit=self._workspace.unit)
            self._ask("PlaceTokens", key, job)

    def _shown_parts(self) -> tuple[PartRef, ...]:
        workspace = self._workspace
        if self.choice.scope == "part":
            found = workspace.ref(self._cursor.place.part)
            failed = workspace.results.get(self._cursor.place.part)
            return () if found is None or (failed is not None and failed.error) else (found,)
        if workspace.jobs.of_kind("InspectParts") is not None:  # all of them at once, when they are there
            return ()
        names = [found.part for found in workspace.results if not found.error]
        return tuple(ref for name in names[:PARTS] if (ref := workspace.ref(name)) is not None)

    def _look_at_card(self, space: Space) -> None:
        chosen, health, model = self._cursor.place.prototype, self.health, self._workspace.model
        if chosen is None or health is None or model is None or chosen[0] != space.modality:
            return
        index, shots = chosen[1], {} if self.atlas is None else self.atlas.shots
        if not 0 <= index < len(health.nearest) or self._card_key == (space, index):
            return
        self._card_key = (space, index)
        patches = health.patches
        sources = tuple(
            Source(shots[name], patches.box(int(token)), float(cosine))
            for token, cosine in zip(health.nearest[index], health.nearest_cosine[index], strict=True)
            if (name := patches.parts[int(patches.part[token])]) in shots
        )
        self._requests.ask(messages.PicturePrototype(space, index, sources, model.fitted, self._workspace.unit))

    def _ask(self, kind: Kind, key: object, job: Job) -> None:
        known = self._questions.get(kind)
        if (known is not None and known.key == key) or kind in self._stopped:
            return
        running = self._workspace.jobs.of_kind(kind)
        self._questions[kind] = _Question(key, running.number if running is not None else 0)
        self._requests.ask(job)
        self.changed.emit()

    # What changes --------------------------------------------------------------------------------------------------

    def _moved(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self._resume("PlaceTokens")
            if self.marked:
                self.marked = ()
                self.marked_changed.emit()
            if self._watched:
                self._soon.start()
                self.changed.emit()
        if new.prototype != old.prototype:
            if self.card is not None:
                self.card, self._card_key = None, None
                self.pictured.emit()
            self.look()

    def _result(self, part: str) -> None:
        if self._watched and (self.choice.scope == "all" or part == self._cursor.place.part):
            self._soon.start()

    def _resume(self, *kinds: Kind) -> None:
        """What was stopped may be asked for again."""
        for kind in kinds:
            if kind in self._stopped:
                self._stopped.discard(kind)
                self._questions.pop(kind, None)

    def _forget_placed(self) -> None:
        self._placed = None
        self._questions.pop("PlaceTokens", None)

    def _reset(self) -> None:
        self._placed = self.unavailable = None
        for held in (self._atlases, self._healths, self._layouts):
            held.clear()
        self._questions.clear()
        self._stopped.clear()
        self.card, self._card_key = None, None
        self.mark(())
        self.pictured.emit()
        self.changed.emit()
        if self._watched:
            self._soon.start()

    def _jobs(self) -> None:
        """A job that ran and ended without its answer was cancelled, or failed."""
        for kind, question in self._questions.items():
            job = self._workspace.jobs.of_kind(kind)
            if job is not None and job.number != question.former:
                question.number = job.number
            elif question.number and question.number not in self._workspace.jobs.running:
                self._stopped.add(kind)
        if self._watched:
            self.changed.emit()
            if self.choice.scope == "all" and self._workspace.jobs.of_kind("InspectParts") is None:
                self._soon.start()

    def _settled(self, kind: Kind) -> None:
        self._questions.pop(kind, None)
        self._stopped.discard(kind)
        self.changed.emit()
        self.look()

    def _on_atlas(self, event: messages.AtlasMade) -> None:
        if event.space.model == self._model_id:
            self._atlases[event.space] = event
            self.changed.emit()
            self.look()

    def _on_health(self, event: messages.HealthMade) -> None:
        if event.space.model == self._model_id:
            self._healths[event.space] = event.health
            self._settled("SurveyPrototypes")

    def _on_unavailable(self, event: messages.PrototypesUnavailable) -> None:
        if event.space.model == self._model_id:
            self.unavailable = event
            self._questions.clear()
            self.changed.emit()

    def _on_layout(self, event: messages.PrototypesLaidOut) -> None:
        if event.space.model == self._model_id:
            self._layouts[event.space, event.layout.method] = event
            self._settled("LayOutPrototypes")

    def _on_placed(self, event: messages.TokensPlaced) -> None:
        if event.space.model == self._model_id:
            self._placed = event
            self._settled("PlaceTokens")

    def _on_picture(self, event: messages.PrototypePictured) -> None:
        if event.space == self.space and self._cursor.place.prototype == (event.space.modality, event.index):
            self.card = event
            self.pictured.emit()

    @property
    def _model_id(self) -> str:
        return "" if self._workspace.model is None else self._workspace.model.card.id


def token_at(placed: messages.TokensPlaced, part: str, pixel: tuple[int, int]) -> int | None:
    """The placed token whose patch holds a pixel of its part; None where there is none."""
    own = placed.of_part(part)
    if not len(own):
        return None
    away = np.abs(placed.tokens.centres[own] - np.asarray(pixel, np.float32)).max(axis=1)
    nearest = int(away.argmin())
    side = placed.tokens.side_px[placed.tokens.parts.index(part)]
    return int(own[nearest]) if away[nearest] <= side / 2 + 0.5 else None
