"""What test-time refinement (APR) did: steps from the prototypes as trained to the refined ones, and what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pirn_core.data.sample import FloatArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.sources import LayerMoves, LostRegion, MovedPrototype
from pirn_core.model import TrainedModel
from pirn_core.nn.decoder import LayerTrace, Stream
from pirn_core.nn.pirn import Reconstruction
from pirn_core.nn.refinement import Refinement
from pirn_core.regions import SMALLEST

LARGEST = 10
"""Prototypes that are listed."""
_MOVED = 1e-6


@torch.inference_mode()
def partly_refined(model: TrainedModel, prepared: Prepared, layers: int) -> Mapping[Modality, Reconstruction]:
    """The inspection with APR in the first few layers only: really computed, since maps do not blend.

    Args:
        model: Whose decoder it is.
        prepared: The part.
        layers: How many layers refine; 0 leaves the prototypes as trained.
    """
    pirn, rho = model.pirn, model.config.decoder.transport.rho_infer
    targets = {
        m: pirn.codebook(m).standardise(prepared.tokens[m].float()) for m in pirn.modalities if m in prepared.tokens
    }
    streams: Mapping[Modality, Stream] = {m: pirn.codebook(m).stream(t) for m, t in targets.items()}
    traces: dict[Modality, list[LayerTrace]] = {m: [] for m in targets}
    for number, layer in enumerate(pirn.layers):
        streams, happened = layer(streams, prepared.foreground, rho=rho, refine=number < layers)
        for modality, trace in happened.items():
            traces[modality].append(trace)
    return {m: Reconstruction(target, tuple(traces[m])) for m, target in targets.items()}


def moves_of(model: TrainedModel, found: Mapping[Modality, Reconstruction], foreground: Tensor) -> Iterator[LayerMoves]:
    """What moved, layer by layer.

    Args:
        model: With the prototypes as trained.
        found: A part, refined in all layers.
        foreground: Tokens on the part, bool (1, N).
    """
    for number in range(len(model.pirn.layers)):
        for modality, reconstruction in found.items():
            refinement = reconstruction.layers[number].refinement
            if refinement is not None:
                yield _moves(number + 1, modality, refinement, foreground)


def _moves(layer: int, modality: Modality, refinement: Refinement, foreground: Tensor) -> LayerMoves:
    lengths = refinement.moved[0].norm(dim=-1)
    moved = lengths > _MOVED
    best = lengths.topk(min(LARGEST, int(moved.sum())))
    left_out = None
    if refinement.context is not None:
        used = (refinement.context.used & foreground).sum() / foreground.sum().clamp_min(1)
        left_out = 1.0 - float(used)
    return LayerMoves(
        layer=layer,
        modality=modality,
        prototypes=len(lengths),
        moved=int(moved.sum()),
        mean=float(lengths[moved].mean()) if bool(moved.any()) else 0.0,
        largest=tuple(
            MovedPrototype(k, length) for k, length in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ),
        left_out=left_out,
    )


def trained_keys(model: TrainedModel, modality: Modality) -> Tensor:
    """The prototypes of a modality as trained, unit length, (K, C)."""
    return F.normalize(model.pirn.codebook(modality).keys.detach(), dim=-1)


def _whole(sizes: NDArray[np.int32]) -> list[int]:
    """Labels of what counts as a region, as in `find_regions`: specks are left out unless they are all there is."""
    return [k for k in range(1, len(sizes)) if sizes[k] >= SMALLEST] or [int(sizes[1:].argmax()) + 1]


def lost_regions(before: FloatArray, after: FloatArray, threshold: float) -> tuple[LostRegion, ...]:
    """Areas at or above the threshold whose highest score afterwards lies below it, by falling peak.

    Args:
        before: Fused map without refinement, (H, W), NaN outside of what was seen.
        after: The same with it.
        threshold: Of the verdict.
    """
    filled = np.nan_to_num(before, nan=-np.inf)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((filled >= threshold).astype(np.uint8), connectivity=8)
    if count == 1:
        return ()
    lost = []
    for label in _whole(stats[:, cv2.CC_STAT_AREA]):
        left, top, width, height, pixels = (int(v) for v in stats[label])
        window = np.s_[top : top + height, left : left + width]
        mask = labels[window] == label
        highest = float(after[window][mask].max())
        if highest < threshold:
            inside = np.where(mask, filled[window], -np.inf)
            row, column = (int(v) for v in np.unravel_index(int(inside.argmax()), inside.shape))
            box = (top, left, top + height, left + width)
            lost.append(LostRegion(box, (top + row, left + column), pixels, float(inside.max()), highest))
    return tuple(sorted(lost, key=lambda region: -region.before))
