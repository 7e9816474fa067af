"""A trained model: everything that a verdict depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pirn_core.calibration import Calibration, NormalRecord, calibrate
from pirn_core.config import PirnConfig
from pirn_core.data.preprocessing import FittedRecipe
from pirn_core.data.sample import Modality
from pirn_core.nn.pirn import Pirn


@dataclass(frozen=True)
class BackboneIdentity:
    """Which frozen network made the tokens.

    Attributes:
        name: In the catalogue.
        timm: Architecture in timm.
        sha256: Of its weights.
        channels: C.
        input_size: Pixels.
        grid: Tokens per side.
    """

    name: str
    timm: str
    sha256: str
    channels: int
    input_size: int
    grid: int


@dataclass(frozen=True)
class Shot:
    """A part that the model was trained on.

    Attributes:
        id: Its id.
        sha256: Of its files' contents, to recognise it elsewhere.
    """

    id: str
    sha256: str


@dataclass(frozen=True)
class TrainedModel:
    """What a `.pirn` file holds.

    Attributes:
        config: Settings.
        fitted: Recipe with the shots' values.
        backbone: Which backbone.
        pirn: The decoder, in evaluation mode.
        records: Good parts that calibration rests on.
        shots: What it was trained on.
        threshold: Chosen by the user; None: the calibrated one.
        history: How it came about: versions, training report, device; plain values.
        id: Identity, from the contents; set by the checkpoint.
    """

    config: PirnConfig
    fitted: FittedRecipe
    backbone: BackboneIdentity
    pirn: Pirn
    records: tuple[NormalRecord, ...]
    shots: tuple[Shot, ...]
    threshold: float | None = None
    history: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    calibration: Calibration = field(init=False)

    def __post_init__(self) -> None:
        calibration = calibrate(self.records, self.pirn.prototypes, self.config.scoring)
        object.__setattr__(self, "calibration", calibration)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that it was trained on."""
        return self.pirn.modalities

    @property
    def verdict_limits(self) -> tuple[float, float]:
        """`sure` and `threshold` in force."""
        if self.threshold is None:
            return self.calibration.sure, self.calibration.threshold
        return min(self.calibration.sure, self.threshold), self.threshold

    def confirmed(self, records: Iterable[NormalRecord]) -> TrainedModel:
        """A model that also knows these good parts; one that was confirmed already is replaced.

        Only expected residuals and thresholds change: nothing is trained, and taking the records away gives the
        former model back. A shot's own record stays: it comes from a model that has not seen the shot.
        """
        shots = {r.part for r in self.records if r.source == "held-out shot"}
        new = {r.part: r for r in records if r.part not in shots}
        kept = tuple(r for r in self.records if r.part not in new)
        return replace(self, records=(*kept, *new.values()), id="")

    def without(self, parts: Iterable[str]) -> TrainedModel:
        """A model without the confirmation of some parts or regions; the shots' own records stay."""
        dropped = set(parts)
        kept = tuple(r for r in self.records if r.source == "held-out shot" or r.part not in dropped)
        return replace(self, records=kept, id="")

    def with_threshold(self, threshold: float | None) -> TrainedModel:
        """A model with the user's threshold, or with the calibrated one again."""
        return replace(self, threshold=threshold, id="")
