"""Ground truth. A type of its own, in a module of its own, so that inference cannot look at labels."""

from __future__ import annotations

from dataclasses import dataclass

from pirn_core.data.sample import BoolArray, PartRef


@dataclass(frozen=True)
class Truth:
    """What is known about a part's defects.

    Attributes:
        ref: The part.
        defective: True when the part is known to be bad.
        mask: Defect pixels, shape (H, W); all False for a good part; None when a bad part has no mask.
    """

    ref: PartRef
    defective: bool
    mask: BoolArray | None
