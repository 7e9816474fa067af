"""Synthetic defects on good parts, for choosing settings and for tests; never for training.

They are small (0.1 to 2 % of the part), lie on the part, and are of moderate strength: a method that misses
them all is too dull, one that finds them all has proved little about real defects.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import cv2
import numpy as np

from pirn_core.config import SurfaceConfig
from pirn_core.data.defect_shapes import EDGE, Rng, blob, fits, stroke
from pirn_core.data.sample import BoolArray, ByteArray, FloatArray, Sample
from pirn_core.data.surface import depth_noise, fill_nearest, pixel_spacing, surface_normals, unit_normals
from pirn_core.errors import SampleError

ColourKind = Literal["paste", "scratch", "blotch", "spot"]
GeometryKind = Literal["bump", "dent", "crack", "hole"]
DefectKind = Literal["paste", "scratch", "blotch", "spot", "bump", "dent", "crack", "hole", "combined"]

COLOUR: tuple[ColourKind, ...] = get_args(ColourKind)
GEOMETRY: tuple[GeometryKind, ...] = get_args(GeometryKind)
KINDS: tuple[DefectKind, ...] = get_args(DefectKind)

_AREA = (0.001, 0.02)
_STROKE_AREA = (0.001, 0.006)
_DRAWS = 24
_ON_PART = 0.9
_VISIBLE = 6.0
"""Least mean change of a colour defect, grey levels."""


def with_defect(
    sample: Sample, foreground: BoolArray, rng: Rng, kind: DefectKind | None = None
) -> tuple[Sample, BoolArray]:
    """A copy of a good part with one defect.

    Args:
        sample: The part; it is not changed.
        foreground: The part's pixels, not dilated, shape (H, W).
        rng: Draws everything; the same state gives the same defect.
        kind: One of `KINDS`; None draws one that the sample's modalities allow. `combined` is a dent or a
            bump with a stain.

    Returns:
        The changed sample, and the defect's pixels, shape (H, W), all inside `foreground`.

    Raises:
        SampleError: When the part is empty, or lacks the modality that `kind` needs.
    """
    kind = kind or _draw_kind(sample, rng)
    _check(sample, foreground, kind)
    profile = _profile(sample, foreground, kind, rng)
    if kind in GEOMETRY or kind == "combined":
        shape = kind if kind in GEOMETRY else str(rng.choice(["bump", "dent"]))
        sample = _displaced(sample, profile, shape, rng)
    if kind in COLOUR or kind == "combined" or (kind == "hole" and sample.rgb is not None):
        sample = _coloured(sample, foreground, profile, kind, rng)
    return sample, (profile > EDGE) & foreground


def _draw_kind(sample: Sample, rng: Rng) -> DefectKind:
    if sample.rgb is None:
        return GEOMETRY[int(rng.integers(len(GEOMETRY)))]
    if sample.xyz is None:
        return COLOUR[int(rng.integers(len(COLOUR)))]
    return KINDS[int(rng.integers(len(KINDS)))]


def _check(sample: Sample, foreground: BoolArray, kind: DefectKind) -> None:
    name = sample.ref.id
    if not foreground.any():
        raise SampleError(f"{name}: a defect needs a part, but the foreground is empty.")
    if sample.rgb is None and kind not in GEOMETRY:
        raise SampleError(f"{name}: a {kind} needs a colour image.", f"Choose one of {', '.join(GEOMETRY)}.")
    if kind in COLOUR:
        return
    if sample.xyz is None or not (sample.valid & foreground).any():
        raise SampleError(f"{name}: a {kind} needs 3D points.", f"Choose one of {', '.join(COLOUR)}.")


def _profile(sample: Sample, foreground: BoolArray, kind: DefectKind, rng: Rng) -> FloatArray:
    """The soft shape of the defect, drawn until it lies on the part (else the draw that does best)."""
    part_area = float(foreground.sum())
    candidates = foreground if kind in COLOUR else foreground & sample.valid
    rows, columns = np.nonzero(candidates)
    best, best_inside = np.zeros(sample.shape, np.float32), -1.0
    for _ in range(_DRAWS):
        at = int(rng.integers(len(rows)))
        profile = _shape(kind, sample.shape, (int(rows[at]), int(columns[at])), part_area, rng)
        if fits(profile, candidates, _ON_PART):
            return profile * foreground
        inside = float(candidates[profile > EDGE].mean())
        if inside > best_inside:
            best, best_inside = profile, inside
    return best * foreground


def _shape(kind: DefectKind, shape: tuple[int, int], centre: tuple[int, int], part_area: float, rng: Rng) -> FloatArray:
    low, high = _STROKE_AREA if kind in ("scratch", "crack") else _AREA
    if kind == "spot":
        high = 0.005
    area = max(12.0, part_area * math.exp(rng.uniform(math.log(low), math.log(high))))
    if kind in ("scratch", "crack"):
        width = max(2.0, math.sqrt(area) * rng.uniform(0.15, 0.3))
        return stroke(shape, centre, area, width, rng)
    return blob(shape, centre, area, rng)


def _displaced(sample: Sample, profile: FloatArray, shape: str, rng: Rng) -> Sample:
    """Moves points along their normals; a part with given normals gets new ones there."""
    assert sample.xyz is not None
    xyz, valid = sample.xyz, sample.valid
    spacing = pixel_spacing(xyz[..., 0], xyz[..., 1], valid)
    radius = spacing * math.sqrt(float((profile > EDGE).sum()) / math.pi)
    noise = depth_noise(xyz[..., 2], valid)
    amount = max(_RELIEF[shape](radius, spacing, rng), 2.0 * noise)
    steep = np.sqrt(profile) if shape == "hole" else profile
    before = surface_normals(xyz, valid, SurfaceConfig(smoothing_px=2.0))
    towards = fill_nearest(before, np.asarray(np.isfinite(before).all(axis=-1)))
    sign = np.float32(amount if shape == "bump" else -amount)
    moved = np.where(valid[..., None], xyz + sign * steep[..., None] * towards, xyz).astype(np.float32)
    if shape == "hole" and rng.random() < 0.5:  # the sensor sees no bottom
        valid = valid & (profile < 0.6)
        moved[~valid] = np.nan
    return replace(sample, xyz=moved, valid=valid, normals=_renewed(sample, moved, valid))


_RELIEF: dict[str, Callable[[float, float, Rng], float]] = {
    "bump": lambda radius, spacing, rng: max(radius * rng.uniform(0.15, 0.4), 0.6 * spacing),
    "dent": lambda radius, spacing, rng: max(radius * rng.uniform(0.15, 0.4), 0.6 * spacing),
    "crack": lambda radius, spacing, rng: spacing * rng.uniform(0.8, 2.0),
    "hole": lambda radius, spacing, rng: max(radius * rng.uniform(0.8, 1.6), 2.0 * spacing),
}
"""Height or depth in mm, from the defect's mean radius and the pixel spacing in mm."""


def _renewed(sample: Sample, moved: FloatArray, valid: BoolArray) -> FloatArray | None:
    """Given normals, changed as the computed ones change: what a data set knows better stays known."""
    if sample.normals is None or sample.xyz is None:
        return None
    fine = SurfaceConfig(smoothing_px=0.5)
    before = surface_normals(sample.xyz, sample.valid, fine)
    after = surface_normals(moved, valid, fine)
    changed = unit_normals(sample.normals + after - before)
    changed = np.where(np.isfinite(changed), changed, after)
    touched = (after != before) & (np.isfinite(after) | np.isfinite(before))
    return np.where(touched.any(axis=-1, keepdims=True), changed, sample.normals).astype(np.float32)


def _coloured(sample: Sample, foreground: BoolArray, profile: FloatArray, kind: DefectKind, rng: Rng) -> Sample:
    assert sample.rgb is not None
    if kind == "paste":
        changed = _pasted(sample.rgb, foreground, profile, rng)
    else:
        changed = _tinted(sample.rgb, profile, kind, rng)
    return replace(sample, rgb=changed)


def _tinted(rgb: ByteArray, profile: FloatArray, kind: DefectKind, rng: Rng) -> ByteArray:
    """Scales the colour; light places get darker and dark ones lighter, so that it shows."""
    inside = profile > EDGE
    level = float(np.median(rgb[inside]))
    strength = rng.uniform(*_STRENGTH[kind])
    darker = kind == "hole" or rng.random() < np.clip((level - 40.0) / 120.0, 0.0, 1.0)
    tint = rng.normal(1.0, 0.25 if kind in ("blotch", "combined") else 0.03, 3).clip(0.4, 1.6)
    change = -strength * tint if darker else strength * tint
    offset = change * max(level, 40.0)
    weight = np.minimum(1.0, profile / 0.5)[..., None]
    return _rounded(rgb + weight * offset)


_STRENGTH: dict[str, tuple[float, float]] = {
    "scratch": (0.2, 0.4),
    "blotch": (0.12, 0.3),
    "spot": (0.25, 0.5),
    "hole": (0.3, 0.7),
    "combined": (0.12, 0.3),
}
"""Change of the colour relative to its own level."""


def _pasted(rgb: ByteArray, foreground: BoolArray, profile: FloatArray, rng: Rng) -> ByteArray:
    """Puts another, turned piece of the part there; pieces that look alike are drawn again."""
    rows, columns = np.nonzero(foreground)
    inside = profile > EDGE
    middle = np.argwhere(inside).mean(axis=0)
    weight = np.minimum(1.0, profile / 0.5)[..., None]
    best, best_change = rgb, -1.0
    for _ in range(_DRAWS):
        at = int(rng.integers(len(rows)))
        turn = cv2.getRotationMatrix2D((float(middle[1]), float(middle[0])), rng.uniform(0.0, 360.0), 1.0)
        turn[:, 2] += np.array([columns[at], rows[at]]) - middle[::-1]
        size = (rgb.shape[1], rgb.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        piece = cv2.warpAffine(rgb, turn, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
        mixed = _rounded(rgb + weight * (piece.astype(np.float32) - rgb))
        change = float(np.abs(mixed[inside].astype(np.float32) - rgb[inside]).mean())
        if change > best_change:
            best, best_change = mixed, change
        if change >= _VISIBLE:
            break
    return best


def _rounded(values: FloatArray) -> ByteArray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
