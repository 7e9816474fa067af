"""What a folder of parts holds and what is wrong with it, before anything runs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pirn_core.data.layouts import PartSet, Problem, ProblemKind
from pirn_core.data.reading import MismatchError, read_sample
from pirn_core.data.reading.source import MAX_PIXELS
from pirn_core.data.sample import LengthUnit, PartRef, Sample
from pirn_core.data.truth import read_truth
from pirn_core.errors import SampleError

Progress = Callable[[int, int], None]
"""Called with the parts done and all parts; it may raise `Cancelled`."""


@dataclass(frozen=True)
class ClassCount:
    """How many parts of a split and label there are, and what they have."""

    split: str
    label: str
    parts: int
    rgb: int
    xyz: int
    masks: int


@dataclass(frozen=True)
class DataReport:
    """The result of `data_report`.

    Attributes:
        root: The folder.
        layout: Its layout.
        reason: Why this layout.
        category: The category.
        counts: Per split and label, in the set's order.
        problems: Everything that is wrong, file by file.
        warnings: Part id and sentence: what the reader noticed and mended.
        sizes: Image sizes as `width x height`, with the number of parts; empty when no file was opened.
        units: Units and how they were found, with the number of parts.
        checked: Whether the files were opened, not just listed.
    """

    root: Path
    layout: str
    reason: str
    category: str
    counts: tuple[ClassCount, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[tuple[str, str], ...]
    sizes: Mapping[str, int]
    units: Mapping[str, int]
    checked: bool

    @property
    def parts(self) -> int:
        """Number of parts."""
        return sum(count.parts for count in self.counts)

    @property
    def unusable(self) -> tuple[str, ...]:
        """Ids of the parts that cannot be read."""
        return tuple(dict.fromkeys(p.part for p in self.problems if p.kind == "unreadable" and p.part))

    def count_rows(self) -> tuple[tuple[str, ...], ...]:
        """A table of the counts; the first row names the columns."""
        head = ("split", "label", "parts", "colour", "3D", "masks")
        return (
            head,
            *(
                (c.split or "-", c.label or "-", str(c.parts), str(c.rgb), str(c.xyz), str(c.masks))
                for c in self.counts
            ),
        )

    def problem_rows(self) -> tuple[tuple[str, ...], ...]:
        """A table of the problems; the first row names the columns."""
        rows = ((p.kind, p.part or "-", p.file.name if p.file else "-", p.message) for p in self.problems)
        return (("problem", "part", "file", "what"), *rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, numbers and strings, ready for JSON; paths relative to the root."""
        return {
            "root": str(self.root),
            "layout": self.layout,
            "reason": self.reason,
            "category": self.category,
            "checked": self.checked,
            "parts": self.parts,
            "counts": [vars(count) for count in self.counts],
            "sizes": dict(self.sizes),
            "units": dict(self.units),
            "problems": [self._problem(problem) for problem in self.problems],
            "warnings": [{"part": part, "message": message} for part, message in self.warnings],
        }

    def _problem(self, problem: Problem) -> dict[str, str | None]:
        file = problem.file
        if file is not None and file.is_relative_to(self.root):
            file = file.relative_to(self.root)
        where = None if file is None else file.as_posix()
        return {"kind": problem.kind, "part": problem.part, "file": where, "message": problem.message}


def data_report(
    parts: PartSet,
    *,
    check_files: bool = True,
    progress: Progress | None = None,
    unit: LengthUnit | None = None,
    max_pixels: int = MAX_PIXELS,
) -> DataReport:
    """Counts parts and finds what is missing, mismatched, unreadable or there twice.

    Args:
        parts: The part set.
        check_files: Also read every file, which finds damage, sizes and equal contents.
        progress: Called after each part.
        unit: As in `read_sample`.
        max_pixels: As in `read_sample`.

    Raises:
        SampleError: When the folder has no part at all.
    """
    steps = report_steps(parts, check_files=check_files, unit=unit, max_pixels=max_pixels)
    while True:
        try:
            done, of = next(steps)
        except StopIteration as end:
            report: DataReport = end.value
            return report
        if progress:
            progress(done, of)


def report_steps(
    parts: PartSet, *, check_files: bool = True, unit: LengthUnit | None = None, max_pixels: int = MAX_PIXELS
) -> Generator[tuple[int, int], None, DataReport]:
    """As `data_report`, part by part, for callers that do something else in between.

    Yields:
        The parts done and all parts, after each part.

    Returns:
        The report.
    """
    check = _Check()
    if check_files:
        for done, ref in enumerate(parts.refs, start=1):
            check.part(ref, unit, max_pixels)
            yield done, len(parts.refs)
        check.problems += [*_odd_sizes(check.shapes), *_equal_contents(parts.refs)]
    return DataReport(
        root=parts.root,
        layout=parts.layout,
        reason=parts.reason,
        category=parts.category,
        counts=tuple(_counts(parts)),
        problems=(*parts.problems, *check.problems),
        warnings=tuple(check.warnings),
        sizes=Counter(_size(shape) for shape in check.shapes.values()),
        units=Counter(check.units),
        checked=check_files,
    )


def _counts(parts: PartSet) -> Iterator[ClassCount]:
    groups: dict[tuple[str, str], list[PartRef]] = {}
    for ref in parts.refs:
        groups.setdefault((ref.split, ref.label), []).append(ref)
    for split in parts.splits:
        for label in parts.labels:
            if refs := groups.get((split, label)):
                has = (sum(getattr(ref, name) is not None for ref in refs) for name in ("rgb", "xyz", "mask"))
                yield ClassCount(split, label, len(refs), *has)


class _Check:
    """Reads parts one by one and keeps what was noticed; never more than one part in memory."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[tuple[str, str]] = []
        self.shapes: dict[str, tuple[int, int]] = {}
        self.units: list[str] = []

    def part(self, ref: PartRef, unit: LengthUnit | None, max_pixels: int) -> None:
        if "duplicate" in ref.extra:  # already reported by name
            return
        try:
            sample = read_sample(ref, unit=unit, max_pixels=max_pixels)
        except SampleError as error:
            self._failed(ref, error)
            return
        self.warnings += [(ref.id, warning) for warning in sample.warnings]
        if ref.rgb is not None:  # the size of a projected cloud is free
            self.shapes[ref.id] = sample.shape
        if sample.unit:
            self.units.append(sample.unit.partition(" (guessed")[0] if "guessed" in sample.unit else sample.unit)
        self._truth(ref, sample, max_pixels)

    def _truth(self, ref: PartRef, sample: Sample, max_pixels: int) -> None:
        if ref.mask is None:
            return
        try:
            truth = read_truth(ref, sample.shape, max_pixels=max_pixels)
        except SampleError as error:
            self._failed(ref, error)
            return
        if truth.defective and truth.mask is not None and not truth.mask.any():
            message = f"is labelled {ref.label} but its mask marks no pixel."
            self.problems.append(Problem("mismatched", ref.id, message, ref.mask))

    def _failed(self, ref: PartRef, error: SampleError) -> None:
        kind: ProblemKind = "mismatched" if isinstance(error, MismatchError) else "unreadable"
        self.problems.append(Problem(kind, ref.id, str(error), ref.rgb or ref.xyz))


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _odd_sizes(shapes: Mapping[str, tuple[int, int]]) -> list[Problem]:
    """Parts whose size is not that of most parts."""
    if len(set(shapes.values())) < 2:
        return []
    usual = Counter(shapes.values()).most_common(1)[0][0]
    return [
        Problem("mismatched", part, f"is {_size(shape)} while most parts are {_size(usual)}.")
        for part, shape in shapes.items()
        if shape != usual
    ]


def _equal_contents(refs: Sequence[PartRef]) -> list[Problem]:
    """Parts whose image (or scan) is the same file byte by byte, e.g. one in training and in test."""
    by_length: dict[int, list[tuple[PartRef, Path]]] = {}
    for ref in refs:
        path = ref.rgb or ref.xyz
        if path is not None and path.is_file():
            by_length.setdefault(path.stat().st_size, []).append((ref, path))
    problems: list[Problem] = []
    for group in by_length.values():
        seen: dict[bytes, str] = {}
        for ref, path in group if len(group) > 1 else ():
            digest = _digest(path)
            first = seen.setdefault(digest, ref.id) if digest else ref.id
            if first != ref.id:
                problems.append(Problem("duplicate", ref.id, f"has the same content as {first}.", path))
    return problems


def _digest(path: Path) -> bytes | None:
    """Hash of the content; None for a file that cannot be read, which is reported elsewhere."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").digest()
    except OSError:
        return None
