"""The codebook's start: k-means, the channels' statistics, and what follows from them untrained."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pirn_core.config import DecoderConfig
from pirn_core.nn.codebook import build, kmeans
from pirn_core.nn.pirn import Codebook


def some_tokens(seed=0, views=4, tokens=25, channels=8):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.arange(1.0, channels + 1)
    return {
        "rgb": torch.randn(views, tokens, channels, generator=generator) * scale + 3.0,
        "sn": torch.randn(views, tokens, channels, generator=generator) - 1.0,
    }


def everywhere(tokens):
    return torch.ones(next(iter(tokens.values())).shape[:2], dtype=torch.bool)


def built(tokens, foreground=None, seed=0, **kwargs):
    config = DecoderConfig(**{"prototypes": 10, **kwargs})
    return build(tokens, everywhere(tokens) if foreground is None else foreground, config, tuple(tokens), seed)


def test_kmeans_finds_separate_clusters(token_clusters, draw):
    centres = token_clusters(5, 8)
    data = torch.cat([draw(centres[k : k + 1], (30,), k, noise=0.02) for k in range(5)])
    found = min(
        (kmeans(data, 5, seed) for seed in range(5)),
        key=lambda c: float(torch.cdist(data, c).min(1).values.sum()),
    )
    distances = torch.cdist(centres, found)
    assert float(distances.min(dim=1).values.max()) < 0.03
    assert sorted(distances.argmin(dim=1).tolist()) == [0, 1, 2, 3, 4]


def test_kmeans_is_determined_by_the_seed():
    data = some_tokens()["sn"].flatten(0, 1)
    assert torch.equal(kmeans(data, 7, 3), kmeans(data, 7, 3))
    assert not torch.equal(kmeans(data, 7, 3), kmeans(data, 7, 4))
    assert kmeans(data, 7, 3).dtype == torch.float32


def test_each_centre_is_the_mean_of_its_tokens(draw, token_clusters):
    """After convergence; Lloyd's iterations stop early only where clusters are many."""
    data = draw(token_clusters(3, 8), (90,), 1, noise=0.05)
    centres = kmeans(data, 3, 0)
    owner = torch.cdist(data, centres).argmin(dim=1)
    for k in range(3):
        torch.testing.assert_close(centres[k], data[owner == k].mean(dim=0), atol=1e-5, rtol=0)


def test_more_centres_than_tokens_are_the_tokens():
    data = some_tokens()["sn"].flatten(0, 1)[:6]
    assert torch.equal(kmeans(data, 6, 0), data)
    assert torch.equal(kmeans(data, 50, 0), data)


def test_kmeans_survives_equal_tokens():
    assert bool(torch.isfinite(kmeans(torch.ones(40, 4), 5, 0)).all())


def test_there_are_no_more_prototypes_than_foreground_tokens():
    tokens = some_tokens()
    foreground = everywhere(tokens) & False
    foreground[0, :6] = True
    model = built(tokens, foreground)
    assert model.prototypes == 6
    assert model.codebook("rgb").keys.shape == (6, 8)


@pytest.mark.parametrize(("kind", "kept"), [("foreground", 15), ("all", 25)])
def test_channels_are_standardised_over_the_chosen_tokens(kind, kept):
    tokens = some_tokens()
    foreground = everywhere(tokens)
    foreground[:, 15:] = False
    tokens["rgb"][:, 15:] += 40.0
    codebook = built(tokens, foreground, standardise=kind).codebook("rgb")
    chosen = tokens["rgb"][:, :kept].flatten(0, 1).numpy()
    np.testing.assert_allclose(codebook.mean.numpy(), chosen.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(codebook.std.numpy(), chosen.std(axis=0), rtol=1e-4)
    raw = (tokens["rgb"].numpy() - chosen.mean(axis=0)) / chosen.std(axis=0)
    expected = raw / np.linalg.norm(raw, axis=-1, keepdims=True)
    np.testing.assert_allclose(codebook.standardise(tokens["rgb"]).numpy(), expected, atol=1e-5)


def test_without_standardisation_only_the_length_changes():
    tokens = some_tokens()
    codebook = built(tokens, standardise="none").codebook("rgb")
    torch.testing.assert_close(codebook.standardise(tokens["rgb"]), F.normalize(tokens["rgb"], dim=-1))


def test_background_tokens_do_not_reach_the_codebook():
    tokens = some_tokens()
    foreground = everywhere(tokens)
    foreground[:, 15:] = False
    loud = {m: t.clone() for m, t in tokens.items()}
    for t in loud.values():
        t[:, 15:] = 1e4
    one, other = built(tokens, foreground).state_dict(), built(loud, foreground).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_an_empty_foreground_takes_every_token():
    tokens = some_tokens()
    one, other = built(tokens, everywhere(tokens) & False).state_dict(), built(tokens).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_channel_that_never_changes_does_not_dominate():
    tokens = some_tokens()
    tokens["rgb"][..., 0] = 2.0
    codebook = built(tokens).codebook("rgb")
    nudged = tokens["rgb"].clone()
    nudged[..., 0] += 1e-4
    agreement = (codebook.standardise(nudged) * codebook.standardise(tokens["rgb"])).sum(dim=-1)
    assert float(agreement.min()) > 0.99


@pytest.mark.parametrize("views", [1, 3])
def test_equal_tokens_stay_finite(views):
    tokens = {"rgb": torch.full((views, 9, 8), 0.7)}
    model = built(tokens)
    found = model(tokens, everywhere(tokens), rho=0.0, refine=True)["rgb"]
    assert bool(torch.isfinite(found.residual).all())
    other = {"rgb": torch.randn(1, 9, 8)}
    assert bool(torch.isfinite(model(other, everywhere(other), rho=0.0, refine=True)["rgb"].residual).all())


def test_a_single_foreground_token_is_enough():
    tokens = some_tokens()
    foreground = everywhere(tokens) & False
    foreground[0, 0] = True
    model = built(tokens, foreground)
    found = model(tokens, everywhere(tokens), rho=0.0, refine=True)
    assert all(bool(torch.isfinite(r.residual).all()) for r in found.values())


def test_keys_have_unit_length_and_values_are_the_centres():
    codebook = Codebook(8, 4, separate_values=True)
    centres = torch.randn(4, 8, generator=torch.Generator().manual_seed(1)) * 3.0
    codebook.set_prototypes(centres)
    stream = codebook.stream(torch.zeros(2, 5, 8))
    torch.testing.assert_close(stream.keys.norm(dim=-1), torch.ones(2, 4))
    torch.testing.assert_close(stream.keys[1], F.normalize(centres, dim=-1))
    torch.testing.assert_close(stream.values[0], centres)
    shared = Codebook(8, 4, separate_values=False)
    shared.set_prototypes(centres)
    stream = shared.stream(torch.zeros(1, 5, 8))
    assert shared.separate_values is None
    torch.testing.assert_close(stream.values, stream.keys)


def test_a_random_start_is_random_directions():
    tokens = some_tokens()
    model = built(tokens, initial="random")
    torch.testing.assert_close(model.codebook("rgb").keys.norm(dim=-1), torch.ones(10))
    assert not torch.allclose(model.codebook("rgb").keys, model.codebook("sn").keys)
    again = built(tokens, initial="random")
    assert torch.equal(model.codebook("rgb").keys, again.codebook("rgb").keys)
    assert not torch.equal(model.codebook("rgb").keys, built(tokens, initial="random", seed=1).codebook("rgb").keys)


def test_only_the_asked_modalities_are_built():
    tokens = some_tokens()
    model = build(tokens, everywhere(tokens), DecoderConfig(prototypes=5), ("sn",), 0)
    assert model.modalities == ("sn",)
    assert not model.gates()
