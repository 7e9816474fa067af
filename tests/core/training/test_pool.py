"""The tokens that training sees, and how shots are held out."""

import pytest
import torch

from pirn_core.training.pool import split


def test_shots_take_their_views_and_probes_along(pool):
    whole = pool(shots=4, views=3)
    some = whole.of_shots([2, 0])
    assert some.shot.tolist() == [0, 0, 0, 2, 2, 2]
    assert some.upright.tolist() == [True, False, False] * 2
    torch.testing.assert_close(some.tokens["sn"], torch.cat([whole.tokens["sn"][:3], whole.tokens["sn"][6:9]]))
    assert some.foreground.shape == (6, 16)
    assert some.probes.shot.tolist() == [0, 2]
    torch.testing.assert_close(some.probes.tokens["rgb"][1], whole.probes.tokens["rgb"][2])
    assert (some.names, some.frames) == (whole.names, whole.frames)
    assert (some.modalities, some.channels) == (("rgb", "sn"), 12)


def test_views_can_be_chosen(pool):
    whole = pool(shots=2, views=3)
    upright = whole.of_views(whole.upright)
    assert upright.shot.tolist() == [0, 1]
    assert len(upright.probes.shot) == 2


def test_a_pool_without_probes(pool):
    plain = pool(probes=False)
    assert plain.of_shots([0]).probes is None
    assert plain.to(torch.device("cpu")).probes is None


def test_moving_to_a_device_keeps_everything(pool):
    whole = pool()
    moved = whole.to(torch.device("cpu"))
    assert all(torch.equal(moved.tokens[m], whole.tokens[m]) for m in whole.tokens)
    assert torch.equal(moved.probes.defect, whole.probes.defect)


@pytest.mark.parametrize(("shots", "folds", "expected"), [(2, 3, 2), (3, 3, 3), (5, 3, 3), (7, 20, 7), (4, 2, 2)])
def test_every_shot_is_held_out_once_and_never_trained_on_then(pool, shots, folds, expected):
    found = split(pool(shots=shots), folds, seed=1)
    assert len(found) == expected
    assert sorted(s for fold in found for s in fold.shots) == list(range(shots))
    for fold in found:
        trained, held = set(fold.train.shot.tolist()), set(fold.held.shot.tolist())
        assert held == set(fold.shots)
        assert trained == set(range(shots)) - held
        assert set(fold.held.probes.shot.tolist()) == held
        assert set(fold.train.probes.shot.tolist()) == trained
    sizes = [len(fold.shots) for fold in found]
    assert max(sizes) - min(sizes) <= 1


def test_the_folds_follow_from_the_seed(pool):
    several = [[fold.shots for fold in split(pool(shots=8), 4, seed)] for seed in (0, 0, 1, 2, 3)]
    assert several[0] == several[1]
    assert any(other != several[0] for other in several[2:])


def test_a_single_shot_is_held_out_by_its_views(pool):
    (fold,) = split(pool(shots=1, views=8), 3, seed=0)
    assert fold.shots == (0,)
    assert len(fold.train.shot) == 4
    assert not bool(fold.train.upright.any())
    assert fold.held.upright.tolist() == [True]


def test_a_single_view_is_all_there_is(pool):
    (fold,) = split(pool(shots=1, views=1), 3, seed=0)
    assert len(fold.train.shot) == len(fold.held.shot) == 1
