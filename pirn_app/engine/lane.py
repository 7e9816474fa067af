"""Orders that wait for one thread, and those it is at."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pirn_app.engine.registry import Entry
from pirn_app.messages.jobs import Job


@dataclass(eq=False)
class Order:
    """A job on its way.

    Attributes:
        number: Of the job, rising.
        job: What was asked.
        entry: How it is done.
        cancelled: Asked for between its steps.
    """

    number: int
    job: Job
    entry: Entry
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def kind(self) -> str:
        """Name of the job's class."""
        return type(self.job).__name__


class Lane:
    """An order is in one place: waiting, running, or gone. So that it ends exactly once, all moves take the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Order] = []
        self._running: list[Order] = []

    def put(self, order: Order) -> None:
        """An order waits."""
        with self._lock:
            self._waiting.append(order)

    def take(self, *, urgent: bool = False) -> Order | None:
        """The order that is next: urgent ones first, or (where asked for) urgent ones only."""
        with self._lock:
            order = next((o for o in self._waiting if o.entry.urgent), None)
            if order is None and not urgent:
                order = next(iter(self._waiting), None)
            if order is not None:
                self._waiting.remove(order)
                self._running.append(order)
            return order

    def done(self, order: Order) -> None:
        """An order is over."""
        with self._lock:
            self._running.remove(order)

    def cancel(self, chosen: Callable[[Order], bool]) -> list[Order]:
        """Tells running orders to stop, and takes waiting ones out; gives those, whose end is the caller's to tell."""
        with self._lock:
            waiting = [order for order in self._waiting if chosen(order)]
            running = [order for order in self._running if chosen(order)]
            self._waiting = [order for order in self._waiting if order not in waiting]
        for order in running:
            order.cancelled.set()
        return waiting

    @property
    def orders(self) -> tuple[Order, ...]:
        """All that run or wait."""
        with self._lock:
            return (*self._running, *self._waiting)
