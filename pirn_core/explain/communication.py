"""What the modalities tell each other (MNC): gates, and where the attention of every patch goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from torch import Tensor

from pirn_core.data.sample import Modality
from pirn_core.explain.sources import Message
from pirn_core.model import TrainedModel
from pirn_core.nn.decoder import LayerTrace
from pirn_core.nn.pirn import Reconstruction

TOP = 8
"""Prototypes per token that are listed."""

_LACKS = {"rgb": "no colour image", "sn": "no 3D points"}


def silence_of(model: TrainedModel, found: Mapping[Modality, Reconstruction]) -> str:
    """Why nothing is communicated, one sentence; `` where something is.

    Args:
        model: Whose decoder it is.
        found: The part.
    """
    if len(model.modalities) < 2:
        return "This model knows one modality only, so there is nothing to communicate with."
    for modality in model.modalities:
        if modality not in found:
            return f"This part has {_LACKS[modality]}, so there is nothing to communicate with."
    if not model.pirn.config.communication.enabled:
        if model.config.decoder.communication.enabled:
            return "Held-out shots were not better with communication, so this model does not use it."
        return "Communication is switched off in this model's settings."
    if not any(layer.injection is not None for r in found.values() for layer in r.layers):
        return "All gates stayed closed in training, so nothing is passed between the modalities."
    return ""


def missing_of(model: TrainedModel, found: Mapping[Modality, Reconstruction]) -> str:
    """Why only one modality speaks, one sentence; `` where both do."""
    words = {"rgb": "Colour", "sn": "Surface"}
    if len(model.modalities) == 1:
        return f"{words[model.modalities[0]]} only: the model was trained on nothing else."
    for modality in model.modalities:
        if modality not in found:
            (other,) = found
            return f"{words[other]} only: this part has {_LACKS[modality]}."
    return ""


def messages_of(found: Mapping[Modality, Reconstruction]) -> Iterator[Message]:
    """Messages of all layers and modalities of one part (a batch of one)."""
    for number in range(len(next(iter(found.values())).layers)):
        for modality, reconstruction in found.items():
            for other, source in found.items():
                if other != modality and reconstruction.layers[number].injection is not None:
                    yield _message(number + 1, modality, other, reconstruction.layers[number], source.layers[number])


def _message(layer: int, modality: Modality, other: Modality, reader: LayerTrace, source: LayerTrace) -> Message:
    assert reader.injection is not None
    attention = reader.injection.attention[0]
    best = attention.topk(min(TOP, attention.shape[1]), dim=1)
    return Message(
        layer=layer,
        modality=modality,
        other=other,
        gate=reader.injection.gate,
        best=best.indices.cpu().numpy().astype(np.int32),
        weights=best.values.float().cpu().numpy(),
        regions=_regions(attention, source.assignment.weights[0]),
    )


def _regions(attention: Tensor, weights: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    """From attention on prototypes (N, K) and the other modality's assignment (N, K) to tokens, (N, N)."""
    laid = attention.float() @ weights.float().T
    values: np.ndarray[tuple[int, ...], np.dtype[np.float16]] = laid.clamp(0.0, 1.0).half().cpu().numpy()
    return values
