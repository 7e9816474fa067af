"""What a task is given besides its job: cancelling, progress, and what its lane holds from job to job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pirn_app.engine.bench import Bench
from pirn_app.messages.events import Event, JobProgress
from pirn_core.errors import Cancelled


def _unheard(event: Event) -> None:
    """Nobody listens."""


@dataclass
class Tools:
    """Of one job; `Tools()` serves where there is no engine.

    Attributes:
        number: Of the job.
        cancelled: Set when the job was cancelled.
        tell: Sends an event at once, for callbacks that cannot yield; tasks yield wherever they can.
        bench: What the lane holds from job to job.
    """

    number: int = 0
    cancelled: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Event], None] = _unheard
    bench: Bench = field(default_factory=Bench)
    _settled: bool = field(default=False, init=False)

    def check(self) -> None:
        """Call it wherever the job can stop without harm.

        Raises:
            Cancelled: When the job was cancelled.
        """
        if self.cancelled.is_set() and not self._settled:
            raise Cancelled("Cancelled.")

    def settle(self) -> None:
        """Past this point the job cannot be cancelled: what follows is done as a whole.

        Raises:
            Cancelled: When the job was cancelled before.
        """
        self.check()
        self._settled = True

    def progress(self, fraction: float | None, text: str, remaining: float | None = None) -> JobProgress:
        """How far this job is, to be yielded; may be told as often as one likes, the engine thins it out."""
        return JobProgress(self.number, fraction, remaining, text)
