"""The model card in words, for the view and for the clipboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pirn_app.messages.events import Model

PRESETS = {"default": "Standard", "quick": "Quick", "thorough": "Thorough", "paper": "Paper", "untrained": "Untrained"}
MODALITIES = {"rgb": "colour", "sn": "surface"}


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, as (name, value) pairs; a pair without a name is a sentence."""

    title: str
    rows: tuple[tuple[str, str], ...]


def sections(model: Model, own: float | None) -> tuple[Section, ...]:
    """The whole card in words.

    Args:
        model: In force.
        own: The user's threshold; None: the calibrated one.
    """
    return (
        Section("Learned from", tuple(_learned(model))),
        Section("Threshold", tuple(_threshold(model, own))),
        Section("Held-out check", tuple(_held_out(model))),
        Section("How parts are seen", tuple(_seen(model))),
        Section("Backbone", tuple(_backbone(model))),
        Section("Settings", tuple(_settings(model))),
        Section("Made", tuple(_made(model))),
    )


def as_text(model: Model, own: float | None) -> str:
    """The card for a mail or a log."""
    lines = [f"Model {model.card.id}", *(f"Warning: {w}" for w in model.card.warnings)]
    for section in sections(model, own):
        lines += ["", section.title, *(f"  {name}: {value}" if name else f"  {value}" for name, value in section.rows)]
    return "\n".join(lines) + "\n"


Rows = Iterator[tuple[str, str]]


def _learned(model: Model) -> Rows:
    card = model.card
    yield "Shots", f"{len(card.shots)} ({grouped(card.shots)})"
    yield "Confirmed good", f"{len(card.confirmed)} ({grouped(card.confirmed)})" if card.confirmed else "none"
    yield "Looks at", " and ".join(MODALITIES.get(m, m) for m in card.modalities)


def _threshold(model: Model, own: float | None) -> Rows:
    if own is None:
        yield "NG from", f"{figure(model.threshold)}, calibrated"
    else:
        yield "NG from", f"{figure(own)}, set by hand; calibration says {figure(model.threshold)}"
    yield "Unsure from", figure(model.sure if own is None else min(model.sure, own))
    yield "Where it is from", model.card.threshold_source


def _held_out(model: Model) -> Rows:
    card, found = model.card, model.card.held_out
    yield "", card.verdict_on_training
    if found is not None:
        yield "Folds", f"{found.folds}, best after {', '.join(map(str, found.steps))} steps"
        if found.silent is not None:
            yield "Separation", f"{found.trained:.3f}; {found.silent:.3f} where colour and surface do not communicate"
    scores = sorted(model.shot_scores.values())
    if scores:
        yield "Shot scores", f"{figure(scores[0])} to {figure(scores[-1])}, each by a model that did not see it"


def _seen(model: Model) -> Rows:
    card = model.card
    yield "Crop", f"{card.crop_px} × {card.crop_px} px around the part" if card.crop_px else "whole image"
    yield "Network input", f"{card.input_size} × {card.input_size} px"
    yield "Patches", f"{card.grid} × {card.grid}"


def _backbone(model: Model) -> Rows:
    yield "Name", model.card.backbone
    yield "Licence", model.card.backbone_text or "unknown"
    yield "Weights", f"SHA-256 {model.card.weights[:16]}…"


def _settings(model: Model) -> Rows:
    card = model.card
    yield "Preset", PRESETS.get(card.preset, card.preset)
    changes = "\n".join(f"{key} = {_value(value)}" for key, value in card.changes.items())
    yield "Changed", changes or "nothing"
    yield "Prototypes", f"{card.prototypes} per modality, {card.layers} layer{'' if card.layers == 1 else 's'}"
    yield "Communication", "on" if card.communication else "off"
    yield "Seed", str(card.seed)


def _made(model: Model) -> Rows:
    card = model.card
    yield "When", f"{local(card.created)}, program {card.program}"
    yield "Trained on", f"{card.device}, {card.seconds:.0f} s without the backbone"
    yield "Runs on", model.device
    yield "With", ", ".join(f"{name} {version}" for name, version in card.versions.items())
    yield "File", str(model.path)


def grouped(parts: Sequence[str]) -> str:
    """Ids with what they have in common said once: `train/good: 000, 003`."""
    folders: dict[str, list[str]] = {}
    for part in parts:
        folder, _, stem = part.rpartition("/")
        folders.setdefault(folder, []).append(stem)
    said = ((f"{folder}: " if folder else "", ", ".join(stems)) for folder, stems in folders.items())
    return "; ".join(folder + stems for folder, stems in said)


def figure(value: float) -> str:
    """Three digits, also where the last ones are zero."""
    return f"{value:#.3g}"


def _value(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def local(created: str) -> str:
    """`2026-01-02T03:04:05Z` in the machine's own time zone."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%d %b %Y, %H:%M")
    except ValueError:
        return created or "at an unknown time"
