"""An engine whose events are recorded, and which ends with its test."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QThread

from pirn_app.engine.engine import Engine
from pirn_app.engine.registry import REGISTRY
from pirn_app.messages import events


@dataclass
class Listener:
    """An engine and all that it told."""

    engine: Engine
    wait: Callable[..., None]
    told: list[events.Event] = field(default_factory=list)
    threads: set[QThread] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.engine.event.connect(self.hear)

    def hear(self, event: events.Event) -> None:
        self.threads.add(QThread.currentThread())
        self.told.append(event)

    def of(self, *kinds: type) -> list:
        return [event for event in self.told if isinstance(event, kinds)]

    def ends(self, number: int) -> list[events.JobEnded]:
        return [event for event in self.of(events.JobEnded) if event.number == number]

    def until(self, condition: Callable[[], object], ms: int = 20_000) -> None:
        self.wait(lambda: bool(condition()), timeout=ms)

    def end(self, number: int, ms: int = 60_000) -> events.JobEnded:
        """Waits for a job's end."""
        self.until(lambda: self.ends(number), ms)
        return self.ends(number)[0]

    def do(self, job) -> events.JobEnded:
        """Submits a job and waits for its end."""
        return self.end(self.engine.submit(job))


@pytest.fixture
def listen(qtbot) -> Iterator[Callable[..., Listener]]:
    """Makes engines, with a registry of one's own if wanted."""
    made: list[Engine] = []

    def make(registry=REGISTRY) -> Listener:
        made.append(Engine(registry))
        return Listener(made[-1], qtbot.waitUntil)

    yield make
    late = [engine for engine in made if not engine.close(20_000)]
    assert not late


class Gate:
    """Lets a task wait for the test, and the test for the task."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self.opened.wait(20), "the test never opened the gate"

    def wait(self) -> None:
        assert self.reached.wait(20), "the task never came to the gate"

    def open(self) -> None:
        self.opened.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def make_gate() -> type[Gate]:
    return Gate
