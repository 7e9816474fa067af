import numpy as np
import pytest
import torch

from pirn_core.errors import BackboneError, ConfigError, NotFittedError, SampleError
from pirn_core.peers import TokenDetector
from pirn_core.peers.memory_bank import MemoryBank, farthest_first


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tokens(seed, views=3, number=20, channels=8):
    generator = torch.Generator().manual_seed(seed)
    return {
        "rgb": torch.randn(views, number, channels, generator=generator) * torch.arange(1, channels + 1) + 2.0,
        "sn": torch.randn(views, number, channels, generator=generator),
    }


def everywhere(values):
    return torch.ones(next(iter(values.values())).shape[:2], dtype=torch.bool)


def fitted(values, foreground=None, **kwargs):
    detector: TokenDetector = MemoryBank(**kwargs)
    detector.fit(values, everywhere(values) if foreground is None else foreground, seed=0)
    return detector


def test_seen_tokens_have_distance_zero():
    shots = tokens(0)
    for values in fitted(shots).residuals(shots, everywhere(shots)).values():
        assert values.shape == (3, 20)
        assert values.dtype == torch.float32
        assert float(values.max()) < 1e-5
        assert float(values.min()) >= 0.0


def test_distances_agree_with_a_slow_oracle():
    shots, parts = tokens(0), tokens(1, views=2)
    foreground = torch.rand(3, 20, generator=torch.Generator().manual_seed(5)) > 0.4
    found = fitted(shots, foreground).residuals(parts, everywhere(parts))
    for modality, values in found.items():
        bank = shots[modality][foreground].double().numpy()
        mean, spread = bank.mean(0), bank.std(0)
        bank, query = ((x - mean) / spread for x in (bank, parts[modality].double().numpy()))
        for b in range(2):
            for n in range(20):
                cosines = bank @ query[b, n] / np.linalg.norm(bank, axis=1) / np.linalg.norm(query[b, n])
                assert float(values[b, n]) == pytest.approx(1 - cosines.max(), abs=1e-5)


def test_the_order_of_shots_and_of_queries_does_not_matter():
    shots, parts = tokens(0), tokens(1)
    turned = {m: v.flip(0, 1) for m, v in shots.items()}
    order = torch.randperm(20, generator=torch.Generator().manual_seed(3))
    one = fitted(shots).residuals(parts, everywhere(parts))
    other = fitted(turned).residuals({m: v[:, order] for m, v in parts.items()}, everywhere(parts))
    for modality in one:
        torch.testing.assert_close(one[modality][:, order], other[modality], atol=1e-5, rtol=0)


@pytest.mark.parametrize("block", [1, 7, 60, 10_000])
def test_blocks_do_not_change_the_result(block):
    shots, parts = tokens(0), tokens(1)
    whole = fitted(shots).residuals(parts, everywhere(parts))
    blocked = fitted(shots, block=block).residuals(parts, everywhere(parts))
    for modality in whole:
        torch.testing.assert_close(whole[modality], blocked[modality], atol=1e-6, rtol=0)


def test_tokens_off_the_part_are_not_in_the_bank():
    shots = tokens(0)
    foreground = everywhere(shots)
    foreground[:, 10:] = False
    detector = fitted(shots, foreground)
    assert detector.sizes == {"rgb": 30, "sn": 30}
    inside = detector.residuals({"rgb": shots["rgb"][:, :10]}, foreground[:, :10])["rgb"]
    outside = detector.residuals({"rgb": shots["rgb"][:, 10:]}, foreground[:, 10:])["rgb"]
    assert float(inside.max()) < 1e-5
    assert float(outside.min()) > 1e-3
    loud = {m: v.clone() for m, v in shots.items()}
    for values in loud.values():
        values[:, 10:] = 1e4
    again = fitted(loud, foreground).residuals({"rgb": shots["rgb"]}, foreground)["rgb"]
    torch.testing.assert_close(again[:, :10], inside)
    torch.testing.assert_close(again[:, 10:], outside)


def test_a_missing_modality_is_no_obstacle():
    shots = tokens(0)
    both = fitted(shots).residuals(shots, everywhere(shots))
    alone = fitted({"sn": shots["sn"]})
    assert alone.sizes == {"sn": 60}
    assert set(fitted(shots).residuals({"rgb": shots["rgb"]}, everywhere(shots))) == {"rgb"}
    only = alone.residuals({"sn": shots["sn"]}, everywhere(shots))
    torch.testing.assert_close(only["sn"], both["sn"])
    with pytest.raises(NotFittedError, match="holds sn, not rgb"):
        alone.residuals(shots, everywhere(shots))


def test_a_channel_that_never_changes_does_not_dominate():
    shots, parts = tokens(0), tokens(1)
    without = fitted(shots).residuals(parts, everywhere(parts))["rgb"]
    shots["rgb"] = torch.cat([shots["rgb"], torch.zeros(3, 20, 1)], dim=2)
    parts["rgb"] = torch.cat([parts["rgb"], torch.full((3, 20, 1), 1e-3)], dim=2)
    torch.testing.assert_close(fitted(shots).residuals(parts, everywhere(parts))["rgb"], without, atol=1e-3, rtol=0)


def test_identical_tokens_give_finite_distances():
    blank = {"rgb": torch.full((1, 5, 4), 0.3)}
    detector = fitted(blank)
    assert float(detector.residuals(blank, everywhere(blank))["rgb"].max()) == 0.0
    other = {"rgb": torch.rand(1, 5, 4)}
    found = detector.residuals(other, everywhere(other))["rgb"]
    assert bool(torch.isfinite(found).all())
    assert float(found.min()) > 0.1


@pytest.mark.parametrize(("share", "size"), [(0.1, 6), (0.25, 15), (0.99, 60), (1.0, 60)])
def test_the_coreset_has_its_size_and_is_determined_by_the_seed(share, size):
    shots = tokens(0)
    one, two = fitted(shots, coreset=share), fitted(shots, coreset=share)
    assert one.sizes == {"rgb": size, "sn": size}
    parts = tokens(1)
    first, second = (d.residuals(parts, everywhere(parts)) for d in (one, two))
    assert all(torch.equal(first[m], second[m]) for m in first)
    full = fitted(shots).residuals(parts, everywhere(parts))
    assert all(bool((first[m] >= full[m] - 1e-5).all()) for m in first)


def test_the_coreset_picks_every_cluster_before_any_twice():
    centres = 10 * torch.eye(5)
    points = centres.repeat_interleave(30, 0) + 0.01 * torch.randn(150, 5, generator=torch.Generator().manual_seed(0))
    for seed in range(5):
        taken = farthest_first(points, 5, seed)
        assert sorted((taken // 30).tolist()) == [0, 1, 2, 3, 4]


def test_the_coreset_covers_as_greedy_k_centre_must():
    """Each point taken is the farthest of all from those taken before it (no projection at 5 channels)."""
    points = torch.randn(80, 5, generator=torch.Generator().manual_seed(0))
    taken = farthest_first(points, 12, 3).tolist()
    assert len(set(taken)) == 12
    for step in range(1, 12):
        gap = torch.cdist(points.double(), points[taken[:step]].double()).amin(1)
        assert float(gap[taken[step]]) == pytest.approx(float(gap.max()), abs=1e-5)


def test_duplicates_are_not_taken_twice_and_wide_tokens_are_projected():
    assert len(set(farthest_first(torch.zeros(10, 3), 7, 0).tolist())) == 7
    wide = torch.randn(50, 300, generator=torch.Generator().manual_seed(0))
    assert torch.equal(farthest_first(wide, 9, 1), farthest_first(wide, 9, 1))
    assert not torch.equal(farthest_first(wide, 9, 1), farthest_first(wide, 9, 2))


def test_fitting_again_forgets_what_was_before():
    detector = fitted(tokens(0))
    fresh = tokens(9, views=1)
    detector.fit({"rgb": fresh["rgb"]}, everywhere(fresh), seed=0)
    assert detector.sizes == {"rgb": 20}


def test_what_cannot_be_is_refused():
    shots = tokens(0)
    with pytest.raises(NotFittedError, match="holds nothing"):
        MemoryBank().residuals(shots, everywhere(shots))
    with pytest.raises(SampleError, match="no token"):
        fitted(shots, torch.zeros(3, 20, dtype=torch.bool))
    with pytest.raises(SampleError, match=r"\(3, 19\)"):
        fitted(shots, torch.ones(3, 19, dtype=torch.bool))
    with pytest.raises(BackboneError, match="5 channels but the memory bank 8"):
        fitted(shots).residuals({"rgb": torch.zeros(1, 4, 5)}, torch.ones(1, 4, dtype=torch.bool))
    for share in (0.0, 1.5, -0.1):
        with pytest.raises(ConfigError, match="coreset"):
            MemoryBank(share)
    with pytest.raises(ConfigError, match="block"):
        MemoryBank(block=0)
