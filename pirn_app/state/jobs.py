"""What the engine is doing, and what was said so far."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace

from pirn_app.messages import events

QUIET = frozenset(
    {
        "LoadPart",
        "InspectPart",
        "ListBackbones",
        "WarmUp",
        "CheckShots",
        "PlaceTokens",
        "PicturePrototype",
        "ExplainTransport",
        "UseModel",
        "DrawCurve",
    }
)
"""Kinds of jobs that the status bar does not speak of: they are over before one can read it."""


@dataclass(frozen=True)
class JobState:
    """A job that runs or waits.

    Attributes:
        number: Of the job.
        kind: Name of its class.
        title: For the status bar.
        fraction: 0 to 1; None: unknown.
        remaining: Seconds left; None: unknown.
        text: What is being done.
    """

    number: int
    kind: str
    title: str
    fraction: float | None = None
    remaining: float | None = None
    text: str = ""


@dataclass(frozen=True)
class LogLine:
    """One line of the log: seconds since the epoch, level, text."""

    time: float
    level: str
    text: str


class JobBoard:
    """Jobs under way and the last thousands of log lines."""

    def __init__(self) -> None:
        self.running: dict[int, JobState] = {}
        self.log: deque[LogLine] = deque(maxlen=5000)

    def of_kind(self, *kinds: str) -> JobState | None:
        """A running job of one of these kinds."""
        return next((job for job in self.running.values() if job.kind in kinds), None)

    @property
    def shown(self) -> JobState | None:
        """The job that the status bar shows."""
        return next((job for job in self.running.values() if job.kind not in QUIET), None)

    def note(self, level: str, text: str) -> LogLine:
        """Adds a line to the log."""
        line = LogLine(time.time(), level, text)
        self.log.append(line)
        return line

    def started(self, event: events.JobStarted) -> None:
        """A job began."""
        self.running[event.number] = JobState(event.number, event.kind, event.title)

    def progressed(self, event: events.JobProgress) -> None:
        """A job went on."""
        if (job := self.running.get(event.number)) is not None:
            self.running[event.number] = replace(
                job, fraction=event.fraction, remaining=event.remaining, text=event.text
            )

    def ended(self, event: events.JobEnded) -> None:
        """A job is over."""
        self.running.pop(event.number, None)
