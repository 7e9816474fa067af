"""From a part to tokens: both modalities, one of them, the cache, and what is refused."""

import numpy as np
import pytest
import torch

from pirn_core.config import PirnConfig, Recipe
from pirn_core.data.augmentation import poses
from pirn_core.data.preprocessing import fit_recipe, make_planes, make_view
from pirn_core.encoding import Encoder, frame_of
from pirn_core.errors import BackboneError, SampleError
from pirn_core.tokens import TokenCache


@pytest.fixture
def encoder(plate, backbone):
    fitted = fit_recipe([plate(0), plate(1)], Recipe(), input_size=backbone.input_size, grid=backbone.grid)
    return Encoder(backbone, fitted)


def test_a_part_becomes_tokens(encoder, plate):
    part = plate(3)
    prepared = encoder.prepare(part)
    assert set(prepared.tokens) == {"rgb", "sn"}
    for values in prepared.tokens.values():
        assert values.shape == (1, 64, 24)
        assert values.dtype == torch.float32
    assert prepared.foreground.shape == (1, 64)
    np.testing.assert_array_equal(prepared.foreground[0].numpy(), prepared.frame.foreground)
    assert prepared.frame.seen.shape == part.shape
    assert prepared.frame.grid == 8
    assert prepared.ref is part.ref
    assert prepared.xyz is part.xyz
    assert set(prepared.seconds) == {"geometry", "backbone"}
    assert all(seconds >= 0 for seconds in prepared.seconds.values())


def test_tokens_are_the_backbone_s_rounded_to_half(encoder, plate):
    part = plate(3)
    view = make_view(make_planes(part, encoder.fitted), encoder.fitted)
    for modality, values in encoder.prepare(part).tokens.items():
        image = torch.from_numpy(getattr(view, modality))[None]
        assert torch.equal(values, encoder.backbone(image).half().float())


def test_the_foreground_is_where_the_plate_is(encoder, plate):
    """The plate fills 56 x 48 of a 96 px crop: 4 to 6 of 8 tokens a side, and none in the corners."""
    tokens = encoder.prepare(plate(3)).foreground[0].view(8, 8)
    assert 20 <= int(tokens.sum()) <= 48
    assert bool(tokens[3:5, 3:5].all())
    assert not bool(tokens[[0, 0, 7, 7], [0, 7, 0, 7]].any())


def test_the_frame_keeps_the_geometry_only(encoder, plate):
    frame = encoder.prepare(plate(3)).frame
    assert frame.view.rgb is None
    assert frame.view.sn is None
    assert frame.view.to_image.shape == (2, 3)


def test_without_a_foreground_everything_is_looked_at(plate, backbone):
    from pirn_core.config import ForegroundConfig

    recipe = Recipe(foreground=ForegroundConfig(mode="off"))
    fitted = fit_recipe([plate(0)], recipe, input_size=64, grid=8)
    planes = make_planes(plate(0), fitted)
    frame = frame_of(planes, make_view(planes, fitted), 8)
    assert frame.seen.all()
    assert frame.foreground.all()


@pytest.mark.parametrize(("rgb", "points", "left"), [(True, False, {"rgb"}), (False, True, {"sn"})])
def test_a_part_may_lack_a_modality(encoder, plate, rgb, points, left):
    prepared = encoder.prepare(plate(3, rgb=rgb, points=points))
    assert set(prepared.tokens) == left
    assert (prepared.xyz is None) is not points
    whole = encoder.prepare(plate(3))
    if points:  # the same geometry, hence the same tokens
        torch.testing.assert_close(prepared.tokens["sn"], whole.tokens["sn"])


def test_only_the_asked_modalities_are_computed(encoder, plate):
    assert set(encoder.prepare(plate(3), ("sn",)).tokens) == {"sn"}
    assert encoder.backbone.images == 1


@pytest.mark.parametrize(("has", "wanted"), [({"rgb": False}, ("rgb",)), ({"points": False}, ("sn",))])
def test_a_part_without_what_the_model_needs_is_refused(encoder, plate, has, wanted):
    with pytest.raises(SampleError, match="neither of the images") as error:
        encoder.prepare(plate(3, **has), wanted)
    assert wanted[0] in error.value.advice


def test_batches_do_not_change_tokens(encoder, plate):
    planes = make_planes(plate(3), encoder.fitted)
    views = [make_view(planes, encoder.fitted, pose) for pose in poses(PirnConfig().augmentation, 0)]
    alone = [encoder.encode([view])[0] for view in views]
    for batch in (1, 2, 5, 8, 100):
        together = Encoder(encoder.backbone, encoder.fitted, batch=batch).encode(views)
        for one, other in zip(alone, together, strict=True):
            for m in one:
                torch.testing.assert_close(one[m], other[m], atol=1e-3, rtol=0)


def test_views_may_lack_modalities_in_one_batch(encoder, plate):
    views = [
        make_view(make_planes(part, encoder.fitted), encoder.fitted)
        for part in (plate(1), plate(2, points=False), plate(3, rgb=False))
    ]
    found = encoder.encode(views)
    assert [set(tokens) for tokens in found] == [{"rgb", "sn"}, {"rgb"}, {"sn"}]
    for view, tokens in zip(views, found, strict=True):
        for m, values in encoder.encode([view])[0].items():
            torch.testing.assert_close(tokens[m], values, atol=1e-3, rtol=0)


def test_a_hit_gives_the_same_tokens_without_the_backbone(encoder, plate, tmp_path):
    encoder.cache = TokenCache(tmp_path)
    first = encoder.prepare(plate(3)).tokens
    images = encoder.backbone.images
    second = encoder.prepare(plate(3)).tokens
    assert encoder.backbone.images == images == 2
    assert all(torch.equal(first[m], second[m]) for m in first)
    plain = Encoder(encoder.backbone, encoder.fitted).prepare(plate(3)).tokens
    assert all(torch.equal(first[m], plain[m]) for m in first)


def test_other_parts_modalities_and_backbones_miss(encoder, plate, tmp_path):
    encoder.cache = TokenCache(tmp_path)
    encoder.prepare(plate(3))
    for ask in (
        lambda: encoder.prepare(plate(4)),
        lambda: encoder.prepare(plate(3), ("rgb",)),
        lambda: encoder.prepare(plate(5, points=False)),
    ):
        images = encoder.backbone.images
        ask()
        assert encoder.backbone.images > images
    encoder.backbone.recipe = "patches of other weights"
    images = encoder.backbone.images
    encoder.prepare(plate(3))
    assert encoder.backbone.images == images + 2


def test_a_damaged_cache_only_costs_time(encoder, plate, tmp_path):
    encoder.cache = TokenCache(tmp_path)
    first = encoder.prepare(plate(3)).tokens
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(b"damaged")
    second = encoder.prepare(plate(3)).tokens
    assert all(torch.equal(first[m], second[m]) for m in first)


def test_huge_tokens_stay_finite_and_nan_is_refused(encoder, plate, monkeypatch):
    """Beyond half precision they are clipped; a NaN would leave a hole in the map that looks normal."""
    forward = type(encoder.backbone).forward
    monkeypatch.setattr(type(encoder.backbone), "forward", lambda self, x: forward(self, x) * 1e6)
    tokens = encoder.prepare(plate(3)).tokens["rgb"]
    assert bool(torch.isfinite(tokens).all())
    assert float(tokens.abs().max()) == 65504.0
    for bad in (float("nan"), float("inf")):
        monkeypatch.setattr(type(encoder.backbone), "forward", lambda self, x, b=bad: forward(self, x) + b)
        with pytest.raises(BackboneError, match="patches: gives tokens that are no finite numbers"):
            encoder.prepare(plate(3))
