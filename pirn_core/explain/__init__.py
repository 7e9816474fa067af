"""Why a part scored as it did, in numbers."""

from pirn_core.explain.displacement import Comparison, LayerTransport, TransportExplanation, tokens_in
from pirn_core.explain.part import PartExplanation, explain_part
from pirn_core.explain.pieces import Displacement, PatchView, PrototypeUse, RefinementEffect, TopPrototype
from pirn_core.explain.transport import explain_transport

__all__ = [
    "Comparison",
    "Displacement",
    "LayerTransport",
    "PartExplanation",
    "PatchView",
    "PrototypeUse",
    "RefinementEffect",
    "TopPrototype",
    "TransportExplanation",
    "explain_part",
    "explain_transport",
    "tokens_in",
]
