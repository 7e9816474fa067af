"""The engine: takes jobs, tells events. What is slow happens in its threads; it lives in the GUI thread itself."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QThread, Signal, Slot

from pirn_app.engine.lane import Lane, Order
from pirn_app.engine.machine import prepare_process
from pirn_app.engine.registry import REGISTRY, LaneName, Registry
from pirn_app.engine.run import cancelled
from pirn_app.engine.worker import Worker
from pirn_app.messages.events import Event, JobEnded, JobStarted
from pirn_app.messages.jobs import Job

_unfinished: list[_Track] = []
"""Threads that did not end in time. Qt ends the process when a running thread's object is deleted."""


@dataclass
class _Track:
    """A lane with its thread and worker; these are the only references to them."""

    lane: Lane
    thread: QThread
    worker: Worker


class _Post(QObject):
    """Carries events from any thread into the one where it was made, and drops answers that nobody waits for."""

    arrived = Signal(object, object)
    told = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[type[Job], int] = {}
        self.arrived.connect(self.deliver, Qt.ConnectionType.QueuedConnection)

    @Slot(object, object)
    def deliver(self, order: Order, event: Event) -> None:
        """Passes an event on, unless a newer job of its kind was asked for since."""
        stale = order.number < self.newest.get(type(order.job), 0)
        if not stale or isinstance(event, JobStarted | JobEnded):
            self.told.emit(event)


class Engine:
    """Does jobs in four threads: `compute` owns every tensor, `reading` reads, `network` downloads, `layout` lays out.

    A job sends `JobStarted` when it begins (a waiting one sends nothing), its answers in order, and `JobEnded` exactly
    once, also when it was cancelled before it began. Threads are started when they are first needed.

    Args:
        registry: How jobs are done.

    Attributes:
        event: Signal with every `Event`, in order, in the thread that made the engine. The engine itself is no QObject,
            since `event` has another meaning there.
    """

    def __init__(self, registry: Registry = REGISTRY) -> None:
        prepare_process()
        self._registry = registry
        self._numbers = itertools.count(1)
        self._tracks: dict[LaneName, _Track] = {}
        self._closed = False
        self._post = _Post()
        self.event = self._post.told

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return any(track.lane.orders for track in self._tracks.values())

    def submit(self, job: Job) -> int:
        """Takes a job; returns at once with its number."""
        order = Order(next(self._numbers), job, self._registry[type(job)])
        refusal = cancelled(order) if self._closed else self._refusal(order)
        if refusal is not None:
            self._tell(order, refusal)
            return order.number
        if order.entry.latest:
            self._post.newest[type(job)] = order.number
            self._cancel(lambda other: type(other.job) is type(job))
        track = self._track(order.entry.lane)
        track.lane.put(order)
        track.worker.wake.emit()
        return order.number

    def cancel(self, number: int = 0) -> None:
        """Stops one job, or all (0): a waiting one at once, a running one after its step."""
        self._cancel(lambda order: number in (0, order.number))

    def close(self, ms: int = 5000) -> bool:
        """Cancels everything and ends the threads; every job has sent its `JobEnded` when this returns.

        Returns:
            False when a step took longer than `ms`: its thread still runs, and only the end of the process
            (`os._exit`) ends it.
        """
        self._closed = True
        self.cancel()
        deadline = time.monotonic() + ms / 1000
        tracks, self._tracks = list(self._tracks.values()), {}
        for track in tracks:
            track.thread.quit()
        late = [t for t in tracks if not t.thread.wait(max(0, int(1000 * (deadline - time.monotonic()))))]
        _unfinished.extend(late)
        gc.unfreeze()  # what warming up froze; else some libraries complain at the end of the process
        QCoreApplication.sendPostedEvents(self._post, QEvent.Type.MetaCall.value)
        return not late

    def _refusal(self, order: Order) -> JobEnded | None:
        """Why a job cannot be taken now: a job under way would be pulled its model from under its feet."""
        for track in self._tracks.values():
            for other in track.lane.orders:
                if other.kind in order.entry.refused_during and not other.cancelled.is_set():
                    message = f"{other.entry.title(other.job)} is still under way."
                    return JobEnded(order.number, order.kind, "failed", message, "Wait until it ends, or cancel it.")
        return None

    def _cancel(self, chosen: Callable[[Order], bool]) -> None:
        for track in self._tracks.values():
            for order in track.lane.cancel(chosen):
                self._tell(order, cancelled(order))

    def _track(self, name: LaneName) -> _Track:
        if name not in self._tracks:
            lane, thread = Lane(), QThread()
            worker = Worker(lane, self._tell, computes=name in ("compute", "layout"))
            worker.moveToThread(thread)
            thread.setObjectName(f"pirn-{name}")
            low = name in ("compute", "layout")
            thread.start(QThread.Priority.LowPriority if low else QThread.Priority.InheritPriority)
            self._tracks[name] = _Track(lane, thread, worker)
        return self._tracks[name]

    def _tell(self, order: Order, event: Event) -> None:
        """From any thread."""
        self._post.arrived.emit(order, event)
