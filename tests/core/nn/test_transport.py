"""Sinkhorn against its constraints, against POT, and against an exact solver."""

import math
import time
from itertools import pairwise

import numpy as np
import ot
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy.optimize import linprog

from pirn_core.nn.assignment import cosine_cost
from pirn_core.nn.transport import plan_rows, sinkhorn

EXACT = {"max_iterations": 20_000, "tolerance": 1e-10}


def costs(batch, tokens, prototypes, seed=0, dtype=torch.float64):
    return torch.rand(batch, tokens, prototypes, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2


def masses(batch, tokens, seed=0):
    return torch.rand(batch, tokens, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.1


def plan(cost, mass, *, eps, rho, **kwargs):
    """The whole plan T with row sums a, and what the solver said."""
    solved = sinkhorn(cost, mass, eps=eps, rho=rho, **kwargs)
    rows = plan_rows(cost, solved.column, eps)
    a = torch.full(cost.shape[:2], 1.0, dtype=cost.dtype) if mass is None else mass.to(cost.dtype)
    return rows * (a / a.sum(dim=1, keepdim=True))[:, :, None], solved


def relative_error(transport):
    """Worst relative error of the prototype marginal, computed from the plan alone."""
    wanted = 1.0 / transport.shape[2]
    return float((transport.sum(dim=1) / wanted - 1.0).abs().max())


@pytest.mark.parametrize("rho", [math.inf, 1.0, 0.05, 0.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_are_exact_whatever_the_iterations(rho, weighted):
    cost = costs(3, 40, 7)
    mass = masses(3, 40) if weighted else None
    transport, _ = plan(cost, mass, eps=0.05, rho=rho, max_iterations=2)
    a = torch.full((3, 40), 1 / 40, dtype=torch.float64) if mass is None else mass / mass.sum(1, keepdim=True)
    torch.testing.assert_close(transport.sum(dim=2), a, atol=1e-15, rtol=1e-12)
    assert bool((transport >= 0).all())


@pytest.mark.parametrize("eps", [0.5, 0.05, 0.02])
def test_the_balanced_marginal_is_within_the_tolerance(eps):
    for tolerance in (1e-2, 1e-3, 1e-6):
        transport, solved = plan(
            costs(2, 60, 9), masses(2, 60), eps=eps, rho=math.inf, max_iterations=20_000, tolerance=tolerance
        )
        assert solved.error < tolerance
        assert relative_error(transport) == pytest.approx(solved.error, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("eps", [0.5, 0.1, 0.05])
def test_balanced_plans_agree_with_pot(eps):
    cost, mass = costs(2, 30, 6), masses(2, 30)
    transport, _ = plan(cost, mass, eps=eps, rho=math.inf, **EXACT)
    for found, c, m in zip(transport.numpy(), cost.numpy(), mass.numpy(), strict=True):
        other = ot.sinkhorn(
            m / m.sum(), np.full(6, 1 / 6), c, eps, method="sinkhorn_log", numItermax=100_000, stopThr=1e-13
        )
        np.testing.assert_allclose(found, other, atol=1e-9)


@pytest.mark.parametrize("rho", [5.0, 0.3, 0.05, 0.005])
def test_relaxed_plans_agree_with_pot(rho):
    cost, mass, eps = costs(2, 30, 6), masses(2, 30), 0.1
    transport, solved = plan(cost, mass, eps=eps, rho=rho, **EXACT)
    assert solved.error < 1e-9
    for found, c, m in zip(transport.numpy(), cost.numpy(), mass.numpy(), strict=True):
        other = ot.unbalanced.sinkhorn_unbalanced(
            m / m.sum(),
            np.full(6, 1 / 6),
            c,
            eps,
            reg_m=(float("inf"), rho),
            method="sinkhorn_stabilized",
            reg_type="kl",
            numItermax=100_000,
            stopThr=1e-14,
        )
        np.testing.assert_allclose(found, other, atol=1e-8)


@pytest.mark.parametrize("rho", [math.inf, 0.2, 0.0])
def test_no_neighbouring_plan_has_a_lower_objective(rho):
    """The problem as written in the module, evaluated on random feasible plans around the solution."""
    cost, eps = costs(1, 12, 4), 0.1
    transport = plan(cost, None, eps=eps, rho=rho, **EXACT)[0][0].numpy()
    rng = np.random.default_rng(0)

    def objective(t):
        q = t.sum(axis=0)
        kl = (t * np.log(t * 48)).sum()
        return (t * cost[0].numpy()).sum() + eps * kl + (0.0 if math.isinf(rho) else rho * (q * np.log(q * 4)).sum())

    best = objective(transport)
    for scale in (1e-2, 1e-3):
        for _ in range(100):
            change = rng.normal(size=(12, 4)) * scale * transport
            change -= change.mean(axis=1, keepdims=True)
            if math.isinf(rho):
                change -= change.mean(axis=0, keepdims=True)
            moved = transport + change
            if (moved > 0).all():
                assert objective(moved) >= best - 1e-10


def test_small_eps_approaches_the_exact_transport():
    cost = costs(1, 14, 5, seed=3)
    c, a, b = cost[0].numpy(), np.full(14, 1 / 14), np.full(5, 1 / 5)
    exact = float(ot.emd2(a, b, c))
    rows = np.kron(np.eye(14), np.ones(5))
    columns = np.kron(np.ones(14), np.eye(5))
    solved = linprog(c.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a, b]))
    assert solved.fun == pytest.approx(exact, abs=1e-9)
    gaps = []
    for eps in (0.2, 0.05, 0.02, 0.01):
        transport, _ = plan(cost, None, eps=eps, rho=math.inf, max_iterations=50_000, tolerance=1e-7)
        gaps.append(float((transport * cost).sum()) - exact)
        # <T, C> <= W + eps * KL(T* | a b), and that KL is an information, at most log K.
        assert -1e-6 < gaps[-1] <= eps * math.log(5) + 1e-6
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.003


def test_without_a_prototype_marginal_rows_are_softmax():
    cost = costs(2, 25, 6)
    transport, solved = plan(cost, masses(2, 25), eps=0.1, rho=0.0)
    expected = np.exp(-cost.numpy() / 0.1)
    expected /= expected.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(plan_rows(cost, solved.column, 0.1).numpy(), expected, atol=1e-12)
    assert (solved.iterations, solved.error) == (0, 0.0)
    assert relative_error(transport) > 0.1


def test_rho_leads_from_softmax_to_balance():
    cost = costs(1, 50, 8, seed=5) + torch.linspace(0, 0.4, 8, dtype=torch.float64)
    errors, penalties = [], []
    for rho in (0.0, 1e-6, 0.01, 0.05, 0.2, 1.0, 10.0, 1e4, math.inf):
        transport, _ = plan(cost, None, eps=0.05, rho=rho, max_iterations=5000, tolerance=1e-8)
        received = transport.sum(dim=1)[0] * 8
        errors.append(float((received - 1).abs().max()))
        penalties.append(float((received * received.log()).sum()))
    assert all(late <= early + 1e-9 for early, late in pairwise(errors))
    assert all(late <= early + 1e-9 for early, late in pairwise(penalties))
    assert errors[0] == pytest.approx(errors[1], abs=1e-4)
    assert errors[0] > 0.5
    assert errors[-2] < 1e-4
    assert errors[-1] < 1e-7


@pytest.mark.parametrize("eps", [0.05, 0.005])
@pytest.mark.parametrize("rho", [math.inf, 0.05])
def test_nothing_overflows_in_single_precision(eps, rho, draw, token_clusters):
    centres = token_clusters(20, 32)
    tokens = draw(centres, (2, 300), 1)
    tokens[0, :50] = tokens[0, :1]  # identical ones
    mass = torch.ones(2, 300)
    mass[0, 100:200] = 0.0
    for prototypes in (centres, -centres, centres[:1].expand(20, -1)):
        cost = cosine_cost(tokens, prototypes)
        transport, solved = plan(cost, mass, eps=eps, rho=rho)
        assert bool(torch.isfinite(transport).all())
        assert bool(torch.isfinite(solved.column).all())
        assert math.isfinite(solved.error)
        rows = plan_rows(cost, solved.column, eps).sum(dim=2)
        torch.testing.assert_close(rows, torch.ones_like(rows), atol=1e-5, rtol=0)


def test_identical_tokens_are_spread_evenly():
    tokens = torch.ones(1, 10, 4)
    prototypes = torch.nn.functional.normalize(torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), dim=-1)
    cost = cosine_cost(tokens, prototypes)
    transport, _ = plan(cost, None, eps=0.005, rho=math.inf, tolerance=1e-5)
    torch.testing.assert_close(transport, torch.full_like(transport, 0.02), atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 3, 50), (2, 1, 1), (1, 7, 1)])
def test_odd_sizes(shape):
    transport, solved = plan(costs(*shape), None, eps=0.05, rho=math.inf)
    assert bool(torch.isfinite(transport).all())
    assert relative_error(transport) < 1e-3
    assert solved.error < 1e-3


def test_rows_without_mass_take_no_part():
    cost, mass = costs(1, 40, 6), masses(1, 40)
    mass[0, 25:] = 0.0
    for rho in (math.inf, 0.1):
        whole, _ = plan(cost, mass, eps=0.05, rho=rho, **EXACT)
        part, _ = plan(cost[:, :25], mass[:, :25], eps=0.05, rho=rho, **EXACT)
        torch.testing.assert_close(whole[:, :25], part, atol=1e-11, rtol=0)
        assert float(whole[:, 25:].abs().max()) == 0.0


def test_a_part_without_any_mass_counts_all_tokens_alike():
    cost = costs(2, 20, 5)
    mass = torch.ones(2, 20, dtype=torch.float64)
    mass[1] = 0.0
    given, none = (sinkhorn(cost, m, eps=0.1, **EXACT) for m in (mass, None))
    torch.testing.assert_close(given.column, none.column, atol=1e-9, rtol=0)


def test_only_the_ratio_of_the_masses_counts():
    cost, mass = costs(1, 20, 5), masses(1, 20)
    one, other = (sinkhorn(cost, m, eps=0.1, rho=0.3, **EXACT).column for m in (mass, 37.0 * mass))
    torch.testing.assert_close(one, other, atol=1e-9, rtol=0)


@pytest.mark.parametrize("rho", [math.inf, 0.05, 0.0])
def test_permutations_of_tokens_and_prototypes_permute_the_plan(rho):
    cost, mass = costs(2, 30, 6), masses(2, 30)
    generator = torch.Generator().manual_seed(0)
    n, k = torch.randperm(30, generator=generator), torch.randperm(6, generator=generator)
    plain, _ = plan(cost, mass, eps=0.05, rho=rho, **EXACT)
    turned, _ = plan(cost[:, n][:, :, k], mass[:, n], eps=0.05, rho=rho, **EXACT)
    torch.testing.assert_close(turned, plain[:, n][:, :, k], atol=1e-10, rtol=0)


def test_parts_of_a_batch_do_not_influence_each_other():
    """Within the tolerance: the hardest part decides how long all of them iterate."""
    cost, mass = costs(3, 30, 6), masses(3, 30)
    cost[2] *= 3.0
    for rho, atol in ((math.inf, 1e-4), (0.05, 1e-4), (0.0, 0.0)):
        together, _ = plan(cost, mass, eps=0.1, rho=rho, tolerance=1e-4, max_iterations=5000)
        for i in range(3):
            alone, _ = plan(cost[i : i + 1], mass[i : i + 1], eps=0.1, rho=rho, tolerance=1e-4, max_iterations=5000)
            torch.testing.assert_close(together[i : i + 1] * 30, alone * 30, atol=atol, rtol=0)


def realistic(tokens, prototypes, draw, token_clusters):
    centres = token_clusters(prototypes, 64)
    values = draw(centres, (1, tokens), 1, noise=0.5)
    return cosine_cost(values, centres)


def test_it_converges_on_clustered_tokens(draw, token_clusters):
    cost = realistic(1024, 50, draw, token_clusters)
    transport, solved = plan(cost, None, eps=0.05, rho=math.inf, max_iterations=500)
    assert solved.error < 1e-3
    assert solved.iterations < 500
    assert relative_error(transport) < 1.1e-3


@pytest.mark.slow
@pytest.mark.parametrize("prototypes", [50, 500])
def test_it_converges_on_a_large_part(prototypes, draw, token_clusters):
    cost = realistic(4096, prototypes, draw, token_clusters)
    started = time.perf_counter()
    transport, solved = plan(cost, None, eps=0.05, rho=math.inf, max_iterations=500)
    assert solved.error < 1e-3, solved
    assert relative_error(transport) < 1.1e-3
    assert time.perf_counter() - started < 120.0


@limits(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tokens=st.integers(1, 25),
    prototypes=st.integers(1, 12),
    eps=st.sampled_from([0.02, 0.05, 0.3]),
    rho=st.sampled_from([math.inf, 1.0, 0.05]),
    seed=st.integers(0, 10_000),
)
def test_the_reported_error_is_the_true_one(tokens, prototypes, eps, rho, seed):
    cost = costs(1, tokens, prototypes, seed)
    transport, solved = plan(cost, None, eps=eps, rho=rho, max_iterations=2000, tolerance=1e-4)
    assert bool(torch.isfinite(transport).all())
    if solved.error >= 1e-4:
        assert solved.iterations == 2000
        return
    wanted = 1.0 if math.isinf(rho) else torch.exp(-eps * solved.column / rho)
    received = transport.sum(dim=1) * prototypes
    assert float((received / wanted - 1.0).abs().max()) < 5e-4


def test_over_relaxation_never_ends_worse_than_it_began():
    """Nearly separate blocks are the case that over-relaxed iterations could drive apart."""
    for seed in range(5):
        cost = costs(1, 24, 6, seed)
        cost[:, :12, 3:] += 1.0
        cost[:, 12:, :3] += 1.0
        first = sinkhorn(cost, masses(1, 24, seed), eps=0.05, max_iterations=1).error
        last = sinkhorn(cost, masses(1, 24, seed), eps=0.05, max_iterations=3000).error
        assert last < 1e-3 < first


def test_gradients_of_the_plan_with_constant_potentials():
    cost = costs(1, 5, 4).requires_grad_()
    column = sinkhorn(cost.detach(), None, eps=0.2).column
    eps = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c, e: plan_rows(c, column, e), (cost, eps))
    assert not sinkhorn(cost, None, eps=0.2).column.requires_grad


def test_double_precision_stays_double():
    cost = costs(1, 8, 3)
    solved = sinkhorn(cost, masses(1, 8), eps=0.1)
    assert solved.column.dtype == torch.float64
    assert plan_rows(cost, solved.column, 0.1).dtype == torch.float64
