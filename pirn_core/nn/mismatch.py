"""How weights differ from what a network needs, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Mismatch:
    """How weights differ from what a network needs; false where they do not.

    Attributes:
        shapes: Per tensor of a wrong shape: name, shape found, shape expected.
        missing: Tensors that the network needs and the file lacks.
        unexpected: Tensors of the file that the network does not have.
        other: Why they could not be compared.
    """

    shapes: tuple[tuple[str, str, str], ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    other: str = ""

    def __bool__(self) -> bool:
        return bool(self.shapes or self.missing or self.unexpected or self.other)

    def __str__(self) -> str:
        parts = []
        if self.shapes:
            name, found, expected = self.shapes[0]
            parts.append(f"{name} is {found} where {expected} is expected{_more(self.shapes)}")
        if self.missing:
            parts.append(f"{self.missing[0]} is missing{_more(self.missing)}")
        if self.unexpected:
            parts.append(f"{self.unexpected[0]} is unexpected{_more(self.unexpected)}")
        return "; ".join([*parts, self.other] if self.other else parts)


class MismatchError(Exception):
    """Weights do not fit a network; the reader of the file adds its name and raises a `BackboneError`."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(str(mismatch))
        self.mismatch = mismatch


def difference(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Mismatch:
    """Compares names and shapes."""
    shapes = tuple(
        (name, _text(found[name].shape), _text(value.shape))
        for name, value in expected.items()
        if name in found and found[name].shape != value.shape
    )
    missing = tuple(name for name in expected if name not in found)
    unexpected = tuple(name for name in found if name not in expected)
    return Mismatch(shapes, missing, unexpected)


def parsed(message: str) -> Mismatch:
    """The differences that torch's `load_state_dict` found; it tells them in its message only.

    Falsy when the message is not one of these.
    """
    shapes = tuple(
        (name, _text(_sides(found)), _text(_sides(wanted))) for name, found, wanted in _SIZE.findall(message)
    )
    missing = tuple(name for group in _MISSING.findall(message) for name in _NAME.findall(group))
    unexpected = tuple(name for group in _UNEXPECTED.findall(message) for name in _NAME.findall(group))
    return Mismatch(shapes, missing, unexpected)


_SIZE = re.compile(
    r"size mismatch for (\S+): copying a param with shape torch\.Size\(\[([\d, ]*)\]\) from checkpoint, "
    r"the shape in current model is torch\.Size\(\[([\d, ]*)\]\)"
)
_MISSING = re.compile(r"Missing key\(s\) in state_dict: (.*)")
_UNEXPECTED = re.compile(r"Unexpected key\(s\) in state_dict: (.*)")
_NAME = re.compile(r'"([^"]+)"')


def _sides(text: str) -> list[int]:
    return [int(side) for side in text.split(",") if side.strip()]


def _text(shape: Sequence[int]) -> str:
    return "x".join(str(side) for side in shape) or "a number"


def _more(names: Sequence[object]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
