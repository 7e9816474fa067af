"""Progress comes as fast as the work goes; the window needs some twenty steps a second of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from pirn_app.messages.events import Encoding, Event, JobProgress, Trained

PERIOD = 0.05
"""Seconds between two events of one kind."""

_THINNED = (JobProgress, Encoding, Trained)


class Thinned:
    """Passes events on in their order, without most of those that the next one replaces.

    The last one of each kind is always sent, and so is a step of training that carries held-out figures.

    Args:
        tell: Where events go.
        clock: Seconds.
    """

    def __init__(self, tell: Callable[[Event], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._held: dict[type[Event], Event] = {}
        self._last: dict[type[Event], float] = {}

    def send(self, event: Event) -> None:
        """Tells an event now, or holds it until something else is told."""
        self._held.pop(type(event), None)
        if isinstance(event, _THINNED) and not _kept(event) and not self._due(event):
            self._held[type(event)] = event
            return
        self.flush()
        self._pass(event)

    def flush(self) -> None:
        """Tells what was held."""
        held, self._held = self._held, {}
        for event in held.values():
            self._pass(event)

    def _due(self, event: Event) -> bool:
        return self._clock() - self._last.get(type(event), float("-inf")) >= PERIOD

    def _pass(self, event: Event) -> None:
        self._last[type(event)] = self._clock()
        self._tell(event)


def _kept(event: Event) -> bool:
    return isinstance(event, Trained) and event.step.separation is not None
