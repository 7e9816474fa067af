"""APR: what it starts as, what it sees, and what must not move."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pirn_core.config import RefinementConfig, TransportConfig
from pirn_core.nn.refinement import PrototypeRefinement

CHANNELS, EPS = 16, 0.05
CONTEXTS = ("trimmed", "ot", "topk", "mean")


def refinement(context="trimmed", channels=CHANNELS, **kwargs):
    config = RefinementConfig(context=context, **kwargs)
    return PrototypeRefinement(channels, config, TransportConfig(tolerance=1e-5, max_iterations=3000)).eval()


def everywhere(tokens):
    return torch.ones(tokens.shape[:2], dtype=torch.bool)


@torch.no_grad()
def refined(apr, tokens, prototypes, foreground=None, rho=0.0):
    inside = everywhere(tokens) if foreground is None else foreground
    return apr(tokens, prototypes, eps=EPS, rho=rho, foreground=inside)


@pytest.fixture
def prototypes(token_clusters):
    return token_clusters(6, CHANNELS).expand(2, -1, -1)


@pytest.fixture
def tokens(draw, token_clusters):
    return draw(token_clusters(6, CHANNELS), (2, 40), 7)


@pytest.mark.parametrize("context", CONTEXTS)
def test_shapes_and_finiteness(context, tokens, prototypes):
    found = refined(refinement(context), tokens, prototypes)
    assert found.prototypes.shape == found.moved.shape == (2, 6, CHANNELS)
    assert found.context.vectors.shape == (2, 6, CHANNELS)
    assert found.context.tokens.shape == (2, 6)
    assert found.context.used.shape == (2, 40)
    for values in (found.prototypes, found.context.vectors, found.context.tokens):
        assert bool(torch.isfinite(values).all())
    torch.testing.assert_close(found.moved, found.prototypes - prototypes, atol=1e-6, rtol=0)
    assert float(found.moved.norm(dim=-1).max()) > 0.01


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("evidence", [False, True])
def test_it_starts_as_a_gated_mean(context, evidence, tokens, prototypes):
    """p' = p + g * n/(n+1) * (tanh(c) - p), worked out with numpy from what the context says."""
    gate = 0.37
    found = refined(refinement(context, gate=gate, evidence=evidence), tokens, prototypes)
    p, c, n = prototypes.numpy(), found.context.vectors.numpy(), found.context.tokens.numpy()[..., None]
    share = gate * n / (n + 1) if evidence else gate
    expected = p + share * (np.tanh(c) - p)
    np.testing.assert_allclose(found.prototypes.numpy(), np.where(n > 0.05, expected, p), atol=1e-6)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_nearly_closed_gate_is_nearly_the_identity(context, tokens, prototypes):
    found = refined(refinement(context, gate=0.01, evidence=False), tokens, prototypes)
    # |tanh(c) - p| <= |c| + |p| <= 2, since contexts are means of unit vectors.
    assert float(found.moved.norm(dim=-1).max()) <= 0.02 + 1e-6
    assert float(torch.cosine_similarity(found.prototypes, prototypes, dim=-1).min()) > 0.9998


def test_the_balanced_context_is_the_mean_weighted_by_the_plan(tokens, prototypes):
    """Equation 3, with the plan by POT."""
    import ot

    found = refined(refinement("ot"), tokens, prototypes)
    for b in range(2):
        cost = 1 - tokens[b].double().numpy() @ prototypes[b].double().numpy().T
        gamma = ot.sinkhorn(np.full(40, 1 / 40), np.full(6, 1 / 6), cost, EPS, method="sinkhorn_log", numItermax=50_000)
        expected = (gamma.T @ tokens[b].numpy()) / gamma.sum(axis=0)[:, None]
        np.testing.assert_allclose(found.context.vectors[b].numpy(), expected, atol=1e-4)
    assert bool(found.context.used.all())
    torch.testing.assert_close(found.context.tokens, torch.full((2, 6), 40 / 6), atol=1e-3, rtol=0)


def test_the_trimmed_context_keeps_the_best_explained_tokens(tokens, prototypes):
    found = refined(refinement("trimmed", keep=0.7), tokens, prototypes)
    for b in range(2):
        z, p = tokens[b].double().numpy(), prototypes[b].double().numpy()
        plan = np.exp(z @ p.T / EPS)
        plan /= plan.sum(axis=1, keepdims=True)
        made = plan @ p
        residual = 1 - (z * made).sum(axis=1) / np.linalg.norm(made, axis=1)
        best = np.argsort(residual)[:28]
        assert sorted(np.flatnonzero(found.context.used[b].numpy())) == sorted(best)
        np.testing.assert_allclose(found.context.tokens[b].numpy(), plan[best].sum(axis=0), atol=1e-4)
        weighted = plan[best].T @ z[best] / plan[best].sum(axis=0)[:, None]
        np.testing.assert_allclose(found.context.vectors[b].numpy(), weighted, atol=1e-4)


def test_top_k_and_mean_contexts(tokens, prototypes):
    found = refined(refinement("topk", topk=3), tokens, prototypes)
    similarity = tokens @ prototypes.transpose(1, 2)
    for b in range(2):
        for k in range(6):
            best = similarity[b, :, k].argsort(descending=True)[:3]
            torch.testing.assert_close(found.context.vectors[b, k], tokens[b, best].mean(dim=0), atol=1e-6, rtol=0)
    assert bool((found.context.tokens == 3).all())
    mean = refined(refinement("mean"), tokens, prototypes).context
    expected = tokens.mean(dim=1, keepdim=True).expand(-1, 6, -1)
    torch.testing.assert_close(mean.vectors, expected, atol=1e-6, rtol=0)
    assert bool((mean.tokens == 40).all())


@pytest.mark.parametrize("context", CONTEXTS)
def test_background_tokens_have_no_influence(context, tokens, prototypes):
    foreground = everywhere(tokens)
    foreground[:, 30:] = False
    loud = tokens.clone()
    loud[:, 30:] = -tokens[:, :10]
    one, other = (refined(refinement(context), t, prototypes, foreground) for t in (tokens, loud))
    torch.testing.assert_close(one.prototypes, other.prototypes, atol=1e-5, rtol=0)
    assert not bool(one.context.used[:, 30:].any())


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_part_without_foreground_moves_nothing(context, tokens, prototypes):
    foreground = everywhere(tokens)
    foreground[1] = False
    found = refined(refinement(context), tokens, prototypes, foreground)
    assert bool(torch.isfinite(found.prototypes).all())
    if context != "ot":  # balanced transport falls back to all tokens rather than to none
        assert float(found.moved[1].abs().max()) == 0.0
    assert float(found.moved[0].abs().max()) > 0.0


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_part_neither_sees_its_neighbours_nor_its_predecessors(context, tokens, prototypes):
    apr = refinement(context)
    part, strange = (
        tokens[:1],
        F.normalize(torch.randn(1, 40, CHANNELS, generator=torch.Generator().manual_seed(5)), dim=-1),
    )
    alone = refined(apr, part, prototypes[:1]).prototypes
    refined(apr, strange, prototypes[:1])
    assert torch.equal(refined(apr, part, prototypes[:1]).prototypes, alone)
    beside = refined(apr, torch.cat([strange, part]), prototypes).prototypes[1:]
    torch.testing.assert_close(beside, alone, atol=1e-4 if context == "ot" else 1e-6, rtol=0)


def test_it_keeps_no_state():
    apr = refinement()
    assert not dict(apr.named_buffers())


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_order_of_the_tokens_does_not_matter(context, tokens, prototypes):
    order = torch.randperm(40, generator=torch.Generator().manual_seed(2))
    one = refined(refinement(context), tokens, prototypes).prototypes
    other = refined(refinement(context), tokens[:, order], prototypes).prototypes
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_prototypes_that_the_part_does_not_show_stay(tokens, prototypes):
    absent = torch.cat([prototypes, -prototypes[:, :2]], dim=1)
    found = refined(refinement("trimmed"), tokens, absent)
    unshown = found.context.tokens < 0.05
    assert bool(unshown[:, 6:].all())
    assert torch.equal(found.prototypes[unshown], absent[unshown])


def with_anomaly(tokens):
    """A fifth of the tokens turned into a direction that no prototype has, and that direction."""
    direction = F.normalize(torch.ones(CHANNELS), dim=0)
    changed = tokens.clone()
    changed[:, :8] = F.normalize(direction + 0.05 * tokens[:, :8], dim=-1)
    return changed, direction


def test_the_trimmed_context_leaves_an_anomaly_out(tokens, prototypes):
    anomalous, direction = with_anomaly(tokens)
    pulled = {}
    for context in CONTEXTS:
        settings = {"gate": 0.3, "evidence": False, "keep": 0.7}
        found = refined(refinement(context, **settings), anomalous, prototypes)
        baseline = refined(refinement(context, **settings), tokens, prototypes)
        towards = (found.prototypes - baseline.prototypes) @ direction
        pulled[context] = float(towards.clamp_min(0).max())
        if context == "trimmed":
            assert not bool(found.context.used[:, :8].any())
    assert pulled["trimmed"] < 0.25 * min(pulled["ot"], pulled["mean"])
    assert min(pulled["ot"], pulled["mean"]) > 0.03


def test_the_anomaly_stays_as_badly_explained_as_before(tokens, prototypes):
    anomalous, _ = with_anomaly(tokens)

    def residual(keys):
        plan = torch.softmax(anomalous @ F.normalize(keys, dim=-1).transpose(1, 2) / EPS, dim=2)
        return 1 - torch.cosine_similarity(anomalous, plan @ keys, dim=-1)[:, :8].mean()

    before = residual(prototypes)
    after = {c: residual(refined(refinement(c, gate=0.5), anomalous, prototypes).prototypes) for c in CONTEXTS}
    assert float(after["trimmed"]) > float(before) - 0.02
    assert float(after["ot"]) < float(before) - 0.05


def test_the_relaxed_marginal_reaches_the_trimmed_context(tokens, prototypes):
    """`rho` is that of the assignment in use, so that APR and BPA see one plan."""
    free = refined(refinement("trimmed"), tokens, prototypes, rho=0.0).context
    tight = refined(refinement("trimmed"), tokens, prototypes, rho=math.inf).context
    spread = [float(c.tokens.std(dim=1).mean()) for c in (free, tight)]
    assert spread[1] < 0.7 * spread[0]


def test_gradients_reach_the_gru_and_stay_finite(tokens, prototypes):
    apr = refinement()
    found = apr(
        tokens,
        prototypes.clone().requires_grad_(),
        eps=torch.tensor(EPS),
        rho=0.0,
        foreground=everywhere(tokens),
    )
    found.prototypes.square().sum().backward()
    for name, parameter in apr.named_parameters():
        assert bool(torch.isfinite(parameter.grad).all()), name
    assert float(apr.gru.weight_ih.grad.abs().max()) > 0


def test_double_precision_stays_double():
    apr = refinement(channels=4).double()
    tokens = F.normalize(torch.randn(1, 9, 4, dtype=torch.float64), dim=-1)
    found = refined(apr, tokens, F.normalize(torch.randn(1, 3, 4, dtype=torch.float64), dim=-1))
    assert found.prototypes.dtype == torch.float64


def test_the_untrained_gru_has_a_closed_form():
    """Without gradients the products with zeros are left out; one changed weight brings the GRU back."""
    refinement = PrototypeRefinement(12, RefinementConfig(gate=0.3), TransportConfig())
    contexts, old = (torch.nn.functional.normalize(torch.randn(7, 12), dim=-1) for _ in range(2))
    with torch.no_grad():
        torch.testing.assert_close(refinement._proposal(contexts, old), refinement.gru(contexts, old))
        refinement.gru.weight_hh[3, 4] = 2.0
        trained = refinement._proposal(contexts, old)
        assert torch.equal(trained, refinement.gru(contexts, old))


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_part_alone_is_refined_as_in_a_batch(context, tokens, prototypes):
    """One part takes a shorter way, which leaves its background out beforehand."""
    inside = torch.arange(40)[None] % 3 != torch.tensor([[0], [1]])
    apr = refinement(context)
    together = refined(apr, tokens, prototypes, inside)
    for b in range(2):
        alone = refined(apr, tokens[b : b + 1], prototypes[b : b + 1], inside[b : b + 1])
        torch.testing.assert_close(alone.prototypes[0], together.prototypes[b], atol=1e-4, rtol=0)
        assert bool((alone.context.used[0] == together.context.used[b]).all())
        assert not bool((alone.context.used[0] & ~inside[b]).any())


def test_a_part_without_foreground_stays_finite(tokens, prototypes):
    nothing = torch.zeros(1, 40, dtype=torch.bool)
    found = refined(refinement(), tokens[:1], prototypes[:1], nothing)
    assert bool(torch.isfinite(found.prototypes).all())
