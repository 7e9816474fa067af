"""Progress: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn
from rich.table import Column

_EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Track:
    """Shows how far a job is.

    Args:
        console: Where to; None shows nothing.
    """

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._bars = _bars(console) if console is not None and console.is_terminal else None
        self._task: TaskID | None = None
        self._title = ""
        self._began = self._told = 0.0

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            if error is None:
                self._finish()
            self._bars.stop()

    def begin(self, title: str) -> None:
        """A new stage."""
        self._finish()
        self._title = title
        self._began = self._told = time.perf_counter()
        if self._bars is not None:
            self._task = self._bars.add_task(title, total=1.0, what="")
        elif self._console is not None:
            self._console.print(f"{title} ...", style="dim", markup=False)

    def show(self, fraction: float, what: str = "", remaining: float | None = None) -> None:
        """How far the stage is.

        Args:
            fraction: Share that is done, 0 to 1.
            what: A few words on what is being done.
            remaining: Seconds left; None: as much as the share that is done took.
        """
        if remaining is None and fraction > 0:
            remaining = (time.perf_counter() - self._began) * (1.0 - fraction) / fraction
        left = f"{as_time(remaining)} left" if remaining is not None and fraction < 1 else ""
        text = "  ".join(piece for piece in (left, what) if piece)
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=fraction, what=text)
        elif self._console is not None and time.perf_counter() - self._told > _EVERY:
            self._told = time.perf_counter()
            self._console.print(f"{self._title}: {fraction:.0%}  {text}", style="dim", markup=False)

    def count(self, done: int, total: int, what: str = "") -> None:
        """The same for things that are counted."""
        self.show(done / max(total, 1), f"{done} of {total}  {what}".rstrip())

    def bytes(self, done: int, total: int) -> None:
        """The same for a download; the total is 0 while unknown."""
        self.show(done / total if total else 0.0, f"{done / 1e6:.1f} of {total / 1e6:.1f} MB")

    def _finish(self) -> None:
        if self._bars is not None and self._task is not None:
            took = as_time(time.perf_counter() - self._began)
            self._bars.update(self._task, completed=1.0, what=f"took {took}")


def as_time(seconds: float) -> str:
    """A duration for people, e.g. `0:42` or `1:03:20`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        TaskProgressColumn(),
        # What does not fit is cut here, and not the bar.
        TextColumn("{task.fields[what]}", markup=False, table_column=Column(ratio=1, no_wrap=True)),
        console=console,
        expand=True,
    )
