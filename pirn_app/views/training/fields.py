"""The advanced settings as a list: names, bounds and descriptions, read from the settings' own types and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import inspect as types

from pirn_core.config import (
    AugmentationConfig,
    CommunicationConfig,
    DecoderConfig,
    Recipe,
    RefinementConfig,
    ScoringConfig,
    Settings,
    TrainingConfig,
    TransportConfig,
)

Kind = Literal["whole", "number", "choice", "switch"]

_RECIPE_TEXTS = {
    "input_size": "Side of the network's input in pixels. Larger sees smaller defects and takes longer.",
    "grid": "Tokens per side. Change it only together with the input size.",
}
_NAMES = {
    "eps": "Regularisation (eps)",
    "rho_train": "Marginal strength in training",
    "rho_infer": "Marginal strength in inspection",
    "keep": "Kept share",
    "topk": "Tokens per prototype (top-k)",
    "gate": "Initial gate",
    "evidence": "Weigh by evidence",
    "batch": "Batch size",
    "initial": "First prototypes",
    "enabled": "Switched on",
    "quantile": "Quantile of the unsure limit",
    "margin": "Margin of the threshold",
}


@dataclass(frozen=True)
class Field:
    """One setting.

    Attributes:
        key: Dotted name, e.g. `decoder.prototypes`.
        label: Name in words.
        text: What it does, one sentence or two, with the names of values in backticks.
        kind: Which editor fits.
        low: Smallest value.
        high: Largest value.
        choices: Names to choose among.
        empty: What None means; `` where None is not allowed.
    """

    key: str
    label: str
    text: str
    kind: Kind
    low: float = 0.0
    high: float = float("inf")
    choices: tuple[str, ...] = ()
    empty: str = ""

    def matches(self, words: str) -> bool:
        """Whether all words stand in its name or description."""
        text = f"{self.key} {self.label} {self.text}".lower()
        return all(word in text for word in words.lower().split())


@dataclass(frozen=True)
class Group:
    """Settings under one heading."""

    title: str
    fields: tuple[Field, ...]


@cache
def groups() -> tuple[Group, ...]:
    """All advanced settings in the order of the way from a picture to a verdict."""
    return (
        Group("Views of the shots", tuple(_fields(AugmentationConfig, "augmentation"))),
        Group("Network input", tuple(_fields(Recipe, "recipe", ("input_size", "grid")))),
        Group("Decoder", tuple(_fields(DecoderConfig, "decoder"))),
        Group("Assignment to prototypes", tuple(_fields(TransportConfig, "decoder.transport"))),
        Group("Refinement on the part (APR)", tuple(_fields(RefinementConfig, "decoder.refinement"))),
        Group(
            "Communication of colour and surface (MNC)", tuple(_fields(CommunicationConfig, "decoder.communication"))
        ),
        Group("Training", tuple(_fields(TrainingConfig, "training"))),
        Group("Score and threshold", tuple(_fields(ScoringConfig, "scoring"))),
    )


def named_in(text: str) -> tuple[Field, ...]:
    """The settings that a message names in full, in its order, e.g. `Lower training.batch.`"""
    fields = [field for group in groups() for field in group.fields]
    places = {field: match.start() for field in fields if (match := re.search(rf"\b{re.escape(field.key)}\b", text))}
    return tuple(sorted(places, key=places.__getitem__))


def _fields(struct: type[Settings], prefix: str, only: Sequence[str] = ()) -> Iterator[Field]:
    texts = _RECIPE_TEXTS if struct is Recipe else _descriptions(struct)
    typed, hints = types.type_info(struct), get_type_hints(struct)
    assert isinstance(typed, types.StructType)
    for field in typed.fields:
        if (only and field.name not in only) or isinstance(field.type, types.StructType):
            continue
        label = _NAMES.get(field.name, field.name.replace("_", " ").capitalize())
        yield Field(
            key=f"{prefix}.{field.name}", label=label, text=texts[field.name], **_editing(field.type, hints[field.name])
        )


def _editing(typed: types.Type, hint: Any) -> dict[str, Any]:
    """Kind, bounds and choices; these in the order of the type hint, which msgspec does not keep."""
    if isinstance(typed, types.UnionType):
        (inner,) = (t for t in typed.types if not isinstance(t, types.NoneType))
        return {**_editing(inner, hint), "empty": "the backbone's own"}
    if isinstance(typed, types.LiteralType):
        return {"kind": "choice", "choices": tuple(str(value) for value in get_args(hint))}
    if isinstance(typed, types.BoolType):
        return {"kind": "switch"}
    assert isinstance(typed, (types.IntType, types.FloatType)), typed
    low, high = _bounds(typed)
    return {"kind": "whole" if isinstance(typed, types.IntType) else "number", "low": low, "high": high}


def _bounds(typed: types.IntType | types.FloatType) -> tuple[float, float]:
    """Smallest and largest value; an excluded bound gives way to a value just inside of it."""
    low, high = 0.0, float("inf")
    if typed.ge is not None:
        low = float(typed.ge)
    elif typed.gt is not None:
        low = float(typed.gt) + 1e-6
    if typed.le is not None:
        high = float(typed.le)
    elif typed.lt is not None:
        high = float(typed.lt) - 1e-6
    return low, high


def _descriptions(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The `Attributes` of a docstring, by name, each in one line."""
    _, _, listed = (inspect.getdoc(struct) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in listed.splitlines():
        if match := re.match(r" {4}(\w+): (.*)", line):
            name, found[match[1]] = match[1], match[2].strip()
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found
