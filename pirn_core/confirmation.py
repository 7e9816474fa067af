"""Confirming parts as good, and taking that back: what changes, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pirn_core.batch import prepare_part
from pirn_core.data.sample import LengthUnit, PartRef
from pirn_core.errors import SampleError
from pirn_core.picking import parts_at, require_good
from pirn_core.results import Verdict

if TYPE_CHECKING:
    from pirn_core.encoding import Prepared
    from pirn_core.inspector import Inspector
    from pirn_core.model import TrainedModel

Tell = Callable[[int, int], None]
"""Progress: done, of."""


@dataclass(frozen=True)
class Change:
    """A confirmed part before and after.

    Attributes:
        part: Its id in the model.
        score_before: Under the former calibration.
        verdict_before: Likewise.
        score_after: Under the new one, which knows the part itself.
        verdict_after: Likewise.
    """

    part: str
    score_before: float
    verdict_before: Verdict
    score_after: float
    verdict_after: Verdict


@dataclass(frozen=True)
class Confirmation:
    """What confirming or taking back did.

    Attributes:
        before: The model as it was.
        after: The new model, not yet saved.
        changes: Confirmed parts.
        removed: Parts whose confirmation was taken back.
    """

    before: TrainedModel
    after: TrainedModel
    changes: tuple[Change, ...] = ()
    removed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        limits = {
            name: dict(zip(("sure", "threshold"), model.verdict_limits, strict=True))
            for name, model in (("before", self.before), ("after", self.after))
        }
        return {**limits, "confirmed": [asdict(c) for c in self.changes], "removed": list(self.removed)}


def confirm(
    inspector: Inspector,
    refs: Sequence[PartRef],
    *,
    unit: LengthUnit | None = None,
    any_label: bool = False,
    tell: Tell | None = None,
) -> Confirmation:
    """Reads parts and adds them to what a model knows as normal.

    Args:
        inspector: With the model.
        refs: The parts.
        unit: As in `read_sample`.
        any_label: Also parts that are labelled otherwise than good.
        tell: Called after every part.

    Raises:
        SampleError: When one of them cannot be read, is labelled as defective, or is a shot.
    """
    for ref in refs:
        if not any_label:
            require_good(ref, "be confirmed as good")
        require_no_shot(inspector.model, ref)
    prepared = []
    for number, ref in enumerate(refs, start=1):
        prepared.append(prepare_part(inspector, ref, unit))
        if tell is not None:
            tell(number, len(refs))
    return confirm_prepared(inspector, prepared)


def confirm_prepared(inspector: Inspector, prepared: Sequence[Prepared]) -> Confirmation:
    """The same for parts that are prepared already.

    Raises:
        SampleError: When one of them is a shot.
    """
    before = inspector.model
    records = []
    for part in prepared:
        require_no_shot(before, part.ref)
        records.append(replace(inspector.normal_record(part), part=record_name(before, part.ref)))
    after = before.confirmed(records)
    renewed = inspector.with_model(after)
    changes = []
    for part, record in zip(prepared, records, strict=True):
        old, new = inspector.inspect(part), renewed.inspect(part)
        changes.append(Change(record.part, old.score, old.verdict, new.score, new.verdict))
    return Confirmation(before, after, tuple(changes))


def record_name(model: TrainedModel, ref: PartRef) -> str:
    """The name under which a model keeps a confirmed part: its id and the start of its files' hash.

    The same files get the same name from wherever they are read, and other files of the same id another one.
    """
    from pirn_core.learn import content_hash

    mark = f"@{content_hash(ref)[:8]}"
    known = [r.part for r in model.records if r.source == "confirmed" and r.part.endswith(mark)]
    return known[0] if known else ref.id + mark


def remove_confirmed(model: TrainedModel, names: Iterable[str]) -> Confirmation:
    """Takes confirmations back; the model is what it was without them."""
    dropped = tuple(names)
    return Confirmation(model, model.without(dropped), removed=dropped)


def names_to_remove(
    model: TrainedModel, paths: Iterable[Path], *, layout: str | None = None, category: str | None = None
) -> tuple[str, ...]:
    """The confirmed parts that are meant by names, ids, or paths of their files.

    Raises:
        SampleError: When one of them was not confirmed, or an id stands for several.
    """
    known = [record.part for record in model.records if record.source != "held-out shot"]
    found: list[str] = []
    for path in paths:
        text = path.as_posix()
        named = [name for name in known if text in (name, name.rpartition("@")[0])]
        if len(named) > 1:
            raise SampleError(f"{text}: stands for {', '.join(named)}.", "Give one of these names.")
        if not named and path.exists():
            named = [record_name(model, ref) for ref in parts_at([path], layout=layout, category=category)]
        unknown = [name for name in named if name not in known] if named else [text]
        if unknown:
            listed = ", ".join(known) or "none"
            raise SampleError(f"{unknown[0]}: was not confirmed.", f"Confirmed are: {listed}.")
        found += named
    return tuple(dict.fromkeys(found))


def require_no_shot(model: TrainedModel, ref: PartRef) -> None:
    """Refuses shots: the model was trained on them, so that their scores say nothing about other parts."""
    from pirn_core.learn import content_hash

    shots = {shot.sha256: shot.id for shot in model.shots}
    if (content := content_hash(ref)) in shots:
        raise SampleError(
            f"{ref.id}: is a shot of this model ({shots[content]}), which was calibrated with it already.",
            "Confirm parts that the model was not trained on.",
        )
