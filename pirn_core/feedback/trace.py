"""What is kept of an inspected part so that another calibration can judge it without the network, to the last digit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from pirn_core import config as settings
from pirn_core.calibration import Evidence, NormalRecord
from pirn_core.data.sample import BoolArray, FloatArray, Modality, PartRef
from pirn_core.data.views import View
from pirn_core.judging import judge
from pirn_core.results import InspectionResult
from pirn_core.scoring import Frame

if TYPE_CHECKING:
    from pirn_core.model import TrainedModel


@dataclass(frozen=True)
class Trace:
    """A part's record, packed: about 350 kB at 28 x 28 tokens, half of it the weights of the best prototypes.

    Attributes:
        ref: The part.
        shot: Whether the model was trained on this very part.
        warnings: Of its inspection.
        seconds: Likewise.
        backbone: Likewise.
        evidence: Per modality; prototypes as the smallest unsigned integers that hold them.
        masks: Bits of seen, foreground and valid pixels, and of the tokens on the part.
        shapes: Their shapes.
        to_image: Of the view.
    """

    ref: PartRef
    shot: bool
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
    backbone: str
    evidence: Mapping[Modality, tuple[FloatArray, NDArray[Any], FloatArray]]
    masks: tuple[NDArray[np.uint8], ...]
    shapes: tuple[tuple[int, ...], ...]
    to_image: NDArray[np.float64]

    @classmethod
    def of(cls, result: InspectionResult, record: NormalRecord, shot: bool) -> Trace:
        """Packs what an inspection gave."""
        frame = record.frame
        masks = (frame.seen, frame.view.foreground, frame.view.valid, frame.foreground)
        evidence = {m: (e.residual, _narrow(e.prototypes), e.weights) for m, e in record.evidence.items()}
        return cls(
            result.ref,
            shot,
            result.warnings,
            result.seconds,
            result.backbone,
            evidence,
            tuple(np.packbits(mask) for mask in masks),
            tuple(mask.shape for mask in masks),
            frame.view.to_image,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = [array for item in self.evidence.values() for array in item]
        return sum(array.nbytes for array in (*arrays, *self.masks, self.to_image))

    def record(self) -> NormalRecord:
        """The record as it was, bit by bit."""
        pairs = zip(self.masks, self.shapes, strict=True)
        seen, foreground, valid, tokens = (_unpacked(bits, shape) for bits, shape in pairs)
        frame = Frame(View(None, None, foreground, valid, self.to_image), seen, tokens)
        evidence = {m: Evidence(r, p.astype(np.int32), w) for m, (r, p, w) in self.evidence.items()}
        return NormalRecord(self.ref.id, "confirmed", frame, evidence)

    def judged(self, model: TrainedModel, points: Callable[[], FloatArray | None]) -> InspectionResult:
        """What a fresh inspection with the model would find, for a model with the decoder that the trace is from."""
        result = judge(model, self.record(), self.ref, points, self.warnings)
        return replace(result, seconds=self.seconds, backbone=self.backbone)


class TraceShelf:
    """Traces by key within so many bytes; what was used longest ago makes room."""

    def __init__(self, limit: int = 384 << 20) -> None:
        self._held: dict[Hashable, Trace] = {}
        self._limit, self._bytes = limit, 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._bytes

    def get(self, key: Hashable) -> Trace | None:
        """The trace, while it is held."""
        found = self._held.pop(key, None)
        if found is not None:
            self._held[key] = found
        return found

    def put(self, key: Hashable, trace: Trace) -> Trace:
        """Takes a trace in and gives it back."""
        self._drop(key)
        self._held[key] = trace
        self._bytes += trace.nbytes
        while self._bytes > self._limit and len(self._held) > 1:
            self._drop(next(iter(self._held)))
        return trace

    def _drop(self, key: Hashable) -> None:
        old = self._held.pop(key, None)
        self._bytes -= 0 if old is None else old.nbytes


def decoder_identity(model: TrainedModel) -> str:
    """Hex digest of all that a part's record depends on besides the part: equal for models that differ in their
    calibration only.
    """
    described = {
        "config": settings.to_dict(model.config),
        "fitted": msgspec.to_builtins(model.fitted),
        "backbone": model.backbone.sha256,
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode())
    for name, tensor in sorted(model.pirn.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}".encode())
        digest.update(values.data if values.ndim else values.tobytes())
    return digest.hexdigest()


def _narrow(prototypes: NDArray[np.int32]) -> NDArray[Any]:
    largest = int(prototypes.max()) if prototypes.size else 0
    return prototypes.astype(np.uint16 if largest <= np.iinfo(np.uint16).max else np.uint32)


def _unpacked(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> BoolArray:
    count = int(np.prod(shape))
    mask: BoolArray = np.unpackbits(bits, count=count).astype(bool).reshape(shape)
    return mask
