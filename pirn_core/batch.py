"""Many parts, one after another: what cannot be read is reported and the rest goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pirn_core.data.reading import read_sample
from pirn_core.data.sample import LengthUnit, PartRef
from pirn_core.errors import DeviceError, PirnError
from pirn_core.results import InspectionResult

if TYPE_CHECKING:
    from pirn_core.calibration import NormalRecord
    from pirn_core.encoding import Prepared
    from pirn_core.inspector import Inspector

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspected:
    """A part that was inspected.

    Attributes:
        prepared: For pictures, explanations and confirmation; large, not to be kept for every part.
        result: What was found; its times include reading.
        shot: Whether the model was trained on this very part, which makes its score too good.
        record: What the model makes of it, from which its score under another calibration follows.
    """

    prepared: Prepared
    result: InspectionResult
    shot: bool
    record: NormalRecord


@dataclass(frozen=True)
class Failed:
    """A part that could not be inspected.

    Attributes:
        ref: The part.
        error: Message and advice.
    """

    ref: PartRef
    error: PirnError


def prepare_part(inspector: Inspector, ref: PartRef, unit: LengthUnit | None = None) -> Prepared:
    """Reads and prepares one part; its times include reading.

    Raises:
        SampleError: When it cannot be read or has none of the model's modalities.
    """
    started = time.perf_counter()
    sample = read_sample(ref, unit=unit)
    seconds = time.perf_counter() - started
    prepared = inspector.prepare(sample)
    return replace(prepared, seconds={"reading": seconds, **prepared.seconds})


def inspect_parts(
    inspector: Inspector, refs: Iterable[PartRef], *, unit: LengthUnit | None = None
) -> Iterator[Inspected | Failed]:
    """Inspects parts in order, one at a time; stopping means not asking for the next one.

    A part that fails, for whatever reason, does not stop the others.

    Raises:
        DeviceError: When the device fails or its memory does not suffice, which no other part would survive.
    """
    shots = {shot.sha256 for shot in inspector.model.shots}
    for ref in refs:
        found: Inspected | Failed
        try:
            found = _inspect(inspector, ref, unit, shots)
        except DeviceError:
            raise
        except PirnError as error:
            found = Failed(ref, error)
        except Exception as error:  # a fault in one part's processing must not cost the results of all others
            _log.exception("%s: failed", ref.id)
            message = f"{ref.id}: unexpected {type(error).__name__}: {error}."
            found = Failed(ref, PirnError(message, "The log has the traceback (`--log FILE`)."))
        yield found


def _inspect(inspector: Inspector, ref: PartRef, unit: LengthUnit | None, shots: Set[str]) -> Inspected:
    from pirn_core.devices import memory_advice
    from pirn_core.learn import content_hash

    with memory_advice("Choose the CPU as device, or train with a smaller recipe.input_size."):
        prepared = prepare_part(inspector, ref, unit)
        result, record = inspector.inspect_recorded(prepared)
        return Inspected(prepared, result, content_hash(ref) in shots, record)
