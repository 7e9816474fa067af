"""Use of the codebook: against the decoder's own transport, and with codebooks whose health is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec import structs

from pirn_core.config import TransportConfig
from pirn_core.explain import health as module
from pirn_core.explain.atlas import Tokens, joined, part_tokens, prototype_keys
from pirn_core.explain.health import balanced_steps, entropy_of, health_steps, rule_in_force
from pirn_core.inspector import Inspector
from pirn_core.nn.assignment import assign


def finished(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def unit(values):
    return (values / np.linalg.norm(values, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def scene(trained, plate):
    inspector = Inspector(trained.model, trained.backbone)
    parts = [part_tokens(inspector, inspector.prepare(plate(k))) for k in range(3)]
    return trained.model, joined(parts, "rgb", 0), prototype_keys(trained.model, "rgb")


@pytest.fixture(scope="module")
def found(scene):
    model, tokens, keys = scene
    return finished(health_steps(model, tokens, keys, "rgb", 0))


@pytest.mark.parametrize("rho", [0.05, 1.0, math.inf])
@pytest.mark.parametrize("eps", [0.02, 0.05])
def test_scaling_gives_the_plan_of_the_log_domain(rho, eps):
    rng = np.random.default_rng(0)
    tokens, keys = unit(rng.normal(size=(60, 8))), unit(rng.normal(size=(9, 8)))
    config = TransportConfig(tolerance=1e-6, max_iterations=5000)
    expected = assign(
        torch.from_numpy(tokens).double()[None], torch.from_numpy(keys).double(), config, eps=eps, rho=rho
    ).weights[0]
    rows = finished(balanced_steps(tokens @ keys.T, eps, rho, config))
    np.testing.assert_allclose(rows, expected.numpy(), atol=2e-4)


def test_balanced_use_is_even_and_softmax_is_that_of_the_decoder(scene, found):
    _, tokens, keys = scene
    np.testing.assert_allclose(found.uses["balanced"].mass * len(keys), 1.0, atol=2e-3)
    assert found.uses["balanced"].evenness == pytest.approx(1.0, abs=1e-4)
    free = assign(
        torch.from_numpy(tokens.vectors)[None], torch.from_numpy(keys), TransportConfig(), eps=found.eps, rho=0.0
    )
    np.testing.assert_allclose(found.uses["softmax"].mass, free.usage()[0].numpy(), atol=1e-5)
    assert found.uses["softmax"].evenness < found.uses["balanced"].evenness
    assert found.rule == "softmax" and found.uses["in force"] is found.uses["softmax"]


def test_every_share_sums_to_one(found):
    for use in found.uses.values():
        assert use.mass.sum() == pytest.approx(1.0, abs=1e-5) and use.first.sum() == pytest.approx(1.0, abs=1e-5)
        fed = use.shots[use.mass > 1e-12]
        np.testing.assert_allclose(fed.sum(axis=1), 1.0, atol=1e-4)
        assert 0 < use.evenness <= 1 + 1e-6 and 0 < use.first_evenness <= 1


def test_nearest_patches_are_the_nearest(scene, found):
    _, tokens, keys = scene
    cosine = keys @ tokens.vectors.T
    for k in (0, len(keys) - 1):
        np.testing.assert_allclose(found.nearest_cosine[k], np.sort(cosine[k])[::-1][:6], atol=1e-6)
    assert (np.diff(found.nearest_cosine, axis=1) <= 1e-7).all()
    assert found.patches.vectors.shape == (len(tokens), 0) and found.patches.box(0) == tokens.box(0)


def made(vectors, part):
    count = len(vectors)
    return Tokens(
        parts=("a", "b"),
        part=np.asarray(part, np.int32),
        index=np.arange(count, dtype=np.int32),
        centres=np.zeros((count, 2), np.float32),
        side_px=(8.0, 8.0),
        vectors=unit(np.asarray(vectors, np.float64)),
    )


def test_a_dead_and_a_doubled_prototype_are_found(trained):
    """Tokens along two axes, each of one shot; one prototype far from both, two nearly the same."""
    tokens = made([[1, 0, 0.05, 0]] * 10 + [[0, 1, 0.05, 0]] * 30, [0] * 10 + [1] * 30)
    keys = unit(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0.05, 0], [0, 0, -1, 0.1]], np.float64))
    health = finished(health_steps(trained.model, tokens, keys, "rgb", 0))
    use = health.uses["softmax"]
    assert use.dead.tolist() == [3] and len(health.uses["balanced"].dead) == 0
    assert health.duplicates.tolist() == [[1, 2]] and health.duplicate_cosine[0] > 0.99
    assert use.mass[0] == pytest.approx(0.25, abs=1e-3) and use.first.tolist() == [0.25, 0.0, 0.75, 0.0]
    assert use.never_first == 2
    np.testing.assert_allclose(use.shots[0], [1, 0], atol=1e-3)
    np.testing.assert_allclose(use.shots[1], [0, 1], atol=1e-3)


def test_entropy_of_known_shares():
    assert entropy_of(np.full(8, 1 / 8, np.float32)) == pytest.approx(math.log(8))
    assert entropy_of(np.array([0.0, 1.0], np.float32)) == 0.0


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        ({"rho_infer": math.inf}, "balanced transport"),
        ({"rho_infer": 0.5}, "relaxed transport, rho 0.5"),
        ({"assignment": "sigmoid"}, "sigmoid"),
        ({"assignment": "linear"}, "linear"),
    ],
)
def test_the_rule_in_force_is_the_models(scene, transport, words):
    model, tokens, keys = scene
    config = structs.replace(model.config.decoder.transport, **transport)
    changed = replace(
        model, config=structs.replace(model.config, decoder=structs.replace(model.config.decoder, transport=config))
    )
    assert rule_in_force(config) == words
    health = finished(health_steps(changed, tokens, keys, "rgb", 0))
    expected = assign(
        torch.from_numpy(tokens.vectors)[None], torch.from_numpy(keys), config, eps=health.eps, rho=config.rho_infer
    )
    np.testing.assert_allclose(health.uses["in force"].mass, expected.usage()[0].numpy(), atol=1e-4)


def test_a_low_temperature_takes_the_log_domain(scene, monkeypatch):
    model, tokens, keys = scene
    monkeypatch.setattr(module, "layer_eps", lambda *_: 0.004)
    monkeypatch.setattr(module, "balanced_steps", lambda *_: pytest.fail("out of float64's range"))
    config = structs.replace(model.config.decoder.transport, max_iterations=20_000)
    changed = replace(
        model, config=structs.replace(model.config, decoder=structs.replace(model.config.decoder, transport=config))
    )
    use = finished(health_steps(changed, tokens, keys, "rgb", 0)).uses["balanced"]
    np.testing.assert_allclose(use.mass * len(keys), 1.0, atol=5e-3)


def test_too_many_tokens_are_drawn_and_said_so(scene, monkeypatch):
    model, tokens, keys = scene
    monkeypatch.setattr(module, "_CELLS", 30 * len(keys))
    health = finished(health_steps(model, tokens, keys, "rgb", 0))
    assert health.tokens == 30 and health.of == len(tokens)


def test_it_can_be_given_up_between_iterations(scene):
    model, tokens, keys = scene
    steps = health_steps(model, tokens, keys, "rgb", 0)
    assert sum(1 for _ in zip(range(4), steps, strict=False)) == 4
    steps.close()
