"""One part for display, as the network will see it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import asdict, dataclass

import msgspec

from pirn_app.engine.bench import key_of
from pirn_app.engine.shelf import Shelf
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, Geometry, PartLoaded, PartUnreadable, Picture
from pirn_app.messages.jobs import LoadPart
from pirn_core.data.fitting import FittedRecipe, fit_recipe
from pirn_core.data.geometry import doubts, part_geometry
from pirn_core.data.planes import make_planes
from pirn_core.data.reading import read_sample
from pirn_core.data.sample import BoolArray, LengthUnit, PartRef, Sample
from pirn_core.data.truth import read_truth
from pirn_core.errors import SampleError

SOURCES = {
    "border": "border plane",
    "dominant": "dominant plane",
    "points": "only the part has points",
    "colour": "colour against the border",
    "off": "whole image",
}
"""How a part was told from its background, in words."""

_PICTURES: Shelf[Picture] = Shelf(8)
_SAMPLES: Shelf[Sample] = Shelf(24, 256 << 20)


@dataclass(frozen=True)
class _Fit:
    """What shots gave, and which of them could not be read."""

    fitted: FittedRecipe | None
    warnings: tuple[str, ...] = ()


_FITS: Shelf[_Fit] = Shelf(16)


def load_part(job: LoadPart, tools: Tools) -> Iterator[Event]:
    """Reads a part, or finds it among the last ones."""
    key = _key(job)
    found = _PICTURES.get(key)
    if found is None:
        try:
            found = _PICTURES.put(key, _picture(job, tools))
        except SampleError as error:
            yield PartUnreadable(job.ref.id, error.message, error.advice)
            return
    yield PartLoaded(found)


def sample_of(ref: PartRef, unit: LengthUnit | None) -> Sample:
    """A part, read now or a moment ago.

    Raises:
        SampleError: As `read_sample`.
    """
    key = key_of(ref, unit)
    return _SAMPLES.get(key) or _SAMPLES.put(key, read_sample(ref, unit=unit))


def _picture(job: LoadPart, tools: Tools) -> Picture:
    sample = sample_of(job.ref, job.unit)
    tools.check()
    fit = _fit(job, sample, tools)
    assert fit.fitted is not None  # the part itself can always be fitted to
    planes = make_planes(sample, fit.fitted)
    tools.check()
    geometry = part_geometry(planes, fit.fitted, sample.xyz)
    truth, odd = _truth(job.ref, sample.shape)
    return Picture(
        ref=job.ref,
        rgb=sample.rgb,
        normals=planes.normals,
        xyz=sample.xyz,
        valid=sample.valid,
        foreground=planes.foreground,
        foreground_source=SOURCES[planes.foreground_source],
        geometry=Geometry(**asdict(geometry)),
        truth=truth,
        unit=sample.unit,
        warnings=(*planes.warnings, *doubts(geometry), *fit.warnings, *odd),
    )


def _fit(job: LoadPart, sample: Sample, tools: Tools) -> _Fit:
    """The model's recipe while it is the one asked for, else one fitted to the shots, else to the part."""
    if job.fitted is not None and job.fitted.recipe == job.recipe:
        return _Fit(job.fitted)
    fit = _shots_fit(job, tools) if job.shots else _Fit(None)
    input_size, grid = job.recipe.input_size or job.input_size, job.recipe.grid or job.grid
    if fit.fitted is None:
        return _Fit(fit_recipe([sample], job.recipe, input_size=input_size, grid=grid), fit.warnings)
    own = msgspec.structs.replace(fit.fitted, recipe=job.recipe, input_size=input_size, grid=grid)
    return _Fit(own, fit.warnings)


def _shots_fit(job: LoadPart, tools: Tools) -> _Fit:
    """What the shots give; depends on the recipe's foreground and crop alone, so other changes find it here."""
    recipe = job.recipe
    key = (tuple(key_of(ref, job.unit) for ref in job.shots), recipe.foreground, recipe.crop)
    found = _FITS.get(key)
    if found is None:
        warnings: list[str] = []
        samples = list(_readable(job, warnings, tools))
        fitted = fit_recipe(samples, recipe, input_size=job.input_size, grid=job.grid) if samples else None
        found = _FITS.put(key, _Fit(fitted, tuple(warnings)))
    return found


def _readable(job: LoadPart, warnings: list[str], tools: Tools) -> Iterator[Sample]:
    for ref in job.shots:
        tools.check()
        try:
            yield sample_of(ref, job.unit)
        except SampleError as error:
            warnings.append(f"The shot {ref.id} was left out: {error.message}")


def _truth(ref: PartRef, shape: tuple[int, int]) -> tuple[BoolArray | None, tuple[str, ...]]:
    """The mask for display; one that cannot be read spoils nothing else."""
    if ref.mask is None:
        return None, ()
    try:
        return read_truth(ref, shape).mask, ()
    except SampleError as error:
        return None, (f"The ground truth cannot be shown: {error.message}",)


def _key(job: LoadPart) -> Hashable:
    parts = (key_of(ref, job.unit) for ref in (job.ref, *job.shots))
    return (*parts, job.ref.mask, job.recipe, job.fitted, job.grid, job.input_size)
