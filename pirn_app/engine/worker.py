"""What runs in a lane's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Qt, Signal, Slot

from pirn_app.engine.bench import Bench
from pirn_app.engine.lane import Lane, Order
from pirn_app.engine.machine import free_gpu_memory, step_back
from pirn_app.engine.run import run_job
from pirn_app.messages.events import Event

Tell = Callable[[Order, Event], None]


class Worker(QObject):
    """Does a lane's orders one after another, in the thread that it was moved to.

    Args:
        lane: Where orders wait.
        tell: Takes every event of every order; called in this thread.
        computes: Whether it computes for long, and so steps back behind the window.
    """

    wake = Signal()
    """There are orders."""

    def __init__(self, lane: Lane, tell: Tell, *, computes: bool) -> None:
        super().__init__()
        self._lane, self._tell, self._computes = lane, tell, computes
        self._bench = Bench()
        self.wake.connect(self.work, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def work(self) -> None:
        """Does all that waits."""
        while (order := self._lane.take()) is not None:
            self._do(order)

    def _do(self, order: Order) -> None:
        def tell(event: Event) -> None:
            self._tell(order, event)

        if self._computes and not order.entry.imports:
            step_back()
        ended = run_job(order, self._bench, tell, self._do_urgent, lambda: self._finish(order))
        self._lane.done(order)  # first: who hears of the end may ask for the next
        tell(ended)

    def _do_urgent(self) -> None:
        while (order := self._lane.take(urgent=True)) is not None:
            self._do(order)

    def _finish(self, order: Order) -> Iterator[Event]:
        """Emptying the cache takes longer than a single part, and costs the next one more."""
        if self._computes and not order.entry.urgent:
            yield from free_gpu_memory()
