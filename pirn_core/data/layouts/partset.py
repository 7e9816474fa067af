"""A folder of parts, listed when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError

ProblemKind = Literal["missing", "duplicate", "mismatched", "unreadable", "unused"]

SPLIT_ORDER = ("train", "validation", "test")


@dataclass(frozen=True)
class Problem:
    """Something about one part or file that the user should know before anything runs.

    Attributes:
        kind: `missing`: a file that its partners have; `duplicate`: two files for one purpose, or the same
            content twice; `mismatched`: sizes or labels that do not fit; `unreadable`: damaged or of a wrong
            kind; `unused`: a file that belongs to no part.
        part: Id of the part, or `` when the file belongs to none.
        message: One sentence.
        file: The file, where there is one.
    """

    kind: ProblemKind
    part: str
    message: str
    file: Path | None = None


@dataclass(frozen=True)
class Listing:
    """What a layout found: the parts in order, and what was wrong already by name."""

    refs: tuple[PartRef, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class PartSet:
    """The parts of one category.

    Attributes:
        root: The folder that was opened.
        layout: Name of the layout.
        reason: One sentence: why this layout.
        category: Name of the category, or the folder's name.
        lister: Lists the folder; called once, when the parts are first asked for.
        lighting: The chosen lighting, or `` where the layout has none.
    """

    root: Path
    layout: str
    reason: str
    category: str
    lister: Callable[[], Listing] = field(repr=False, compare=False)
    lighting: str = ""

    @cached_property
    def listing(self) -> Listing:
        """Parts and problems.

        Raises:
            SampleError: When there is not one part, or a folder cannot be read.
        """
        found = self.lister()
        if not found.refs:
            raise SampleError(
                f"{self.root}: holds no part ({self.reason})",
                "Open a folder with colour images or 3D files.",
            )
        return found

    @property
    def refs(self) -> Sequence[PartRef]:
        """All parts, ordered by split, label and name."""
        return self.listing.refs

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong already by name: missing partners, duplicate stems, unused files."""
        return self.listing.problems

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have parts: train, validation, test, then others."""
        found = {ref.split for ref in self.refs}
        return tuple(s for s in SPLIT_ORDER if s in found) + tuple(sorted(found.difference(SPLIT_ORDER)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur: `good` first."""
        found = {ref.label for ref in self.refs}
        return tuple(sorted(found, key=lambda label: (label != "good", label)))

    def select(self, split: str | None = None, label: str | None = None) -> tuple[PartRef, ...]:
        """Parts of a split, of a label, or both; None: any."""
        return tuple(ref for ref in self.refs if split in (None, ref.split) and label in (None, ref.label))

    def good(self, split: str = "train") -> tuple[PartRef, ...]:
        """The parts that may become shots.

        These are the good parts of `split`. A folder without splits gives its good parts, and a folder
        without labels all its parts: the user vouches for them.

        Raises:
            SampleError: When there is none.
        """
        within = self.select(split=split if any(self.splits) else None)
        known = [ref for ref in within if ref.label]
        found = tuple(ref for ref in known if ref.label == "good") if known else within
        if not found:
            where = f"split {split!r}" if any(self.splits) else "the folder"
            raise SampleError(
                f"{self.root}: {where} has no good part (splits: {_names(self.splits)}; "
                f"labels: {_names(self.labels)}).",
                "Put normal parts into a folder named good, or choose another split.",
            )
        return found

    def __len__(self) -> int:
        return len(self.refs)

    def __iter__(self) -> Iterator[PartRef]:
        return iter(self.refs)


def _names(values: Sequence[str]) -> str:
    return ", ".join(value or "(none)" for value in values)
