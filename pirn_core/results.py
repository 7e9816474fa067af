"""What inspection gives: frozen values of numpy arrays, numbers and strings, safe to hand across threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pirn_core.data.sample import BoolArray, FloatArray, Modality, PartRef

Verdict = Literal["OK", "unsure", "NG"]


@dataclass(frozen=True)
class Region:
    """A connected area whose score exceeds the threshold.

    Attributes:
        label: Number in the order of falling peak score, from 1.
        box: Pixel box (row0, col0, row1, col1), half open.
        pixels: Number of pixels.
        peak: Largest fused score inside.
        peak_at: Pixel (row, column) of the peak.
        share: Share of each modality in the region's score, sums to 1.
        area_mm2: Surface area from the organised points; None without 3D.
        extent_mm: Longest and perpendicular extent; None without 3D.
        height_mm: Median offset along the surrounding surface's normal, positive towards the camera;
            None without 3D or without surroundings.
    """

    label: int
    box: tuple[int, int, int, int]
    pixels: int
    peak: float
    peak_at: tuple[int, int]
    share: Mapping[Modality, float]
    area_mm2: float | None = None
    extent_mm: tuple[float, float] | None = None
    height_mm: float | None = None


@dataclass(frozen=True)
class InspectionResult:
    """One part's verdict and all that it rests on.

    Attributes:
        ref: The part.
        model_id: Identity of the model that made it.
        score: Largest value of the fused map; the raw score, never rescaled per image.
        scores: Largest value of each modality's map.
        threshold: At or above it the part is NG.
        sure: Below it the part is certainly normal; between `sure` and `threshold` the verdict is unsure.
        verdict: OK, unsure or NG.
        map: Fused anomaly map at the image's size, float32 (H, W), NaN outside what was seen.
        maps: The same per modality, on the scale on which they are summed.
        seen: Where the model looked (crop and dilated foreground), bool (H, W).
        regions: Areas above the threshold, by falling peak.
        seconds: Wall time of each stage.
        warnings: What limits this verdict, one sentence each.
        backbone: Name of the backbone that ran.
    """

    ref: PartRef
    model_id: str
    score: float
    scores: Mapping[Modality, float]
    threshold: float
    sure: float
    verdict: Verdict
    map: FloatArray
    maps: Mapping[Modality, FloatArray]
    seen: BoolArray
    regions: tuple[Region, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    backbone: str = ""


def verdict_of(score: float, sure: float, threshold: float) -> Verdict:
    """NG at or above the threshold, unsure in the band below it, else OK."""
    if score >= threshold:
        return "NG"
    return "unsure" if score >= sure else "OK"
