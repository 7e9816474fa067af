"""The states of the views that explain the model and teach it; each takes its own events in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pirn_app.messages.events import Event
from pirn_app.state.cursor import Cursor
from pirn_app.state.feedback import Feedback
from pirn_app.state.origin import Origin
from pirn_app.state.prototypes import Prototypes
from pirn_app.state.requests import Requests
from pirn_app.state.transport import Transport
from pirn_app.state.workspace import Workspace


@dataclass(frozen=True)
class Studies:
    """One of each.

    Attributes:
        prototypes: Where tokens and prototypes lie, and what prototypes are used for.
        transport: How reconstruction moves the part's tokens.
        origin: What the score is made of.
        feedback: The way back from a wrong verdict.
    """

    prototypes: Prototypes
    transport: Transport
    origin: Origin
    feedback: Feedback

    @classmethod
    def over(cls, workspace: Workspace, cursor: Cursor, requests: Requests) -> Studies:
        """Empty ones, over the shared state."""
        return cls(Prototypes(workspace, cursor, requests), Transport(), Origin(), Feedback(workspace, requests))

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        """Who takes which event in."""
        found: dict[type[Event], Callable[[Any], None]] = {}
        for state in (self.prototypes, self.transport, self.origin, self.feedback):
            for kind, handler in state.handles.items():
                assert kind not in found, f"two states take {kind.__name__}"
                found[kind] = handler
        return found
