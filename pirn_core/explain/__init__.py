"""Why a part scored as it did, in numbers."""

from pirn_core.explain.part import PartExplanation, explain_part
from pirn_core.explain.pieces import Displacement, PatchView, PrototypeUse, RefinementEffect, TopPrototype

__all__ = [
    "Displacement",
    "PartExplanation",
    "PatchView",
    "PrototypeUse",
    "RefinementEffect",
    "TopPrototype",
    "explain_part",
]
