"""From the shots to what training needs: the fitted recipe, and tokens of all their views."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from pirn_core.config import PirnConfig
from pirn_core.data.defects import COLOUR, GEOMETRY, with_defect
from pirn_core.data.preprocessing import FittedRecipe, Planes, View, fit_recipe, make_planes, make_view, poses
from pirn_core.data.sample import MODALITIES, BoolArray, Modality, Sample
from pirn_core.encoding import Encoder, frame_of
from pirn_core.errors import SampleError
from pirn_core.nn.backbone import Backbone
from pirn_core.tokens import TokenCache
from pirn_core.training import Probes, TokenPool

_DEFECT_SHARE = 0.2
"""A token shows a defect when at least this share of its pixels does; those with less belong to neither side."""

Tell = Callable[[int, int], None]
"""Progress: done, of."""


@dataclass(frozen=True)
class Shots:
    """What training starts from.

    Attributes:
        fitted: The recipe with the shots' values.
        pool: Tokens of all views.
        warnings: What was noticed, by shot.
    """

    fitted: FittedRecipe
    pool: TokenPool
    warnings: tuple[str, ...]


def shared_modalities(samples: Sequence[Sample]) -> tuple[Modality, ...]:
    """Modalities that every sample has.

    Raises:
        SampleError: When there is none.
    """
    has = {
        "rgb": all(s.rgb is not None for s in samples),
        "sn": all(s.normals is not None or s.valid.any() for s in samples),
    }
    found = tuple(m for m in MODALITIES if has[m])
    if not found:
        raise SampleError(
            "The shots share no modality: some have no colour image and some no 3D points.",
            "Choose shots that all have colour, or all have 3D, or both.",
        )
    return found


def encode_shots(
    samples: Sequence[Sample],
    config: PirnConfig,
    backbone: Backbone,
    cache: TokenCache | None = None,
    tell: Tell | None = None,
) -> Shots:
    """Computes (or finds in the cache) the tokens of all views of all shots.

    Args:
        samples: The shots, at least one.
        config: Recipe, augmentation and seed.
        backbone: Frozen.
        cache: Of tokens.
        tell: Called after every shot.

    Raises:
        SampleError: Without shots, or when they share no modality.
    """
    fitted = fit_recipe(samples, config.recipe, input_size=backbone.input_size, grid=backbone.grid)
    modalities = shared_modalities(samples)
    encoder = Encoder(backbone, fitted, cache)
    made: list[_Shot] = []
    for sample in samples:
        made.append(_encode_shot(sample, config, encoder, modalities))
        if tell is not None:
            tell(len(made), len(samples))
    names = tuple(sample.ref.id for sample in samples)
    pool = _pool(made, names, modalities)
    warnings = [f"{s.ref.id}: {w}" for s, m in zip(samples, made, strict=True) for w in m.planes.warnings]
    if len(samples) == 1:
        warnings.append("One shot: the threshold rests on turned views of itself and is a guess. Confirm good parts.")
    return Shots(fitted, pool, tuple(warnings))


@dataclass(frozen=True)
class _Shot:
    planes: Planes
    views: list[View]
    tokens: list[dict[Modality, Tensor]]
    probes: list[tuple[dict[Modality, Tensor], BoolArray, BoolArray]]
    encoder: Encoder


def _encode_shot(sample: Sample, config: PirnConfig, encoder: Encoder, modalities: tuple[Modality, ...]) -> _Shot:
    planes = make_planes(sample, encoder.fitted)
    views = [make_view(planes, encoder.fitted, pose) for pose in poses(config.augmentation, config.seed)]
    tokens = encoder.encode(views, modalities)
    probes = list(_probes(sample, planes, encoder, modalities))
    return _Shot(planes, views, tokens, probes, encoder)


def _probes(
    sample: Sample, planes: Planes, encoder: Encoder, modalities: tuple[Modality, ...]
) -> Iterator[tuple[dict[Modality, Tensor], BoolArray, BoolArray]]:
    """A colour and a geometry defect on a shot: tokens, defect tokens, foreground tokens.

    Their seed is the shot's content, not the run's: another draw of shots meets the same defects in the cache.
    """
    rng = np.random.default_rng(_content_seed(sample))
    grid = encoder.fitted.grid
    for kinds in (COLOUR if sample.rgb is not None else (), GEOMETRY if sample.xyz is not None else ()):
        if not kinds or not planes.raw_foreground.any():
            continue
        changed, mask = with_defect(sample, planes.raw_foreground, rng, kinds[rng.integers(len(kinds))])
        view = make_view(make_planes(changed, encoder.fitted), encoder.fitted)
        (tokens,) = encoder.encode([view], modalities)
        yield tokens, _shows(mask, view, grid), view.token_foreground(grid)


def _shows(mask: BoolArray, view: View, grid: int) -> BoolArray:
    size = view.foreground.shape[0]
    seen = cv2.warpAffine(
        mask.astype(np.float32), view.to_image, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    share = cv2.resize(seen, (grid, grid), interpolation=cv2.INTER_AREA)
    shows: BoolArray = share.reshape(-1) >= _DEFECT_SHARE
    return shows


def _content_seed(sample: Sample) -> int:
    plane = sample.rgb if sample.rgb is not None else sample.xyz
    assert plane is not None
    return int.from_bytes(hashlib.sha256(plane.tobytes()).digest()[:4], "little")


def _pool(made: Sequence[_Shot], names: tuple[str, ...], modalities: tuple[Modality, ...]) -> TokenPool:
    per_shot = len(made[0].views)
    grid = made[0].encoder.fitted.grid
    probes = [(number, *probe) for number, shot in enumerate(made) for probe in shot.probes]
    return TokenPool(
        tokens={m: torch.stack([t[m] for shot in made for t in shot.tokens]).half() for m in modalities},
        foreground=torch.from_numpy(np.stack([v.token_foreground(grid) for s in made for v in s.views])),
        shot=torch.arange(len(made)).repeat_interleave(per_shot),
        upright=torch.arange(len(made) * per_shot) % per_shot == 0,
        names=names,
        frames=tuple(frame_of(shot.planes, shot.views[0], grid) for shot in made),
        probes=_stacked_probes(probes, modalities) if probes else None,
    )


def _stacked_probes(
    probes: Sequence[tuple[int, dict[Modality, Tensor], BoolArray, BoolArray]],
    modalities: tuple[Modality, ...],
) -> Probes:
    return Probes(
        tokens={m: torch.stack([tokens[m] for _, tokens, _, _ in probes]).half() for m in modalities},
        defect=torch.from_numpy(np.stack([defect for _, _, defect, _ in probes])),
        foreground=torch.from_numpy(np.stack([foreground for _, _, _, foreground in probes])),
        shot=torch.tensor([number for number, _, _, _ in probes]),
    )
