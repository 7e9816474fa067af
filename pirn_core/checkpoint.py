"""The model file: one `.pirn`, safetensors with JSON metadata. No pickle: opening one can run no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pirn_core import config as settings
from pirn_core.calibration import Evidence, NormalRecord
from pirn_core.data.preprocessing import FittedRecipe, View
from pirn_core.data.sample import MODALITIES
from pirn_core.errors import CheckpointError, PirnError
from pirn_core.files import atomic_path
from pirn_core.model import BackboneIdentity, Shot, TrainedModel
from pirn_core.nn.pirn import Pirn
from pirn_core.scoring import Frame

SCHEMA = 2
"""Number of the newest schema; a file with a larger one is refused."""
_WITHOUT_REGIONS = 1
"""Schema of a model without confirmed regions, which older programs read too; those would take a region for a shot."""

_KEY = "pirn_model"


def save(model: TrainedModel, path: Path) -> TrainedModel:
    """Writes a model whole or not at all.

    Returns:
        The model with its id, which follows from the contents.

    Raises:
        CheckpointError: When the file cannot be written.
    """
    tensors, meta = _to_file(model)
    meta["id"] = _identity(tensors, meta)
    try:
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={_KEY: json.dumps(meta)})
    except (OSError, SafetensorError) as error:  # safetensors reports a full disk as an error of its own
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CheckpointError(
            f"{path}: cannot be written: {reason}.", "Choose another folder or free some space."
        ) from error
    return replace(model, id=str(meta["id"]))


def load(path: Path) -> TrainedModel:
    """Reads a model; the images it was trained on are not needed.

    Raises:
        CheckpointError: When the file is missing, truncated, damaged, foreign or of a newer program.
    """
    meta = read_meta(path)
    tensors = _tensors(path)
    if _identity(tensors, {k: v for k, v in meta.items() if k != "id"}) != meta.get("id"):
        raise CheckpointError(f"{path}: its contents do not match its id: it is damaged.", "Copy it again.")
    try:
        return _from_file(tensors, meta)
    except PirnError as error:  # settings of a newer program
        raise CheckpointError(f"{path}: {error.message}", error.advice) from error
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError, msgspec.ValidationError) as error:
        raise CheckpointError(
            f"{path}: its contents do not fit together: {error}.", "Train the model again."
        ) from error


def read_meta(path: Path) -> dict[str, Any]:
    """What a model file says of itself, without its tensors.

    Raises:
        CheckpointError: As `load`.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file.", "Give the path of a .pirn model.")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(_unreadable(path, error), "Copy it again from where it was saved.") from error
    if text is None:
        raise CheckpointError(
            f"{path}: holds tensors, but no PIRN model.",
            "Weights of a backbone go to `pirn backbones import`.",
        )
    return _checked_meta(path, text)


def _checked_meta(path: Path, text: str) -> dict[str, Any]:
    try:
        meta = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{path}: its description is damaged: {error}.", "Copy it again.") from error
    schema = meta.get("schema") if isinstance(meta, dict) else None
    if not isinstance(schema, int):
        raise CheckpointError(f"{path}: its description names no schema: it is damaged.", "Copy it again.")
    if schema > SCHEMA:
        history = meta.get("history")
        program = history.get("program", "unknown") if isinstance(history, dict) else "unknown"
        raise CheckpointError(
            f"{path}: has schema {schema}, this program knows up to {SCHEMA} (it was saved by version {program}).",
            "Update the program.",
        )
    found: dict[str, Any] = meta
    return found


def _unreadable(path: Path, error: Exception) -> str:
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(8)
    announced = int.from_bytes(head, "little") if len(head) == 8 else 0
    if size == 0:
        return f"{path}: is empty."
    if "incomplete" in str(error).lower() or (0 < announced < 100_000_000 and announced + 8 > size):
        return f"{path}: is truncated ({size} bytes)."
    return f"{path}: is no .pirn model ({error})."


def _tensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping


def _identity(tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        # Type and shape count: the same bytes read as another type are other numbers.
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:12]


def _to_file(model: TrainedModel) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {f"pirn.{k}": v.detach().cpu().contiguous() for k, v in model.pirn.state_dict().items()}
    for number, record in enumerate(model.records):
        tensors.update({f"record.{number}.{k}": v for k, v in _record_tensors(record).items()})
    meta = {
        "schema": SCHEMA if any(r.source == "confirmed region" for r in model.records) else _WITHOUT_REGIONS,
        "config": settings.to_dict(model.config),
        "decoder": settings.to_dict(_effective(model))["decoder"],
        "fitted": _plain(msgspec.to_builtins(model.fitted)),
        "backbone": asdict(model.backbone),
        "modalities": list(model.modalities),
        "prototypes": model.pirn.prototypes,
        "shots": [asdict(shot) for shot in model.shots],
        "records": [_described(r) for r in model.records],
        "threshold": model.threshold,
        "calibrated": {"sure": model.calibration.sure, "threshold": model.calibration.threshold},
        "history": dict(model.history),
    }
    # Through JSON once, so that the id is made of what a reader will see.
    return tensors, json.loads(json.dumps(meta))


def _effective(model: TrainedModel) -> settings.PirnConfig:
    """The model's settings with the decoder that was really built (communication may have been left out)."""
    return msgspec.structs.replace(model.config, decoder=model.pirn.config)


def _plain(values: Any) -> Any:
    return json.loads(json.dumps(values))


def _from_file(tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> TrainedModel:
    config = settings.from_dict(meta["config"])
    decoder = settings.from_dict({**meta["config"], "decoder": meta["decoder"]}).decoder
    backbone = BackboneIdentity(**meta["backbone"])
    modalities = tuple(m for m in MODALITIES if m in meta["modalities"])
    pirn = Pirn(backbone.channels, modalities, decoder, prototypes=meta["prototypes"])
    weights = {k.removeprefix("pirn."): v for k, v in tensors.items() if k.startswith("pirn.")}
    pirn.load_state_dict(weights)
    records = tuple(_record(number, entry, tensors) for number, entry in enumerate(meta["records"]))
    return TrainedModel(
        config=config,
        fitted=msgspec.convert(meta["fitted"], FittedRecipe),
        backbone=backbone,
        pirn=pirn.eval(),
        records=records,
        shots=tuple(Shot(**shot) for shot in meta["shots"]),
        threshold=meta["threshold"],
        history=meta["history"],
        id=meta["id"],
    )


def _described(record: NormalRecord) -> dict[str, Any]:
    limit = {} if record.limit is None else {"limit": record.limit}  # absent from files without regions, as it was
    return {"part": record.part, "source": record.source, "shape": list(record.frame.seen.shape), **limit}


def _record_tensors(record: NormalRecord) -> dict[str, Tensor]:
    frame = record.frame
    arrays: dict[str, Any] = {
        "seen": np.packbits(frame.seen),
        "view": np.packbits(frame.view.foreground),
        "valid": np.packbits(frame.view.valid),
        "size": np.array([frame.view.foreground.shape[0]]),
        "foreground": frame.foreground,
        "to_image": frame.view.to_image,
    }
    for modality, item in record.evidence.items():
        arrays[f"{modality}.residual"] = item.residual
        arrays[f"{modality}.prototypes"] = item.prototypes
        arrays[f"{modality}.weights"] = item.weights
    # Copies: records may share an array, which safetensors refuses to write twice.
    return {name: torch.from_numpy(np.array(array, order="C")) for name, array in arrays.items()}


def _record(number: int, entry: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> NormalRecord:
    def array(name: str) -> Any:
        return tensors[f"record.{number}.{name}"].numpy()

    def unpacked(name: str, shape: tuple[int, int]) -> Any:
        return np.unpackbits(array(name), count=shape[0] * shape[1]).astype(bool).reshape(shape)

    shape = (int(entry["shape"][0]), int(entry["shape"][1]))
    side = int(array("size")[0])
    view = View(None, None, unpacked("view", (side, side)), unpacked("valid", (side, side)), array("to_image"))
    evidence = {
        m: Evidence(array(f"{m}.residual"), array(f"{m}.prototypes"), array(f"{m}.weights"))
        for m in MODALITIES
        if f"record.{number}.{m}.residual" in tensors
    }
    frame = Frame(view, unpacked("seen", shape), array("foreground"))
    return NormalRecord(entry["part"], entry["source"], frame, evidence, entry.get("limit"))
