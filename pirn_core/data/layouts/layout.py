"""What a layout must be able to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pirn_core.data.layouts.partset import Listing


@dataclass(frozen=True)
class Layout:
    """One way of laying out parts in folders.

    Attributes:
        name: As used by `layout=`.
        shape: What it looks like, for messages.
        categories: The category folders at or directly below a root, by name; empty when it is not this
            layout.
        listing: Lists a category folder with a lighting.
        lightings: The lightings that a category folder offers; empty where the layout has no choice.
        default_lighting: The lighting taken when none is named.
    """

    name: str
    shape: str
    categories: Callable[[Path], Mapping[str, Path]]
    listing: Callable[[Path, str], Listing]
    lightings: Callable[[Path], tuple[str, ...]] = lambda _: ()
    default_lighting: str = ""
