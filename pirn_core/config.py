"""Settings: frozen, validated, stored in every model. Presets name the choices that were measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pirn_core.errors import ConfigError

SCHEMA = 1
"""Number of this settings' schema; a model file with a larger one is refused."""

Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
NonNegative = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=1)]
NaturalCount = Annotated[int, Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all settings."""


class SurfaceConfig(Settings, frozen=True):
    """Surface normals from organised points.

    Attributes:
        method: `gradient`: cross product of central differences; `pca`: plane fitted over a window, for
            noisy sensors.
        smoothing_px: Sigma of the Gaussian over valid points before the gradient, in pixels; 0 for none.
        window_px: Side of the window of `pca`, odd, in pixels.
    """

    method: Literal["gradient", "pca"] = "gradient"
    smoothing_px: NonNegative = 1.0
    window_px: Annotated[int, Meta(ge=3, le=51)] = 7


class ForegroundConfig(Settings, frozen=True):
    """The part against what it lies on.

    Attributes:
        mode: `auto`: border plane, else dominant plane, off with a warning when the mask is implausible;
            `border` and `dominant` choose the plane; `off` takes the whole image.
        height_mm: Points at least this far from the plane belong to the part; None: from the plane's noise.
        dilate: Growth of the mask, as a fraction of the image's shorter side.
        min_share: A smaller share of the image is implausible.
        max_share: A larger share of the image is implausible.
    """

    mode: Literal["auto", "border", "dominant", "off"] = "auto"
    height_mm: Positive | None = None
    dilate: Annotated[float, Meta(ge=0.0, le=0.2)] = 0.02
    min_share: Fraction = 0.01
    max_share: Fraction = 0.9


class CropConfig(Settings, frozen=True):
    """Square crop to the part, of one size for all parts.

    Attributes:
        enabled: Off takes the whole image, letterboxed to a square.
        margin: Free space around the largest shot, as a fraction of its extent.
        step_px: The crop's side is rounded up to a multiple of this, so that different shots share a size.
    """

    enabled: bool = True
    margin: Fraction = 0.1
    step_px: Count = 32


class PhotometricConfig(Settings, frozen=True):
    """Brightness of the colour image.

    Attributes:
        normalise_gain: Scale each channel so that the part's median matches the shots' median.
        blank_background: Replace what is outside the part by the image's mean colour (and a flat normal).
    """

    normalise_gain: bool = False
    blank_background: bool = False


class AugmentationConfig(Settings, frozen=True):
    """Views made of every shot.

    Attributes:
        rotations: In-plane rotations, evenly spread over 360 degrees, the first being none.
        flips: Also mirrored, only where the part allows it.
        shift: Largest shift, as a fraction of the crop's side.
    """

    rotations: Annotated[int, Meta(ge=1, le=64)] = 8
    flips: bool = False
    shift: Annotated[float, Meta(ge=0.0, le=0.25)] = 0.0


class Recipe(Settings, frozen=True):
    """Everything between a sample and the network's input; stored in the model, alike for shots and tests."""

    surface: SurfaceConfig = SurfaceConfig()
    foreground: ForegroundConfig = ForegroundConfig()
    crop: CropConfig = CropConfig()
    photometric: PhotometricConfig = PhotometricConfig()
    input_size: Annotated[int, Meta(ge=56, le=2048)] | None = None
    """Side of the network's input in pixels; None: the backbone's own."""
    grid: Annotated[int, Meta(ge=4, le=256)] | None = None
    """Tokens per side; None: the backbone's own."""


class TransportConfig(Settings, frozen=True):
    """Assignment of tokens to prototypes (paper, section 3.2).

    Attributes:
        assignment: `ot`: entropic optimal transport; the others are the paper's Table 3.
        eps: Entropic regularisation; also the temperature of `softmax`.
        rho_train: Strength of the prototype marginal while training: inf is the paper's balanced
            transport, 0 leaves it free (softmax).
        rho_infer: The same while inspecting: one part need not show every pattern.
        max_iterations: Most Sinkhorn iterations.
        tolerance: Worst relative marginal error at which they stop.
    """

    assignment: Literal["ot", "softmax", "linear", "sigmoid"] = "ot"
    eps: Positive = 0.05
    rho_train: NonNegative = 0.0
    rho_infer: NonNegative = 0.0
    max_iterations: Count = 500
    tolerance: Positive = 1e-3


class RefinementConfig(Settings, frozen=True):
    """Adaptive prototype refinement, APR (paper, section 3.3).

    Attributes:
        context: Which tokens a prototype sees: `trimmed`: only those that the unrefined prototypes already
            explain; `ot`: balanced transport (the paper); `topk`, `mean`: the paper's Table 4; `none`: no APR.
        keep: Share of the foreground tokens that `trimmed` keeps, the best explained ones.
        topk: Tokens per prototype of `topk`.
        gate: Initial opening of the GRU's update gate.
        evidence: Multiply the gate by n / (n + 1), n being the number of tokens that the prototype explains.
    """

    context: Literal["trimmed", "ot", "topk", "mean", "none"] = "trimmed"
    keep: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.7
    topk: Count = 8
    gate: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.3
    evidence: bool = True


class CommunicationConfig(Settings, frozen=True):
    """Multimodal normality communication, MNC (paper, section 3.4).

    Attributes:
        enabled: Off leaves it out.
        residual: `prototype`: only what is made of prototypes is added, so that no input can be copied;
            `paper`: equation 5 as written, with the purified tokens themselves.
        neighbours: Nearest prototypes of the other modality that a prototype is joined to.
        heads: Heads of the graph attention.
    """

    enabled: bool = True
    residual: Literal["prototype", "paper"] = "prototype"
    neighbours: Count = 5
    heads: Count = 4


class DecoderConfig(Settings, frozen=True):
    """The prototype-aware decoder (paper, section 3.1).

    Attributes:
        layers: Layers of APR, BPA and MNC.
        prototypes: Prototypes per modality, K; fewer where there are not that many tokens.
        initial: `kmeans` over the shots' foreground tokens, or `random`.
        standardise: Channel statistics from the `foreground` tokens, from `all`, or `none`.
        separate_values: Prototypes have a key (matching) and a value (reconstruction).
        feed_forward: A zero-initialised feed-forward on the prototype-made reconstruction.
    """

    layers: Annotated[int, Meta(ge=1, le=16)] = 1
    prototypes: Annotated[int, Meta(ge=2, le=20000)] = 2000
    initial: Literal["kmeans", "random"] = "kmeans"
    standardise: Literal["foreground", "all", "none"] = "foreground"
    separate_values: bool = True
    feed_forward: bool = True
    transport: TransportConfig = TransportConfig()
    refinement: RefinementConfig = RefinementConfig()
    communication: CommunicationConfig = CommunicationConfig()


class TrainingConfig(Settings, frozen=True):
    """How the decoder is trained.

    Attributes:
        enabled: Off keeps the untrained k-means codebook.
        epochs: Most passes over the shots' tokens.
        learning_rate: Of Adam.
        batching: `tokens`: foreground positions drawn from all shots; `parts`: whole views.
        batch: Positions, or views, per step.
        mining: Exponent of the soft mining loss.
        early_stop: Keep the best step on the held-out shots (step 0, the untrained one, included).
        check_every: Steps between two looks at the held-out shots.
        patience: Looks without improvement after which training stops.
        folds: Folds of the shots for held-out scores and calibration; at most one per shot.
        refine_in_training: APR also while training (whole views only).
    """

    enabled: bool = True
    epochs: NaturalCount = 2
    learning_rate: Positive = 1e-3
    batching: Literal["tokens", "parts"] = "tokens"
    batch: Count = 1024
    mining: NonNegative = 1.0
    early_stop: bool = True
    check_every: Count = 20
    patience: Count = 2
    folds: Annotated[int, Meta(ge=2, le=20)] = 3
    refine_in_training: bool = False

    def __post_init__(self) -> None:
        if self.refine_in_training and self.batching == "tokens":
            raise ValueError("refine_in_training needs batching=parts: a batch of single tokens is no part")


class ScoringConfig(Settings, frozen=True):
    """From token residuals to a map, a score and a threshold.

    Attributes:
        smoothing: Sigma of the Gaussian over the map, as a fraction of the crop's side.
        prototype_scale: Divide by the expected residual of the assigned prototypes (confirmed-good
            calibration); off divides by one number per modality.
        shrink: Pseudo-tokens by which a prototype's expected residual is drawn to the global mean.
        exponent: Of the power mean over a token's surroundings and over the modalities; 1: the paper's plain mean.
        quantile: Quantile of the held-out scores of good parts at which `sure` is set.
        margin: The threshold lies this many robust standard deviations above the largest good score.
    """

    smoothing: Fraction = 0.018
    prototype_scale: bool = True
    shrink: NonNegative = 5.0
    exponent: Annotated[float, Meta(ge=1.0, le=8.0)] = 3.0
    quantile: Fraction = 0.9
    margin: NonNegative = 1.0


class PirnConfig(Settings, frozen=True):
    """All settings of one model."""

    schema: int = SCHEMA
    preset: str = "default"
    backbone: str = "auto"
    seed: int = 0
    recipe: Recipe = Recipe()
    augmentation: AugmentationConfig = AugmentationConfig()
    decoder: DecoderConfig = DecoderConfig()
    training: TrainingConfig = TrainingConfig()
    scoring: ScoringConfig = ScoringConfig()


def to_dict(config: PirnConfig) -> dict[str, Any]:
    """Plain dictionaries, lists, numbers and strings; infinity as the string `inf`."""
    return dict(_without_infinity(msgspec.to_builtins(config)))


def dotted(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names, e.g. `decoder.prototypes`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= dotted(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return found


def from_dict(values: Mapping[str, Any]) -> PirnConfig:
    """The reverse of `to_dict`.

    Raises:
        ConfigError: For an unknown setting, a wrong type, a value out of range, or a newer schema.
    """
    if isinstance(values.get("schema"), int) and values["schema"] > SCHEMA:
        raise ConfigError(
            f"the settings have schema {values['schema']}, this program knows up to {SCHEMA}.",
            "Update the program.",
        )
    try:
        return msgspec.convert(_with_infinity(values), PirnConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"settings: {error}.") from error


def load(path: Path) -> dict[str, Any]:
    """A YAML file of settings, only those to change, e.g. `decoder: {prototypes: 500}`."""
    try:
        values = msgspec.yaml.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML settings: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds a {type(values).__name__}, not named settings.")
    return values


def changed(config: PirnConfig, changes: Mapping[str, Any]) -> PirnConfig:
    """A copy with `changes` merged in; keys may be nested mappings or dotted (`decoder.prototypes`).

    Raises:
        ConfigError: As `from_dict`.
    """
    values = to_dict(config)
    for key, value in changes.items():
        _merge(values, str(key).split("."), value)
    return from_dict(values)


def _merge(into: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) == 1 and not isinstance(value, Mapping):
        into[path[0]] = value
        return
    inner = into.setdefault(path[0], {})
    if not isinstance(inner, dict):
        raise ConfigError(f"settings: {path[0]!r} has no settings inside.")
    for key, item in [(".".join(path[1:]), value)] if len(path) > 1 else value.items():
        _merge(inner, str(key).split("."), item)


def _without_infinity(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_infinity(item) for key, item in value.items()}
    return "inf" if value == float("inf") else value


def _with_infinity(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_infinity(item) for key, item in value.items()}
    return float("inf") if value == "inf" else value


_PAPER: dict[str, Any] = {
    "decoder": {
        "layers": 2,
        "prototypes": 50,
        "separate_values": False,
        "feed_forward": False,
        "transport": {"rho_train": "inf", "rho_infer": "inf"},
        "refinement": {"context": "ot", "gate": 0.05, "evidence": False},
        "communication": {"residual": "paper"},
    },
    "training": {
        "epochs": 80,
        "learning_rate": 1e-4,
        "batching": "parts",
        "batch": 8,
        "mining": 3.0,
        "early_stop": False,
        "refine_in_training": True,
    },
    "scoring": {"prototype_scale": False, "exponent": 1.0},
}

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": _PAPER,
    "untrained": {"training": {"enabled": False}},
    "quick": {"decoder": {"prototypes": 500}, "training": {"epochs": 1, "folds": 2}, "augmentation": {"rotations": 4}},
    "thorough": {
        "decoder": {"prototypes": 3000},
        "training": {"epochs": 4, "patience": 4, "folds": 5},
        "augmentation": {"rotations": 12},
    },
}
"""Changes against the defaults. `default`: what was measured to work best; `paper`: faithful to the paper;
`quick`: half the views, a quarter of the prototypes, one epoch; `thorough`: half as many views again and, so that a
prototype stands for as many tokens as before, half as many prototypes again, more folds and more patience. It was not
measured to be better on average, it is only more careful; tokens and prototypes take 1.5 times the memory.
"""


def preset(name: str) -> PirnConfig:
    """The settings of a preset.

    Raises:
        ConfigError: When there is no preset of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}.", f"Choose one of {', '.join(PRESETS)}.")
    return changed(PirnConfig(), {"preset": name, **PRESETS[name]})
