"""Networks of timm built and filled with weights, which are checked tensor by tensor."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from typing import Any

import timm
import torch
from timm.layers import PatchEmbed
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from pirn_core.errors import BackboneError
from pirn_core.nn.entry import BackboneEntry
from pirn_core.nn.mismatch import Mismatch, MismatchError, difference, parsed

StateDict = Mapping[str, Tensor]

# What timm's constructors and checkpoint filters raise for sizes and weights that they do not expect.
_FOREIGN = (RuntimeError, KeyError, AttributeError, IndexError, TypeError, ValueError, AssertionError)


def random_network(entry: BackboneEntry, input_size: int, seed: int = 0) -> nn.Module:
    """The network with random weights that depend on `seed` alone.

    Raises:
        BackboneError: When it cannot be built for that input size.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _pruned(entry, _create(entry, input_size))


def loaded_network(entry: BackboneEntry, input_size: int, state: StateDict) -> nn.Module:
    """The network with the given weights; timm resamples position embeddings to the input size.

    Raises:
        MismatchError: When the weights do not fit.
        BackboneError: When it cannot be built for that input size.
    """
    if not entry.pruned_weights:
        return _pruned(entry, _create_with(entry, input_size, state))
    network = _pruned(entry, _create(entry, input_size))
    if mismatch := difference(network.state_dict(), state):
        raise MismatchError(mismatch)
    network.load_state_dict(dict(state))
    return network


def mismatch_of(entry: BackboneEntry, state: StateDict) -> Mismatch:
    """How the weights differ from those of `entry`; compares names and shapes, computes nothing."""
    with torch.device("meta"), warnings.catch_warnings():
        # Torch warns that copying into a meta parameter does nothing, which is the aim here.
        warnings.simplefilter("ignore", UserWarning)
        try:
            loaded_network(entry, entry.input_size, state)
        except MismatchError as error:
            return error.mismatch
    return Mismatch()


def _create(entry: BackboneEntry, input_size: int, **more: Any) -> nn.Module:
    sized = {"img_size": input_size} if entry.fixed_size else {}
    try:
        network: nn.Module = timm.create_model(entry.timm, **{"pretrained": False, **entry.kwargs, **sized, **more})
    except _FOREIGN as error:
        if more:
            raise
        raise BackboneError(f"{entry.name}: timm cannot build {entry.timm} for {input_size} px: {error}.") from error
    return network


def _create_with(entry: BackboneEntry, input_size: int, state: StateDict) -> nn.Module:
    """Through timm's own loading, which knows how to convert and resample each architecture's checkpoints."""
    if not state:
        raise MismatchError(Mismatch(other="there are no tensors in it"))
    classes = _classes(entry, state)
    # Without a source timm cannot fall back to a download.
    sources = dict.fromkeys(("url", "file", "hf_hub_id", "hf_hub_filename", "source"))
    overlay = {**sources, "custom_load": False, "state_dict": dict(state), "num_classes": classes}
    try:
        network = _create(entry, input_size, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=classes)
    except _FOREIGN as error:
        raise MismatchError(_reason(entry, state, error)) from error
    network.pretrained_cfg.pop("state_dict", None)  # type: ignore[operator,union-attr]
    # A few architectures of timm load with strict=False; a file in timm's own names must then still be whole.
    own = network.state_dict()
    if set(state) <= set(own) and (absent := tuple(name for name in own if name not in state)):
        raise MismatchError(Mismatch(missing=absent))
    return network


def _classes(entry: BackboneEntry, state: StateDict) -> int:
    """Classes of the classifier in the weights, 0 without one: any is accepted, and pruned later."""
    config = get_pretrained_cfg(entry.timm)
    names = config.classifier if config is not None else None
    for name in (names,) if isinstance(names, str) else names or ():
        if (weight := state.get(f"{name}.weight")) is not None and weight.ndim >= 2:
            return int(weight.shape[0])
    return 0


def _reason(entry: BackboneEntry, state: StateDict, error: Exception) -> Mismatch:
    """What is wrong with weights that timm refused, even where its filter stumbled before comparing."""
    if found := parsed(str(error)):
        return found
    with torch.device("meta"):
        network: nn.Module = timm.create_model(entry.timm, pretrained=False, num_classes=0)
    other = f"timm cannot read them ({type(error).__name__}: {str(error)[:200]})"
    return difference(network.state_dict(), state) or Mismatch(other=other)


def _pruned(entry: BackboneEntry, network: nn.Module) -> nn.Module:
    """Without the layers, norms and heads that no chosen map needs."""
    count = len(network.feature_info)  # type: ignore[arg-type]
    if max(entry.indices) >= count:
        raise BackboneError(f"{entry.name}: {entry.timm} has {count} maps, there is no map {max(entry.indices)}.")
    if hasattr(network, "prune_intermediate_layers"):
        network.prune_intermediate_layers(list(entry.indices), prune_norm=True, prune_head=True)  # type: ignore[operator]
    return network


def check_size(entry: BackboneEntry, network: nn.Module, side: int) -> None:
    """Refuses sizes that the network would not take in its first forward pass.

    Raises:
        BackboneError: When the side is below one token, no multiple of the patch, or not the one it is for.
    """
    embed = getattr(network, "patch_embed", None)
    patch = embed.patch_size[0] if isinstance(embed, PatchEmbed) else 1
    if side < entry.patch:
        raise BackboneError(f"{entry.name}: {side} px are less than one token of {entry.patch} px.")
    if side % patch:
        low = side // patch * patch
        raise BackboneError(
            f"{entry.name}: an input of {side} px is not a multiple of its {patch} px patches.",
            f"Choose {low} or {low + patch}.",
        )
    if isinstance(embed, PatchEmbed) and embed.strict_img_size and embed.img_size != (side, side):
        own = embed.img_size[0] if embed.img_size else entry.input_size
        raise BackboneError(f"{entry.name}: takes images of {own} px only, not of {side}.", f"Choose {own}.")


def laid_out(network: nn.Module, entry: BackboneEntry, arithmetic: torch.dtype) -> nn.Module:
    """Weights in the order and type in which they are used.

    Autocast would convert the same weights in every pass; converting them once gives the same numbers.
    """
    if arithmetic != torch.float32:
        for module in network.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                module.to(arithmetic)
    if entry.aggregate == "concat":
        network = network.to(memory_format=torch.channels_last)
    return network


def digest_of(network: nn.Module) -> str:
    """Hex digest of the names and numbers of all weights."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
