"""One job from its first event to its last; the one place where errors end."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from pirn_app.engine.bench import Bench
from pirn_app.engine.lane import Order
from pirn_app.engine.thinning import Thinned
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, JobEnded, JobStarted
from pirn_core.errors import Cancelled, PirnError

_log = logging.getLogger(__name__)


def run_job(
    order: Order,
    bench: Bench,
    tell: Callable[[Event], None],
    pause: Callable[[], None],
    finish: Callable[[], Iterator[Event]],
) -> JobEnded:
    """Does a job and tells all its events but the last.

    Args:
        order: The job.
        bench: What its lane holds.
        tell: Where events go.
        pause: Called between two events of a pausable job.
        finish: What is to be done and told after the job, whatever became of it.

    Returns:
        The last event.
    """
    began = time.perf_counter()
    out = Thinned(tell)
    tools = Tools(order.number, order.cancelled, out.send, bench)
    ended = _outcome(order, tools, out, pause)
    for event in finish():  # now, that the frames of an error hold no tensors any more
        out.send(event)
    out.flush()
    return replace(ended, seconds=time.perf_counter() - began)


def cancelled(order: Order) -> JobEnded:
    """The last event of a job that was cancelled, be it before it began; jobs that are replaced go without a word."""
    message = "" if order.entry.latest else f"{order.entry.title(order.job)}: cancelled."
    return JobEnded(order.number, order.kind, "cancelled", message)


def _outcome(order: Order, tools: Tools, out: Thinned, pause: Callable[[], None]) -> JobEnded:
    try:
        out.send(JobStarted(order.number, order.kind, order.entry.title(order.job)))
        tools.check()
        message = _follow(order, tools, out, pause)
    except Exception as error:  # the only one: whatever goes wrong in a job becomes its last event
        return _failure(order, error)
    return JobEnded(order.number, order.kind, "done", message)


def _follow(order: Order, tools: Tools, out: Thinned, pause: Callable[[], None]) -> str:
    """Passes a task's events on; its last sentence."""
    task: Any = order.entry.task(order.job, tools)
    with closing(task):  # so that its `finally` runs now, and not at some later collection
        while True:
            try:
                event = next(task)
            except StopIteration as end:
                return str(end.value or "")
            out.send(event)
            tools.check()
            if order.entry.pausable:
                pause()
                tools.check()


def _failure(order: Order, error: Exception) -> JobEnded:
    if isinstance(error, Cancelled):
        return cancelled(order)
    if isinstance(error, PirnError):
        _log.warning("%s %d: %s", order.kind, order.number, error)
        return JobEnded(order.number, order.kind, "failed", error.message, error.advice)
    _log.exception("%s %d: failed", order.kind, order.number)
    text = str(error).strip().rstrip(".")
    message = f"{order.kind}: unexpected {type(error).__name__}{f': {text}' if text else ''}."
    details = "".join(traceback.format_exception(error))
    return JobEnded(order.number, order.kind, "failed", message, "The log has the details.", details)
