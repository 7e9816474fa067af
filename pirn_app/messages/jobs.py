"""What can be asked of the engine. A job carries all that it needs, so that no lock is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pirn_core.config import PirnConfig, Recipe
from pirn_core.data.layouts import PartSet
from pirn_core.data.sample import LengthUnit, PartRef

if TYPE_CHECKING:
    from pirn_core.data.fitting import FittedRecipe  # comes with OpenCV


@dataclass(frozen=True)
class Job:
    """Base of all jobs."""


@dataclass(frozen=True)
class OpenFolder(Job):
    """Lists a folder of parts. Answer: `PartsOpened`, or `CategoryNeeded` where it holds several categories."""

    path: Path
    layout: str | None = None
    category: str | None = None
    lighting: str | None = None
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class OpenFiles(Job):
    """Single parts by the paths of their files. Answer: `PartsOpened`."""

    paths: tuple[Path, ...]
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class MakeSamples(Job):
    """Generates the sample set (if it is not there yet) and opens one category of it. Answer: `PartsOpened`."""

    folder: Path
    category: str = "flange"


@dataclass(frozen=True)
class CheckParts(Job):
    """Reads every file of a part set. Answer: `ReportMade`."""

    parts: PartSet
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class LoadPart(Job):
    """Reads one part for display; latest wins. Answer: `PartLoaded` or `PartUnreadable`.

    Attributes:
        ref: The part.
        recipe: Preprocessing to show where there is no model.
        fitted: The model's, which is shown as long as its recipe is `recipe`.
        shots: Where the crop is taken from while there is no model; else the part itself.
        unit: Forced unit.
        grid: Tokens per side of the backbone in use, for the patch size.
        input_size: Of the backbone in use.
    """

    ref: PartRef
    recipe: Recipe
    fitted: FittedRecipe | None = None
    shots: tuple[PartRef, ...] = ()
    unit: LengthUnit | None = None
    grid: int = 28
    input_size: int = 448


@dataclass(frozen=True)
class CheckShots(Job):
    """Looks for near-duplicates and outliers among shots. Answer: `ShotsChecked`."""

    shots: tuple[PartRef, ...]
    recipe: Recipe
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class Train(Job):
    """Trains, calibrates, saves. Answers: `Encoding`, `Trained` step by step, then `ModelReady`.

    Attributes:
        shots: Good parts.
        config: All settings, the backbone's name and the recipe included.
        out: Folder where the model file goes; its name is made of `name` and the model's id.
        name: Start of the file name.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        unit: Forced unit.
    """

    shots: tuple[PartRef, ...]
    config: PirnConfig
    out: Path
    name: str = "model"
    device: str = "auto"
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class OpenModel(Job):
    """Loads a `.pirn` file and its backbone. Answer: `ModelReady`."""

    path: Path
    device: str = "auto"


@dataclass(frozen=True)
class SaveModel(Job):
    """Writes the model in force to another file. Answer: `ModelSaved`.

    Attributes:
        path: The file.
        threshold: The user's; None: the calibrated one.
    """

    path: Path
    threshold: float | None = None


@dataclass(frozen=True)
class InspectPart(Job):
    """Inspects the part in view; latest wins, and goes before a batch. Answer: `PartInspected` or `PartFailed`."""

    ref: PartRef
    threshold: float | None = None
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class InspectParts(Job):
    """Inspects many parts, in order. Answers: `PartInspected` and `PartFailed`, one per part."""

    refs: tuple[PartRef, ...]
    threshold: float | None = None
    unit: LengthUnit | None = None


@dataclass(frozen=True)
class ListBackbones(Job):
    """Answer: `BackbonesListed`."""


@dataclass(frozen=True)
class ImportBackbone(Job):
    """Takes a weight file into this machine's store. Answers: `BackbonesListed` and a note."""

    path: Path


@dataclass(frozen=True)
class DownloadBackbone(Job):
    """Downloads a backbone's weights; only ever asked after the user agreed. Answer: `BackbonesListed`."""

    name: str


@dataclass(frozen=True)
class WarmUp(Job):
    """Imports torch and names the devices, after the window is up. Answer: `DevicesFound`."""
