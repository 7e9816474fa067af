"""From shots to a model in one go, as the command line and the application do it."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core import checkpoint
from pirn_core.data.sample import PartRef
from pirn_core.errors import NotFittedError, SampleError
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning, content_hash, identity_of, versions
from pirn_core.shots import encode_shots, shared_modalities
from pirn_core.tokens import TokenCache


def learned(samples, config, backbone, **kwargs):
    learning = Learning(samples, config, backbone, **kwargs)
    steps = list(learning.steps())
    return learning, steps


def test_from_shots_to_a_saved_model_and_back(plate, settings, backbone, tmp_path):
    """Learning, model, save, load, inspect: the same result to the last digit; the defect scores highest."""
    learning, _ = learned([plate(k) for k in range(3)], settings(), backbone)
    model = learning.model()
    direct = Inspector(model, backbone)
    checkpoint.save(model, tmp_path / "m.pirn")
    loaded = Inspector(checkpoint.load(tmp_path / "m.pirn"), backbone)
    scores = {}
    for name, part in {"good": plate(60), "bad": plate(61, defect=True), "colour": plate(62, points=False)}.items():
        one, other = (i.inspect(i.prepare(part)) for i in (direct, loaded))
        assert (one.score, one.scores, one.verdict) == (other.score, other.scores, other.verdict)
        np.testing.assert_array_equal(one.map, other.map)
        scores[name] = one.score
    assert scores["bad"] > 2 * scores["good"]


def test_learning_twice_gives_the_same_model(plate, settings, backbone, trained):
    learning, _ = learned([plate(k) for k in range(3)], settings(), backbone)
    model = learning.model()
    state, state2 = model.pirn.state_dict(), trained.model.pirn.state_dict()
    assert all(torch.equal(state[k], state2[k]) for k in state)
    assert dict(model.calibration.scores) == dict(trained.model.calibration.scores)
    assert model.verdict_limits == trained.model.verdict_limits


def test_the_cache_changes_nothing_but_the_time(plate, settings, support, trained, tmp_path):
    for _ in range(2):
        backbone = support.PatchBackbone()
        learning, _ = learned([plate(k) for k in range(3)], settings(), backbone, cache=TokenCache(tmp_path))
        state, state2 = learning.model().pirn.state_dict(), trained.model.pirn.state_dict()
        assert all(torch.equal(state[k], state2[k]) for k in state)
    assert backbone.images == 0


def test_the_model_tells_how_it_came_about(trained):
    history = trained.model.history
    assert {"program", "created", "device", "backbone", "versions", "training", "gates", "warnings"} <= set(history)
    assert json.loads(json.dumps(history))["device"] == "cpu"
    report = history["training"]
    assert len(report["folds"]) == 2
    assert trained.model.backbone == identity_of(trained.backbone)
    assert [shot.id for shot in trained.model.shots] == ["good/000", "good/001", "good/002"]
    assert [record.part for record in trained.model.records] == ["good/000", "good/001", "good/002"]


@pytest.mark.parametrize("count", [1, 2])
def test_one_shot_or_two_suffice(count, plate, settings, backbone):
    learning, steps = learned([plate(k) for k in range(count)], settings(), backbone)
    model = learning.model()
    assert len(model.records) == count
    inspector = Inspector(model, backbone)
    good, bad = (inspector.inspect(inspector.prepare(p)) for p in (plate(60), plate(61, defect=True)))
    assert bad.score > good.score
    assert bad.verdict == "NG"
    assert steps[-1].fraction == 1.0


def test_nothing_is_learned_before_the_end(plate, settings, backbone):
    learning = Learning([plate(0), plate(1)], settings(), backbone)
    with pytest.raises(NotFittedError, match="has not begun"):
        learning.model()
    steps = learning.steps()
    next(steps)
    with pytest.raises(NotFittedError, match="has not ended"):
        learning.model()
    steps.close()
    with pytest.raises(NotFittedError, match="has not ended"):
        learning.model()


def test_progress_is_told_shot_by_shot(plate, settings, backbone):
    told = []
    Learning([plate(k) for k in range(3)], settings(), backbone).encode(lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_pool_holds_every_view_of_every_shot(plate, settings, backbone):
    shots = encode_shots([plate(0), plate(1)], settings(augmentation__rotations=3, augmentation__flips=True), backbone)
    pool = shots.pool
    assert pool.shot.tolist() == [0] * 6 + [1] * 6
    assert pool.upright.tolist() == ([True] + [False] * 5) * 2
    assert pool.tokens["rgb"].shape == (12, 64, 24)
    assert pool.names == ("good/000", "good/001")
    assert len(pool.frames) == 2
    assert shots.fitted.crop_px == 96
    np.testing.assert_array_equal(pool.frames[1].foreground, pool.foreground[6].numpy())


def test_synthetic_defects_are_made_only_to_look_at(plate, settings, backbone):
    with_them = encode_shots([plate(0), plate(1)], settings(), backbone).pool
    probes = with_them.probes
    assert probes.shot.tolist() == [0, 0, 1, 1]  # one in colour, one in shape
    assert probes.tokens["sn"].shape == (4, 64, 24)
    for i, shot in enumerate(probes.shot.tolist()):
        upright = with_them.tokens["rgb"][(with_them.shot == shot) & with_them.upright][0]
        if bool(probes.defect[i].any()) and i % 2 == 0:
            change = (probes.tokens["rgb"][i].float() - upright.float()).abs().sum(dim=1)
            assert float(change[probes.defect[i]].mean()) > float(change[~probes.defect[i]].mean())


def test_modalities_are_those_that_all_shots_have(plate):
    both, colour, points = plate(0), plate(1, points=False), plate(2, rgb=False)
    assert shared_modalities([both, both]) == ("rgb", "sn")
    assert shared_modalities([both, colour]) == ("rgb",)
    assert shared_modalities([points, both]) == ("sn",)
    with pytest.raises(SampleError, match="share no modality"):
        shared_modalities([colour, points])


def test_shots_of_mixed_modalities_give_a_model_of_the_shared_one(plate, settings, backbone):
    learning, _ = learned([plate(0), plate(1, points=False)], settings(), backbone)
    assert learning.model().modalities == ("rgb",)


def test_no_shots_are_refused(settings, backbone):
    with pytest.raises(SampleError, match="no shot"):
        Learning([], settings(), backbone).encode()


def test_a_part_s_hash_is_that_of_its_files(tmp_path):
    rgb, xyz = tmp_path / "a.png", tmp_path / "a.tiff"
    rgb.write_bytes(b"colour")
    xyz.write_bytes(b"points")
    ref = PartRef("good/000", rgb=rgb, xyz=xyz)
    assert content_hash(ref) == hashlib.sha256(b"colourpoints").hexdigest()
    assert content_hash(replace(ref, id="elsewhere/7")) == content_hash(ref)
    assert content_hash(replace(ref, xyz=None)) != content_hash(ref)
    xyz.write_bytes(b"other points")
    assert content_hash(ref) != hashlib.sha256(b"colourpoints").hexdigest()


def test_versions_of_what_figures_depend_on():
    assert {"python", "torch", "timm", "numpy"} <= set(versions())
