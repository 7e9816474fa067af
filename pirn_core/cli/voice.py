"""Where words go: results to the standard output, everything else to the standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from pirn_core.cli.track import Track
from pirn_core.errors import PirnError

_PLAIN_WIDTH = 140
"""Columns of a table that goes to a file or a pipe."""


@dataclass
class Voice:
    """How a command speaks.

    Attributes:
        quiet: Errors only; the exit code says the rest.
        json: One JSON document on the standard output and nothing else there.
        verbose: Also timings and details.
        debug: Tracebacks on the screen.
    """

    quiet: bool = False
    json: bool = False
    verbose: bool = False
    debug: bool = False
    out: Console = field(init=False)
    err: Console = field(init=False)

    def __post_init__(self) -> None:
        self.out = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, highlight=False)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def speaks(self) -> bool:
        """Whether people read the standard output."""
        return not (self.quiet or self.json)

    def say(self, text: RenderableType = "") -> None:
        """A result for people."""
        if self.speaks:
            self.out.print(text)

    def note(self, text: str) -> None:
        """What is going on."""
        if not self.quiet:
            self.err.print(text, style="dim", markup=False)

    def warn(self, text: str) -> None:
        """What the user should know though it went well."""
        if not self.quiet:
            self.err.print(f"[yellow]Note:[/yellow] {escape(text)}")

    def error(self, error: PirnError) -> None:
        """What went wrong and what to do."""
        advice = f"\n{escape(error.advice)}" if error.advice else ""
        self.err.print(f"[bold red]Error:[/bold red] {escape(error.message)}{advice}")

    def emit(self, values: Mapping[str, Any]) -> None:
        """The result for programs; does nothing unless JSON was asked for."""
        if self.json:
            text = json.dumps(_without_nan(values), ensure_ascii=False, indent=2, allow_nan=False, default=str)
            print(text, flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
        """A table for people; cells may hold markup, columns in `right` hold numbers."""
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.say(table)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, one pair a line."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(name, escape(value))
        self.say(table)

    def icon(self, verdict: str) -> str:
        """A sign beside the word of a verdict, for those who do not see its colour."""
        signs = {"OK": "+", "unsure": "?", "NG": "x"} if self.out.options.ascii_only else _SIGNS
        return f"[{_STYLES.get(verdict, 'bold red')}]{signs.get(verdict, '!')} {verdict}[/]"

    @contextmanager
    def track(self) -> Iterator[Track]:
        """Progress bars on the standard error, or a line now and then where that is no terminal."""
        with Track(None if self.quiet else self.err) as track:
            yield track


_SIGNS = {"OK": "✓", "unsure": "?", "NG": "✗"}
_STYLES = {"OK": "green", "unsure": "yellow", "NG": "bold red"}


def _without_nan(value: Any) -> Any:
    """JSON knows no NaN and no infinity."""
    if isinstance(value, Mapping):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
