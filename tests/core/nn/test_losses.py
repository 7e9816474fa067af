"""The soft mining loss: its weights, its mask, its gradient."""

import pytest
import torch

from pirn_core.nn.losses import mining_weights, soft_mining_loss


def residuals(seed=0, shape=(2, 10)):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.05


def test_exponent_zero_is_the_mean():
    d = residuals()
    assert bool((mining_weights(d, 0.0) == 1.0).all())
    assert float(soft_mining_loss(d, 0.0)) == pytest.approx(float(d.mean()), rel=1e-12)
    mask = d > 0.5
    assert float(soft_mining_loss(d, 0.0, mask)) == pytest.approx(float(d[mask].mean()), rel=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 3.0])
def test_weights_are_powers_of_the_share_of_the_mean(exponent):
    d = residuals()
    expected = ((d / d.mean()) ** exponent).clamp(0.1, 10.0)
    torch.testing.assert_close(mining_weights(d, exponent), expected)
    assert bool((mining_weights(d, exponent).flatten()[d.flatten().argsort()].diff() >= 0).all())
    torch.testing.assert_close(mining_weights(5.0 * d, exponent), expected)


def test_weights_are_bounded():
    d = torch.tensor([[1e-6, 1.0, 1.0, 1.0, 100.0]])
    weights = mining_weights(d, 3.0)
    assert float(weights.min()) == pytest.approx(0.1)
    assert float(weights.max()) == pytest.approx(10.0)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 3.0])
def test_the_gradient_carries_the_weight(exponent):
    d = residuals().requires_grad_()
    mask = torch.ones_like(d, dtype=torch.bool)
    mask[0, :4] = False
    (gradient,) = torch.autograd.grad(soft_mining_loss(d, exponent, mask), d)
    expected = torch.where(mask, mining_weights(d, exponent, mask) / int(mask.sum()), 0.0)
    torch.testing.assert_close(gradient, expected)
    assert not mining_weights(d, exponent).requires_grad


def test_masked_tokens_have_no_influence():
    d = residuals()
    mask = torch.ones_like(d, dtype=torch.bool)
    mask[:, 5:] = False
    loud = d.clone()
    loud[:, 5:] = 1e6
    assert float(soft_mining_loss(loud, 2.0, mask)) == float(soft_mining_loss(d, 2.0, mask))
    assert float(soft_mining_loss(d, 2.0, mask)) == pytest.approx(float(soft_mining_loss(d[:, :5], 2.0)))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 3.0])
def test_an_empty_mask_gives_zero(exponent):
    d = residuals().requires_grad_()
    loss = soft_mining_loss(d, exponent, torch.zeros_like(d, dtype=torch.bool))
    assert float(loss.detach()) == 0.0
    (gradient,) = torch.autograd.grad(loss, d)
    assert float(gradient.abs().max()) == 0.0


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 3.0])
def test_rounding_below_zero_does_no_harm(exponent):
    """1 - cos of a perfectly reconstructed token can be -1e-7."""
    d = torch.tensor([[-1e-7, 0.2, 0.1]])
    assert bool(torch.isfinite(mining_weights(d, exponent)).all())
    assert float(soft_mining_loss(d, exponent)) > 0.0
    perfect = torch.zeros(1, 3)
    assert float(soft_mining_loss(perfect, exponent)) == 0.0
