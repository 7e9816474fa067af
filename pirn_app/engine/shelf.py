"""The last few things that a lane read or made, for another look."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import fields
from typing import Any, Generic, TypeVar

import numpy as np

V = TypeVar("V")


class Shelf(Generic[V]):
    """Holds so many values, and so many bytes of arrays in them; what was used longest ago makes room.

    Touched by one thread only, so that it needs no lock.

    Args:
        most: Values.
        most_bytes: Of all arrays in them; the newest value stays whatever its size.
    """

    def __init__(self, most: int, most_bytes: int = 1 << 30) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._held: OrderedDict[Hashable, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Hashable) -> V | None:
        """The value, if it is still here."""
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def put(self, key: Hashable, value: V) -> V:
        """Takes a value in and gives it back."""
        self._held[key] = value
        self._held.move_to_end(key)
        while len(self._held) > 1 and (len(self._held) > self._most or self._bytes() > self._most_bytes):
            self._held.popitem(last=False)
        return value

    def _bytes(self) -> int:
        return sum(array_bytes(value) for value in self._held.values())


def array_bytes(value: Any) -> int:
    """Bytes of the arrays among a dataclass's fields."""
    held = (getattr(value, field.name) for field in fields(value)) if hasattr(value, "__dataclass_fields__") else ()
    return sum(array.nbytes for array in held if isinstance(array, np.ndarray))
