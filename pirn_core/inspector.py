"""Inspection: a prepared part against a trained model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pirn_core.calibration import NormalRecord
from pirn_core.data.sample import Modality, Sample
from pirn_core.encoding import Encoder, Prepared
from pirn_core.errors import BackboneError
from pirn_core.judging import judge
from pirn_core.model import TrainedModel
from pirn_core.nn.backbone import Backbone, load_backbone
from pirn_core.nn.pirn import Reconstruction
from pirn_core.results import InspectionResult
from pirn_core.tokens import TokenCache
from pirn_core.training.records import evidence
from pirn_core.training.validation import reconstruct


@dataclass
class Inspector:
    """Prepares and inspects parts with one model.

    `prepare` is the costly half and its result worth keeping; `inspect` and `explain` are cheap.

    Attributes:
        model: The trained model.
        backbone: Its frozen network, on the device where the model's decoder is.
        cache: Of tokens; None computes them anew.
    """

    model: TrainedModel
    backbone: Backbone
    cache: TokenCache | None = None

    def __post_init__(self) -> None:
        self.backbone.require(self.model.backbone.sha256)
        self.model.pirn.to(self.backbone.device).eval()
        self._encoder = Encoder(self.backbone, self.model.fitted, self.cache)

    @classmethod
    def open(
        cls,
        model: TrainedModel,
        device: torch.device,
        *,
        weights: Path | None = None,
        cache: TokenCache | None = None,
    ) -> Inspector:
        """Loads the model's backbone and puts both on a device.

        Raises:
            BackboneError: When the backbone is not on this machine, or has other weights than in training.
        """
        return cls(model, backbone_of(model, device, weights), cache)

    def prepare(self, sample: Sample) -> Prepared:
        """Geometry and tokens of a part.

        Raises:
            SampleError: When the part has none of the model's modalities.
        """
        return self._encoder.prepare(sample, self.model.modalities)

    def inspect(self, prepared: Prepared, *, refine: bool = True) -> InspectionResult:
        """Maps, score, verdict and regions.

        Args:
            prepared: From `prepare`.
            refine: Off leaves the prototypes as trained (no APR).
        """
        return self.inspect_recorded(prepared, refine=refine)[0]

    @torch.inference_mode()
    def inspect_recorded(self, prepared: Prepared, *, refine: bool = True) -> tuple[InspectionResult, NormalRecord]:
        """As `inspect`, and the record that the result was made of: `judge` makes it again, also for other records."""
        started = time.perf_counter()
        found = self.explain(prepared, refine=refine)
        decoded = time.perf_counter()
        record = NormalRecord(prepared.ref.id, "confirmed", prepared.frame, evidence(found))
        warnings = (*prepared.warnings, *self._doubts(prepared))
        result = judge(self.model, record, prepared.ref, lambda: prepared.xyz, warnings)
        seconds = {**prepared.seconds, "decoder": decoded - started, "maps": time.perf_counter() - decoded}
        return replace(result, seconds=seconds, backbone=self.backbone.name), record

    @torch.inference_mode()
    def explain(self, prepared: Prepared, *, refine: bool = True) -> Mapping[Modality, Reconstruction]:
        """All that the decoder did to a part: plans, prototypes before and after, contexts, gates."""
        return reconstruct(self.model.pirn, prepared.tokens, prepared.foreground, self.model.config, refine=refine)

    @torch.inference_mode()
    def normal_record(self, prepared: Prepared) -> NormalRecord:
        """What confirming this part as good adds to the model, see `TrainedModel.confirmed`."""
        return NormalRecord(prepared.ref.id, "confirmed", prepared.frame, evidence(self.explain(prepared)))

    def with_model(self, model: TrainedModel) -> Inspector:
        """An inspector for a changed model (confirmed parts, threshold) with the same backbone."""
        return replace(self, model=model)

    def _doubts(self, prepared: Prepared) -> tuple[str, ...]:
        missing = [m for m in self.model.modalities if m not in prepared.tokens]
        words = {"rgb": "no colour image", "sn": "no 3D points"}
        return tuple(f"The part has {words[m]}; the verdict rests on the other modality alone." for m in missing)


def backbone_of(model: TrainedModel, device: torch.device, weights: Path | None = None) -> Backbone:
    """The backbone that a model was trained with.

    Raises:
        BackboneError: When it is not on this machine, or has other weights.
    """
    wanted = model.backbone
    backbone = load_backbone(
        wanted.name, input_size=wanted.input_size, grid=wanted.grid, device=device, weights=weights
    )
    if backbone.channels != wanted.channels:
        raise BackboneError(
            f"{wanted.name}: gives {backbone.channels} channels, the model was trained with {wanted.channels}.",
            "Use the program version that the model was trained with, or train again.",
        )
    return backbone
