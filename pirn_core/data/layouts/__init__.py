"""Which files make a part, for every folder layout that is understood. No image is opened here."""

from pirn_core.data.layouts.opening import LAYOUTS, open_parts
from pirn_core.data.layouts.partset import Listing, PartSet, Problem, ProblemKind
from pirn_core.data.layouts.single import part_from_path

__all__ = ["LAYOUTS", "Listing", "PartSet", "Problem", "ProblemKind", "open_parts", "part_from_path"]
