"""Where the score of the part in view comes from, as far as it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from pirn_app.messages.events import Event
from pirn_app.messages.origin import OriginExplained, OriginFailed

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation


class Origin(QObject):
    """Holds the last answer only: maps of every stage take memory, and are made in a moment."""

    changed = Signal()
    """Another answer, or none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._explanation: OriginExplanation | None = None
        self._failure: OriginFailed | None = None

    @property
    def handles(self) -> Mapping[type[Event], Callable[[Any], None]]:
        """Events that belong here, and what takes them in."""
        return {OriginExplained: self._explained, OriginFailed: self._failed}

    def explanation(self, part: str, model_id: str) -> OriginExplanation | None:
        """Of a part under a model; None while it is not there."""
        found = self._explanation
        return found if found is not None and (found.part, found.model_id) == (part, model_id) else None

    def failure(self, part: str) -> OriginFailed | None:
        """Why a part could not be explained."""
        return self._failure if self._failure is not None and self._failure.part == part else None

    def clear(self) -> None:
        """Forgets the answer, e.g. when another part set is open."""
        if self._explanation is not None or self._failure is not None:
            self._explanation = self._failure = None
            self.changed.emit()

    def _explained(self, event: OriginExplained) -> None:
        self._explanation, self._failure = event.explanation, None
        self.changed.emit()

    def _failed(self, event: OriginFailed) -> None:
        self._explanation, self._failure = None, event
        self.changed.emit()
