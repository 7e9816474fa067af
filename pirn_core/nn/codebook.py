"""The codebook's start: k-means over the shots' foreground tokens."""

from __future__ import annotations

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pirn_core.config import DecoderConfig
from pirn_core.data.sample import Modality
from pirn_core.nn.pirn import Pirn, Tokens

_MOST_TOKENS = 20_000
"""Tokens that k-means sees; more lengthen it without changing the centres noticeably."""

_ITERATIONS = 6


def kmeans(tokens: Tensor, count: int, seed: int) -> Tensor:
    """Cluster centres (min(count, distinct tokens), C) of (M, C) tokens, by scikit-learn's Lloyd iterations.

    Random starts: with hundreds of centres they end within a few per cent of k-means++ at a fraction of its time.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    generator = np.random.default_rng(seed)
    data = tokens.detach().cpu().numpy()
    if len(data) > _MOST_TOKENS:
        data = data[np.sort(generator.choice(len(data), _MOST_TOKENS, replace=False))]
    if len(data) <= count:
        return torch.from_numpy(data).to(tokens.device)
    method = KMeans(count, init="random", n_init=1, max_iter=_ITERATIONS, random_state=seed)
    # One thread: with more, the order of the sums, and so the last digits of a model, would differ from run to run.
    with threadpool_limits(1, user_api="openmp"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        centres = method.fit(data).cluster_centers_
    return torch.from_numpy(centres.astype(np.float32)).to(tokens.device)


def build(
    tokens: Tokens, foreground: Tensor, config: DecoderConfig, modalities: tuple[Modality, ...], seed: int
) -> Pirn:
    """An untrained model whose codebook is the clusters of the shots' tokens.

    Before any training its reconstruction is the soft k-means baseline: gates closed, feed-forwards at zero.

    Args:
        tokens: Encoder tokens of all views of all shots, (V, N, C).
        foreground: (V, N) bool; where it is all False every token counts.
        config: The decoder's settings.
        modalities: Those to model.
        seed: Of the clustering and of all random parameters.
    """
    torch.manual_seed(seed)
    chosen = foreground if bool(foreground.any()) else torch.ones_like(foreground)
    count = min(config.prototypes, int(chosen.sum()))
    channels = next(iter(tokens.values())).shape[-1]
    model = Pirn(channels, modalities, config, prototypes=count).to(foreground.device)
    for modality in modalities:
        codebook = model.codebook(modality)
        on_part = tokens[modality][chosen].float()
        if config.standardise != "none":
            everywhere = tokens[modality].flatten(0, 1).float()
            codebook.set_statistics(on_part if config.standardise == "foreground" else everywhere)
        if config.initial == "kmeans":
            standard = codebook.standardise(on_part)
            centres = kmeans(standard, count, seed)
            assert len(centres) == count
            codebook.set_prototypes(centres)
        else:
            codebook.set_prototypes(F.normalize(torch.randn_like(codebook.keys), dim=-1))
    return model
