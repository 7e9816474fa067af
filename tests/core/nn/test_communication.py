"""MNC: the graph, the cross-attention, and the gate that is closed to begin with."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pirn_core.config import CommunicationConfig
from pirn_core.nn.communication import NormalityInjection, PrototypeAlignment, nearest

CHANNELS = 12


def directions(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(*shape, generator=generator), dim=-1)


@pytest.fixture
def given():
    """Tokens, their reconstruction, and the other modality's prototypes."""
    return directions(0, 2, 20, CHANNELS), directions(1, 2, 20, CHANNELS), directions(2, 2, 7, CHANNELS)


def injection(residual="prototype", gamma=0.0):
    torch.manual_seed(0)
    module = NormalityInjection(CHANNELS, CommunicationConfig(residual=residual)).eval()
    with torch.no_grad():
        module.gamma.fill_(gamma)
    return module


def alignment(neighbours=3, heads=3, open_output=False):
    torch.manual_seed(0)
    module = PrototypeAlignment(CHANNELS, CommunicationConfig(neighbours=neighbours, heads=heads)).eval()
    if open_output:
        torch.nn.init.normal_(module.out.weight, std=0.3)
    return module


def test_a_closed_gate_adds_nothing(given):
    found = injection()(*given)
    assert float(found.added.detach().abs().max()) == 0.0
    assert found.gate == 0.0
    assert injection().silent


def test_an_open_gate_adds_and_speaks(given):
    module = injection(gamma=0.5)
    found = module(*given)
    assert not module.silent
    assert found.gate == pytest.approx(np.tanh(0.5))
    assert float(found.added.detach().abs().max()) > 0.01


def test_the_closed_gate_can_open(given):
    """At gamma = 0 nothing is added, yet gamma has a gradient: else training could never begin to talk."""
    module = injection()
    target = directions(5, 2, 20, CHANNELS)
    (module(*given).added * target).sum().backward()
    assert abs(float(module.gamma.grad)) > 1e-3


def test_attention_rows_are_shares(given):
    attention = injection(gamma=0.3)(*given).attention
    assert attention.shape == (2, 20, 7)
    assert bool((attention >= 0).all())
    torch.testing.assert_close(attention.sum(dim=2), torch.ones(2, 20))


@pytest.mark.parametrize("residual", ["prototype", "paper"])
def test_the_equations_with_numpy(given, residual):
    """Equations 4 and 5: Z' = Z * sigmoid(Z_bpa), tanh(gamma) * CA(Z', P'); in the paper plus Z'.

    Tokens and prototypes of unit length are brought to channels of unit spread before sigmoid and scores.
    """
    module = injection(residual, gamma=0.7)
    z, made, others = (x.double().numpy() for x in given)
    query, key, value = (w.weight.detach().double().numpy() for w in (module.query, module.key, module.value))
    root = np.sqrt(CHANNELS)
    purified = z / (1 + np.exp(-root * made))
    scores = (root * purified @ query.T) @ (root * others @ key.T).transpose(0, 2, 1) / root
    attention = np.exp(scores - scores.max(axis=2, keepdims=True))
    attention /= attention.sum(axis=2, keepdims=True)
    expected = np.tanh(0.7) * attention @ (others @ value.T) + (purified if residual == "paper" else 0.0)
    with torch.no_grad():
        found = module(*given)
    np.testing.assert_allclose(found.added.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(found.attention.numpy(), attention, atol=1e-5)


def test_as_written_the_input_itself_is_added(given):
    module = injection("paper")
    expected = given[0] * torch.sigmoid(CHANNELS**0.5 * given[1])
    torch.testing.assert_close(module(*given).added.detach(), expected)
    assert not module.silent


def test_what_is_added_is_a_mixture_of_the_others_values(given):
    """Whatever the tokens are: it lies within the range of the values that are mixed."""
    module = injection(gamma=10.0)
    tokens = 100.0 * torch.randn(2, 20, CHANNELS, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        added, values = module(tokens, given[1], given[2]).added, module.value(given[2])
    assert bool((added <= values.amax(dim=1, keepdim=True) + 1e-5).all())
    assert bool((added >= values.amin(dim=1, keepdim=True) - 1e-5).all())


def test_the_alignment_starts_as_the_identity(given):
    nodes, _, others = given
    assert torch.equal(alignment()(nodes, others), nodes)


def test_the_alignment_against_a_slow_graph_attention(given):
    """Velickovic et al. 2018, equations 1 to 5, node by node, on the k nearest of the other modality."""
    module = alignment(open_output=True)
    nodes, others = given[0][:, :5], given[2]
    found = module(nodes, others).detach().numpy()
    w, out = module.project.weight.detach().numpy(), module.out.weight.detach().numpy()
    own_vector, other_vector = module.target.detach().numpy(), module.source.detach().numpy()
    for b in range(2):
        for i in range(5):
            node = nodes[b, i].numpy()
            cosines = [float(node @ other.numpy()) for other in others[b]]
            neighbours = np.argsort(cosines)[::-1][:3]
            heads = []
            for h in range(3):
                part = slice(4 * h, 4 * h + 4)
                projected = [(w @ others[b, j].numpy())[part] for j in neighbours]
                scores = np.array([own_vector[h] @ (w @ node)[part] + other_vector[h] @ p for p in projected])
                scores = np.sqrt(CHANNELS) * scores
                scores = np.where(scores > 0, scores, 0.2 * scores)
                weights = np.exp(scores) / np.exp(scores).sum()
                heads.append(sum(a * p for a, p in zip(weights, projected, strict=True)))
            np.testing.assert_allclose(found[b, i], node + out @ np.concatenate(heads), atol=1e-5)


def test_neighbours_are_the_nearest_of_the_other_modality(given):
    nodes, _, others = given
    found = nearest(nodes, others, 2)
    assert found.shape == (2, 20, 2)
    cosines = nodes @ others.transpose(1, 2)
    expected = cosines.argsort(dim=2, descending=True)[:, :, :2]
    assert torch.equal(found.sort(dim=2).values, expected.sort(dim=2).values)
    assert torch.equal(nearest(5.0 * nodes, 0.1 * others, 2), found)
    assert nearest(nodes, others, 50).shape == (2, 20, 7)


def test_only_neighbours_are_heard(given):
    nodes, _, others = given
    module = alignment(neighbours=1, open_output=True)
    node = nodes[:1, :1]
    heard = int(nearest(node, others[:1], 1)[0, 0, 0])
    rest = [k for k in range(7) if k != heard]
    unheard_changed, heard_changed = others[:1].clone(), others[:1].clone()
    unheard_changed[0, rest] = F.normalize(-node[0] + 0.3 * others[0, rest], dim=-1)
    heard_changed[0, heard] = F.normalize(heard_changed[0, heard] + 0.2 * node[0, 0], dim=-1)
    before = module(node, others[:1])
    torch.testing.assert_close(module(node, unheard_changed), before, atol=1e-6, rtol=0)
    assert not torch.allclose(module(node, heard_changed), before, atol=1e-4)


@pytest.mark.parametrize(("channels", "wanted", "heads"), [(12, 4, 4), (12, 5, 4), (7, 4, 1), (10, 4, 2), (3, 8, 3)])
def test_heads_divide_the_channels(channels, wanted, heads):
    config = CommunicationConfig(heads=wanted)
    assert PrototypeAlignment(channels, config).heads == heads


def test_parts_do_not_hear_each_other(given):
    module, aligned = injection(gamma=0.4), alignment(open_output=True)
    tokens, reconstructed, others = given
    with torch.no_grad():
        together = module(tokens, reconstructed, aligned(others, tokens)).added[1:]
        alone = module(tokens[1:], reconstructed[1:], aligned(others[1:], tokens[1:])).added
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=1e-5)
