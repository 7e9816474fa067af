"""The four assignments: what all have in common, and what each is."""

import math

import numpy as np
import pytest
import torch

from pirn_core.config import TransportConfig
from pirn_core.nn.assignment import Assignment, assign, cosine_cost

KINDS = ("ot", "softmax", "linear", "sigmoid")


def given(seed=0, batch=2, tokens=30, prototypes=8, channels=12, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(batch, tokens, channels, generator=generator, dtype=torch.float64)
    p = torch.randn(prototypes, channels, generator=generator, dtype=torch.float64)
    return z.to(dtype), p.to(dtype)


def assigned(kind, z, p, *, eps=0.05, rho=math.inf, token_mass=None, tolerance=1e-4):
    config = TransportConfig(assignment=kind, max_iterations=5000, tolerance=tolerance)
    return assign(z, p, config, eps=eps, rho=rho, token_mass=token_mass)


def test_cosine_cost_agrees_with_a_slow_oracle():
    z, p = given()
    found = cosine_cost(z, p)
    assert found.shape == (2, 30, 8)
    for b, n, k in ((0, 0, 0), (1, 29, 7), (0, 13, 5)):
        u, v = z[b, n].numpy(), p[k].numpy()
        expected = 1 - u @ v / np.linalg.norm(u) / np.linalg.norm(v)
        assert float(found[b, n, k]) == pytest.approx(expected, abs=1e-6)
    torch.testing.assert_close(cosine_cost(z, p.expand(2, -1, -1)), found)
    torch.testing.assert_close(cosine_cost(7.0 * z, 0.1 * p), found, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eps", [1.0, 0.05, 0.005])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_are_shares(kind, eps, dtype):
    z, p = given(dtype=dtype)
    z[0, 0] = 0.0
    weights = assigned(kind, z, p, eps=eps).weights
    assert weights.shape == (2, 30, 8)
    assert weights.dtype == dtype
    assert bool((weights >= 0).all())
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 30, dtype=dtype), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eps", [0.05, 0.005])
def test_a_token_opposite_to_every_prototype_is_still_shared_out(kind, eps):
    """Its similarities underflow; the row must not vanish, since the reconstruction would."""
    p = torch.nn.functional.normalize(torch.ones(40, 6) + 0.01 * given(prototypes=40, channels=6)[1], dim=-1)
    weights = assigned(kind, -p[None, :3], p, eps=eps).weights
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(1, 3), atol=1e-5, rtol=0)


def test_the_softmax_is_a_softmax():
    z, p = given(dtype=torch.float64)
    logits = -cosine_cost(z, p).numpy() / 0.1
    expected = np.exp(logits - logits.max(axis=2, keepdims=True))
    expected /= expected.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(assigned("softmax", z, p, eps=0.1).weights.numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(assigned("ot", z, p, eps=0.1, rho=0.0).weights.numpy(), expected, atol=1e-12)


def test_the_sigmoid_is_normalised_sigmoids():
    z, p = given(dtype=torch.float64)
    logits = (0.5 - cosine_cost(z, p).numpy()) / 0.3 - math.log(8)
    expected = 1 / (1 + np.exp(-logits))
    expected /= expected.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(assigned("sigmoid", z, p, eps=0.3).weights.numpy(), expected, atol=1e-12)


def test_linear_attention_is_a_product_of_features():
    z, p = given(dtype=torch.float64)

    def features(x):
        unit = x / np.linalg.norm(x, axis=-1, keepdims=True) * math.sqrt(12)
        return np.where(unit > 0, unit + 1, np.exp(unit))

    expected = features(z.numpy()) @ features(p.numpy()).T
    expected /= expected.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(assigned("linear", z, p).weights.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["ot", "softmax"])
def test_a_small_temperature_picks_the_nearest(kind):
    z, p = given()
    rho = 0.0 if kind == "ot" else math.inf
    weights = assigned(kind, z, p, eps=0.003, rho=rho).weights
    nearest = cosine_cost(z, p).argmin(dim=2)
    assert bool((weights.argmax(dim=2) == nearest).all())


def test_balance_spreads_what_the_others_pile_up(draw, token_clusters):
    """All tokens lie in one cluster: softmax gives its prototype most, transport each an equal share."""
    centres = token_clusters(8, 12)
    z = draw(centres[:1].expand(8, -1), (1, 200), 3, noise=0.4)
    balanced, free = assigned("ot", z, centres), assigned("softmax", z, centres)
    torch.testing.assert_close(balanced.usage(), torch.full((1, 8), 1 / 8), atol=1e-4, rtol=0)
    assert float(free.usage().max()) > 0.5
    assert 0 < balanced.iterations <= 5000
    assert balanced.error < 1e-4
    partly = assigned("ot", z, centres, rho=0.05).usage()
    assert float(balanced.usage().max()) < float(partly.max()) < float(free.usage().max())


def test_tokens_without_mass_take_no_part_in_the_balance():
    z, p = given(batch=1)
    mass = torch.ones(1, 30)
    mass[0, 20:] = 0.0
    with_them, without = assigned("ot", z, p, token_mass=mass), assigned("ot", z[:, :20], p)
    torch.testing.assert_close(with_them.weights[:, :20], without.weights, atol=2e-3, rtol=0)
    torch.testing.assert_close(with_them.usage(mass), without.usage(), atol=1e-3, rtol=0)
    torch.testing.assert_close(with_them.usage(mass), torch.full((1, 8), 1 / 8), atol=1e-3, rtol=0)
    # They are still reconstructed: their rows are shares like all others.
    torch.testing.assert_close(with_them.weights[:, 20:].sum(dim=2), torch.ones(1, 10))


def test_usage_is_the_mean_row():
    weights = torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])
    torch.testing.assert_close(Assignment(weights).usage(), torch.tensor([[0.75, 0.25]]))
    torch.testing.assert_close(Assignment(weights).usage(torch.tensor([[0.0, 3.0]])), torch.tensor([[0.5, 0.5]]))
    assert bool(torch.isfinite(Assignment(weights).usage(torch.zeros(1, 2))).all())


@pytest.mark.parametrize("kind", KINDS)
def test_prototypes_may_be_permuted(kind):
    z, p = given(dtype=torch.float64)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    plain = assigned(kind, z, p, tolerance=1e-9).weights
    turned = assigned(kind, z, p[order], tolerance=1e-9).weights
    torch.testing.assert_close(turned, plain[:, :, order], atol=1e-7, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_tokens_prototypes_and_temperature(kind):
    """With rho = 0 the transport has no iterations, so that all four have an exact gradient."""
    z, p = (x.requires_grad_() for x in given(batch=1, tokens=4, prototypes=3, channels=5, dtype=torch.float64))
    eps = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    config = TransportConfig(assignment=kind)

    def weights(z, p, eps):
        return assign(z, p, config, eps=eps, rho=0.0).weights

    assert torch.autograd.gradcheck(weights, (z, p, eps))


def test_the_balanced_gradient_is_that_of_the_plan_with_constant_potentials():
    z, p = (x.requires_grad_() for x in given(batch=1, dtype=torch.float64))
    eps = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    seed = torch.randn(1, 30, 8, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    weights = assigned("ot", z, p, eps=eps, tolerance=1e-10).weights
    found = torch.autograd.grad((weights * seed).sum(), (z, p, eps))
    # The same plan, written as scaled kernels: every row of exp(v - C / eps) over its sum.
    column = (weights.log() + cosine_cost(z, p) / eps).detach()
    scores = torch.exp(column - cosine_cost(z, p) / eps)
    again = scores / scores.sum(dim=2, keepdim=True)
    wanted = torch.autograd.grad((again * seed).sum(), (z, p, eps))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-6)
