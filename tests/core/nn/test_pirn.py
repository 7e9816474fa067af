"""The whole decoder: the untrained baseline, symmetries, and the shortcut that must stay closed."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pirn_core.config import PirnConfig, changed, preset
from pirn_core.nn.codebook import build
from pirn_core.nn.losses import soft_mining_loss

MODALITIES = ("rgb", "sn")
CHANNELS = 16


def settings(**changes):
    more = {f"decoder.{key.replace('__', '.')}": value for key, value in changes.items()}
    return changed(PirnConfig(), {"decoder.prototypes": 12, **more}).decoder


@pytest.fixture
def tokens(token_clusters, draw):
    """Four parts of 30 tokens; channels on very different scales, as those of real networks."""
    scale = torch.linspace(0.2, 5.0, CHANNELS)
    return {m: draw(token_clusters(8, CHANNELS, i), (4, 30), 10 + i) * scale + 1.0 for i, m in enumerate(MODALITIES)}


FOREGROUND = torch.ones(4, 30, dtype=torch.bool)


def built(tokens, **changes):
    return build(tokens, FOREGROUND, settings(**changes), tuple(tokens), 0).eval()


@torch.no_grad()
def run(model, tokens, foreground=None, rho=0.0, refine=False):
    inside = torch.ones(next(iter(tokens.values())).shape[:2], dtype=torch.bool) if foreground is None else foreground
    return model(tokens, inside, rho=rho, refine=refine)


def soft_kmeans(codebook, tokens, eps):
    """Residual of the softmax-weighted mean of the centres, with numpy alone."""
    z = (tokens.double().numpy() - codebook.mean.double().numpy()) / codebook.std.double().numpy()
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    centres = (
        (codebook.keys if codebook.separate_values is None else codebook.separate_values).detach().double().numpy()
    )
    unit = centres / np.linalg.norm(centres, axis=-1, keepdims=True)
    weights = np.exp((z @ unit.T - 1) / eps)
    weights /= weights.sum(axis=-1, keepdims=True)
    made = weights @ centres
    return 1 - (z * made).sum(axis=-1) / np.linalg.norm(made, axis=-1)


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("feed_forward", [False, True])
def test_untrained_it_is_the_soft_k_means_baseline(tokens, separate, feed_forward):
    """Gates closed, feed-forward at zero, no refinement: to be beaten by every training."""
    model = built(tokens, layers=1, separate_values=separate, feed_forward=feed_forward, transport__eps=0.05)
    for name, found in run(model, tokens).items():
        expected = soft_kmeans(model.codebook(name), tokens[name], 0.05)
        np.testing.assert_allclose(found.residual.numpy(), expected, atol=2e-6)
        assert found.residual.dtype == torch.float32


@pytest.mark.parametrize("layers", [1, 3])
def test_shapes_and_traces(tokens, layers):
    model = built(tokens, layers=layers)
    found = run(model, tokens, refine=True)
    assert tuple(found) == MODALITIES
    for r in found.values():
        assert len(r.layers) == layers
        assert r.target.shape == r.output.shape == (4, 30, CHANNELS)
        assert r.residual.shape == (4, 30)
        assert r.output is r.layers[-1].output
        torch.testing.assert_close(r.target.norm(dim=-1), torch.ones(4, 30))
        assert torch.equal(r.layers[0].inputs, r.target)
        assert bool((r.residual >= -1e-6).all())
        assert bool((r.residual <= 2 + 1e-6).all())
        for before, after in zip(r.layers, r.layers[1:], strict=False):
            torch.testing.assert_close(after.inputs, F.normalize(before.output, dim=-1))
            torch.testing.assert_close(
                after.refinement.prototypes - after.refinement.moved,
                before.refinement.prototypes,
                atol=1e-6,
                rtol=0,
            )


@pytest.mark.parametrize("name", ["default", "paper", "untrained", "quick"])
def test_every_preset_runs(tokens, name):
    config = changed(preset(name), {"decoder.prototypes": 12}).decoder
    model = build(tokens, FOREGROUND, config, MODALITIES, 0).eval()
    for rho in (config.transport.rho_train, config.transport.rho_infer):
        for refine in (False, True):
            for r in run(model, tokens, rho=rho, refine=refine).values():
                assert bool(torch.isfinite(r.residual).all())
                assert r.residual.dtype == torch.float32
                assert (r.layers[0].refinement is not None) == (refine and config.refinement.context != "none")


def test_permuting_tokens_permutes_residuals(tokens):
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    foreground = FOREGROUND.clone()
    foreground[:, 25:] = False
    for rho, atol in ((0.0, 1e-5), (math.inf, 2e-3)):
        model = built(tokens, layers=2)
        one = run(model, tokens, foreground, rho, refine=True)
        other = run(model, {m: t[:, order] for m, t in tokens.items()}, foreground[:, order], rho, refine=True)
        for m in MODALITIES:
            torch.testing.assert_close(other[m].residual, one[m].residual[:, order], atol=atol, rtol=0)


def test_a_part_does_not_depend_on_the_batch(tokens):
    model = built(tokens, layers=2)
    together = run(model, tokens, refine=True)
    for i in range(4):
        alone = run(model, {m: t[i : i + 1] for m, t in tokens.items()}, refine=True)
        for m in MODALITIES:
            torch.testing.assert_close(alone[m].residual[0], together[m].residual[i], atol=2e-6, rtol=0)


def test_a_shift_or_scale_of_a_channel_is_taken_out(tokens):
    """What standardisation is for: the shots' statistics move along with the tokens."""
    scale, shift = torch.linspace(0.1, 9.0, CHANNELS), torch.linspace(-4.0, 4.0, CHANNELS)
    other = {m: t * scale + shift for m, t in tokens.items()}
    one, two = run(built(tokens), tokens), run(built(other), other)
    for m in MODALITIES:
        torch.testing.assert_close(one[m].residual, two[m].residual, atol=1e-4, rtol=0)


def test_a_missing_modality_is_left_out(tokens):
    model = built(tokens)
    both, alone = run(model, tokens), run(model, {"sn": tokens["sn"]})
    assert set(alone) == {"sn"}
    torch.testing.assert_close(alone["sn"].residual, both["sn"].residual)
    only = built({"rgb": tokens["rgb"]})
    assert set(run(only, tokens)) == {"rgb"}


def test_gates_are_named_by_layer_and_modality(tokens):
    model = built(tokens, layers=2)
    assert model.gates() == {"1/rgb": 0.0, "1/sn": 0.0, "2/rgb": 0.0, "2/sn": 0.0}
    with torch.no_grad():
        model.layers[1].branch("sn").injection.gamma.fill_(-0.3)
    assert model.gates()["2/sn"] == pytest.approx(math.tanh(-0.3))


def test_inspecting_changes_nothing(tokens):
    model = built(tokens, layers=2)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    first = run(model, tokens, refine=True)
    run(model, {m: -t for m, t in tokens.items()}, refine=True)
    again = run(model, tokens, refine=True)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(torch.equal(first[m].residual, again[m].residual) for m in MODALITIES)


def test_every_parameter_learns(tokens):
    """With the gates ajar and APR on, all of them take part in the loss."""
    model = built(tokens, layers=2).train()
    with torch.no_grad():
        for layer in model.layers:
            for m in MODALITIES:
                layer.branch(m).injection.gamma.fill_(0.2)
                torch.nn.init.normal_(layer.branch(m).alignment.out.weight, std=0.1)
                torch.nn.init.normal_(layer.branch(m).feed_forward.out.weight, std=0.1)
    found = model(tokens, FOREGROUND, rho=0.05, refine=True)
    sum(soft_mining_loss(r.residual, 1.0, FOREGROUND) for r in found.values()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name
        assert float(parameter.grad.abs().max()) > 0, name


# The shortcut: as written in the paper, the reconstruction holds the input itself.

FAR = 20


def normal_and_far(draw, token_clusters, noise_everywhere):
    """Normal parts whose clusters use half of the channels, and one with tokens in the other half."""
    half = torch.cat([torch.ones(CHANNELS), torch.zeros(CHANNELS)])
    normal, held, part = {}, {}, {}
    for i, m in enumerate(MODALITIES):
        centres = F.normalize(token_clusters(10, 2 * CHANNELS, i) * half, dim=-1)
        both = draw(centres, (5, 150), 20 + i, noise=0.4)
        both = F.normalize(both if noise_everywhere else both * half, dim=-1)
        normal[m], held[m] = both[:4], both[4:]
        part[m] = both[4:].clone()
        far = torch.randn(FAR, 2 * CHANNELS, generator=torch.Generator().manual_seed(i)) * (1 - half)
        part[m][0, -FAR:] = F.normalize(far, dim=-1)
    return normal, held, part


def trained_on(normal, steps, learning_rate, **changes):
    """Yields the residuals' source before and after training on normal tokens, communication included."""
    config = settings(layers=1, prototypes=30, standardise="none", **changes)
    foreground = torch.ones(4, 150, dtype=torch.bool)
    model = build(normal, foreground, config, MODALITIES, 0)
    yield model.eval()
    optimiser = torch.optim.Adam(model.train().parameters(), lr=learning_rate)
    for _ in range(steps):
        found = model(normal, foreground, rho=config.transport.rho_train, refine=False)
        loss = sum(soft_mining_loss(r.residual, 1.0, foreground) for r in found.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    yield model.eval()


def far_and_normal(model, held, part, refine):
    far = torch.stack([r.residual[0, -FAR:] for r in run(model, part, refine=refine).values()])
    normal = torch.stack([r.residual[0] for r in run(model, held, refine=refine).values()])
    return float(far.mean()), float(normal.mean())


@pytest.mark.parametrize("refine", [False, True])
def test_what_no_normal_token_has_is_never_reconstructed(draw, token_clusters, refine):
    """Far tokens in channels that no normal token uses stay at 1, at ten times the usual rate."""
    normal, held, part = normal_and_far(draw, token_clusters, noise_everywhere=False)
    before, after = (
        far_and_normal(m, held, part, refine)
        for m in trained_on(normal, 100, 3e-3, communication__residual="prototype")
    )
    assert after[1] < 0.9 * before[1]  # it did learn
    assert before[0] > 0.9
    assert after[0] > before[0] - 0.02


def test_training_on_noisy_parts_does_not_bring_far_tokens_closer(draw, token_clusters):
    """With noise in every channel, all that can be learned learns a little of any direction.

    Measured: far tokens .958 to .809 (.850 without communication, .916 also without feed-forward), held-out
    normal ones .068 to .062. Tolerance: the far tokens keep 80 % of their residual, and nine tenths of its
    ratio to that of held-out normal tokens.
    """
    normal, held, part = normal_and_far(draw, token_clusters, noise_everywhere=True)
    before, after = (
        far_and_normal(m, held, part, True) for m in trained_on(normal, 100, 3e-4, communication__residual="prototype")
    )
    assert after[1] < before[1]
    assert after[0] > 0.8 * before[0]
    assert after[0] / after[1] > 0.9 * before[0] / before[1]


def test_as_written_far_tokens_are_copied(draw, token_clusters):
    """The contrast that shows that the two tests above can fail."""
    normal, held, part = normal_and_far(draw, token_clusters, noise_everywhere=True)
    before, after = (
        far_and_normal(m, held, part, True) for m in trained_on(normal, 100, 3e-3, communication__residual="paper")
    )
    assert before[0] < 0.4  # from the start
    assert after[0] < 0.7 * before[0]  # and more and more
