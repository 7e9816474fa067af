"""What all commands share: the output options, the log, and how a failure ends."""

from __future__ import annotations

import inspect
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Annotated, Any

import typer

from pirn_core.cli.voice import Voice
from pirn_core.errors import OutputError, PirnError
from pirn_core.files import atomic_path, cache_dir

FAILED, SOME_NG, INTERRUPTED = 1, 2, 130
"""Exit codes; 0 is success, and with it that all parts are OK."""

Run = Callable[..., int | None]
"""A command: takes a `Voice` first, gives its exit code or None for 0."""

_PANEL = "Output"
_LOG = logging.getLogger("pirn_core")

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only.", rich_help_panel=_PANEL)]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else there.", rich_help_panel=_PANEL)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also timings.", rich_help_panel=_PANEL)]
Log = Annotated[
    Path | None,
    typer.Option("--log", metavar="FILE", help="Append what happens to a log file.", rich_help_panel=_PANEL),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.", rich_help_panel=_PANEL)]


def _output_options(quiet: Quiet = False, json: Json = False, verbose: Verbose = False,
                    log: Log = None, debug: Debug = False) -> None:  # fmt: skip
    """Only its signature counts."""


def command(app: typer.Typer, name: str, example: str) -> Callable[[Run], Run]:
    """Registers a command under a name, with an example in its help."""

    def register(function: Run) -> Run:
        app.command(name, epilog=f"[bold]Example[/bold]  [cyan]{example}[/cyan]")(spoken(function))
        return function

    return register


def spoken(function: Run) -> Callable[..., None]:
    """The command with the output options added, and every way to fail turned into words and an exit code."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    added = list(inspect.signature(_output_options, eval_str=True).parameters.values())

    def run(**values: Any) -> None:
        options = {parameter.name: values.pop(parameter.name) for parameter in added}
        log = options.pop("log")
        voice = Voice(**options)
        code = _guarded(voice, log, lambda: function(voice, **values))
        if code:
            raise typer.Exit(code)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *added)]
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _guarded(voice: Voice, log: Path | None, job: Callable[[], int | None]) -> int:
    try:
        with _logged(voice, log):
            return _told(voice, job)
    except PirnError as error:  # the log itself
        voice.error(error)
        return FAILED


def _told(voice: Voice, job: Callable[[], int | None]) -> int:
    try:
        return job() or 0
    except KeyboardInterrupt:
        voice.err.print("Interrupted; nothing is left half written.")
        return INTERRUPTED
    except PirnError as error:
        _LOG.error("%s", error, exc_info=True)
        if voice.debug:
            voice.err.print(traceback.format_exc(), markup=False)
        voice.error(error)
        return FAILED
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:
        _LOG.critical("unexpected", exc_info=True)
        voice.error(_unexpected(error, voice.debug, voice))
        return FAILED


def _unexpected(error: Exception, debug: bool, voice: Voice) -> PirnError:
    text = traceback.format_exc()
    if debug:
        voice.err.print(text, markup=False)
    path = cache_dir("crashes") / time.strftime("%Y%m%d-%H%M%S.txt")
    try:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError:
        where = "Run it again with --debug to see where."
    else:
        where = f"The traceback is in {path}; please report it."
    return PirnError(f"unexpected {type(error).__name__}: {error}", where)


class _Spoken(logging.Handler):
    """Warnings of the package on the screen."""

    def __init__(self, voice: Voice) -> None:
        super().__init__(logging.WARNING)
        self.voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.ERROR:  # errors are told by whoever handles them
            self.voice.warn(record.getMessage())


@contextmanager
def _logged(voice: Voice, path: Path | None) -> Iterator[None]:
    handlers: list[logging.Handler] = [_Spoken(voice)]
    if path is not None:
        handlers.append(_log_file(path))
    level, _LOG.propagate = _LOG.level, False
    _LOG.setLevel(logging.DEBUG)
    for handler in handlers:
        _LOG.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            _LOG.removeHandler(handler)
            handler.close()
        _LOG.setLevel(level)
        _LOG.propagate = True


def _log_file(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    except OSError as error:
        message = f"{path}: the log cannot be written: {error.strerror or error}."
        raise OutputError(message, "Choose another file.") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
