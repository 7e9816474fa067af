"""Small parts, a small backbone and clustered tokens; given to the tests by the fixtures of `conftest.py`."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from pirn_core.config import changed, preset
from pirn_core.data.preprocessing import View
from pirn_core.data.sample import PartRef, Sample
from pirn_core.errors import BackboneError
from pirn_core.learn import Learning
from pirn_core.scoring import Frame
from pirn_core.training import Probes, TokenPool

FOCAL_PX = 500.0
DISTANCE_MM = 500.0


class PatchBackbone(torch.nn.Module):
    """A real, if small, frozen network: a fixed random linear map of each patch, then tanh."""

    name = timm_name = "patches"
    weights_sha256 = "0123456789abcdef" * 4
    input_size, grid, channels = 64, 8, 24
    recipe = "patches 64 px, grid 8"

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(192, self.channels, generator=generator) / 4.0
        self.register_buffer("weights", weights - weights.mean(dim=0) * 0.5)
        self.images = 0

    @property
    def device(self):
        return self.weights.device

    def describe(self):
        return "patches"

    def require(self, sha256):
        if sha256 != self.weights_sha256:
            raise BackboneError(f"patches: its weights are {self.weights_sha256[:12]}, the model wants {sha256[:12]}.")

    @torch.no_grad()
    def forward(self, images):
        self.images += len(images)
        patches = F.unfold(images.to(self.device) - 0.5, kernel_size=8, stride=8).transpose(1, 2)
        return torch.tanh(patches @ self.weights)


def make_plate(
    number: int = 0, *, defect: bool = False, rgb: bool = True, points: bool = True, size: int = 128
) -> Sample:
    """A striped, gently rippled plate, 8 mm high, on a flat table under a perspective camera."""
    rng = np.random.default_rng(1000 + number)
    row, column = np.mgrid[0:size, 0:size].astype(np.float64)
    plate = (abs(row - size / 2 + 0.5) < 28) & (abs(column - size / 2 + 0.5) < 24)
    stripes = np.sin(column / 4.0)[..., None] * [30.0, 15.0, -20.0]
    colour = np.where(plate[..., None], np.array([150.0, 130.0, 90.0]) + stripes, 60.0)
    height = np.where(plate, 8.0 + 0.3 * np.sin(row / 5.0), 0.0)
    if defect:
        spot = (row - 60) ** 2 + (column - 68) ** 2 < 36
        colour[spot] = [40.0, 60.0, 160.0]
        height -= np.where(spot, 2.0, 0.0)
    colour = colour + rng.normal(0.0, 3.0, colour.shape)
    depth = DISTANCE_MM - height + rng.normal(0.0, 0.02, height.shape)
    middle = (size - 1) / 2.0
    xyz = np.dstack([(column - middle) / FOCAL_PX * depth, (row - middle) / FOCAL_PX * depth, depth])
    return Sample(
        ref=PartRef(f"{'bent' if defect else 'good'}/{number:03d}", "train", "bent" if defect else "good"),
        rgb=np.clip(colour, 0, 255).astype(np.uint8) if rgb else None,
        xyz=xyz.astype(np.float32) if points else None,
        normals=None,
        valid=np.full((size, size), points),
        unit="mm (synthetic)",
    )


def small_config(**changes):
    """The default settings, small enough for seconds; further changes with dots as double underscores."""
    small = {
        "augmentation.rotations": 2,
        "decoder.prototypes": 40,
        "training.epochs": 3,
        "training.batch": 64,
        "training.check_every": 4,
        "training.folds": 2,
    }
    more = {key.replace("__", "."): value for key, value in changes.items()}
    return changed(preset("default"), {**small, **more})


@dataclass(frozen=True)
class Trained:
    """A model of three good plates and the backbone that it was made with."""

    model: object
    backbone: PatchBackbone


def make_frame(grid: int, foreground=None, pixels: int = 8) -> Frame:
    """Tokens of `pixels` x `pixels` image pixels each; the view is the image."""
    side = grid * pixels
    kept = np.ones(grid * grid, bool) if foreground is None else np.asarray(foreground, bool)
    seen = np.kron(kept.reshape(grid, grid), np.ones((pixels, pixels), bool)).astype(bool)
    to_image = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return Frame(View(None, None, seen.copy(), np.ones((side, side), bool), to_image), seen, kept)


def clusters(count: int, channels: int, seed: int = 0) -> torch.Tensor:
    """Unit directions, (count, channels)."""
    return F.normalize(torch.randn(count, channels, generator=torch.Generator().manual_seed(seed)), dim=-1)


def drawn(centres: torch.Tensor, shape: tuple[int, ...], seed: int, noise: float = 0.3) -> torch.Tensor:
    """Unit tokens around the centres, which are not equally frequent, (*shape, channels)."""
    generator = torch.Generator().manual_seed(seed)
    share = 1.0 / torch.arange(1, len(centres) + 1)
    number = int(np.prod(shape))
    which = torch.multinomial(share, number, replacement=True, generator=generator)
    spread = torch.randn(number, centres.shape[1], generator=generator) / centres.shape[1] ** 0.5
    return F.normalize(centres[which] + noise * spread, dim=-1).view(*shape, -1)


def make_pool(shots: int = 3, views: int = 2, *, grid: int = 4, probes: bool = True, seed: int = 0) -> TokenPool:
    """Clustered tokens of two modalities; the last token of every part lies on the background."""
    tokens_each, channels = grid * grid, 12
    names = ("rgb", "sn")
    centres = {m: clusters(6, channels, seed + i) for i, m in enumerate(names)}
    tokens = {
        m: drawn(centres[m], (shots * views, tokens_each), seed + 10 + i) * 2.0 + 0.5 for i, m in enumerate(names)
    }
    foreground = torch.ones(shots * views, tokens_each, dtype=torch.bool)
    foreground[:, -1] = False
    made = None
    if probes:
        defect = torch.zeros(shots, tokens_each, dtype=torch.bool)
        defect[:, 3:6] = True
        far = clusters(shots * 3, channels, seed + 99) * 2.0 + 0.5
        damaged = {m: t[::views].clone() for m, t in tokens.items()}
        for values in damaged.values():
            values[defect] = far
        made = Probes(damaged, defect, foreground[::views], torch.arange(shots))
    kept = foreground[0].numpy()
    return TokenPool(
        tokens=tokens,
        foreground=foreground,
        shot=torch.arange(shots).repeat_interleave(views),
        upright=torch.arange(shots * views) % views == 0,
        names=tuple(f"good/{k:03d}" for k in range(shots)),
        frames=tuple(make_frame(grid, kept, pixels=4) for _ in range(shots)),
        probes=made,
    )


def train_plates() -> Trained:
    """Learns three good plates."""
    backbone = PatchBackbone()
    learning = Learning([make_plate(k) for k in range(3)], small_config(), backbone)
    for _ in learning.steps():
        pass
    return Trained(learning.model(), backbone)
