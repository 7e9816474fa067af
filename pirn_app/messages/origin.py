"""Where a score comes from: what is asked of the engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pirn_app.messages.events import Event
from pirn_app.messages.jobs import Job
from pirn_core.data.sample import LengthUnit, PartRef

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation  # comes with torch


@dataclass(frozen=True)
class ExplainOrigin(Job):
    """Explains where a part's score comes from; latest wins. Answer: `OriginExplained`, or `OriginFailed`.

    A second `OriginExplained` follows where patches of the shots had to be read first: it knows the nearest ones too.

    Attributes:
        ref: The part.
        shots: Parts that may be the model's shots; those whose files are not are left out.
        unit: Forced unit.
    """

    ref: PartRef
    shots: tuple[PartRef, ...] = ()
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class OriginExplained(Event):
    """Where a part's score comes from."""

    explanation: OriginExplanation


@dataclass(frozen=True)
class OriginFailed(Event):
    """A part that could not be explained."""

    part: str
    message: str
    advice: str = ""
