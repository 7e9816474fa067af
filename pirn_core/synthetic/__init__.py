"""A procedural sample set: parts that were drawn, not photographed, with exact ground truth."""

from pirn_core.synthetic.dataset import CLASS_IDS, SET_DEFECTS, DemoSummary, generate
from pirn_core.synthetic.defects import DEFECTS
from pirn_core.synthetic.designs import DRAWINGS
from pirn_core.synthetic.render import RenderedPart, render_part

__all__ = [
    "CLASS_IDS",
    "DEFECTS",
    "DRAWINGS",
    "SET_DEFECTS",
    "DemoSummary",
    "RenderedPart",
    "generate",
    "render_part",
]
