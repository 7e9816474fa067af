"""The frozen backbone: images in, tokens out (paper, section 3.1, "Frozen ViT Encoder")."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Self

import timm
import torch
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from pirn_core.devices import choose_device, memory_advice
from pirn_core.errors import BackboneError, DeviceError
from pirn_core.nn.catalogue import backbone_entry, resolve
from pirn_core.nn.entry import BackboneEntry
from pirn_core.nn.location import locate
from pirn_core.nn.network import check_size, digest_of, laid_out, random_network
from pirn_core.nn.weights import checked_sha256, describes_itself, load_network, recognise


class Backbone(nn.Module):
    """A frozen network whose intermediate maps become one grid of tokens per image.

    The default arithmetic is fp32 on the CPU and on MPS, and autocast to bf16 (fp16 on GPUs without it) on
    CUDA; tokens are always float32. No gradient flows into the network; tokens may be used in training.

    Attributes:
        entry: What the network is.
        input_size: Side S of the square images, in pixels.
        grid: Tokens per side, G.
        channels: Length of a token, C.
        weights_sha256: Hex digest of the weight file; for random weights of these.
        dtype: Type in which the network computes.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        entry: BackboneEntry,
        input_size: int,
        grid: int,
        weights_sha256: str,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.entry = entry
        self.input_size = input_size
        self.grid = grid
        self.weights_sha256 = weights_sha256
        self.dtype = dtype
        self.channels = _channels(network, entry)
        self.register_buffer("mean", torch.tensor(entry.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(entry.std).view(1, 3, 1, 1), persistent=False)
        self._options = _forward_options(network)
        self.eval()

    @property
    def name(self) -> str:
        """Name of the backbone."""
        return self.entry.name

    @property
    def timm_name(self) -> str:
        """Name of the architecture in timm."""
        return self.entry.timm

    @property
    def licence(self) -> str:
        """Licence of the weights."""
        return self.entry.licence

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.mean.device

    @property
    def recipe(self) -> str:
        """All that the tokens of an image depend on here, as one line; part of the key of cached tokens."""
        entry = self.entry
        return (
            f"{entry.timm} {self.weights_sha256} {entry.aggregate} of {entry.indices} {self.input_size} px, "
            f"grid {self.grid}, mean {entry.mean} std {entry.std}, {self.dtype} on {self.device.type}, "
            f"timm {timm.__version__}, torch {torch.__version__}"
        )

    def describe(self) -> str:
        """One line for people."""
        return (
            f"{self.name} ({self.timm_name}): {self.input_size} px, {self.grid}x{self.grid} tokens of "
            f"{self.channels} channels, {self.entry.layers}, {str(self.dtype).removeprefix('torch.')} on "
            f"{self.device}, weights {self.weights_sha256[:12]}, {self.licence.partition('. ')[0]}"
        )

    def require(self, sha256: str) -> None:
        """Checks that the weights are those of a model.

        Args:
            sha256: `weights_sha256` when the model was trained.

        Raises:
            BackboneError: When they are others.
        """
        if sha256 != self.weights_sha256:
            raise BackboneError(
                f"{self.name}: its weights are {self.weights_sha256[:12]}, the model wants {sha256[:12]}.",
                "Import the weight file the model was trained with, or train again.",
            )

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode: a frozen network never updates its statistics."""
        del mode
        return super().train(False)

    @torch.no_grad()  # not inference_mode: the decoder is trained on these tokens
    def forward(self, images: Tensor) -> Tensor:
        """Tokens of images; both modalities may be stacked in one batch.

        Args:
            images: (B, 3, S, S), floating point in [0, 1]; moved to the backbone's device.

        Returns:
            (B, N, C) float32, N = grid * grid, row by row.

        Raises:
            BackboneError: When shape or type of the images are others.
        """
        self._check(images)
        normalised = (images.to(self.device, torch.float32) - self.mean) / self.std
        if self.entry.aggregate == "concat":
            normalised = normalised.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            maps = self.network.forward_intermediates(  # type: ignore[operator]
                normalised, indices=list(self.entry.indices), intermediates_only=True, **self._options
            )
        return self._tokens([_as_map(values) for values in maps])

    def _check(self, images: Tensor) -> None:
        side = self.input_size
        if images.ndim != 4 or tuple(images.shape[1:]) != (3, side, side) or not images.is_floating_point():
            raise BackboneError(
                f"{self.name}: images are {tuple(images.shape)} {images.dtype}.",
                f"Give (B, 3, {side}, {side}) floating-point numbers in [0, 1].",
            )

    def _tokens(self, maps: list[Tensor]) -> Tensor:
        if self.entry.aggregate == "mean":
            total = maps[0].float()
            for values in maps[1:]:
                total = total + values.float()
            joined = resampled(total / len(maps), self.grid)
        else:
            joined = torch.cat([resampled(values.float(), self.grid) for values in maps], dim=1)
        return joined.flatten(2).transpose(1, 2).contiguous()


def _channels(network: nn.Module, entry: BackboneEntry) -> int:
    stages: Any = network.feature_info
    info = [stages[index] for index in entry.indices]
    widths = [int(stage["num_chs"]) for stage in info]
    if entry.aggregate == "concat":
        return sum(widths)
    if len({(stage["num_chs"], stage["reduction"]) for stage in info}) > 1:
        raise BackboneError(f"{entry.name}: its maps {entry.indices} differ in size, so they have no mean.")
    return widths[0]


def resampled(maps: Tensor, grid: int) -> Tensor:
    """Maps (B, C, H, W) at (B, C, grid, grid): area mean where that is fewer cells, else bilinear."""
    height, width = maps.shape[-2:]
    if (height, width) == (grid, grid):
        return maps
    if grid <= min(height, width):
        return functional.adaptive_avg_pool2d(maps, grid)
    return functional.interpolate(maps, (grid, grid), mode="bilinear", align_corners=False)


def _as_map(values: Tensor) -> Tensor:
    """(B, N, C) tokens of a square grid as a view (B, C, H, W); maps as they are."""
    if values.ndim == 4:
        return values
    side = round(values.shape[1] ** 0.5)
    return values.transpose(1, 2).reshape(values.shape[0], values.shape[2], side, side)


def _forward_options(network: nn.Module) -> dict[str, Any]:
    """Plain transformers give their tokens without the detour over maps; others know maps only."""
    options: dict[str, Any] = {}
    if isinstance(network, (VisionTransformer, Eva)):
        options["output_fmt"] = "NLC"
    if "norm" in inspect.signature(network.forward_intermediates).parameters:  # type: ignore[arg-type]
        options["norm"] = False
    return options


def load_backbone(
    name: str = "auto",
    *,
    input_size: int | None = None,
    grid: int | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    weights: Path | None = None,
    random_weights: bool = False,
) -> Backbone:
    """Builds a backbone with weights that are on this machine; never downloads.

    Args:
        name: As in `catalogue.resolve`; with `weights`, `auto` recognises the file.
        input_size: Side of the images in pixels; None: the backbone's default.
        grid: Tokens per side, to which the network's maps are resampled; None: as the network gives them.
        device: As in `choose_device`.
        dtype: Arithmetic of the network; None: see `Backbone`. bf16 on the CPU is two to three times faster
            where the processor has it (AVX-512 BF16, AMX), and slower elsewhere.
        weights: A weight file to use instead of the one on this machine's record.
        random_weights: No file, but weights from a fixed seed, for tests and timing.

    Raises:
        BackboneError: When the backbone is unknown, its weights are not here, damaged or do not fit, or the
            sizes do not suit it.
        DeviceError: When there is no such device, or its memory does not suffice.
    """
    target = choose_device(device) if isinstance(device, str) else device
    arithmetic = _arithmetic(target, dtype)
    entry, path = (resolve(name), None) if random_weights else _source(name, weights)
    side = entry.input_size if input_size is None else input_size
    cells = entry.grid_at(side) if grid is None else grid
    if not 1 <= cells <= side:
        raise BackboneError(f"{entry.name}: a grid of {cells} tokens over {side} px.", "Choose 1 to that many.")
    if path is None:
        network = random_network(entry, side)
        digest = digest_of(network)
    else:
        digest = checked_sha256(path)
        network = load_network(entry, side, path)
    check_size(entry, network, side)
    network = laid_out(network, entry, arithmetic)
    with memory_advice("Choose a smaller backbone, or the CPU as device."):
        return Backbone(network, entry, side, cells, digest, arithmetic).to(target)


def _source(name: str, weights: Path | None) -> tuple[BackboneEntry, Path]:
    if weights is not None:
        return _entry_of(name, weights), weights
    entry = resolve(name)
    if (path := locate(entry)) is None:
        raise BackboneError(
            f"the weights of {entry.name} ({entry.size_mb:.0f} MB) are not on this machine.",
            f"Fetch them (`pirn backbones fetch {entry.name}`), or copy the file here and import it "
            "(`pirn backbones import FILE`), or choose the embedded backbone.",
        )
    return entry, path


def _entry_of(name: str, weights: Path) -> BackboneEntry:
    if name == "auto" or describes_itself(weights):
        entry = recognise(weights)
        if name not in ("auto", entry.name):
            raise BackboneError(f"{weights}: holds {entry.name}, not {name}.", f"Name it {entry.name}, or auto.")
        return entry
    return backbone_entry(name)


def _arithmetic(device: torch.device, dtype: torch.dtype | None) -> torch.dtype:
    if dtype is None:
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if dtype == torch.float16 and device.type == "cpu":
        raise DeviceError("the CPU does not compute networks in float16.", "Choose bfloat16 or float32.")
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise DeviceError(f"a backbone does not compute in {dtype}.", "Choose float32, bfloat16 or float16.")
    return dtype
