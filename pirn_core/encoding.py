"""From a sample to tokens: the costly part of inspection, and its cache."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pirn_core.data.preprocessing import FittedRecipe, Planes, View, make_planes, make_view
from pirn_core.data.sample import MODALITIES, FloatArray, Modality, PartRef, Sample
from pirn_core.errors import BackboneError, SampleError
from pirn_core.nn.backbone import Backbone
from pirn_core.scoring import Frame
from pirn_core.tokens import TokenCache

_LARGEST = float(torch.finfo(torch.half).max)


@dataclass(frozen=True)
class Prepared:
    """A part, ready to be inspected, explained or confirmed; a value in the caller's hand.

    Attributes:
        ref: The part.
        planes: Its images, for display.
        frame: Where its tokens lie.
        tokens: Encoder tokens, float32 (1, N, C) per modality, on the model's device.
        foreground: Tokens on the part, bool (1, N), likewise.
        xyz: Organised points in mm; None without 3D.
        seconds: Wall time of each stage so far.
        warnings: What the reader and the preprocessing noticed.
    """

    ref: PartRef
    planes: Planes
    frame: Frame
    tokens: dict[Modality, Tensor]
    foreground: Tensor
    xyz: FloatArray | None
    seconds: dict[str, float]
    warnings: tuple[str, ...]


@dataclass
class Encoder:
    """Turns samples into tokens with one backbone and one fitted recipe.

    Attributes:
        backbone: Frozen.
        fitted: Recipe with the shots' values.
        cache: Of tokens, on disk; None computes them anew.
        batch: Images per forward.
    """

    backbone: Backbone
    fitted: FittedRecipe
    cache: TokenCache | None = None
    batch: int = 8

    def prepare(self, sample: Sample, modalities: Sequence[Modality] = MODALITIES) -> Prepared:
        """Geometry and tokens of one part.

        Raises:
            SampleError: When the part has none of the model's modalities.
        """
        started = time.perf_counter()
        planes = make_planes(sample, self.fitted)
        view = make_view(planes, self.fitted)
        made = time.perf_counter()
        if not _images(view, modalities):
            raise SampleError(
                f"{sample.ref.id}: has neither of the images that the model needs.",
                f"The model was trained on {' and '.join(modalities)}.",
            )
        (tokens,) = self.encode([view], modalities)
        ended = time.perf_counter()
        frame = frame_of(planes, view, self.fitted.grid)
        return Prepared(
            ref=sample.ref,
            planes=planes,
            frame=frame,
            tokens={m: t[None].to(self.backbone.device) for m, t in tokens.items()},
            foreground=torch.from_numpy(frame.foreground)[None].to(self.backbone.device),
            xyz=sample.xyz,
            seconds={"geometry": made - started, "backbone": ended - made},
            warnings=planes.warnings,
        )

    def encode(
        self, views: Sequence[View], modalities: Sequence[Modality] = MODALITIES
    ) -> list[dict[Modality, Tensor]]:
        """Tokens (N, C) of every view, on the CPU; both modalities go through the backbone in one batch.

        Values are rounded to half precision, as the cache keeps them, so that a hit and a miss give the same score.
        """
        keys = [self._key(view, modalities) if self.cache is not None else "" for view in views]
        found = [self._cached(key) for key in keys]
        missing = [k for k, tokens in enumerate(found) if not tokens]
        for place in range(0, len(missing), max(1, self.batch // 2)):
            chosen = missing[place : place + max(1, self.batch // 2)]
            for k, tokens in zip(chosen, self._forward([views[k] for k in chosen], modalities), strict=True):
                found[k] = tokens
                if self.cache is not None:
                    self.cache.put(keys[k], {m: t.numpy() for m, t in tokens.items()})
        return [{m: t.float() for m, t in tokens.items()} for tokens in found]

    @torch.inference_mode()
    def _forward(self, views: Sequence[View], modalities: Sequence[Modality]) -> list[dict[Modality, Tensor]]:
        images = [_images(view, modalities) for view in views]
        stacked = torch.from_numpy(np.stack([image for some in images for image in some.values()]))
        made = self.backbone(stacked)
        if not bool(torch.isfinite(made).all()):  # a NaN in the map would pass for a place not looked at
            raise BackboneError(
                f"{self.backbone.name}: gives tokens that are no finite numbers.",
                "Compute in float32, or import its weights again.",
            )
        tokens = iter(made.clamp(-_LARGEST, _LARGEST).half().cpu())
        return [{m: next(tokens).clone() for m in some} for some in images]

    def _key(self, view: View, modalities: Sequence[Modality]) -> str:
        assert self.cache is not None
        digest = hashlib.sha256()
        images = _images(view, modalities)
        for image in images.values():
            digest.update(np.ascontiguousarray(image).data)
        return self.cache.key(digest.hexdigest(), *images, self.backbone.recipe)

    def _cached(self, key: str) -> dict[Modality, Tensor]:
        stored = self.cache.get(key) if self.cache is not None else None
        if stored is None:
            return {}
        return {m: torch.from_numpy(stored[m]) for m in MODALITIES if m in stored}


def frame_of(planes: Planes, view: View, grid: int) -> Frame:
    """The geometry of a part's upright view."""
    reduced = View(None, None, view.foreground, view.valid, view.to_image)
    seen = planes.foreground
    if planes.foreground_source == "off":
        seen = np.ones_like(seen)
    return Frame(reduced, seen, view.token_foreground(grid))


def _images(view: View, modalities: Sequence[Modality]) -> dict[Modality, FloatArray]:
    images: dict[Modality, FloatArray | None] = {"rgb": view.rgb, "sn": view.sn}
    return {m: image for m in modalities if (image := images[m]) is not None}
