"""Held-out figures against slow oracles."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core.nn.codebook import build
from pirn_core.training.validation import HeldOut, held_out, reconstruct


@pytest.fixture
def some(pool, settings):
    tokens = pool(shots=4, views=1)
    config = settings(decoder__prototypes=10)
    return (
        tokens,
        config,
        build(tokens.tokens, tokens.foreground, config.decoder, tokens.modalities, 0).eval(),
    )


def residuals(model, tokens, foreground, config):
    with torch.no_grad():
        found = reconstruct(model, tokens, foreground, config)
    return {m: r.residual.numpy() for m, r in found.items()}


def test_the_figures_against_a_slow_oracle(some):
    pool, config, model = some
    found = held_out(model, pool, config)
    normal = residuals(model, pool.tokens, pool.foreground, config)
    inside = pool.foreground.numpy()
    level = {m: r[inside].mean() for m, r in normal.items()}
    assert found.residual == pytest.approx(np.mean(list(level.values())), rel=1e-5)
    good = np.mean([r[inside] / level[m] for m, r in normal.items()], axis=0)
    worst = np.sort(good)[::-1][: int(0.3 * len(good))]
    damaged = residuals(model, pool.probes.tokens, pool.probes.foreground, config)
    shares = []
    for i in range(4):
        chosen = (pool.probes.defect & pool.probes.foreground)[i].numpy()
        bad = np.mean([r[i][chosen] / level[m] for m, r in damaged.items()], axis=0)
        shares.append(np.mean([b > w for b in bad for w in worst]))
    assert found.separation == pytest.approx(np.mean(shares), abs=1e-6)
    assert 0.0 < found.separation <= 1.0


def test_without_probes_the_residual_decides(some):
    pool, config, model = some
    found = held_out(model, replace(pool, probes=None), config)
    assert found.separation == -found.residual
    assert found.residual > 0
    none_shown = replace(pool, probes=replace(pool.probes, defect=torch.zeros_like(pool.probes.defect)))
    assert held_out(model, none_shown, config) == found


def test_plain_defects_separate_and_no_defects_do_not(some):
    """Defects away from every prototype come near 1; normal tokens called defects stay far below."""
    pool, config, model = some
    far = {m: t.clone() for m, t in pool.probes.tokens.items()}
    for m, t in far.items():
        codebook = model.codebook(m)
        centre = codebook.mean - 3.0 * codebook.std * codebook.keys.detach().mean(dim=0) * 10.0
        t[pool.probes.defect] = centre
    assert held_out(model, replace(pool, probes=replace(pool.probes, tokens=far)), config).separation > 0.9
    same = {m: t[::1].clone() for m, t in pool.tokens.items()}
    assert held_out(model, replace(pool, probes=replace(pool.probes, tokens=same)), config).separation < 0.5


def test_only_upright_views_count(pool, settings):
    tokens = pool(shots=3, views=2)
    config = settings(decoder__prototypes=10)
    model = build(tokens.tokens, tokens.foreground, config.decoder, tokens.modalities, 0)
    loud = {m: t.clone() for m, t in tokens.tokens.items()}
    for t in loud.values():
        t[1::2] = 100.0
    assert held_out(model, tokens, config) == held_out(model, replace(tokens, tokens=loud), config)


def test_it_leaves_the_model_in_its_mode(some):
    pool, config, model = some
    for training in (True, False):
        model.train(training)
        held_out(model, pool, config)
        assert model.training is training


def test_parts_do_not_influence_each_other(some):
    """Part by part, as inspection sees them: another one in the pool changes no residual."""
    pool, config, model = some
    one = replace(pool, probes=None)
    each = [held_out(model, one.of_shots([s]), config).residual for s in range(4)]
    assert held_out(model, one, config).residual == pytest.approx(np.mean(each), rel=1e-5)


def test_better_is_a_higher_separation():
    assert HeldOut(0.9, 0.2).better_than(HeldOut(0.8, 0.1))
    assert not HeldOut(0.8, 0.1).better_than(HeldOut(0.8, 0.1))
