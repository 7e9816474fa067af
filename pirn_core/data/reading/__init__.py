"""From a part's files to a checked sample. Every bad input ends in a SampleError that says what to do."""

from pirn_core.data.reading.part import read_sample
from pirn_core.data.reading.raster import read_raster
from pirn_core.data.reading.units import FACTORS

__all__ = ["FACTORS", "read_raster", "read_sample"]
