"""One layer of the decoder: what it hands on, what it reports, and what it leaves out."""

import math

import pytest
import torch
import torch.nn.functional as F

from pirn_core.config import PirnConfig, changed
from pirn_core.nn.decoder import DecoderLayer, FeedForward, Stream

CHANNELS = 12


def settings(**changes):
    more = {f"decoder.{key.replace('__', '.')}": value for key, value in changes.items()}
    return changed(PirnConfig(), {"decoder.transport.max_iterations": 2000, **more}).decoder


def a_layer(modalities=("rgb", "sn"), **changes):
    torch.manual_seed(0)
    return DecoderLayer(CHANNELS, modalities, settings(**changes)).eval()


def open_gates(layer, gamma=0.5):
    with torch.no_grad():
        for branch in layer.branches.values():
            branch.injection.gamma.fill_(gamma)
    return layer


@pytest.fixture
def streams(token_clusters, draw):
    found = {}
    for i, name in enumerate(("rgb", "sn")):
        keys = token_clusters(6, CHANNELS, i)
        values = 0.8 * keys + 0.1
        found[name] = Stream(draw(keys, (2, 20), 5 + i), keys.expand(2, -1, -1), values.expand(2, -1, -1))
    return found


FOREGROUND = torch.ones(2, 20, dtype=torch.bool)


@torch.no_grad()
def run(layer, streams, foreground=FOREGROUND, rho=0.0, refine=True):
    return layer(streams, foreground, rho=rho, refine=refine)


def test_the_trace_is_complete(streams):
    following, traces = run(open_gates(a_layer()), streams)
    for name in ("rgb", "sn"):
        trace = traces[name]
        assert torch.equal(trace.inputs, streams[name].tokens)
        assert trace.refinement.prototypes.shape == trace.refinement.moved.shape == (2, 6, CHANNELS)
        assert trace.refinement.context.vectors.shape == (2, 6, CHANNELS)
        assert trace.assignment.weights.shape == (2, 20, 6)
        assert trace.bpa.shape == trace.injection.added.shape == trace.output.shape == (2, 20, CHANNELS)
        assert trace.injection.attention.shape == (2, 20, 6)
        assert trace.injection.gate == pytest.approx(math.tanh(0.5))
        torch.testing.assert_close(following[name].tokens, F.normalize(trace.output, dim=-1))
        torch.testing.assert_close(following[name].keys, trace.refinement.prototypes)


def test_the_reconstruction_is_the_sum_of_its_parts(streams):
    layer = open_gates(a_layer(feed_forward=False))
    _, traces = run(layer, streams)
    for name, trace in traces.items():
        values = streams[name].values + trace.refinement.moved
        torch.testing.assert_close(trace.bpa, trace.assignment.weights @ values)
        torch.testing.assert_close(trace.output, trace.bpa + trace.injection.added)


def test_values_move_with_their_keys(streams):
    following, traces = run(a_layer(), streams)
    for name, trace in traces.items():
        torch.testing.assert_close(
            following[name].values - streams[name].values, trace.refinement.moved, atol=1e-6, rtol=0
        )


def test_refine_off_leaves_the_prototypes(streams):
    following, traces = run(a_layer(), streams, refine=False)
    for name in streams:
        assert traces[name].refinement is None
        assert torch.equal(following[name].keys, streams[name].keys)
        assert torch.equal(following[name].values, streams[name].values)


def test_no_context_has_no_refinement(streams):
    layer = a_layer(refinement__context="none")
    _, traces = run(layer, streams)
    assert all(trace.refinement is None for trace in traces.values())
    assert not any("gru" in name for name, _ in layer.named_parameters())


@pytest.mark.parametrize("context", ["trimmed", "ot", "topk", "mean", "none"])
@pytest.mark.parametrize("assignment", ["ot", "softmax", "linear", "sigmoid"])
def test_every_combination_runs(context, assignment, streams):
    layer = open_gates(a_layer(refinement__context=context, transport__assignment=assignment))
    _, traces = run(layer, streams, rho=0.05)
    for trace in traces.values():
        assert bool(torch.isfinite(trace.output).all())


def test_rho_reaches_the_assignment(streams):
    layer = a_layer(refinement__context="none")
    free, tight = (run(layer, streams, rho=rho)[1]["rgb"].assignment for rho in (0.0, math.inf))
    torch.testing.assert_close(tight.usage(), torch.full((2, 6), 1 / 6), atol=1e-3, rtol=0)
    assert float(free.usage().max()) > 0.25
    assert free.iterations == 0 < tight.iterations


def test_background_tokens_have_no_mass(streams):
    foreground = FOREGROUND.clone()
    foreground[:, 12:] = False
    loud = {m: Stream(s.tokens.clone(), s.keys, s.values) for m, s in streams.items()}
    for s in loud.values():
        s.tokens[:, 12:] = -s.tokens[:, :8]
    for rho in (0.0, math.inf):
        one, other = (run(a_layer(), s, foreground, rho=rho)[1] for s in (streams, loud))
        for name in one:
            torch.testing.assert_close(one[name].output[:, :12], other[name].output[:, :12], atol=5e-3, rtol=0)


def test_a_closed_gate_is_left_out_while_inspecting_and_open_to_learning(streams):
    layer = a_layer()
    assert all(trace.injection is None for trace in run(layer, streams)[1].values())
    _, traces = layer(streams, FOREGROUND, rho=0.0, refine=False)
    target = torch.randn(2, 20, CHANNELS, generator=torch.Generator().manual_seed(0))
    sum((t.output * target).sum() for t in traces.values()).backward()
    assert all(abs(float(b.injection.gamma.grad)) > 0 for b in layer.branches.values())
    silent, heard = run(layer, streams)[1], traces
    for name in silent:
        refined = layer(streams, FOREGROUND, rho=0.0, refine=True)[1][name].output.detach()
        torch.testing.assert_close(silent[name].output, refined)
        assert heard[name].injection is not None


def test_a_missing_modality_is_skipped(streams):
    layer = open_gates(a_layer())
    following, traces = run(layer, {"sn": streams["sn"]})
    assert set(following) == set(traces) == {"sn"}
    assert traces["sn"].injection is None
    torch.testing.assert_close(traces["sn"].bpa, run(layer, streams)[1]["sn"].bpa)


def test_one_modality_or_no_communication_has_none_of_its_parameters():
    for layer in (a_layer(("rgb",)), a_layer(communication__enabled=False)):
        assert not any("injection" in n or "alignment" in n for n, _ in layer.named_parameters())


def test_communication_listens_to_the_other_modality(streams):
    layer = open_gates(a_layer(), 1.0)
    changed_other = {
        "rgb": streams["rgb"],
        "sn": Stream(streams["sn"].tokens, -streams["sn"].keys, streams["sn"].values),
    }
    before, after = (
        run(layer, streams, refine=False)[1]["rgb"],
        run(layer, changed_other, refine=False)[1]["rgb"],
    )
    torch.testing.assert_close(before.bpa, after.bpa)
    assert not torch.allclose(before.injection.added, after.injection.added, atol=1e-3)


def test_the_feed_forward_starts_as_the_identity_and_is_token_wise():
    torch.manual_seed(0)
    module = FeedForward(CHANNELS)
    x = torch.randn(2, 5, CHANNELS)
    assert torch.equal(module(x), x)
    torch.nn.init.normal_(module.out.weight)
    y = module(x)
    assert not torch.allclose(y, x)
    torch.testing.assert_close(module(x[:, 2:3]), y[:, 2:3])


def test_the_learned_temperature_starts_as_configured():
    layer = a_layer(transport__eps=0.07)
    assert float(layer.branch("rgb").log_eps.detach().exp()) == pytest.approx(0.07)
