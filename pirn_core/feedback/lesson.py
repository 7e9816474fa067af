"""What a user teaches a model without training: good parts, fine regions, and what is taken back."""

from __future__ import annotations

from dataclasses import dataclass

from pirn_core.data.sample import PartRef


@dataclass(frozen=True)
class Fine:
    """A part, or a region of it, that is as it should be.

    Attributes:
        ref: The part.
        peak: A pixel (row, column) of the region, above the threshold; None: the whole part.
    """

    ref: PartRef
    peak: tuple[int, int] | None = None


@dataclass(frozen=True)
class Lesson:
    """What is to be taught at once.

    Attributes:
        fine: Parts and regions.
        forget: Names of confirmed records to take back, see `TrainedModel.records`.
    """

    fine: tuple[Fine, ...] = ()
    forget: tuple[str, ...] = ()
