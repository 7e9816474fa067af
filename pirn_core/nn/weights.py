"""Weight files: read without running code, checked, imported, fetched on request."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from pirn_core.errors import BackboneError
from pirn_core.files import atomic_path, sha256
from pirn_core.nn import location
from pirn_core.nn.catalogue import CATALOGUE, BackboneState, backbone_entry, backbone_state
from pirn_core.nn.download import fetch
from pirn_core.nn.embedded import EMBEDDED, METADATA_KEY, embedded_entry, metadata
from pirn_core.nn.entry import BackboneEntry

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["checked_sha256", "fetch", "import_file", "load_network", "read_tensors", "recognise"]

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
_NESTED = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Names under which training programs put the weights."""

_DAMAGED = "Copy or fetch the file once more."
# Whatever torch's unpickler stumbles over in a damaged file.
_UNREADABLE = (RuntimeError, EOFError, OSError, KeyError, ValueError, TypeError, AttributeError, IndexError)


def is_safetensors(path: Path) -> bool:
    """Whether the file begins as safetensors do: eight bytes of length, then JSON.

    Raises:
        BackboneError: When the file cannot be read.
    """
    return _beginning(path)[8:] == b"{"


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(9)
    except OSError as error:
        raise BackboneError(f"{path}: cannot be read ({error.strerror}).", "Check its permissions.") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, on the CPU: safetensors, or a state dict saved by torch.

    Wrappings (`state_dict`, `model`) and the prefixes of parallel and compiled models are removed.

    Raises:
        BackboneError: When the file is missing, damaged, of another kind, asks to run code, or holds a number
            that is not finite.
    """
    if not path.is_file():
        raise BackboneError(f"{path}: there is no such file.", "Check the path.")
    tensors = _from_safetensors(path) if is_safetensors(path) else _unwrapped(path, _from_torch(path))
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise BackboneError(f"{path}: {name} holds numbers that are not finite.", _DAMAGED)
    return tensors


def _from_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise BackboneError(f"{path}: not a whole safetensors file ({error}).", _DAMAGED) from error


def _from_torch(path: Path) -> Any:
    import torch

    if not _beginning(path).startswith((_ZIP, _PICKLE)):
        raise BackboneError(
            f"{path}: neither a safetensors file nor one saved by torch.",
            "Give the weight file itself, unpacked.",
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"GLOBAL ([\w.]+)", str(error))
        if code is None:
            raise BackboneError(f"{path}: a damaged torch file.", _DAMAGED) from error
        raise BackboneError(
            f"{path}: asks to run {code[1]}, which weights need not; it was not opened.",
            "Save its state dict alone, best as safetensors.",
        ) from error
    except _UNREADABLE as error:
        raise BackboneError(f"{path}: a damaged torch file ({error}).", _DAMAGED) from error


def _unwrapped(path: Path, content: Any) -> dict[str, Tensor]:
    import torch

    for name in _NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise BackboneError(
            f"{path}: holds no state dict (tensors by name).",
            "Save the model's `state_dict()` and import that.",
        )
    return {re.sub(r"^(_orig_mod\.|module\.)+", "", str(name)): value for name, value in content.items()}


def checked_sha256(path: Path) -> str:
    """Hex digest of a weight file, compared with the checksum by which the Hugging Face cache names it.

    Raises:
        BackboneError: When they differ, that is, when the cached file is damaged.
    """
    digest = sha256(path)
    blob = path.readlink().name if path.is_symlink() else ""
    if re.fullmatch(r"[0-9a-f]{64}", blob) and blob != digest:
        raise BackboneError(
            f"{path}: damaged, its content does not match the hub's checksum {blob[:12]}.",
            "Delete the file and fetch or import it again.",
        )
    return digest


def load_network(entry: BackboneEntry, input_size: int, path: Path) -> nn.Module:
    """The network of `entry` with the weights of a file.

    Raises:
        BackboneError: As `read_tensors`, or when the weights do not fit the network.
    """
    from pirn_core.nn.mismatch import MismatchError
    from pirn_core.nn.network import loaded_network

    state = read_tensors(path)
    try:
        return loaded_network(entry, input_size, state)
    except MismatchError as error:
        raise BackboneError(
            f"{path}: these are not weights of {entry.name}: {error.mismatch}.",
            "Choose the backbone they belong to, or import the right file (`pirn backbones import FILE`).",
        ) from error


def recognise(path: Path) -> BackboneEntry:
    """The backbone whose weights a file holds: its own record, else the entry of the catalogue that fits.

    Raises:
        BackboneError: As `read_tensors`, or when the weights fit none.
    """
    from pirn_core.nn.network import mismatch_of

    if describes_itself(path):
        return embedded_entry(path)
    state = read_tensors(path)
    for entry in CATALOGUE.values():
        if not mismatch_of(entry, state):
            return entry
    first = f" (its first tensor is {next(iter(state))!r})" if state else ""
    raise BackboneError(
        f"{path}: fits none of {', '.join(CATALOGUE)}{first}.",
        "Say which timm model it belongs to (`--name timm:MODEL`).",
    )


def describes_itself(path: Path) -> bool:
    """Whether the file carries the record of `pirn_core.nn.embedded`."""
    return path.is_file() and is_safetensors(path) and METADATA_KEY in metadata(path)


def import_file(path: Path, name: str | None = None) -> BackboneState:
    """Takes a weight file into the program's cache, after building the network with it.

    Args:
        path: Safetensors, or a state dict saved by torch.
        name: The backbone it belongs to; None to recognise it among the catalogue.

    Returns:
        The backbone's state afterwards.

    Raises:
        BackboneError: When the file cannot be read, fits no backbone, or not the named one.
    """
    if name == EMBEDDED or describes_itself(path):
        raise BackboneError(
            f"{path}: an embedded backbone is not imported.",
            "Name the file itself as weights (`--weights FILE`).",
        )
    entry = recognise(path) if name is None else backbone_entry(name)
    load_network(entry, entry.input_size, path)
    suffix = location.SUFFIXES[0] if is_safetensors(path) else location.SUFFIXES[1]
    target = location.imported_path(entry, suffix)
    if not (target.is_file() and target.samefile(path)):
        with atomic_path(target) as temporary:
            shutil.copyfile(path, temporary)
    for other in location.SUFFIXES:  # the former import must not hide the new one
        if other != suffix:
            location.imported_path(entry, other).unlink(missing_ok=True)
    location.remember(entry)
    return backbone_state(entry)
