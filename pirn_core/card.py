"""The model card: what a model was made of, what training was worth, and where its threshold comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from pirn_core import config as settings
from pirn_core.errors import ConfigError


@dataclass(frozen=True)
class HeldOutFigures:
    """Trained against untrained, on shots that were held out; means over the folds.

    Attributes:
        folds: Number of folds.
        untrained: Separation of synthetic defects by the untrained codebook, in [0, 1].
        trained: By the best step of training.
        steps: Best step of every fold.
        silent: As `trained`, with the communication between the modalities closed; None where there is none.
    """

    folds: int
    untrained: float
    trained: float
    steps: tuple[int, ...]
    silent: float | None


@dataclass(frozen=True)
class ModelCard:
    """What a model file says of itself.

    Attributes:
        id: Identity of the model.
        created: Time in UTC.
        program: Version of the program.
        preset: Name of the preset.
        seed: Of training.
        changes: Settings that differ from the preset's, by their dotted names.
        backbone: Name of the backbone.
        backbone_text: One line on the backbone as it ran in training, with its licence.
        weights: Hex digest of the backbone's weights.
        modalities: What it looks at.
        shots: Ids of the shots.
        confirmed: Ids of the parts (and, with `#` and their box, regions of parts) that were confirmed as good.
        prototypes: K, per modality.
        layers: Layers of the decoder.
        steps: Steps that the model in force was trained for; 0: the untrained codebook was kept.
        communication: Whether the modalities communicate.
        held_out: Trained against untrained; None where training ran without looking at held-out shots.
        threshold: In force.
        sure: In force.
        threshold_source: One sentence.
        crop_px: Side of the square around the part in image pixels; None: the whole image.
        input_size: Side of the network's input.
        grid: Tokens per side.
        seconds: Training time, without the backbone.
        device: Where it was trained.
        warnings: What was noticed on the shots.
        versions: Of the libraries.
    """

    id: str
    created: str
    program: str
    preset: str
    seed: int
    changes: Mapping[str, Any]
    backbone: str
    backbone_text: str
    weights: str
    modalities: tuple[str, ...]
    shots: tuple[str, ...]
    confirmed: tuple[str, ...]
    prototypes: int
    layers: int
    steps: int
    communication: bool
    held_out: HeldOutFigures | None
    threshold: float
    sure: float
    threshold_source: str
    crop_px: int | None
    input_size: int
    grid: int
    seconds: float
    device: str
    warnings: tuple[str, ...]
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def verdict_on_training(self) -> str:
        """One sentence: whether training was worth it on shots that it did not see."""
        found = self.held_out
        if found is None:
            return "Trained without looking at held-out shots: not compared with the untrained codebook."
        what = "separation of synthetic defects" if found.untrained >= 0 else "negative residual"
        figures = f"{what} {found.untrained:.3f} untrained, {found.trained:.3f} trained"
        if not self.steps:
            return f"Held-out shots ({figures}) favour the untrained codebook, which was kept."
        return f"Held-out shots ({figures}) favour {self.steps} steps of training."


def card_of(meta: Mapping[str, Any]) -> ModelCard:
    """The card of a model file.

    Args:
        meta: From `checkpoint.read_meta`.
    """
    history, training = meta["history"], meta["history"].get("training", {})
    threshold, sure = _limits(meta)
    return ModelCard(
        id=meta["id"],
        created=history.get("created", ""),
        program=history.get("program", ""),
        preset=meta["config"]["preset"],
        seed=meta["config"]["seed"],
        changes=_changes(meta["config"]),
        backbone=meta["backbone"]["name"],
        backbone_text=history.get("backbone", ""),
        weights=meta["backbone"]["sha256"],
        modalities=tuple(meta["modalities"]),
        shots=tuple(shot["id"] for shot in meta["shots"]),
        confirmed=tuple(r["part"] for r in meta["records"] if r["source"] != "held-out shot"),
        prototypes=meta["prototypes"],
        layers=meta["decoder"]["layers"],
        steps=training.get("steps", 0),
        communication=len(meta["modalities"]) > 1 and meta["decoder"]["communication"]["enabled"],
        held_out=_held_out(meta),
        threshold=threshold,
        sure=sure,
        threshold_source=_source(meta),
        crop_px=meta["fitted"]["crop_px"],
        input_size=meta["backbone"]["input_size"],
        grid=meta["backbone"]["grid"],
        seconds=training.get("seconds", 0.0),
        device=history.get("device", ""),
        warnings=tuple(history.get("warnings", ())),
        versions=history.get("versions", {}),
    )


def _limits(meta: Mapping[str, Any]) -> tuple[float, float]:
    calibrated, own = meta["calibrated"], meta["threshold"]
    if own is None:
        return calibrated["threshold"], calibrated["sure"]
    return own, min(own, calibrated["sure"])


def _source(meta: Mapping[str, Any]) -> str:
    if meta["threshold"] is not None:
        return f"Set by the user; calibration would set {meta['calibrated']['threshold']:.4g}."
    sources = [record["source"] for record in meta["records"]]
    held, confirmed = sources.count("held-out shot"), sources.count("confirmed")
    how = "on views that were left out" if held == 1 else "each held out in turn"
    also = f" and {_parts(confirmed, 'confirmed good part')}" if confirmed else ""
    margin = meta["config"]["scoring"]["margin"]
    of = f"{_parts(held, 'shot')} ({how}){also}"
    return f"The highest score of {of}, plus {margin:g} times their robust spread."


def _parts(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _held_out(meta: Mapping[str, Any]) -> HeldOutFigures | None:
    folds = meta["history"].get("training", {}).get("folds", [])
    if not folds or not meta["config"]["training"]["early_stop"]:
        return None
    silent = [fold["silent"]["separation"] for fold in folds if fold["silent"]]
    return HeldOutFigures(
        folds=len(folds),
        untrained=mean(fold["untrained"]["separation"] for fold in folds),
        trained=mean(fold["best"]["separation"] for fold in folds),
        steps=tuple(fold["best_step"] for fold in folds),
        silent=mean(silent) if silent else None,
    )


def _changes(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that differ from the preset's."""
    try:
        usual = settings.dotted(settings.to_dict(settings.preset(config["preset"])))
    except ConfigError:
        usual = settings.dotted(settings.to_dict(settings.PirnConfig()))
    own = settings.dotted(config)
    kept = ("preset", "schema", "seed", "backbone")
    return {key: value for key, value in own.items() if key not in kept and usual.get(key) != value}
