"""From a part's files to a checked sample. Every bad input ends in a SampleError that says what to do."""

from pirn_core.data.reading.part import read_sample
from pirn_core.data.reading.raster import read_raster
from pirn_core.data.reading.source import MAX_PIXELS, MismatchError
from pirn_core.data.reading.units import FACTORS

__all__ = ["FACTORS", "MAX_PIXELS", "MismatchError", "read_raster", "read_sample"]
