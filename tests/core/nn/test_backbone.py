"""Images in, tokens out: against timm's blocks by hand, on any grid, frozen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers import resample_abs_pos_embed
from torch import Tensor
from torch.nn import functional

from pirn_core.errors import BackboneError, DeviceError
from pirn_core.files import resource, sha256
from pirn_core.nn import location
from pirn_core.nn.backbone import Backbone, load_backbone, resampled

VIT = "vit_tiny_patch16_224"
CNN = "resnet10t"
SIDE = 64


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without any weights."""
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def random_backbone(name: str, **options: Any) -> Backbone:
    return load_backbone(name, **{"input_size": SIDE, "random_weights": True, **options})


@pytest.fixture(scope="module")
def vit() -> Backbone:
    return random_backbone(VIT)


@pytest.fixture(scope="module")
def cnn() -> Backbone:
    return random_backbone(CNN)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def embedded_file(path: Path, timm_name: str, kwargs: dict[str, Any], **changes: Any) -> Path:
    """A small self-describing file, made the way that the shipped one is made."""
    record = {
        "schema": 1,
        "name": "embedded",
        "timm": timm_name,
        "kwargs": kwargs,
        "indices": [2, 3],
        "aggregate": "concat",
        "input_size": SIDE,
        "grid": 4,
        "mean": [0.4, 0.5, 0.6],
        "std": [0.2, 0.25, 0.3],
        "licence": "Apache-2.0",
        "description": "for tests",
        **changes,
    }
    torch.manual_seed(1)
    model = timm.create_model(timm_name, pretrained=False, **kwargs)
    model.prune_intermediate_layers(record["indices"], prune_norm=True, prune_head=True)
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    save_file(state, path, metadata={"pirn_backbone": json.dumps(record)})
    return path


# --- tokens --------------------------------------------------------------------------------------


def test_tokens_of_a_transformer_are_the_mean_of_blocks_2_to_10(vit: Backbone, images: Tensor) -> None:
    network = vit.network
    with torch.no_grad():
        values = network._pos_embed(network.patch_embed((images - 0.5) / 0.5))
        outputs = []
        for number, block in enumerate(network.blocks, start=1):
            values = block(values)
            if 2 <= number <= 10:
                outputs.append(values[:, 1:])
    assert number == 10  # the last two blocks are gone
    expected = torch.stack(outputs).mean(0)
    found = vit(images)
    assert found.shape == (3, 16, 192) == (3, vit.grid**2, vit.channels)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_tokens_of_a_network_with_stages_are_stacked_on_one_grid(cnn: Backbone, images: Tensor) -> None:
    network = cnn.network
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        stem = network.maxpool(network.act1(network.bn1(network.conv1((images - mean) / std))))
        layer2 = network.layer2(network.layer1(stem))
        layer3 = network.layer3(layer2)
    cells = layer2.unflatten(3, (4, 2)).unflatten(2, (4, 2)).mean((3, 5))
    expected = torch.cat([cells, layer3], dim=1).permute(0, 2, 3, 1).reshape(3, 16, 128 + 256)
    found = cnn(images)
    assert found.shape == (3, cnn.grid**2, cnn.channels)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [VIT, CNN])
def test_tokens_run_row_by_row(name: str) -> None:
    backbone = random_backbone(name)
    flat = torch.full((1, 3, SIDE, SIDE), 0.5)
    for row, column in ((0, 3), (2, 1)):
        marked = flat.clone()
        marked[:, :, row * 16 : row * 16 + 16, column * 16 : column * 16 + 16] = 1.0
        change = (backbone(marked) - backbone(flat)).norm(dim=2)[0]
        assert int(change.argmax()) == row * 4 + column


@pytest.mark.parametrize("name", [VIT, CNN, "vit_small_patch16_dinov3", "convnext_atto"])
def test_tokens_are_float32_finite_and_follow_the_order_of_the_batch(name: str, images: Tensor) -> None:
    backbone = random_backbone(name)
    tokens = backbone(images)
    assert tokens.dtype == torch.float32
    assert tokens.shape == (3, backbone.grid**2, backbone.channels)
    assert bool(tokens.isfinite().all())
    assert backbone.grid == 4
    torch.testing.assert_close(backbone(images.flip(0)), tokens.flip(0), rtol=1e-4, atol=1e-4)
    assert backbone.channels == backbone.entry.channels


def test_another_grid_on_request(images: Tensor) -> None:
    own, coarse, fine = (random_backbone(VIT, grid=grid)(images) for grid in (None, 2, 8))
    cells = own.view(3, 2, 2, 2, 2, 192).mean((2, 4)).view(3, 4, 192)
    torch.testing.assert_close(coarse, cells, rtol=1e-5, atol=1e-5)
    assert fine.shape == (3, 64, 192)
    # Bilinear interpolation invents no extremes, and at twice the grid the cells' middle is their mean.
    assert bool((fine.amax(1) <= own.amax(1) + 1e-5).all())
    assert bool((fine.amin(1) >= own.amin(1) - 1e-5).all())
    middle = fine.view(3, 8, 8, 192)[:, 3:5, 3:5].mean((1, 2))
    torch.testing.assert_close(middle, own.view(3, 4, 4, 192)[:, 1:3, 1:3].mean((1, 2)), rtol=1e-4, atol=1e-5)


def test_resampling_of_constant_maps_and_uneven_ratios() -> None:
    constant = torch.full((1, 2, 9, 9), 3.0)
    for grid in (1, 4, 9, 20):
        torch.testing.assert_close(resampled(constant, grid), torch.full((1, 2, grid, grid), 3.0))
    ramp = torch.arange(9.0).expand(1, 1, 9, 9)
    assert bool((resampled(ramp, 4)[0, 0, 0].diff() > 0).all())


# --- frozen, repeatable --------------------------------------------------------------------------


def test_nothing_is_trained(cnn: Backbone, images: Tensor) -> None:
    before = {name: value.clone() for name, value in cnn.state_dict().items()}
    cnn.train()
    assert not any(module.training for module in cnn.modules())
    tokens = cnn(images.clone().requires_grad_())
    assert not tokens.requires_grad
    assert not any(parameter.requires_grad for parameter in cnn.parameters())
    assert all(torch.equal(before[name], value) for name, value in cnn.state_dict().items())


def test_tokens_can_be_trained_on(vit: Backbone, images: Tensor) -> None:
    decoder = torch.nn.Linear(192, 192)
    decoder(vit(images)).square().mean().backward()
    assert decoder.weight.grad is not None
    assert float(decoder.weight.grad.abs().sum()) > 0


def test_random_weights_repeat_and_leave_other_random_numbers_alone(images: Tensor) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    first = random_backbone(CNN)
    assert torch.equal(torch.rand(4), expected)
    second = random_backbone(CNN)
    assert first.weights_sha256 == second.weights_sha256
    assert torch.equal(first(images), second(images))
    assert torch.equal(first(images), first(images))


def test_bfloat16_on_request(images: Tensor) -> None:
    for name in (VIT, CNN):
        exact, coarse = random_backbone(name), random_backbone(name, dtype=torch.bfloat16)
        tokens = coarse(images)
        assert tokens.dtype == torch.float32
        assert float(functional.cosine_similarity(tokens, exact(images), dim=2).min()) > 0.995
        assert not torch.equal(tokens, exact(images))
        # Converting the weights once is what autocast would do in every pass.
        exact.dtype = torch.bfloat16
        assert torch.equal(exact(images), tokens)
        assert coarse.recipe != random_backbone(name).recipe


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu(cnn: Backbone, images: Tensor) -> None:
    backbone = random_backbone(CNN, device="cuda")
    assert backbone.dtype in (torch.bfloat16, torch.float16)
    tokens = backbone(images)
    assert tokens.device.type == "cuda"
    assert float(functional.cosine_similarity(tokens.cpu(), cnn(images), dim=2).min()) > 0.99


# --- weights -------------------------------------------------------------------------------------


def test_position_embeddings_are_resampled_by_timm(machine: Path, images: Tensor) -> None:
    torch.manual_seed(2)
    model = timm.create_model(VIT, pretrained=False)
    model.pos_embed.data.normal_()
    save_file(model.state_dict(), machine / "a.safetensors")
    backbone = load_backbone(VIT, input_size=SIDE, weights=machine / "a.safetensors")
    resized = resample_abs_pos_embed(model.pos_embed.data, new_size=[4, 4], num_prefix_tokens=1)
    assert torch.equal(backbone.network.pos_embed, resized)
    assert torch.equal(backbone.network.blocks[4].mlp.fc1.weight, model.blocks[4].mlp.fc1.weight)
    assert backbone.weights_sha256 == sha256(machine / "a.safetensors")
    assert load_backbone(VIT, weights=machine / "a.safetensors").grid == 14


def test_embedded_file(machine: Path, images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    path = embedded_file(machine / "embedded.safetensors", CNN, {})
    monkeypatch.setattr(location, "embedded_path", lambda: path)
    backbone = load_backbone()
    assert (backbone.name, backbone.input_size, backbone.grid, backbone.channels) == ("embedded", 64, 4, 384)
    assert (backbone.licence, backbone.weights_sha256) == ("Apache-2.0", sha256(path))
    torch.manual_seed(1)
    model = timm.create_model(CNN, pretrained=False).half().float().eval()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in ((0.4, 0.5, 0.6), (0.2, 0.25, 0.3)))
    with torch.no_grad():
        maps = model.forward_intermediates((images - mean) / std, indices=[2, 3], intermediates_only=True)
    expected = torch.cat([functional.avg_pool2d(maps[0], 2), maps[1]], dim=1).flatten(2).transpose(1, 2)
    torch.testing.assert_close(backbone(images), expected, rtol=1e-4, atol=1e-4)
    assert load_backbone("embedded", input_size=128).grid == 8
    assert load_backbone("embedded", input_size=100).grid == 6


def test_embedded_transformer_of_one_size_and_of_many(machine: Path, images: Tensor) -> None:
    kwargs = {"img_size": SIDE, "patch_size": 8, "depth": 4, "embed_dim": 48, "num_heads": 3}
    path = embedded_file(machine / "a.safetensors", VIT, kwargs)
    assert load_backbone(weights=path)(images).shape == (3, 16, 2 * 48)
    with pytest.raises(BackboneError, match=r"takes images of 64 px only, not of 128\. Choose 64"):
        load_backbone(weights=path, input_size=128)
    path = embedded_file(machine / "b.safetensors", VIT, {**kwargs, "dynamic_img_size": True})
    backbone = load_backbone(weights=path, input_size=128, grid=16)
    assert backbone(torch.rand(1, 3, 128, 128)).shape == (1, 256, 96)
    with pytest.raises(BackboneError, match=r"100 px is not a multiple of its 8 px patches\. Choose 96 or 104"):
        load_backbone(weights=path, input_size=100)


def test_embedded_files_that_do_not_fit(machine: Path) -> None:
    with pytest.raises(BackboneError, match=r"layer3.* is missing \(and \d+ more\)"):
        wrong = embedded_file(machine / "a.safetensors", CNN, {}, indices=[1, 2])
        load_backbone(weights=_with_record(wrong, indices=[2, 3]))
    with pytest.raises(BackboneError, match="has 5 maps, there is no map 7"):
        load_backbone(weights=_with_record(wrong, indices=[7]))
    with pytest.raises(BackboneError, match=r"its maps .* differ in size, so they have no mean"):
        load_backbone(weights=_with_record(wrong, aggregate="mean"))
    with pytest.raises(BackboneError, match="timm cannot build no_such_model"):
        load_backbone(weights=_with_record(wrong, timm="no_such_model"))
    with pytest.raises(BackboneError, match=r"timm cannot build resnet10t for 64 px: .*nonsense"):
        load_backbone(weights=_with_record(wrong, kwargs={"nonsense": 1}))
    with pytest.raises(BackboneError, match="holds embedded, not dinov2-base"):
        load_backbone("dinov2-base", weights=wrong)


def _with_record(path: Path, **changes: Any) -> Path:
    from safetensors import safe_open
    from safetensors.torch import load_file

    with safe_open(path, "pt") as file:
        record = json.loads(file.metadata()["pirn_backbone"])
    target = path.with_name("changed.safetensors")
    save_file(load_file(path), target, metadata={"pirn_backbone": json.dumps({**record, **changes})})
    return target


@pytest.mark.skipif(
    not resource("backbones", "embedded.safetensors").is_file(),
    reason="the embedded backbone is not built yet",
)
def test_the_shipped_embedded_backbone() -> None:
    backbone = load_backbone("embedded")
    assert (backbone.input_size, backbone.grid) == (448, 28)
    generator = torch.Generator().manual_seed(0)
    tokens = backbone(torch.rand(2, 3, 448, 448, generator=generator))
    assert tokens.shape == (2, 784, backbone.channels)
    assert bool(tokens.isfinite().all())
    assert float(tokens.std()) > 0.01
    assert "Apache-2.0" in backbone.licence
    assert load_backbone("auto").name == "embedded"
    assert len(backbone.describe()) < 200  # the licence's first sentence only


def test_missing_weights_name_the_ways_out() -> None:
    with pytest.raises(BackboneError) as caught:
        load_backbone("dinov2-base")
    assert "the weights of dinov2-base (346 MB) are not on this machine" in str(caught.value)
    assert "pirn backbones import FILE" in caught.value.advice
    assert "pirn backbones fetch dinov2-base" in caught.value.advice


def test_a_model_requires_its_own_weights(cnn: Backbone) -> None:
    cnn.require(cnn.weights_sha256)
    with pytest.raises(BackboneError, match="the model wants 000000000000"):
        cnn.require("0" * 64)


# --- sizes, types, words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"input_size": 70}, "70 px is not a multiple of its 16 px patches. Choose 64 or 80"),
        ({"input_size": 8, "grid": 1}, "8 px are less than one token"),
        ({"grid": 0}, "a grid of 0 tokens over 64 px"),
        ({"grid": 65}, "a grid of 65 tokens over 64 px"),
    ],
)
def test_sizes_that_do_not_suit(options: dict[str, int], says: str) -> None:
    with pytest.raises(BackboneError, match=says):
        random_backbone(VIT, **options)


@pytest.mark.parametrize(("dtype", "says"), [(torch.float16, "the CPU"), (torch.float64, "torch.float64")])
def test_types_that_are_not_computed_in(dtype: torch.dtype, says: str) -> None:
    with pytest.raises(DeviceError, match=says):
        random_backbone(VIT, dtype=dtype)


@pytest.mark.parametrize(
    "wrong",
    [
        torch.zeros(3, SIDE, SIDE),
        torch.zeros(1, 3, SIDE, 32),
        torch.zeros(1, 1, SIDE, SIDE),
        torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8),
    ],
)
def test_images_that_are_refused(vit: Backbone, wrong: Tensor) -> None:
    with pytest.raises(BackboneError, match=r"Give \(B, 3, 64, 64\) floating-point numbers in \[0, 1\]"):
        vit(wrong)


def test_description_and_recipe(vit: Backbone) -> None:
    said = vit.describe()
    for part in (VIT, "64 px", "4x4 tokens of 192", "mean of blocks 2 to 10", "float32 on cpu", "apache-2.0"):
        assert part in said
    assert vit.timm_name.startswith(VIT)
    recipes = {vit.recipe, random_backbone(VIT, grid=2).recipe, random_backbone(VIT, input_size=80).recipe}
    assert len(recipes) == 3
    assert random_backbone(VIT).recipe == vit.recipe
