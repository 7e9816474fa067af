"""The model card as text."""

from __future__ import annotations

from collections.abc import Sequence

from pirn_core.card import ModelCard
from pirn_core.cli.track import as_time
from pirn_core.cli.voice import Voice

_WORDS = {"rgb": "colour", "sn": "surface normals"}
_MANY = 12


def show_card(voice: Voice, card: ModelCard) -> None:
    """Prints what a model was made of, what training was worth, and where its threshold comes from."""
    voice.facts(
        [
            ("model", f"{card.id}, made {card.created} by version {card.program}"),
            ("learned from", f"{len(card.shots)} good parts: {_names(voice, card.shots)}"),
            ("looks at", " and ".join(_WORDS[m] for m in card.modalities) + _field(card)),
            ("backbone", _backbone(voice, card)),
            ("settings", _settings(card)),
            ("decoder", _decoder(card)),
            ("training", card.verdict_on_training),
            ("threshold", f"{card.threshold:.4g} (sure below {card.sure:.4g}). {card.threshold_source}"),
            *_confirmed(voice, card),
            ("device", f"{card.device}, {as_time(card.seconds)} of training"),
            *([("versions", ", ".join(f"{k} {v}" for k, v in card.versions.items()))] if voice.verbose else []),
        ]
    )
    for warning in card.warnings:
        voice.warn(warning)


def _confirmed(voice: Voice, card: ModelCard) -> list[tuple[str, str]]:
    names = f"{len(card.confirmed)} good parts: {_names(voice, card.confirmed)}"
    return [("confirmed", names)] if card.confirmed else []


def _names(voice: Voice, names: Sequence[str]) -> str:
    shown = names if voice.verbose else names[:_MANY]
    rest = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return ", ".join(shown) + rest


def _field(card: ModelCard) -> str:
    window = "the whole image" if card.crop_px is None else f"a square of {card.crop_px} px around the part"
    return f", in {window} at {card.input_size} px ({card.grid}x{card.grid} tokens)"


def _backbone(voice: Voice, card: ModelCard) -> str:
    return card.backbone_text if voice.verbose else f"{card.backbone}, weights {card.weights[:12]}"


def _settings(card: ModelCard) -> str:
    changed = ", ".join(f"{key}={value}" for key, value in card.changes.items())
    return f"preset {card.preset}, seed {card.seed}" + (f", {changed}" if changed else "")


def _decoder(card: ModelCard) -> str:
    talk = ", with communication between the modalities" if card.communication else ", without communication"
    layers = f"{card.layers} layer{'' if card.layers == 1 else 's'}"
    return f"{card.prototypes} prototypes per modality, {layers}{talk if len(card.modalities) > 1 else ''}"
