"""How reconstruction moved the patches of the part in view, and what of it the user looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from pirn_app.messages.events import Event
from pirn_app.messages.transport import TransportExplained, TransportFailed
from pirn_core.data.sample import Modality

if TYPE_CHECKING:
    from pirn_core.explain.displacement import TransportExplanation

Split = Literal["threshold", "truth"]


@dataclass(frozen=True)
class TransportChoice:
    """What is looked at.

    Attributes:
        modality: Whose tokens; where a part lacks it, its other one is shown.
        layer: After which decoder layer, from 1; the last one where the model has fewer.
        split: What makes a token anomalous: a score at or above the threshold, or the ground truth.
    """

    modality: Modality = "rgb"
    layer: int = 1
    split: Split = "threshold"


class Transport(QObject):
    """Holds the last answer only: an explanation is made in a moment."""

    changed = Signal()
    """Another answer, or none."""
    chosen = Signal()
    """Something else is looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._explanation: TransportExplanation | None = None
        self._failure: TransportFailed | None = None
        self._choice = TransportChoice()

    @property
    def handles(self) -> Mapping[type[Event], Callable[[Any], None]]:
        """Events that belong here, and what takes them in."""
        return {TransportExplained: self._explained, TransportFailed: self._failed}

    @property
    def choice(self) -> TransportChoice:
        """What is looked at."""
        return self._choice

    def choose(self, **changes: Any) -> None:
        """Looks at something else."""
        new = replace(self._choice, **changes)
        if new != self._choice:
            self._choice = new
            self.chosen.emit()

    def explanation(self, part: str, model_id: str) -> TransportExplanation | None:
        """Of a part under a model; None while it is not there."""
        found = self._explanation
        return found if found is not None and (found.ref.id, found.model_id) == (part, model_id) else None

    def failure(self, part: str) -> TransportFailed | None:
        """Why a part could not be explained."""
        return self._failure if self._failure is not None and self._failure.part == part else None

    def clear(self) -> None:
        """Forgets the answer, e.g. when another part set is open."""
        if self._explanation is not None or self._failure is not None:
            self._explanation = self._failure = None
            self.changed.emit()

    def _explained(self, event: TransportExplained) -> None:
        self._explanation, self._failure = event.explanation, None
        self.changed.emit()

    def _failed(self, event: TransportFailed) -> None:
        self._explanation, self._failure = None, event
        self.changed.emit()
