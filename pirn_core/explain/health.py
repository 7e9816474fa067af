"""Whether the codebook is used: mass per prototype, entropy, dead and doubled ones, what feeds each."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from msgspec import structs
from numpy.typing import NDArray

from pirn_core.config import TransportConfig
from pirn_core.data.sample import FloatArray, Modality
from pirn_core.explain.atlas import IntArray, Tokens
from pirn_core.model import TrainedModel
from pirn_core.nn.assignment import assign

Rule = Literal["softmax", "balanced", "in force"]

DEAD = 0.01
"""A prototype with less than this share of an even share of the mass is dead."""
DUPLICATE = 0.95
"""Two prototypes with a larger cosine are near-duplicates."""
NEAREST = 6
"""Training patches that are kept per prototype."""

_CELLS = 16_000_000
"""Tokens times prototypes that are looked at together; beyond, tokens are drawn."""
_SMALLEST_EPS = 0.01
"""Below, exp(-2 / eps) times the potentials leaves the range of float64: the log domain is needed."""
_RELAXATION, _CHECK_EVERY = 1.8, 5


@dataclass(frozen=True)
class Use:
    """How tokens are shared among the prototypes under one rule of assignment.

    Attributes:
        mass: Share of the tokens' mass that every prototype gets, (K,), sums to 1. Balanced transport makes it even
            by construction.
        first: Share of the tokens whose strongest prototype it is, (K,), sums to 1: no rule makes this even.
        shots: Share of every shot in a prototype's mass, (K, S); rows sum to 1.
    """

    mass: FloatArray
    first: FloatArray
    shots: FloatArray

    @property
    def entropy(self) -> float:
        """Of the mass, in nats, 0 to log K."""
        return entropy_of(self.mass)

    @property
    def evenness(self) -> float:
        """exp(entropy) / K: the share of the codebook that, used alike, would be as varied; 1 is even use."""
        return math.exp(self.entropy) / len(self.mass)

    @property
    def first_evenness(self) -> float:
        """The same of `first`."""
        return math.exp(entropy_of(self.first)) / len(self.first)

    @property
    def dead(self) -> IntArray:
        """Prototypes with less than `DEAD` of an even share of the mass."""
        return np.flatnonzero(self.mass * len(self.mass) < DEAD).astype(np.int32)

    @property
    def never_first(self) -> int:
        """Prototypes that are no token's strongest one."""
        return int((self.first == 0).sum())


@dataclass(frozen=True)
class Health:
    """A codebook on the shots' tokens.

    Attributes:
        modality: Of tokens and prototypes.
        layer: Decoder layer, from 0.
        shots: Ids, in the order of `Use.shots`.
        tokens: Number of tokens looked at.
        of: Number of tokens on the shots.
        eps: Temperature of the layer.
        rule: The rule in force, in words, e.g. `softmax`.
        uses: By rule, on the same tokens and prototypes.
        duplicates: Pairs of near-duplicates, (P, 2), by falling cosine.
        duplicate_cosine: Their cosines, (P,).
        nearest: Tokens nearest to every prototype, by falling cosine, (K, T), indices into `patches`.
        nearest_cosine: Their cosines, (K, T).
        patches: The tokens that `nearest` names, without vectors.
        dead_below: Limit of `Use.dead`, as a share of an even share.
        duplicate_above: Limit of `duplicates`, a cosine.
    """

    modality: Modality
    layer: int
    shots: tuple[str, ...]
    tokens: int
    of: int
    eps: float
    rule: str
    uses: Mapping[Rule, Use]
    duplicates: IntArray
    duplicate_cosine: FloatArray
    nearest: IntArray
    nearest_cosine: FloatArray
    patches: Tokens
    dead_below: float = DEAD
    duplicate_above: float = DUPLICATE


def entropy_of(shares: FloatArray) -> float:
    """In nats, of shares that sum to 1."""
    known = np.asarray(shares, np.float64)
    known = known[known > 0]
    return float(-(known * np.log(known)).sum())


def health_steps(
    model: TrainedModel, tokens: Tokens, prototypes: FloatArray, modality: Modality, layer: int, *, seed: int = 0
) -> Generator[float, None, Health]:
    """Looks at the codebook with all tokens of the shots together; for the free rule and the paper's balanced one.

    Prototypes are those of training: refinement, which is per part, is left out.

    Args:
        model: For the layer's temperature and the rule in force.
        tokens: All foreground tokens of the shots' upright views in this modality and layer.
        prototypes: Keys, unit length, (K, C).
        modality: Of both.
        layer: From 0.
        seed: Of the draw where there are too many tokens.

    Yields:
        The marginal error of the balanced transport, after every iteration: a place to stop.
    """
    config = model.config.decoder.transport
    eps = layer_eps(model, modality, layer)
    seen = tokens.drawn(max(1, _CELLS // len(prototypes)), seed)
    cosine = seen.vectors @ prototypes.T
    yield math.inf
    uses: dict[Rule, Use] = {"softmax": _use(_softmax(cosine, eps), seen)}
    yield math.inf
    uses["balanced"] = _use((yield from _transport(cosine, seen, prototypes, eps, math.inf, config)), seen)
    yield 0.0
    rule = rule_in_force(config)
    known = uses.get(_SAME.get(rule, "in force"))
    if known is None:
        if config.assignment == "ot":
            rows = yield from _transport(cosine, seen, prototypes, eps, config.rho_infer, config)
        else:
            rows = _assigned(seen.vectors, prototypes, eps, config.rho_infer, config)
        known = _use(rows, seen)
    uses["in force"] = known
    pairs, similar = _duplicates(prototypes)
    nearest = _nearest(cosine)
    return Health(
        modality=modality,
        layer=layer,
        shots=seen.parts,
        tokens=len(seen),
        of=len(tokens),
        eps=eps,
        rule=rule,
        uses=uses,
        duplicates=pairs,
        duplicate_cosine=similar,
        nearest=nearest,
        nearest_cosine=np.take_along_axis(cosine.T, nearest, axis=1),
        patches=replace(seen, vectors=np.zeros((len(seen), 0), np.float32)),
    )


_SAME: Mapping[str, Rule] = {"softmax": "softmax", "balanced transport": "balanced"}


def rule_in_force(config: TransportConfig) -> str:
    """The rule by which the model inspects, in words."""
    if config.assignment != "ot":
        return config.assignment
    if config.rho_infer == 0.0:
        return "softmax"
    return "balanced transport" if math.isinf(config.rho_infer) else f"relaxed transport, rho {config.rho_infer:g}"


@torch.inference_mode()
def layer_eps(model: TrainedModel, modality: Modality, layer: int) -> float:
    """The learned temperature of one layer and modality."""
    from pirn_core.nn.decoder import DecoderLayer

    found = model.pirn.layers[layer]
    assert isinstance(found, DecoderLayer)
    return float(found.branch(modality).log_eps.exp())


def balanced_steps(
    cosine: FloatArray, eps: float, rho: float, config: TransportConfig
) -> Generator[float, None, FloatArray]:
    """Row-normalised plan of the transport of `pirn_core.nn.transport`, by matrix scaling.

    Here thousands of tokens meet thousands of prototypes at once: scaling in float64 takes two matrix-vector products
    per iteration where the log domain, which any temperature allows, takes as many exponentials as there are cells.

    Args:
        cosine: Similarities (M, K).
        eps: Entropic regularisation, at least 0.01.
        rho: Strength of the prototype marginal, > 0, `inf` for balanced.
        config: Limits of the iterations.

    Yields:
        Worst relative error of the prototype marginal so far (for a finite rho, of its optimality condition).
    """
    kernel = np.exp((cosine - cosine.max(axis=1, keepdims=True)).astype(np.float64) / eps)
    tokens, prototypes = kernel.shape
    column = np.zeros(prototypes)
    damping = 1.0 if math.isinf(rho) else rho / (rho + eps)
    step, error, best = (_RELAXATION if math.isinf(rho) else 1.0), math.inf, math.inf
    for iteration in range(1, config.max_iterations + 1):
        scaled = np.exp(column) / prototypes
        row = (1.0 / tokens) / np.maximum(kernel @ scaled, 1e-300)
        marginal = np.log(np.maximum(row @ kernel, 1e-300)) + column  # log of (T^T 1) / b
        if iteration % _CHECK_EVERY == 0:
            wanted = 0.0 if math.isinf(rho) else column * (-eps / rho)
            error = float(np.abs(np.expm1(marginal - wanted)).max())
            if error < config.tolerance:
                break
            step = 1.0 if error > 2.0 * best else step
            best = min(best, error)
        column = column + step * (damping * (column - marginal) - column)
        yield error
    weights = kernel * np.exp(column - column.max())
    weights /= weights.sum(axis=1, keepdims=True)
    rows: FloatArray = weights.astype(np.float32)
    return rows


def _transport(
    cosine: FloatArray, tokens: Tokens, prototypes: FloatArray, eps: float, rho: float, config: TransportConfig
) -> Generator[float, None, FloatArray]:
    """By scaling, or in the log domain where the temperature is too low for it."""
    if eps >= _SMALLEST_EPS:
        return (yield from balanced_steps(cosine, eps, rho, config))
    return _assigned(tokens.vectors, prototypes, eps, rho, structs.replace(config, assignment="ot"))


@torch.inference_mode()
def _assigned(tokens: FloatArray, keys: FloatArray, eps: float, rho: float, config: TransportConfig) -> FloatArray:
    """By the decoder's own rule."""
    found = assign(torch.from_numpy(tokens)[None], torch.from_numpy(keys), config, eps=eps, rho=rho)
    rows: FloatArray = found.weights[0].numpy()
    return rows


def _softmax(cosine: FloatArray, eps: float) -> FloatArray:
    weights: FloatArray = np.exp((cosine - cosine.max(axis=1, keepdims=True)) / np.float32(eps))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _use(weights: FloatArray, tokens: Tokens) -> Use:
    count, prototypes = weights.shape
    member = np.zeros((len(tokens.parts), count), np.float32)
    member[tokens.part, np.arange(count)] = 1.0
    by_shot = (member @ weights).T.astype(np.float64)
    total = by_shot.sum(axis=1)
    winners = np.bincount(weights.argmax(axis=1), minlength=prototypes)
    return Use(
        mass=(total / total.sum()).astype(np.float32),
        first=(winners / count).astype(np.float32),
        shots=(by_shot / np.maximum(total, 1e-300)[:, None]).astype(np.float32),
    )


def _duplicates(prototypes: FloatArray) -> tuple[IntArray, FloatArray]:
    cosine = np.triu(prototypes @ prototypes.T, k=1)
    pairs = np.argwhere(cosine > DUPLICATE)
    similar = cosine[pairs[:, 0], pairs[:, 1]]
    order = np.argsort(-similar, kind="stable")
    return pairs[order].astype(np.int32), similar[order].astype(np.float32)


def _nearest(cosine: FloatArray) -> IntArray:
    count = min(NEAREST, len(cosine))
    chosen = np.argpartition(-cosine, count - 1, axis=0)[:count].T
    own: NDArray[np.float32] = np.take_along_axis(cosine.T, chosen, axis=1)
    return np.take_along_axis(chosen, np.argsort(-own, axis=1, kind="stable"), axis=1).astype(np.int32)
