"""How reconstruction moved a part's patches: what is asked of the engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pirn_app.messages.events import Event
from pirn_app.messages.jobs import Job
from pirn_core.data.sample import LengthUnit, PartRef

if TYPE_CHECKING:
    from pirn_core.explain.displacement import TransportExplanation  # comes with torch


@dataclass(frozen=True)
class ExplainTransport(Job):
    """Explains a part's transport; latest wins. Answer: `TransportExplained`, or `TransportFailed`.

    Attributes:
        ref: The part.
        unit: Forced unit.
    """

    ref: PartRef
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class TransportExplained(Event):
    """How a part's patches were moved."""

    explanation: TransportExplanation


@dataclass(frozen=True)
class TransportFailed(Event):
    """A part that could not be explained."""

    part: str
    message: str
    advice: str = ""
