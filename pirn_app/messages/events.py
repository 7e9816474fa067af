"""What the engine tells. Frozen values of numpy arrays, numbers and strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pirn_core.card import ModelCard
from pirn_core.config import PirnConfig
from pirn_core.data.layouts import PartSet
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, LengthUnit, PartRef
from pirn_core.nn.catalogue import BackboneState
from pirn_core.results import InspectionResult

if TYPE_CHECKING:
    from pirn_core.data.fitting import FittedRecipe  # comes with OpenCV
    from pirn_core.data.report import DataReport  # likewise
    from pirn_core.training import TrainStep  # comes with torch

Outcome = Literal["done", "cancelled", "failed"]


@dataclass(frozen=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True)
class JobStarted(Event):
    """A job began.

    Attributes:
        number: Of the job, rising.
        kind: Name of the job's class, e.g. `Train`.
        title: For the status bar, e.g. `Training on 5 shots`.
    """

    number: int
    kind: str
    title: str


@dataclass(frozen=True)
class JobProgress(Event):
    """How far a job is.

    Attributes:
        number: Of the job.
        fraction: 0 to 1; None: unknown.
        remaining: Seconds left; None: unknown.
        text: What is being done, e.g. `12 of 25 parts`.
    """

    number: int
    fraction: float | None
    remaining: float | None
    text: str


@dataclass(frozen=True)
class JobEnded(Event):
    """A job ended; the last event of every job.

    Attributes:
        number: Of the job.
        kind: Name of the job's class.
        outcome: `done`, `cancelled`, `failed`.
        message: What went wrong, or what was done.
        advice: What to do about it.
        details: Traceback of an unexpected error.
        seconds: Wall time.
    """

    number: int
    kind: str
    outcome: Outcome
    message: str = ""
    advice: str = ""
    details: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Note(Event):
    """A line for the log.

    Attributes:
        level: `info`, `warning` or `error`.
        text: One sentence.
    """

    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True)
class PartsOpened(Event):
    """A part set, listed: its `refs` do not touch the disk any more.

    Attributes:
        parts: The parts.
        unit: The forced unit that it was opened with.
    """

    parts: PartSet
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class CategoryNeeded(Event):
    """The folder holds several categories, one must be chosen."""

    path: Path
    categories: tuple[str, ...]


@dataclass(frozen=True)
class ReportMade(Event):
    """What a folder holds and what is wrong with it."""

    report: DataReport


@dataclass(frozen=True)
class Geometry:
    """How the network sees a part.

    Attributes:
        crop: Square crop (top, left, side) in image pixels, may exceed the image; None: the whole image.
        patch_px: Side of one patch in image pixels.
        patch_mm: The same on the part, median; None without 3D.
        part_share: Share of the image that the part covers; None where the foreground is off.
        covered: Share of the part with a 3D point; None without 3D.
        patches: Number of patches on the part.
    """

    crop: tuple[float, float, float] | None
    patch_px: float
    patch_mm: float | None
    part_share: float | None
    covered: float | None
    patches: int


@dataclass(frozen=True)
class Picture:
    """One part for display; all arrays (H, W, ...).

    Attributes:
        ref: The part.
        rgb: uint8 RGB as in the file; None without colour.
        normals: Unit normals with holes filled, as the model sees them, float32; None without 3D.
        xyz: Points in mm, NaN where none; None without 3D.
        valid: Where there is a point.
        foreground: The dilated part.
        foreground_source: How it was found, e.g. `border plane`.
        geometry: Crop, patch size, coverage.
        truth: Ground truth mask, where the data set has one.
        unit: Unit of the file and how it was found.
        warnings: One sentence each.
    """

    ref: PartRef
    rgb: ByteArray | None
    normals: FloatArray | None
    xyz: FloatArray | None
    valid: BoolArray
    foreground: BoolArray
    foreground_source: str
    geometry: Geometry
    truth: BoolArray | None = None
    unit: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (int(self.valid.shape[0]), int(self.valid.shape[1]))


@dataclass(frozen=True)
class PartLoaded(Event):
    """A part for display."""

    picture: Picture


@dataclass(frozen=True)
class ShotDoubt:
    """Something odd about one shot.

    Attributes:
        part: Id of the shot.
        kind: `duplicate` or `outlier`.
        message: One sentence.
    """

    part: str
    kind: Literal["duplicate", "outlier"]
    message: str


@dataclass(frozen=True)
class ShotsChecked(Event):
    """Near-duplicates and outliers among the shots; empty: none."""

    shots: tuple[str, ...]
    doubts: tuple[ShotDoubt, ...]


@dataclass(frozen=True)
class Encoding(Event):
    """Views of the shots that went through the backbone."""

    done: int
    of: int


@dataclass(frozen=True)
class Trained(Event):
    """One step of training."""

    step: TrainStep


@dataclass(frozen=True)
class Model:
    """The model in force, as the application sees it.

    Attributes:
        card: Of the saved file.
        path: The saved file.
        config: Its settings.
        fitted: Its recipe with the shots' values.
        sure: Calibrated lower limit.
        threshold: Calibrated threshold.
        own_threshold: The threshold that the file holds, set by a user; None: calibrated.
        colour_range: Scores at both ends of the colour map, constant for the model.
        shot_scores: Held-out score of every shot, from the calibration.
        shot_hashes: Content hash of every shot, by id.
        device: Where it runs, in words.
    """

    card: ModelCard
    path: Path
    config: PirnConfig
    fitted: FittedRecipe
    sure: float
    threshold: float
    own_threshold: float | None
    colour_range: tuple[float, float]
    shot_scores: Mapping[str, float]
    shot_hashes: Mapping[str, str]
    device: str


@dataclass(frozen=True)
class ModelReady(Event):
    """A model was trained or opened, calibrated and saved: it takes the place of the former one."""

    model: Model


@dataclass(frozen=True)
class ModelSaved(Event):
    """The model was written to another file."""

    path: Path
    id: str


@dataclass(frozen=True)
class PartInspected(Event):
    """A part's result.

    Attributes:
        result: With maps.
        shot: Whether the model was trained on this very part.
    """

    result: InspectionResult
    shot: bool


@dataclass(frozen=True)
class PartFailed(Event):
    """A part that could not be read or inspected; the rest goes on."""

    part: str
    message: str
    advice: str = ""


@dataclass(frozen=True)
class PartUnreadable(Event):
    """A part that could not be read for display."""

    part: str
    message: str
    advice: str = ""


@dataclass(frozen=True)
class BackbonesListed(Event):
    """The backbones and where their weights are."""

    backbones: tuple[BackboneState, ...]


@dataclass(frozen=True)
class DevicesFound(Event):
    """The devices of this machine: name (`cpu`, `cuda:0`) and words (`NVIDIA L4 (cuda:0)`)."""

    devices: tuple[tuple[str, str], ...]
    versions: Mapping[str, str] = field(default_factory=dict)
