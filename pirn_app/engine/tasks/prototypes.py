"""Tokens of the shots and of inspected parts, use of the codebook, layouts, and pictures of training patches."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pirn_app.engine.bench import key_of
from pirn_app.engine.shelf import Shelf
from pirn_app.engine.tasks.loading import sample_of
from pirn_app.engine.tools import Tools
from pirn_app.messages.events import Event, JobProgress
from pirn_app.messages.prototypes import (
    AtlasMade,
    HealthMade,
    LayOutPrototypes,
    PatchPicture,
    PicturePrototype,
    PlaceTokens,
    PrototypePictured,
    PrototypesLaidOut,
    PrototypesUnavailable,
    Source,
    SurveyPrototypes,
    TokensPlaced,
)
from pirn_app.render.normals import normals_rgb
from pirn_app.render.patches import patch_picture
from pirn_core.batch import prepare_part
from pirn_core.data.planes import make_planes
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, LengthUnit, PartRef
from pirn_core.data.truth import read_truth
from pirn_core.errors import SampleError
from pirn_core.explain.atlas import PartTokens, Tokens, find_shots, joined, make_atlas, part_tokens, prototype_keys
from pirn_core.explain.embedding import Layout, fit_pca, fit_tsne
from pirn_core.explain.health import Health, health_steps
from pirn_core.inspector import Inspector
from pirn_core.learn import content_hash
from pirn_core.results import InspectionResult


@dataclass(frozen=True)
class _Seen:
    """A shot's tokens, on the compute lane."""

    tokens: PartTokens


@dataclass(frozen=True)
class _Painted:
    """A shot's pictures, on the reading lane."""

    rgb: ByteArray | None
    normals: ByteArray | None


_DEFECT_SHARE = 0.2
"""A patch shows a defect when at least this share of it does."""

_SEEN: Shelf[_Seen] = Shelf(64)
_HASHES: Shelf[str] = Shelf(20_000)
_PAINTED: Shelf[_Painted] = Shelf(32, 192 << 20)


def survey(job: SurveyPrototypes, tools: Tools) -> Generator[Event, None, str]:
    """The tokens of the shots first, since a layout can begin with them; then the use of the codebook."""
    inspector, space = tools.bench.inspector, job.space
    if inspector.model.id != space.model:
        return ""  # another model came into force meanwhile; its survey is on its way

    def hashed(ref: PartRef) -> str:
        tools.check()
        key = key_of(ref, None)
        return _HASHES.get(key) or _HASHES.put(key, content_hash(ref))

    try:
        yield tools.progress(None, "Looking for the model's shots")
        shots, missing = find_shots(inspector.model.shots, job.refs, hashed)
        parts = yield from _shot_tokens(inspector, shots, job.unit, tools)
        tokens = joined(parts, space.modality, space.layer)
    except SampleError as error:
        yield PrototypesUnavailable(space, error.message, error.advice)
        return ""
    keys = prototype_keys(inspector.model, space.modality)
    yield AtlasMade(space, make_atlas(tokens, keys, space.modality, space.layer, seed=job.seed), shots, missing)
    steps = health_steps(inspector.model, tokens, keys, space.modality, space.layer, seed=job.seed)
    health: Health = yield from _told(steps, tools)
    yield HealthMade(space, health)
    return ""


def _shot_tokens(
    inspector: Inspector, shots: dict[str, PartRef], unit: LengthUnit | None, tools: Tools
) -> Generator[Event, None, list[PartTokens]]:
    parts = []
    for number, (name, ref) in enumerate(shots.items()):
        yield tools.progress(number / len(shots), f"Patches of shot {number + 1} of {len(shots)}")
        key = (inspector.model.id, key_of(ref, unit))
        kept = _SEEN.get(key) or _SEEN.put(key, _Seen(part_tokens(inspector, prepare_part(inspector, ref, unit))))
        parts.append(replace(kept.tokens, part=name))
    return parts


def _told(steps: Generator[float, None, Health], tools: Tools) -> Generator[Event, None, Health]:
    """Every step is a place where the part in view may be inspected first."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Health = end.value
            return found
        yield tools.progress(None, "Use of the prototypes")


def lay_out(job: LayOutPrototypes, tools: Tools) -> Generator[Event, None, str]:
    """Fits t-SNE in rounds, between which it can be cancelled; or PCA in a moment."""
    began = time.perf_counter()
    vectors = job.atlas.vectors
    layout = fit_pca(vectors) if job.method == "pca" else (yield from _tsne(vectors, job.atlas.seed, tools))
    places = layout.place(job.atlas.prototypes)
    places[job.atlas.fitted] = layout.places[len(job.atlas.tokens) :]
    yield PrototypesLaidOut(job.space, layout, places, time.perf_counter() - began)
    return ""


def _tsne(vectors: FloatArray, seed: int, tools: Tools) -> Generator[JobProgress, None, Layout]:
    steps, began = fit_tsne(vectors, seed), time.perf_counter()
    yield tools.progress(0.0, "t-SNE")
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            found: Layout = end.value
            return found
        yield tools.progress(share, "t-SNE", (time.perf_counter() - began) * (1 - share) / share)


def place_tokens(job: PlaceTokens, tools: Tools) -> Generator[Event, None, str]:
    """Tokens of parts with their scores; a part that cannot be read is left out."""
    inspector, space = tools.bench.inspector, job.space
    if inspector.model.id != space.model:
        return ""
    parts, scores, defects, failed = [], [], [], 0
    for number, ref in enumerate(job.refs):
        yield tools.progress(number / len(job.refs), f"Patches of part {number + 1} of {len(job.refs)}")
        try:
            found, result = _inspected(inspector, ref, job, tools)
            joined([found], space.modality, space.layer)  # a part that lacks the modality is left out
        except SampleError:
            failed += 1
            continue
        parts.append(found)
        scores.append(_at(result.map, found))
        defects.append(_defect(ref, result, found))
    yield _placed(job, parts, np.concatenate(scores), defects) if parts else _nothing(job)
    return f"{failed} parts could not be placed." if failed and job.scope == "all" else ""


def _inspected(
    inspector: Inspector, ref: PartRef, job: PlaceTokens, tools: Tools
) -> tuple[PartTokens, InspectionResult]:
    key = key_of(ref, job.unit)
    kept = tools.bench.kept(key)
    prepared = kept[0] if kept is not None else prepare_part(inspector, ref, job.unit)
    return part_tokens(inspector, prepared), inspector.inspect(prepared)


def _placed(
    job: PlaceTokens, parts: list[PartTokens], scores: FloatArray, defects: list[BoolArray | None]
) -> TokensPlaced:
    tokens = joined(parts, job.space.modality, job.space.layer)
    chosen = np.arange(len(tokens))
    if len(chosen) > job.most:
        chosen = np.sort(np.random.default_rng(job.seed).choice(len(chosen), job.most, replace=False))
    drawn = tokens.take(chosen)
    known = [np.zeros(len(p.index), np.bool_) if d is None else d for p, d in zip(parts, defects, strict=True)]
    return TokensPlaced(
        space=job.space,
        method=job.layout.method,
        scope=job.scope,
        asked=tuple(ref.id for ref in job.refs),
        tokens=replace(drawn, vectors=drawn.vectors[:, :0]),
        of=len(tokens),
        places=job.layout.place(drawn.vectors),
        scores=scores[chosen],
        defect=None if all(d is None for d in defects) else np.concatenate(known)[chosen],
    )


def _nothing(job: PlaceTokens) -> TokensPlaced:
    """No part could be placed, e.g. because the only one has no 3D points."""
    none = np.zeros(0, np.int32)
    empty = np.zeros((0, 2), np.float32)
    tokens, asked = Tokens((), none, none, empty, (), empty), tuple(ref.id for ref in job.refs)
    return TokensPlaced(job.space, job.layout.method, job.scope, asked, tokens, 0, empty, empty[:, 0], None)


def _at(values: FloatArray, part: PartTokens) -> FloatArray:
    """The map at the tokens' centres; NaN outside the image."""
    rows, columns = np.rint(part.centres.T).astype(int)
    height, width = values.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = values[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.where(inside, found, np.nan).astype(np.float32)


def _defect(ref: PartRef, result: InspectionResult, part: PartTokens) -> BoolArray | None:
    if ref.mask is None:
        return None
    try:
        mask = read_truth(ref, result.map.shape).mask
    except SampleError:
        return None
    if mask is None:
        return None
    side = max(1, round(part.side_px))
    share = cv2.blur(mask.astype(np.float32), (side, side), borderType=cv2.BORDER_CONSTANT)
    return np.nan_to_num(_at(np.asarray(share, np.float32), part)) >= _DEFECT_SHARE


def picture_prototype(job: PicturePrototype, tools: Tools) -> Iterator[Event]:
    """Cuts the patches out; a shot that cannot be read any more is left out."""
    patches = []
    for source in job.sources:
        tools.check()
        try:
            painted = _pictures(job, source)
        except SampleError:
            continue
        rgb, normals = (None if p is None else patch_picture(p, source.box) for p in (painted.rgb, painted.normals))
        patches.append(PatchPicture(source.ref.id, source.box, source.cosine, rgb, normals))
        yield tools.progress(len(patches) / len(job.sources), "Pictures of training patches")
    yield PrototypePictured(job.space, job.index, tuple(patches))


def _pictures(job: PicturePrototype, source: Source) -> _Painted:
    key = (key_of(source.ref, job.unit), job.space.model)
    found = _PAINTED.get(key)
    if found is None:
        planes = make_planes(sample_of(source.ref, job.unit), job.fitted)
        normals = None if planes.normals is None else normals_rgb(planes.normals)
        found = _PAINTED.put(key, _Painted(planes.rgb, normals))
    return found
