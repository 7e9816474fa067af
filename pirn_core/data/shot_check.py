"""What is odd among the shots: the same picture twice, and a shot that is unlike the others.

Limits were chosen on the good parts of four sets: flange and housing of the sample set, MVTec 3D-AD
cable_gland, Eyecandies CandyCane (26, 26, 25 and 26 parts). Likeness of two different parts is 0.934 at most
(0.967 with the defective ones), of a part and its copy with noise of 5 grey levels, JPEG at quality 20, 0.7 or
1.2 times its brightness at least 0.992. Outliers among 4, 5 and 10 good shots drawn at random: none in flange
and housing; 0.4 %, 0 and 0 of cable_gland's shots, 5.4 %, 1.4 % and 0.05 % of CandyCane's. A part of another set
is always found, one at half its brightness in 97 to 100 %. Small defects are not found this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pirn_core.config import Recipe
from pirn_core.data.augmentation import Pose
from pirn_core.data.crop import Affine, bounding_circle, view_to_image
from pirn_core.data.fitting import FittedRecipe
from pirn_core.data.foreground import Foreground, find_foreground
from pirn_core.data.plane import distances
from pirn_core.data.planes import make_planes
from pirn_core.data.sample import BoolArray, FloatArray, Sample

SIDE = 64
"""Pixels of a portrait's side; noise and compression average out, edges and markings stay."""
ALIKE = 0.985
"""From this likeness on two shots may be the same picture..."""
APART = 5.0
"""... where they also differ this many times less than shots of this set usually do (parts held in a fixture
look much alike)."""
SAME = 0.997
"""Above this likeness they are the same picture, however alike the others are."""
FEWEST = 4
"""With fewer shots, nobody can say which one is the odd one."""
FAR = 5.0
"""Robust standard deviations from the median of the other shots."""
_MANY = 6
"""From so many other shots on, the farthest tenth of them on either side may be odd ones too."""


@dataclass(frozen=True)
class _Figure:
    """One figure by which shots are compared.

    Attributes:
        text: As in `its ... is 12 mm`.
        form: How its value is written.
        floor: Least spread that is believed, of the value or, with `ratio`, of its logarithm.
        ratio: Compare quotients, not differences.
        advice: What to do about an odd one.
    """

    text: str
    form: str
    floor: float
    ratio: bool
    advice: str


_LIGHT = "Check lighting and exposure, or replace this shot."
_SHAPE = "Check that it is the same kind of part, whole and at the same distance, or replace this shot."
_COLOUR = "Check that it is the same kind of part in the same light, or replace this shot."
_SCAN = "Check the scanner's exposure, or replace this shot."

FIGURES: Mapping[str, _Figure] = {
    "background": _Figure("background's brightness", "{:.1f} %", 0.07, True, _LIGHT),
    "brightness": _Figure("brightness", "{:.0f} %", 2.0, False, _LIGHT),
    "red": _Figure("redness (a*)", "{:.0f}", 3.0, False, _COLOUR),
    "yellow": _Figure("yellowness (b*)", "{:.0f}", 3.0, False, _COLOUR),
    "area": _Figure("area in the image", "{:,.0f} px", 0.05, True, _SHAPE),
    "diameter": _Figure("largest extent in the image", "{:.0f} px", 0.03, True, _SHAPE),
    "height": _Figure("height", "{:.1f} mm", 0.05, True, _SHAPE),
    "covered": _Figure("share with 3D points", "{:.0f} %", 4.0, False, _SCAN),
}
_DARKEST = 0.4
"""Percent of brightness added before quotients are taken, so that black backgrounds compare."""


@dataclass(frozen=True)
class Portrait:
    """What is kept of a shot for comparing it: 50 kB.

    Attributes:
        part: Its id.
        mask: The part, cut to its bounding circle, shape (SIDE, SIDE).
        grey: Brightness, shape (SIDE, SIDE); None without colour.
        tilt: x and y of the normals, shape (SIDE, SIDE, 2); None without 3D.
        figures: Values by the names of `FIGURES`; absent where unknown.
    """

    part: str
    mask: BoolArray
    grey: FloatArray | None
    tilt: FloatArray | None
    figures: Mapping[str, float]


@dataclass(frozen=True)
class ShotDoubt:
    """Something odd about one shot.

    Attributes:
        part: Id of the shot.
        kind: `duplicate` or `outlier`.
        message: What is odd, with the figure, and what to do.
    """

    part: str
    kind: Literal["duplicate", "outlier"]
    message: str


def portrait(sample: Sample, recipe: Recipe) -> Portrait:
    """Reduces a shot to what is compared.

    Args:
        sample: The shot.
        recipe: How its part and its normals are found.
    """
    found = find_foreground(sample, recipe.foreground)
    circle = bounding_circle(found.raw)
    assert circle is not None  # a foreground is never empty
    frame = view_to_image(circle[0], circle[1], SIDE, Pose())
    normals = make_planes(sample, FittedRecipe(recipe=recipe, input_size=SIDE, grid=4), found).normals
    grey = None if sample.rgb is None else cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2GRAY)
    return Portrait(
        part=sample.ref.id,
        mask=_cut(found.raw, frame) > 0.5,
        grey=None if grey is None else _cut(grey, frame),
        tilt=None if normals is None else _cut(normals[..., :2], frame),
        figures=dict(_figures(sample, found, circle[1])),
    )


def check_shots(portraits: Sequence[Portrait]) -> tuple[ShotDoubt, ...]:
    """Near-duplicates and outliers among shots, in the shots' order.

    Of two alike shots the later one is named. A shot far from the others in several figures is told with the
    one that it is farthest in; with fewer than four shots there are no outliers.
    """
    found = [*_duplicates(portraits), *_outliers(portraits)]
    order = {shot.part: place for place, shot in enumerate(portraits)}
    return tuple(sorted(found, key=lambda doubt: order[doubt.part]))


def likeness(one: Portrait, other: Portrait) -> float:
    """How alike two shots are: the smallest of the correlations of what both have, -1 to 1; 0 for nothing."""
    both = one.mask & other.mask
    if not both.any():
        return 0.0
    planes = ((one.grey, other.grey), (one.tilt, other.tilt))
    found = [_correlation(a[both], b[both]) for a, b in planes if a is not None and b is not None]
    overlap = float(both.sum() / (one.mask | other.mask).sum())
    return min([*found, 1.0 if overlap > 0.9 else 0.0]) if found else 0.0


def _correlation(a: FloatArray, b: FloatArray) -> float:
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = float(np.sqrt((x * x).sum() * (y * y).sum()))
    if scale <= 1e-6:  # both, or one of them, without any pattern
        return float(np.array_equal(a, b))
    return float((x * y).sum() / scale)


def _duplicates(portraits: Sequence[Portrait]) -> Iterator[ShotDoubt]:
    pairs = {(k, j): likeness(portraits[j], portraits[k]) for k in range(len(portraits)) for j in range(k)}
    usual = 1.0 - float(np.median(list(pairs.values()))) if len(pairs) > 1 else 2.0
    limit = min(SAME, max(ALIKE, 1.0 - usual / APART))
    for k in range(1, len(portraits)):
        j = max(range(k), key=lambda earlier: pairs[k, earlier])
        if pairs[k, j] >= limit:
            yield ShotDoubt(
                portraits[k].part,
                "duplicate",
                f"{portraits[k].part} is almost the same picture as {portraits[j].part} (correlation "
                f"{pairs[k, j]:.3f}): it teaches nothing new. Replace one of them by another part.",
            )


def _outliers(portraits: Sequence[Portrait]) -> Iterator[ShotDoubt]:
    for k, shot in enumerate(portraits) if len(portraits) >= FEWEST else ():
        others = [*portraits[:k], *portraits[k + 1 :]]
        found = [(far, name) for name in shot.figures if (far := _farness(shot, others, name)) > FAR]
        if found:
            yield ShotDoubt(shot.part, "outlier", _sentence(shot, others, max(found)[1]))


def _farness(shot: Portrait, others: Sequence[Portrait], name: str) -> float:
    """Distance from the others' median in robust standard deviations; 0 where too few have the figure."""
    known = [other.figures[name] for other in others if name in other.figures]
    if len(known) < FEWEST - 1:
        return 0.0
    figure = FIGURES[name]
    values = np.array([*known, shot.figures[name]])
    if figure.ratio:
        values = np.log(values + (_DARKEST if name == "background" else 0.0))
    rest, own = values[:-1], values[-1]
    middle = np.median(rest)
    # Of few values, the median deviation is too small too often; their range is not.
    low, high = np.percentile(rest, (0, 100) if len(rest) < _MANY else (10, 90))
    spread = max(1.4826 * float(np.median(np.abs(rest - middle))), float(high - low), figure.floor)
    return float(abs(own - middle) / spread)


def _sentence(shot: Portrait, others: Sequence[Portrait], name: str) -> str:
    figure = FIGURES[name]
    rest = [other.figures[name] for other in others if name in other.figures]
    own, middle, low, high = (
        figure.form.format(v) for v in (shot.figures[name], np.median(rest), min(rest), max(rest))
    )
    compared = f"its {figure.text} is {own}, theirs {middle} ({low} to {high})"
    return f"{shot.part} is unlike the others: {compared}. {figure.advice}"


def _figures(sample: Sample, found: Foreground, diameter: float) -> Iterator[tuple[str, float]]:
    part = found.raw
    if sample.rgb is not None:
        lab = cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2LAB)
        lightness, red, yellow = lab[part].mean(axis=0, dtype=np.float64)
        yield from (("brightness", lightness / 2.55), ("red", red - 128.0), ("yellow", yellow - 128.0))
        if not found.mask.all():
            yield "background", float(lab[..., 0][~found.mask].mean() / 2.55)
    if found.source != "off":
        yield from (("area", float(part.sum())), ("diameter", diameter))
    if sample.xyz is not None:
        yield "covered", 100.0 * float(sample.valid[part].mean())
        if found.plane is not None and (part & sample.valid).any():
            height = float(np.percentile(distances(sample.xyz[part & sample.valid], found.plane), 95))
            yield from [("height", height)] if height > 0.0 else []


def _cut(plane: NDArray[Any], frame: Affine) -> FloatArray:
    """The square around the part, averaged over areas before it is made smaller."""
    values = plane.astype(np.float32)
    scale = float(frame[0, 0])
    if scale > 1.0:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), scale / 2.0), np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(values, frame, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.float32)
