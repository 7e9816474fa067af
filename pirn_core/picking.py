"""Which parts a job works on: shots by seed or by name, and the parts at the paths that a user gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pirn_core.data.layouts import PartSet, open_parts, part_from_path
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

GOOD = ("", "good")
"""Labels of parts that may count as normal: known to be good, or not known at all."""


def random_shots(good: Sequence[PartRef], count: int, seed: int) -> tuple[PartRef, ...]:
    """Draws shots at random.

    The draws of one seed are nested: its five shots are among its ten shots, so that one more shot is an
    addition and not another sample.

    Args:
        good: The parts to draw from, see `PartSet.good`.
        count: Number of shots, at least 1.
        seed: Of the draw.

    Returns:
        The shots in the order of `good`, which does not depend on the order of the draw.

    Raises:
        SampleError: When there are fewer good parts.
    """
    if not 1 <= count <= len(good):
        raise SampleError(
            f"{count} shots were asked for, there are {len(good)} good training parts.",
            f"Ask for 1 to {len(good)} shots.",
        )
    drawn = np.random.default_rng(seed).permutation(len(good))[:count]
    return tuple(good[index] for index in sorted(drawn.tolist()))


def named_shots(parts: PartSet, ids: Sequence[str]) -> tuple[PartRef, ...]:
    """The shots that the user names, by id or by its last piece where that is unique among the good parts.

    Returns:
        The shots in the set's order.

    Raises:
        SampleError: When a name is unknown or ambiguous, or a part is known to be defective.
    """
    wanted = [_named(parts, name.strip()) for name in ids if name.strip()]
    if not wanted:
        raise SampleError("No shot is named.", "Give ids separated by commas, e.g. train/good/000,train/good/004.")
    for ref in wanted:
        require_good(ref, "become a shot")
    chosen = {ref.id for ref in wanted}
    return tuple(ref for ref in parts.refs if ref.id in chosen)


def require_good(ref: PartRef, purpose: str) -> None:
    """Refuses a part whose folder says that it is defective.

    Raises:
        SampleError: Naming the part and its label.
    """
    if ref.label not in GOOD:
        raise SampleError(f"{ref.id}: is labelled {ref.label}, so it cannot {purpose}.", "Choose good parts only.")


def parts_at(
    paths: Iterable[Path],
    *,
    layout: str | None = None,
    category: str | None = None,
    lighting: str | None = None,
) -> tuple[PartRef, ...]:
    """The parts at some paths: the test parts of a data set, all of another folder, the part of a file.

    Args:
        paths: Folders or files.
        layout: As in `open_parts`, for folders.
        category: Likewise.
        lighting: Likewise.

    Returns:
        Parts in the order given, each once, with ids that are unique among them.

    Raises:
        SampleError: When there is nothing at a path.
    """
    refs, missing = parts_and_gaps(paths, layout=layout, category=category, lighting=lighting)
    for error in missing.values():
        raise error
    return refs


def parts_and_gaps(
    paths: Iterable[Path],
    *,
    layout: str | None = None,
    category: str | None = None,
    lighting: str | None = None,
) -> tuple[tuple[PartRef, ...], dict[Path, SampleError]]:
    """As `parts_at`, but goes on after a path with nothing at it.

    Returns:
        The parts, and the error of each path that gave none.
    """
    found: list[PartRef] = []
    gaps: dict[Path, SampleError] = {}
    for path in paths:
        try:
            if path.is_dir():
                found += test_parts(open_parts(path, layout=layout, category=category, lighting=lighting))
            else:
                found += part_from_path(path)
        except SampleError as error:
            gaps[path] = error
    return with_unique_ids(found), gaps


def test_parts(parts: PartSet) -> tuple[PartRef, ...]:
    """All classes of the test split; all parts where there is no such split."""
    return parts.select(split="test") or tuple(parts.refs)


def with_unique_ids(refs: Iterable[PartRef]) -> tuple[PartRef, ...]:
    """Drops repetitions and numbers different parts of one id: `003`, `003~2`."""
    files: set[tuple[Path | None, ...]] = set()
    taken: set[str] = set()
    unique: list[PartRef] = []
    for ref in refs:
        if (ref.rgb, ref.xyz, ref.normals) in files:
            continue
        files.add((ref.rgb, ref.xyz, ref.normals))
        name, number = ref.id, 1
        while name in taken:
            number += 1
            name = f"{ref.id}~{number}"
        taken.add(name)
        unique.append(ref if name == ref.id else replace(ref, id=name))
    return tuple(unique)


def _named(parts: PartSet, name: str) -> PartRef:
    exact = [ref for ref in parts.refs if ref.id == name]
    if exact:
        return exact[0]
    by_stem = [ref for ref in parts.good() if ref.stem == name]
    if len(by_stem) == 1:
        return by_stem[0]
    if by_stem:
        raise SampleError(f"{name}: is the name of {len(by_stem)} parts.", f"Give the id, e.g. {by_stem[0].id}.")
    close = difflib.get_close_matches(name, [ref.id for ref in parts.refs], n=1)
    hint = f"Did you mean {close[0]}?" if close else f"Ids look like {parts.refs[0].id}."
    raise SampleError(f"{parts.root}: has no part {name!r}.", hint)
