"""What is known of a backbone before its weights are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Aggregate = Literal["mean", "concat"]
Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
HUB_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class BackboneEntry:
    """A network whose intermediate maps become tokens.

    Attributes:
        name: Name in this program, e.g. `dinov2-base`; `timm:NAME` outside the catalogue.
        timm: Name of the architecture (and the weights) in timm.
        licence: Licence of the weights.
        parameters: Number of parameters of the whole network.
        size_mb: Size of the weight file in MB (10^6 bytes).
        input_size: Default side of the square input, in pixels.
        grid: Tokens per side at that input size.
        indices: Indices of the `forward_intermediates` maps that become tokens.
        aggregate: `mean`: average of maps of one size and width; `concat`: maps brought to one grid and
            stacked along the channels.
        channels: Length of a token, C; 0 where it is known only once the network is built.
        description: One sentence for lists.
        hub: Repository of the weights on the Hugging Face hub; `` where there is none.
        hub_files: Their possible file names there, in order of preference.
        fixed_size: Whether timm builds the network for one input size.
        kwargs: Further arguments for building it.
        pruned_weights: Whether the weight file holds only what the chosen maps need.
        mean: Mean of the colours in [0, 1] that the network expects to be subtracted.
        std: Standard deviation that it expects to be divided by.
    """

    name: str
    timm: str
    licence: str
    parameters: int
    size_mb: float
    input_size: int
    grid: int
    indices: tuple[int, ...]
    aggregate: Aggregate
    channels: int
    description: str = ""
    hub: str = ""
    hub_files: tuple[str, ...] = HUB_FILES
    fixed_size: bool = False
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    pruned_weights: bool = False
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD

    @property
    def patch(self) -> int:
        """Pixels of the input per token side."""
        return max(self.input_size // self.grid, 1)

    def grid_at(self, input_size: int) -> int:
        """Tokens per side at another input size."""
        return max(input_size * self.grid // self.input_size, 1)

    @property
    def layers(self) -> str:
        """The maps that become tokens, in words, counted from 1 as the paper does."""
        first, last = self.indices[0] + 1, self.indices[-1] + 1
        if self.aggregate == "mean":
            return f"mean of blocks {first} to {last}"
        return "stages " + " + ".join(str(index) for index in self.indices)


def paper_blocks(depth: int) -> tuple[int, ...]:
    """Indices (from 0) of the blocks whose outputs are averaged, for a transformer of `depth` blocks.

    The paper (section 4, implementation details) averages the layers "2-10" of 12, read as counted from 1;
    other depths in proportion.
    """
    first = max(round(2 * depth / 12), 1)
    last = max(round(10 * depth / 12), first)
    return tuple(range(first - 1, last))
