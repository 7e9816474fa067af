"""Teaching a model without training: what can be asked, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pirn_app.messages.events import Event, Model
from pirn_app.messages.jobs import Job
from pirn_core.data.sample import LengthUnit, PartRef
from pirn_core.feedback.lesson import Lesson
from pirn_core.results import InspectionResult

if TYPE_CHECKING:
    from pirn_core.feedback.curve import CurvePoint  # comes with OpenCV


@dataclass(frozen=True)
class PreviewLesson(Job):
    """What a lesson would change on inspected parts; changes nothing; latest wins. Answer: `LessonPreviewed`.

    Attributes:
        lesson: What to teach.
        refs: Inspected parts.
        threshold: The user's; None: the calibrated one.
        unit: Forced unit.
    """

    lesson: Lesson
    refs: tuple[PartRef, ...]
    threshold: float | None = None
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class ApplyLesson(Job):
    """Teaches: a new model file beside the former one, all inspected parts judged anew, then the new one is in force.

    Answers: `PartRejudged`, one per part, then `LessonApplied`; cancelled before the end it changes nothing.

    Attributes:
        lesson: What to teach.
        refs: Inspected parts.
        path: File of the model in force.
        threshold: The user's; None: the calibrated one.
        unit: Forced unit.
    """

    lesson: Lesson
    refs: tuple[PartRef, ...]
    path: Path
    threshold: float | None = None
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class UseModel(Job):
    """Puts a model in force that was so before; latest wins. Answer: `ModelUsed`.

    Attributes:
        path: Its file.
        id: Its identity.
    """

    path: Path
    id: str


@dataclass(frozen=True)
class DrawCurve(Job):
    """Held-out scores against the number of parts in the calibration; latest wins. Answer: `CurveDrawn`."""

    model: str


@dataclass(frozen=True)
class LessonPreviewed(Event):
    """What a lesson would change.

    Attributes:
        model: Id of the model that the lesson was tried on.
        lesson: What would be taught.
        scores: Of the inspected parts then.
        sure: Limit then.
        threshold: Limit in force then.
        own_threshold: The user's, where it would stay.
        failed: Parts that could not be judged.
        seconds: What it took.
    """

    model: str
    lesson: Lesson
    scores: Mapping[str, float]
    sure: float
    threshold: float
    own_threshold: float | None
    failed: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class PartRejudged(Event):
    """A part's result under the model that is about to be in force."""

    result: InspectionResult
    shot: bool


@dataclass(frozen=True)
class LessonApplied(Event):
    """The taught model is saved and in force.

    Attributes:
        former: Id of the model that it was made from.
        model: The new one.
        lesson: What was taught.
    """

    former: str
    model: Model
    lesson: Lesson


@dataclass(frozen=True)
class ModelUsed(Event):
    """A former model is in force in the engine again."""

    id: str


@dataclass(frozen=True)
class CurveDrawn(Event):
    """Held-out scores against the number of parts.

    Attributes:
        model: Id of the model.
        points: By rising number of parts.
        worth_another: Whether another shot would likely help; None: unknown.
    """

    model: str
    points: tuple[CurvePoint, ...]
    worth_another: bool | None
