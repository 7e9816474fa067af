"""The patch under the highest score: where it is and which prototypes explain it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pirn_core.data.crop import applied, inverted
from pirn_core.data.sample import FloatArray, Modality
from pirn_core.encoding import Prepared
from pirn_core.explain.pieces import PatchView, TopPrototype
from pirn_core.model import TrainedModel
from pirn_core.nn.assignment import cosine_cost
from pirn_core.nn.pirn import Reconstruction
from pirn_core.results import InspectionResult
from pirn_core.scoring import Frame


def patch_view(
    model: TrainedModel,
    prepared: Prepared,
    result: InspectionResult,
    found: Mapping[Modality, Reconstruction],
    top: int,
) -> PatchView:
    """The patch under the highest score of the fused map."""
    frame = prepared.frame
    filled = np.nan_to_num(result.map, nan=-np.inf)
    row, column = (int(v) for v in np.unravel_index(int(filled.argmax()), filled.shape))
    token = nearest_token(frame, row, column)
    x, y = token_pixels(frame)
    at_peak = {m: float(np.nan_to_num(values[row, column])) for m, values in result.maps.items()}
    total = max(sum(at_peak.values()), 1e-12)
    mass = prepared.foreground.float()
    return PatchView(
        token=token,
        row=token // frame.grid,
        column=token % frame.grid,
        pixel=(round(float(y[token])), round(float(x[token]))),
        peak_at=(row, column),
        score=result.score,
        share={m: value / total for m, value in at_peak.items()},
        residual={m: float(r.residual[0, token]) for m, r in found.items()},
        prototypes={m: _top(model, m, r, mass=mass, token=token, count=top) for m, r in found.items()},
    )


def token_pixels(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Image coordinates (x, y) of the tokens' centres, each (N,)."""
    side = frame.view.foreground.shape[0]
    centres = (np.arange(frame.grid) + 0.5) * side / frame.grid - 0.5
    column, row = np.meshgrid(centres, centres)
    return applied(frame.view.to_image, column.ravel(), row.ravel())


def score_at_tokens(values: FloatArray, frame: Frame) -> FloatArray:
    """A map of the image (H, W) at the tokens' centres, (N,); NaN where it has none or the centre is outside."""
    x, y = (np.rint(places).astype(int) for places in token_pixels(frame))
    rows, columns = values.shape
    within = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    found: FloatArray = np.where(within, values[y.clip(0, rows - 1), x.clip(0, columns - 1)], np.float32(np.nan))
    return found


def nearest_token(frame: Frame, row: int, column: int) -> int:
    """The token on the part whose centre is nearest to a pixel of the image."""
    to_view = inverted(frame.view.to_image)
    x, y = applied(to_view, np.array([float(column)]), np.array([float(row)]))
    cell = frame.view.foreground.shape[0] / frame.grid
    centres = (np.arange(frame.grid) + 0.5) * cell - 0.5
    away = (centres[None, :] - x[0]) ** 2 + (centres[:, None] - y[0]) ** 2
    on_part = frame.foreground if frame.foreground.any() else np.ones_like(frame.foreground)
    return int(np.where(on_part, away.ravel(), np.inf).argmin())


def _top(
    model: TrainedModel, modality: Modality, found: Reconstruction, *, mass: Tensor, token: int, count: int
) -> tuple[TopPrototype, ...]:
    layer, expected = found.layers[0], model.calibration.expected[modality]
    weights = layer.assignment.weights[0, token]
    best = weights.topk(min(count, len(weights)))
    refined = layer.refinement.prototypes[0] if layer.refinement else model.pirn.codebook(modality).keys
    cosine = 1.0 - cosine_cost(layer.inputs[:, token : token + 1], refined[best.indices][None])[0, 0]
    use = layer.assignment.usage(mass)[0]
    return tuple(
        TopPrototype(k, float(w), float(c), float(expected[k]), float(use[k]))
        for k, w, c in zip(best.indices.tolist(), best.values, cosine, strict=True)
    )
