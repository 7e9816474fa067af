"""Where the score of the part in view comes from."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from pirn_app.engine.bench import key_of
from pirn_app.engine.shelf import Shelf
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event
from pirn_app.messages.origin import ExplainOrigin, OriginExplained, OriginFailed
from pirn_core.data.sample import LengthUnit, PartRef
from pirn_core.errors import SampleError

if TYPE_CHECKING:
    from pirn_core.encoding import Prepared
    from pirn_core.explain.nearest import PatchBank, ShotPatches
    from pirn_core.inspector import Inspector

_SHOTS: Shelf[ShotPatches] = Shelf(60)
"""Patches of shots, about half a megabyte each."""
_BANKS: Shelf[PatchBank] = Shelf(2)


def explain_origin(job: ExplainOrigin, tools: Tools) -> Generator[Event, None, str]:
    """Explains at once what needs nothing but the part; patches of the shots follow where they are not held yet."""
    from pirn_core.devices import memory_advice
    from pirn_core.explain import origin

    inspector = tools.bench.inspector
    shots = _shots_of(inspector, job.shots)
    with memory_advice("Choose the CPU as device."):
        try:
            prepared = _prepared(inspector, job.ref, job.unit, tools)
        except SampleError as error:
            yield OriginFailed(job.ref.id, error.message, error.advice)
            return ""
        key = (inspector.model.id, *(key_of(ref, job.unit) for ref in shots))
        bank = _BANKS.get(key) if shots else None
        explanation = origin.explain_origin(inspector, prepared, bank)
        yield OriginExplained(explanation)
        if bank is None and shots:
            made = yield from _bank(inspector, shots, job.unit, tools)
            if made is not None:
                bank = _BANKS.put(key, made)
                yield OriginExplained(origin.with_bank(explanation, prepared, bank))
    return ""


def _prepared(inspector: Inspector, ref: PartRef, unit: LengthUnit | None, tools: Tools) -> Prepared:
    """The part as inspection prepared it, or prepared now and kept for inspection."""
    from pirn_core.batch import prepare_part
    from pirn_core.learn import content_hash

    key = key_of(ref, unit)
    kept = tools.bench.kept(key)
    if kept is None:
        prepared = prepare_part(inspector, ref, unit)
        kept = (prepared, content_hash(ref) in {shot.sha256 for shot in inspector.model.shots})
        tools.bench.keep(key, *kept)
    return kept[0]


def _shots_of(inspector: Inspector, refs: tuple[PartRef, ...]) -> tuple[PartRef, ...]:
    """Those of the parts that the model has among its shots, by name."""
    names = {shot.id for shot in inspector.model.shots}
    return tuple(ref for ref in refs if ref.id in names)


def _bank(
    inspector: Inspector, refs: tuple[PartRef, ...], unit: LengthUnit | None, tools: Tools
) -> Generator[Event, None, PatchBank | None]:
    """Reads the shots one by one, so that an inspection may go between; None where none of them is the model's."""
    from pirn_core.explain.nearest import PatchBank

    found: list[ShotPatches] = []
    for number, ref in enumerate(refs):
        yield tools.progress(number / len(refs), f"Reading shot {number + 1} of {len(refs)}")
        tools.check()
        patches = _patches(inspector, ref, unit)
        if patches is not None:
            found.append(patches)
    return PatchBank(inspector.model, found) if found else None


def _patches(inspector: Inspector, ref: PartRef, unit: LengthUnit | None) -> ShotPatches | None:
    """Patches of a shot; None where its files are gone, or are no longer those that the model was trained on."""
    from pirn_core.batch import prepare_part
    from pirn_core.explain.nearest import shot_patches
    from pirn_core.learn import content_hash

    key = (inspector.backbone.weights_sha256, inspector.model.fitted, inspector.model.modalities, key_of(ref, unit))
    held = _SHOTS.get(key)
    if held is not None:
        return held
    known = {shot.id: shot.sha256 for shot in inspector.model.shots}
    try:
        if content_hash(ref) != known[ref.id]:
            return None
        return _SHOTS.put(key, shot_patches(prepare_part(inspector, ref, unit)))
    except (SampleError, OSError):
        return None
