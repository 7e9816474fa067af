"""The model file: what goes in comes out; what is damaged is refused by name; nothing is ever half written."""

import errno
import json
import pickle
import pickletools
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pirn_core import checkpoint
from pirn_core.config import changed
from pirn_core.errors import BackboneError, CheckpointError
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """A saved model and its bytes; tests write their own copies."""
    path = tmp_path_factory.mktemp("models") / "plate.pirn"
    model = checkpoint.save(trained.model, path)
    return model, path, path.read_bytes()


def rewritten(path, target, *, edit, keep_id=False):
    """A copy whose description was edited; with a matching id unless the old one is kept."""
    with safe_open(path, framework="pt") as file:
        meta = json.loads(file.metadata()["pirn_model"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    edit(meta, tensors)
    if not keep_id:
        meta.pop("id")
        meta["id"] = checkpoint._identity(tensors, meta)
    save_file(tensors, target, metadata={"pirn_model": json.dumps(meta)})
    return target


def assert_same_records(one, other):
    for a, b in zip(one, other, strict=True):
        assert (a.part, a.source) == (b.part, b.source)
        for name in ("seen", "foreground"):
            np.testing.assert_array_equal(getattr(a.frame, name), getattr(b.frame, name))
        for name in ("foreground", "valid", "to_image"):
            np.testing.assert_array_equal(getattr(a.frame.view, name), getattr(b.frame.view, name))
        assert a.evidence.keys() == b.evidence.keys()
        for m, item in a.evidence.items():
            for name in ("residual", "prototypes", "weights"):
                mine, theirs = getattr(item, name), getattr(b.evidence[m], name)
                assert mine.dtype == theirs.dtype
                np.testing.assert_array_equal(mine, theirs)


def test_a_model_comes_back_as_it_was(saved, trained):
    model, path, _ = saved
    loaded = checkpoint.load(path)
    state, state2 = trained.model.pirn.state_dict(), loaded.pirn.state_dict()
    assert state.keys() == state2.keys()
    assert all(torch.equal(state[k], state2[k]) and state[k].dtype == state2[k].dtype for k in state)
    assert_same_records(model.records, loaded.records)
    for name in ("config", "fitted", "backbone", "shots", "threshold", "id", "modalities"):
        assert getattr(model, name) == getattr(loaded, name), name
    assert json.loads(json.dumps(model.history)) == loaded.history
    assert model.verdict_limits == loaded.verdict_limits
    assert dict(model.calibration.scores) == dict(loaded.calibration.scores)
    for m in model.modalities:
        np.testing.assert_array_equal(model.calibration.expected[m], loaded.calibration.expected[m])
    assert not loaded.pirn.training


def test_scores_come_back_to_the_last_digit(saved, trained, plate):
    model, path, _ = saved
    one, other = Inspector(model, trained.backbone), Inspector(checkpoint.load(path), trained.backbone)
    for part in (plate(20), plate(21, defect=True), plate(22, rgb=False)):
        a, b = one.inspect(one.prepare(part)), other.inspect(other.prepare(part))
        assert (a.score, a.scores, a.verdict, a.regions, a.model_id) == (
            b.score,
            b.scores,
            b.verdict,
            b.regions,
            b.model_id,
        )
        np.testing.assert_array_equal(a.map, b.map)


def test_saving_again_gives_the_same_file_contents(saved, tmp_path):
    model, path, _ = saved
    again = checkpoint.save(checkpoint.load(path), tmp_path / "again.pirn")
    assert again.id == model.id
    assert checkpoint.read_meta(tmp_path / "again.pirn") == checkpoint.read_meta(path)


def test_the_id_follows_from_the_contents(saved, trained, tmp_path):
    model, _, _ = saved
    target = tmp_path / "x.pirn"

    def id_of(other):
        return checkpoint.save(other, target).id

    assert len(model.id) == 12
    assert id_of(trained.model) == model.id
    others = [
        id_of(model.with_threshold(2.5)),
        id_of(model.with_threshold(2.5000001)),
        id_of(model.confirmed([replace(model.records[0], part="new", source="confirmed")])),
    ]
    loaded = checkpoint.load(target)
    with torch.no_grad():
        loaded.pirn.codebook("rgb").keys[0, 0] += 1e-6
    others.append(id_of(loaded))
    assert len({model.id, *others}) == 5
    back = model.confirmed([replace(model.records[0], part="new", source="confirmed")]).without(["new"])
    assert id_of(back) == model.id


def test_thresholds_and_confirmations_are_kept(saved, trained, plate, tmp_path):
    model, _, _ = saved
    inspector = Inspector(model, trained.backbone)
    record = inspector.normal_record(inspector.prepare(plate(30)))
    changed_model = model.confirmed([record]).with_threshold(4.25)
    checkpoint.save(changed_model, tmp_path / "m.pirn")
    loaded = checkpoint.load(tmp_path / "m.pirn")
    assert loaded.threshold == 4.25
    assert [r.source for r in loaded.records][-1] == "confirmed"
    assert_same_records(changed_model.records, loaded.records)


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder__communication__enabled": False},
        {"decoder__separate_values": False, "decoder__feed_forward": False},
        {"decoder__layers": 2, "decoder__transport__rho_train": "inf", "training__enabled": False},
        {"decoder__refinement__context": "none"},
    ],
)
def test_every_shape_of_decoder_comes_back(changes, plate, settings, backbone, tmp_path):
    learning = Learning([plate(0), plate(1)], settings(**{**changes, "training__epochs": 1}), backbone)
    for _ in learning.steps():
        pass
    model = checkpoint.save(learning.model(), tmp_path / "m.pirn")
    loaded = checkpoint.load(tmp_path / "m.pirn")
    state, state2 = model.pirn.state_dict(), loaded.pirn.state_dict()
    assert state.keys() == state2.keys()
    assert all(torch.equal(state[k], state2[k]) for k in state)
    assert loaded.config == model.config
    assert loaded.pirn.config == model.pirn.config


@pytest.mark.parametrize(("rgb", "points", "modality"), [(True, False, "rgb"), (False, True, "sn")])
def test_models_of_one_modality_come_back(rgb, points, modality, plate, settings, backbone, tmp_path):
    shots = [plate(k, rgb=rgb, points=points) for k in range(2)]
    learning = Learning(shots, settings(training__epochs=1), backbone)
    for _ in learning.steps():
        pass
    checkpoint.save(learning.model(), tmp_path / "m.pirn")
    assert checkpoint.load(tmp_path / "m.pirn").modalities == (modality,)


def test_what_it_says_of_itself_needs_no_tensors(saved):
    model, path, _ = saved
    meta = checkpoint.read_meta(path)
    assert meta["id"] == model.id
    assert meta["backbone"]["name"] == "patches"
    assert [shot["id"] for shot in meta["shots"]] == ["good/000", "good/001", "good/002"]


# Damage. Every kind of it is a CheckpointError that names the file.


def refused(path, words):
    with pytest.raises(CheckpointError, match=words) as error:
        checkpoint.load(path)
    assert str(path) in error.value.message
    assert error.value.advice
    return error.value


def test_a_missing_file(tmp_path):
    refused(tmp_path / "gone.pirn", "there is no such file")
    refused(tmp_path, "there is no such file")


def test_an_empty_file(tmp_path):
    (tmp_path / "m.pirn").touch()
    refused(tmp_path / "m.pirn", "is empty")


def test_a_truncated_file_is_refused_at_every_length(saved, tmp_path):
    _, _, content = saved
    header = 8 + int.from_bytes(content[:8], "little")
    path = tmp_path / "m.pirn"
    chosen = random.Random(0).sample(range(9, len(content)), 40)
    for length in {9, 100, header - 1, header, header + 1, len(content) - 1, *chosen}:
        path.write_bytes(content[:length])
        refused(path, "is truncated")
    for length in range(1, 9):
        path.write_bytes(content[:length])
        refused(path, "truncated|no .pirn model")


def test_a_flipped_bit_is_refused_wherever_it_is(saved, tmp_path):
    _, _, content = saved
    header = 8 + int.from_bytes(content[:8], "little")
    rng = random.Random(1)
    path = tmp_path / "m.pirn"
    positions = [*range(8), *rng.sample(range(8, header), 120), *rng.sample(range(header, len(content)), 40)]
    for position in positions:
        damaged = bytearray(content)
        damaged[position] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError) as error:
            checkpoint.load(path)
        assert str(path) in error.value.message


def test_flipped_numbers_are_called_damage(saved, tmp_path):
    _, _, content = saved
    header = 8 + int.from_bytes(content[:8], "little")
    path = tmp_path / "m.pirn"
    for position in (header + 5, (header + len(content)) // 2, len(content) - 2):
        damaged = bytearray(content)
        damaged[position] ^= 0x40
        path.write_bytes(damaged)
        refused(path, "damaged")


def test_numbers_read_as_another_type_are_damage(saved, tmp_path):
    """One letter in the header turns floats into integers of the same size; all bytes of the data still match."""
    _, _, content = saved
    path = tmp_path / "m.pirn"
    assert b'"dtype":"F32"' in content
    path.write_bytes(content.replace(b'"dtype":"F32"', b'"dtype":"I32"', 1))
    refused(path, "damaged")


def test_trailing_bytes_are_refused(saved, tmp_path):
    path = tmp_path / "m.pirn"
    path.write_bytes(saved[2] + b"more")
    refused(path, "truncated|no .pirn model")


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_refused(seed, tmp_path):
    path = tmp_path / "m.pirn"
    path.write_bytes(random.Random(seed).randbytes(5000))
    refused(path, r"no \.pirn model|truncated")


def test_a_text_file_is_refused(tmp_path):
    path = tmp_path / "m.pirn"
    path.write_text("this is a model, really\n" * 50)
    refused(path, r"no \.pirn model")


def test_weights_of_something_else_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"layer.weight": torch.zeros(3, 3)}, path, metadata={"format": "pt"})
    assert "backbones import" in refused(path, "holds tensors, but no PIRN model").advice


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('the file ran code')",))


@pytest.mark.parametrize("how", ["pickle", "torch"])
def test_a_pickle_is_refused_unopened(how, tmp_path):
    path = tmp_path / "m.pirn"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
        assert any(op.name == "REDUCE" for op, _, _ in pickletools.genops(path.read_bytes()))
    else:
        torch.save({"pirn": Bomb()}, path)
    refused(path, r"no \.pirn model|truncated")


def test_loading_never_unpickles(saved, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("a model was unpickled")

    monkeypatch.setattr(pickle, "load", forbidden)
    monkeypatch.setattr(pickle, "loads", forbidden)
    monkeypatch.setattr(pickle, "Unpickler", forbidden)
    monkeypatch.setattr(torch, "load", forbidden)
    assert checkpoint.load(saved[1]).id == saved[0].id


def test_a_newer_file_is_refused_as_such(saved, tmp_path):
    def newer(meta, _):
        meta["schema"] = checkpoint.SCHEMA + 1
        meta["history"]["program"] = "9.8.7"
        meta["something_new"] = True

    path = rewritten(saved[1], tmp_path / "m.pirn", edit=newer)
    error = refused(path, r"has schema 3, this program knows up to 2 .*9\.8\.7")
    assert error.advice == "Update the program."


def test_newer_settings_are_refused_as_such(saved, tmp_path):
    def newer(meta, _):
        meta["config"]["schema"] = 99

    assert refused(rewritten(saved[1], tmp_path / "m.pirn", edit=newer), "schema 99").advice == "Update the program."


def test_an_unknown_setting_names_the_file_and_itself(saved, tmp_path):
    def unknown(meta, _):
        meta["config"]["training"]["momentum"] = 0.9

    with pytest.raises(CheckpointError, match=r"m\.pirn.*momentum"):
        checkpoint.load(rewritten(saved[1], tmp_path / "m.pirn", edit=unknown))


def drop(key):
    def edit(meta, _):
        del meta[key]

    return edit


def missing_tensor(_, tensors):
    del tensors["pirn.codebooks.rgb.keys"]


def wrong_shape(_, tensors):
    tensors["pirn.codebooks.rgb.keys"] = torch.zeros(3, 3)


def missing_record(_, tensors):
    for name in [n for n in tensors if n.startswith("record.1.")]:
        del tensors[name]


@pytest.mark.parametrize(
    "edit",
    [
        drop("backbone"),
        drop("records"),
        drop("fitted"),
        drop("config"),
        missing_tensor,
        wrong_shape,
        missing_record,
    ],
)
def test_contents_that_do_not_fit_together_are_refused(saved, tmp_path, edit):
    refused(rewritten(saved[1], tmp_path / "m.pirn", edit=edit), "do not fit together")


def test_an_edited_description_is_damage(saved, tmp_path):
    def lower(meta, _):
        meta["threshold"] = 0.1

    refused(rewritten(saved[1], tmp_path / "m.pirn", edit=lower, keep_id=True), "do not match its id")


@pytest.mark.parametrize(
    "text", ["{not json", "[]", "3", "{}", '{"schema": "one"}', '{"schema": null}', '{"schema": 1}', '{"schema": 2}']
)
def test_broken_descriptions_are_refused(text, tmp_path):
    path = tmp_path / "m.pirn"
    save_file({"a": torch.zeros(1)}, path, metadata={"pirn_model": text})
    with pytest.raises(CheckpointError, match=r"m\.pirn"):
        checkpoint.load(path)


# Writing.


def test_writing_fails_without_a_trace(saved, trained, tmp_path, monkeypatch):
    path = tmp_path / "m.pirn"
    path.write_bytes(saved[2])
    from safetensors import SafetensorError

    for failure in (OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error: no space left")):

        def half(tensors, target, metadata, failure=failure):
            target.write_bytes(b"half of the file")
            raise failure

        monkeypatch.setattr(checkpoint, "save_file", half)
        with pytest.raises(CheckpointError, match=r"m\.pirn: cannot be written: .*[Nn]o space left"):
            checkpoint.save(trained.model.with_threshold(9.0), path)
        assert path.read_bytes() == saved[2]
        assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_while_writing_leaves_the_old_model(saved, trained, tmp_path, monkeypatch):
    path = tmp_path / "m.pirn"
    path.write_bytes(saved[2])

    def interrupted(tensors, target, metadata):
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(trained.model, path)
    assert path.read_bytes() == saved[2]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_named(trained, tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(CheckpointError, match="cannot be written") as error:
        checkpoint.save(trained.model, tmp_path / "taken" / "m.pirn")
    assert "folder" in error.value.advice


def test_saving_overwrites_whole(saved, trained, tmp_path):
    path = tmp_path / "m.pirn"
    path.write_bytes(b"an older and much longer file" * 10_000)
    assert checkpoint.save(trained.model, path).id == saved[0].id
    assert checkpoint.load(path).id == saved[0].id


# The backbone is not in the file.


def test_other_weights_of_the_backbone_are_refused(saved, support):
    other = support.PatchBackbone()
    other.weights_sha256 = "f" * 64
    with pytest.raises(BackboneError, match="ffffffffffff, the model wants 0123456789ab"):
        Inspector(checkpoint.load(saved[1]), other)


def test_a_backbone_that_is_not_here_is_named(saved):
    with pytest.raises(BackboneError, match="patches"):
        Inspector.open(checkpoint.load(saved[1]), torch.device("cpu"))


def test_a_changed_config_does_not_reach_the_saved_model(saved):
    model, path, _ = saved
    other = replace(model, config=changed(model.config, {"scoring.margin": 3.0}), id="")
    assert other.calibration.threshold > model.calibration.threshold
    assert checkpoint.load(path).calibration.threshold == model.calibration.threshold
