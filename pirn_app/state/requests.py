"""What views ask for. Connected to the engine in one place."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from pirn_app.messages.jobs import Job


class Requests(QObject):
    """Jobs go down through here."""

    asked = Signal(object)
    """A `Job`."""
    cancel_asked = Signal(int)
    """Number of a job; 0: all jobs."""

    def ask(self, job: Job) -> None:
        """Wants a job done."""
        self.asked.emit(job)

    def cancel(self, number: int = 0) -> None:
        """Wants a job stopped; 0: all."""
        self.cancel_asked.emit(number)
