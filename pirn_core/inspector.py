"""Inspection: a prepared part against a trained model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from pirn_core.calibration import NormalRecord, evidence_maps
from pirn_core.data.sample import Modality, Sample
from pirn_core.encoding import Encoder, Prepared
from pirn_core.errors import BackboneError
from pirn_core.model import TrainedModel
from pirn_core.nn.backbone import Backbone, load_backbone
from pirn_core.nn.pirn import Reconstruction
from pirn_core.regions import find_regions
from pirn_core.results import InspectionResult, verdict_of
from pirn_core.scoring import fused, part_score
from pirn_core.tokens import TokenCache
from pirn_core.training.records import evidence
from pirn_core.training.validation import reconstruct

_BLIND = "Nothing of the part could be scored: it is outside the view, or too small for the smoothing."


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

    @torch.inference_mode()
    def inspect(self, prepared: Prepared, *, refine: bool = True) -> InspectionResult:
        """Maps, score, verdict and regions.

        Args:
            prepared: From `prepare`.
            refine: Off leaves the prototypes as trained (no APR).
        """
        started = time.perf_counter()
        found = self.explain(prepared, refine=refine)
        decoded = time.perf_counter()
        maps = evidence_maps(
            evidence(found), prepared.frame, self.model.calibration.expected, self.model.config.scoring
        )
        combined = fused(maps, self.model.config.scoring.exponent)
        sure, threshold = self.model.verdict_limits
        score = part_score(combined)
        blind = not np.isfinite(combined).any()
        regions = find_regions(combined, maps, threshold, prepared.xyz)
        ended = time.perf_counter()
        return InspectionResult(
            ref=prepared.ref,
            model_id=self.model.id,
            score=score,
            scores={m: part_score(values) for m, values in maps.items()},
            threshold=threshold,
            sure=sure,
            verdict="unsure" if blind else verdict_of(score, sure, threshold),
            map=combined,
            maps=maps,
            seen=prepared.frame.seen,
            regions=regions,
            seconds={**prepared.seconds, "decoder": decoded - started, "maps": ended - decoded},
            warnings=(*prepared.warnings, *self._doubts(prepared), *((_BLIND,) if blind else ())),
            backbone=self.backbone.name,
        )

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
