"""What a transport explanation is made of: one part's tokens before and after, in numbers and numpy arrays only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pirn_core.data.crop import applied, inverted
from pirn_core.data.sample import BoolArray, FloatArray, Modality, PartRef
from pirn_core.data.views import TOKEN_SHARE
from pirn_core.explain.effects import displacement_of
from pirn_core.explain.pieces import Displacement
from pirn_core.scoring import Frame

BINS = 30
"""Bins of the histograms of lengths."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Arrow:
    """The mean movement of a group of tokens in the plane: from the mean of its starts to the mean of its ends."""

    start: Point
    end: Point


@dataclass(frozen=True)
class Comparison:
    """Displacement of anomalous against normal tokens.

    Attributes:
        figures: Of both groups; `inside` are the anomalous tokens, `outside` the normal ones.
        edges: (B + 1,) of the histograms' common bins, rising.
        normal: Share of the normal tokens in every bin, (B,), sums to 1; zeros without such tokens.
        anomalous: The same of the anomalous ones.
        ratio: Mean length of anomalous over that of normal tokens; None where a group is empty.
        overlap: Area that both histograms share, 0 (apart) to 1 (alike); None where a group is empty. With few tokens
            in a group it comes out too small, since most bins are empty by chance.
        normal_arrow: Mean movement of the normal tokens in the plane; None without plane or tokens.
        anomalous_arrow: The same of the anomalous ones.
    """

    figures: Displacement
    edges: NDArray[np.float64]
    normal: NDArray[np.float64]
    anomalous: NDArray[np.float64]
    ratio: float | None
    overlap: float | None
    normal_arrow: Arrow | None = None
    anomalous_arrow: Arrow | None = None


@dataclass(frozen=True)
class PlanRow:
    """One token's row of the transport plan.

    Attributes:
        prototypes: The prototypes with the largest weights, by falling weight.
        weights: Theirs; all weights of the row sum to 1.
        cosines: Similarity of the layer's input token to their refined keys, -1 to 1.
        needed: Prototypes that together hold 90 % of the row.
    """

    prototypes: tuple[int, ...]
    weights: tuple[float, ...]
    cosines: tuple[float, ...]
    needed: int


@dataclass(frozen=True)
class LayerTransport:
    """What reconstruction did to the tokens of one modality up to the end of one decoder layer (paper, figure 4).

    Attributes:
        modality: Which.
        layer: Its number, from 1.
        before: Encoder tokens E (unit vectors) in the plane, (N, 2).
        after: Reconstructions Z_rec (scaled to unit length) in the plane, (N, 2).
        lengths: Of Z_rec - E in feature space, 0 to 2, (N,).
        explained: Share of the fitted points' variance along each axis of the plane.
        used: Numbers of the prototypes that explain at least 5 % of a token of the part, rising, (U,).
        use: Their share of the part's tokens, (U,).
        prototypes: Their keys as used for this part (refined) in the plane, (U, 2).
        top: Prototypes with the largest weights of every token's row of the plan, by falling weight, (N, T).
        weights: Theirs, (N, T).
        cosines: Similarity of the token to their keys, -1 to 1, (N, T).
        needed: Prototypes that hold 90 % of every token's row, (N,).
        map: `lengths` laid back to the image as the anomaly map is, (H, W), NaN outside what was seen.
    """

    modality: Modality
    layer: int
    before: FloatArray
    after: FloatArray
    lengths: FloatArray
    explained: tuple[float, float]
    used: NDArray[np.int32]
    use: FloatArray
    prototypes: FloatArray
    top: NDArray[np.int32]
    weights: FloatArray
    cosines: FloatArray
    needed: NDArray[np.int32]
    map: FloatArray

    def row(self, token: int) -> PlanRow:
        """The row of the plan of one token."""
        return PlanRow(
            tuple(self.top[token].tolist()),
            tuple(self.weights[token].tolist()),
            tuple(self.cosines[token].tolist()),
            int(self.needed[token]),
        )


@dataclass(frozen=True)
class TransportExplanation:
    """One part's transport. All tokens count row by row; those on the background are computed but not compared.

    Attributes:
        ref: The part.
        model_id: Identity of the model.
        threshold: In force when it was made.
        frame: Where the tokens lie.
        pixels: Pixel (row, column) of every token's centre, may lie outside the image, int (N, 2).
        scores: Anomaly map at the tokens' centres, NaN where nothing was seen, (N,).
        anomalous: Tokens on the part that count as anomalous, bool (N,).
        by_truth: Whether the caller said which those are; else they are those at or above the threshold.
        layers: By modality, then by layer.
        ranges: Lengths at both ends of the colours for the maps, constants of the model, per modality.
    """

    ref: PartRef
    model_id: str
    threshold: float
    frame: Frame
    pixels: NDArray[np.int32]
    scores: FloatArray
    anomalous: BoolArray
    by_truth: bool
    layers: tuple[LayerTransport, ...]
    ranges: Mapping[Modality, tuple[float, float]]

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Those that the part and the model have."""
        return tuple(dict.fromkeys(layer.modality for layer in self.layers))

    @property
    def depth(self) -> int:
        """Number of decoder layers."""
        return max(layer.layer for layer in self.layers)

    @property
    def compared(self) -> BoolArray:
        """Tokens on the part, all where none is known to be, bool (N,)."""
        foreground = self.frame.foreground
        return foreground if foreground.any() else np.ones_like(foreground)

    def of(self, modality: Modality, layer: int) -> LayerTransport:
        """One modality after one layer; both have to exist."""
        return next(found for found in self.layers if (found.modality, found.layer) == (modality, layer))

    def above(self, threshold: float) -> BoolArray:
        """Tokens on the part whose centre scores at or above a threshold, bool (N,)."""
        reached: BoolArray = (np.nan_to_num(self.scores, nan=-np.inf) >= threshold) & self.compared
        return reached

    def inside(self, mask: BoolArray) -> BoolArray:
        """Tokens on the part that a mask of the image (H, W) marks, see `tokens_in`, bool (N,)."""
        return tokens_in(mask, self.frame) & self.compared

    @property
    def strongest(self) -> int:
        """The token on the part whose centre scores highest."""
        return int(np.where(self.compared, np.nan_to_num(self.scores, nan=-1.0), -2.0).argmax())

    def token_at(self, row: int, column: int) -> int | None:
        """The token on the part at a pixel of the image; None where the pixel is on no token of the part."""
        side = self.frame.view.foreground.shape[0]
        x, y = applied(inverted(self.frame.view.to_image), np.array([float(column)]), np.array([float(row)]))
        cell = side / self.frame.grid
        across, down = int((x[0] + 0.5) // cell), int((y[0] + 0.5) // cell)
        if not (0 <= across < self.frame.grid and 0 <= down < self.frame.grid):
            return None
        token = down * self.frame.grid + across
        return token if bool(self.compared[token]) else None

    def compare(self, layer: LayerTransport, anomalous: BoolArray | None = None) -> Comparison:
        """Anomalous against normal tokens on the part.

        Args:
            layer: One of `layers`.
            anomalous: Tokens to count as anomalous instead of `self.anomalous`, bool (N,).
        """
        chosen = self.compared & (self.anomalous if anomalous is None else anomalous)
        return compared(layer.lengths, chosen, self.compared & ~chosen, (layer.before, layer.after))


def tokens_in(mask: BoolArray, frame: Frame, share: float = TOKEN_SHARE) -> BoolArray:
    """Tokens of which at least this share of their pixels lies in a mask of the image, bool (N,).

    Args:
        mask: (H, W).
        frame: Where the tokens lie.
        share: 0 asks for any at all.
    """
    rows, columns = np.nonzero(mask)
    side, grid = frame.view.foreground.shape[0] / frame.grid, frame.grid
    x, y = applied(inverted(frame.view.to_image), columns.astype(float), rows.astype(float))
    # Counted pixel by pixel: a defect of a single pixel is not lost, as it would be in a shrunk mask.
    across, down = (np.floor((values + 0.5) / side).astype(int) for values in (x, y))
    within = (across >= 0) & (across < grid) & (down >= 0) & (down < grid)
    counts = np.bincount(down[within] * grid + across[within], minlength=grid * grid)
    pixels = side**2 * abs(float(np.linalg.det(frame.view.to_image[:, :2])))
    inside: BoolArray = (counts > 0) & (counts >= share * pixels)
    return inside


def compared(
    lengths: FloatArray,
    anomalous: BoolArray,
    normal: BoolArray,
    plane: tuple[FloatArray, FloatArray] | None = None,
    *,
    bins: int = BINS,
) -> Comparison:
    """Figures, histograms and mean arrows of two groups of tokens.

    Args:
        lengths: (N,).
        anomalous: bool (N,).
        normal: bool (N,).
        plane: Tokens before and after in the plane, each (N, 2).
        bins: Of the histograms.
    """
    figures = displacement_of(lengths, anomalous, normal)
    edges = _edges(lengths[anomalous | normal], bins)
    shares = [_shares(lengths[group], edges) for group in (normal, anomalous)]
    ratio = overlap = None
    if figures.inside is not None and figures.outside is not None:
        ratio = figures.inside["mean"] / max(figures.outside["mean"], 1e-12)
        overlap = float(np.minimum(*shares).sum())
    arrows = (None, None) if plane is None else (_mean_arrow(plane, normal), _mean_arrow(plane, anomalous))
    return Comparison(figures, edges, shares[0], shares[1], ratio, overlap, *arrows)


def _edges(lengths: FloatArray, bins: int) -> NDArray[np.float64]:
    if not lengths.size:
        return np.linspace(0.0, 2.0, bins + 1)
    low, high = float(lengths.min()), float(lengths.max())
    return np.linspace(low, max(high, low + 1e-3), bins + 1)


def _shares(lengths: FloatArray, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    # float32 values may lie a rounding beyond the edges that were made of them.
    counts = np.histogram(np.clip(lengths.astype(np.float64), edges[0], edges[-1]), edges)[0]
    return counts / max(int(counts.sum()), 1)


def _mean_arrow(plane: tuple[FloatArray, FloatArray], group: BoolArray) -> Arrow | None:
    if not group.any():
        return None
    start, end = (points[group].mean(axis=0, dtype=np.float64) for points in plane)
    return Arrow((float(start[0]), float(start[1])), (float(end[0]), float(end[1])))


@dataclass(frozen=True)
class Plane:
    """The plane in which points differ most (PCA).

    Attributes:
        centre: Mean of the fitted points, (C,).
        axes: Two orthonormal directions by falling variance, (2, C).
        explained: Share of the variance along each.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    explained: tuple[float, float]

    def project(self, points: FloatArray) -> FloatArray:
        """(M, C) -> (M, 2)."""
        placed: FloatArray = ((points - self.centre) @ self.axes.T).astype(np.float32)
        return placed


def fit_plane(points: FloatArray) -> Plane:
    """The plane of the two largest principal components of (M, C) points, M >= 1, C >= 2.

    The sign of an axis is chosen so that its largest entry is positive: the same points give the same picture.
    """
    from scipy.linalg import eigh

    values = points.astype(np.float64)
    centre = values.mean(axis=0)
    values = values - centre
    scatter = values.T @ values
    size = scatter.shape[0]
    found, vectors = eigh(scatter, subset_by_index=(size - 2, size - 1))
    axes = vectors.T[::-1]
    axes = axes * np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    shares = np.maximum(found[::-1], 0.0) / max(float(np.trace(scatter)), 1e-12)
    return Plane(centre, axes, (float(shares[0]), float(shares[1])))
