"""Weight files that describe themselves: safetensors with a record of the network in the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from safetensors import SafetensorError, safe_open

from pirn_core.errors import BackboneError
from pirn_core.nn.entry import Aggregate, BackboneEntry, Triple

EMBEDDED = "embedded"
"""Name of the backbone that ships with the program."""

METADATA_KEY = "pirn_backbone"
SCHEMA = 1
"""Number of the record's schema; a file with a larger one is refused."""

_FORBIDDEN = ("pretrained", "checkpoint", "cache")
"""Arguments of timm that would read other files or the network."""

_Side = Annotated[int, Meta(ge=1)]
_Index = Annotated[int, Meta(ge=0)]


class _Schema(msgspec.Struct, frozen=True):
    schema: int


class EmbeddedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON text under `pirn_backbone`; further fields are allowed.

    Attributes:
        schema: Number of this layout.
        name: Name of the backbone.
        timm: Architecture in timm, without a tag.
        kwargs: Arguments for `timm.create_model`.
        indices: `forward_intermediates` indices that become tokens; what none of them needs is pruned.
        aggregate: As in `BackboneEntry`.
        input_size: Side of the input in pixels.
        grid: Tokens per side at that size.
        mean: Mean of the colours in [0, 1].
        std: Standard deviation of the colours.
        licence: Licence of the weights.
        description: One sentence.
    """

    schema: int
    name: str
    timm: str
    kwargs: dict[str, Any]
    indices: Annotated[tuple[_Index, ...], Meta(min_length=1)]
    aggregate: Aggregate
    input_size: _Side
    grid: _Side
    mean: Triple
    std: Triple
    licence: str
    description: str = ""


def metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, empty where it has none.

    Raises:
        BackboneError: When the file cannot be read or is not, or not wholly, a safetensors file.
    """
    try:
        with safe_open(str(path), framework="np") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise BackboneError(
            f"{path}: not a whole safetensors file ({error}).", "Copy or fetch the file once more."
        ) from error


def read_record(path: Path) -> EmbeddedRecord:
    """The record of a self-describing weight file.

    Raises:
        BackboneError: When the file is missing, damaged, foreign, or of a newer schema.
    """
    if not path.is_file():
        raise BackboneError(
            f"{path}: the embedded backbone is not there.",
            "Install the program again, or name another backbone (`pirn backbones list`).",
        )
    text = metadata(path).get(METADATA_KEY)
    if text is None:
        raise BackboneError(
            f"{path}: has no {METADATA_KEY!r} record, so it is not an embedded backbone.",
            "Name the backbone whose weights these are.",
        )
    return _decode(path, text)


def _decode(path: Path, text: str) -> EmbeddedRecord:
    try:
        schema = msgspec.json.decode(text, type=_Schema).schema
        if schema > SCHEMA:
            raise BackboneError(
                f"{path}: has schema {schema}, this program knows up to {SCHEMA}.", "Update the program."
            )
        record = msgspec.json.decode(text, type=EmbeddedRecord)
    except msgspec.DecodeError as error:
        raise BackboneError(f"{path}: its {METADATA_KEY!r} record is damaged: {error}.") from error
    _check(path, record)
    return record


def _check(path: Path, record: EmbeddedRecord) -> None:
    """A record only describes a network: it must not make timm open other files or the network."""
    foreign = [name for name in record.kwargs if name.startswith(_FORBIDDEN)]
    if foreign or ":" in record.timm:
        raise BackboneError(
            f"{path}: its record asks for {(*foreign, record.timm)[0]!r}, which reads other files.",
            "Do not use this file.",
        )
    if not all(value > 0 for value in record.std):
        raise BackboneError(f"{path}: its record has std {record.std}, but all must be positive.")
    if record.grid > record.input_size:
        raise BackboneError(f"{path}: its record has {record.grid} tokens over {record.input_size} px.")


def embedded_entry(path: Path) -> BackboneEntry:
    """The entry that a self-describing weight file stands for; `parameters` and `channels` are unknown (0).

    Raises:
        BackboneError: As `read_record`.
    """
    record = read_record(path)
    return BackboneEntry(
        name=record.name,
        timm=record.timm,
        licence=record.licence,
        parameters=0,
        size_mb=path.stat().st_size / 1e6,
        input_size=record.input_size,
        grid=record.grid,
        indices=record.indices,
        aggregate=record.aggregate,
        channels=0,
        description=record.description,
        kwargs=record.kwargs,
        pruned_weights=True,
        mean=record.mean,
        std=record.std,
    )
