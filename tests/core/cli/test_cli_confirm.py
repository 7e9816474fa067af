"""`pirn confirm`: the threshold changes, nothing else does, and it can be taken back."""

import json
import shutil

import pytest

from pirn_core import checkpoint


@pytest.fixture
def own(model, tmp_path):
    """A copy of the model that may be changed."""
    return shutil.copy(model, tmp_path / "own.pirn")


@pytest.fixture
def good(sample_set):
    return sample_set / "validation" / "good"


def test_confirming_changes_the_calibration_and_keeps_the_former_model(pirn, own, model, good):
    done = pirn("confirm", own, good, "--json")
    assert done.code == 0, done.err
    found, before, after = done.json, checkpoint.load(model), checkpoint.load(own)
    assert found["id"] == after.id != before.id
    assert (found["before"]["threshold"], found["after"]["threshold"]) == (
        before.calibration.threshold,
        after.calibration.threshold,
    )
    assert len(after.records) == len(before.records) + 4
    assert own.with_name("own.pirn.bak").read_bytes() == model.read_bytes()
    assert all(part["verdict_after"] in ("OK", "unsure", "NG") for part in found["confirmed"])


def test_a_confirmed_part_that_was_ng_is_so_no_longer(pirn, own, sample_set):
    part = sample_set / "test" / "good" / "rgb" / "000.png"
    (before,) = pirn("inspect", own, part, "--json").json["parts"]
    trained = checkpoint.load(own)
    checkpoint.save(trained.with_threshold(None), own)
    done = pirn("confirm", own, part, "--json").json
    (change,) = done["confirmed"]
    assert change["score_before"] == before["score"]
    assert change["score_after"] < done["after"]["threshold"] and change["verdict_after"] != "NG"
    (after,) = pirn("inspect", own, part, "--json").json["parts"]
    assert after["score"] == change["score_after"]


def test_confirming_twice_changes_nothing_more(pirn, own, good, tmp_path):
    pirn("confirm", own, good)
    once = checkpoint.load(own)
    copied = shutil.copytree(good, tmp_path / "elsewhere")
    pirn("confirm", own, copied)
    twice = checkpoint.load(own)
    assert [r.part for r in twice.records] == [r.part for r in once.records]
    assert twice.calibration.threshold == once.calibration.threshold


def test_parts_of_one_name_from_different_folders_are_all_kept(pirn, own, sample_set):
    before = len(checkpoint.load(own).records)
    pirn("confirm", own, sample_set / "validation" / "good")
    pirn("confirm", own, sample_set / "test" / "good")
    assert len(checkpoint.load(own).records) == before + 6


def test_removing_gives_the_former_calibration_back(pirn, own, model, good):
    pirn("confirm", own, good)
    done = pirn("confirm", own, good / "rgb" / "001.png", "--remove", "--json")
    assert done.code == 0 and len(done.json["removed"]) == 1
    assert pirn("confirm", own, "000", "--remove").code == 0
    assert pirn("confirm", own, good / "rgb" / "002.png", good / "rgb" / "003.png", "--remove").code == 0
    before, after = checkpoint.load(model), checkpoint.load(own)
    assert after.calibration.threshold == before.calibration.threshold
    assert [r.part for r in after.records] == [r.part for r in before.records]


def test_out_leaves_the_model_alone(pirn, own, model, good, tmp_path):
    done = pirn("confirm", own, good, "--out", tmp_path / "new.pirn")
    assert done.code == 0 and "Threshold" in done.out
    assert own.read_bytes() == model.read_bytes() and not (tmp_path / "own.pirn.bak").exists()
    assert checkpoint.load(tmp_path / "new.pirn").id != checkpoint.load(model).id


def test_the_card_lists_confirmed_parts(pirn, own, good):
    pirn("confirm", own, good / "rgb" / "001.png")
    card = pirn("info", own, "--json").json
    assert len(card["confirmed"]) == 1 and card["confirmed"][0].startswith("validation/good/001@")
    assert "and 1 confirmed good part" in card["threshold_source"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("test/dent/rgb/000.png", "is labelled dent, so it cannot be confirmed as good"),
        ("test/good/rgb/099.png", "there is no such file or folder"),
    ],
)
def test_what_cannot_be_confirmed_leaves_the_model_alone(pirn, own, model, sample_set, part, message):
    done = pirn("confirm", own, sample_set / "test" / "good", sample_set / part)
    assert done.code == 1 and message in " ".join(done.err.split())
    assert own.read_bytes() == model.read_bytes() and not own.with_name("own.pirn.bak").exists()


def test_a_labelled_part_is_confirmed_where_the_user_insists(pirn, own, sample_set):
    done = pirn("confirm", own, sample_set / "test" / "dent" / "rgb" / "000.png", "--any-label")
    assert done.code == 0, done.err


def test_a_shot_is_not_confirmed(pirn, own, model, training, sample_set, tmp_path):
    shot = training[1].json["shots"][0].rsplit("/", 1)[-1]
    for role, suffix in (("rgb", "png"), ("xyz", "tiff")):
        (tmp_path / role).mkdir()
        shutil.copy(sample_set / "train" / "good" / role / f"{shot}.{suffix}", tmp_path / role / f"other.{suffix}")
    done = pirn("confirm", own, tmp_path / "rgb" / "other.png")
    assert done.code == 1 and "is a shot of this model (train/good/" in done.err
    assert own.read_bytes() == model.read_bytes()


def test_removing_what_was_not_confirmed_is_refused(pirn, own, model, good):
    for name in ("nothing", good / "rgb" / "000.png"):
        done = pirn("confirm", own, name, "--remove")
        assert done.code == 1 and "was not confirmed" in done.err and "Confirmed are: none" in done.err
    assert own.read_bytes() == model.read_bytes()


def test_ctrl_c_while_saving_leaves_the_former_model(pirn, own, model, good, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("pirn_core.checkpoint.save_file", interrupted)
    done = pirn("confirm", own, good)
    assert done.code == 130
    assert own.read_bytes() == model.read_bytes()
    assert sorted(path.name for path in own.parent.glob("*.pirn*")) == ["own.pirn", "own.pirn.bak"]


def test_explain_gives_numbers_that_agree_with_the_inspection(pirn, model, sample_set, tmp_path):
    import numpy as np

    part = sample_set / "test" / "crack" / "rgb" / "000.png"
    done = pirn("explain", model, part, "--out", tmp_path, "--json", "--top", 3)
    assert done.code == 0, done.err
    found = done.json
    (inspected,) = pirn("inspect", model, part, "--json").json["parts"]
    assert found["refinement"]["score"] == found["patch"]["score"] == inspected["score"]
    assert all(len(prototypes) == 3 for prototypes in found["patch"]["prototypes"].values())
    assert json.loads((tmp_path / "test/crack/000_explanation.json").read_text(encoding="utf-8")) == found
    with np.load(tmp_path / "test/crack/000_explanation.npz") as arrays:
        assert arrays["residual_rgb"].shape == (196,) and arrays["map"].shape == (128, 128)


def test_explain_shows_a_table(pirn, model, sample_set):
    done = pirn("explain", model, sample_set / "test" / "crack" / "rgb" / "000.png")
    assert done.code == 0
    assert all(word in done.out for word in ("worst patch", "refinement", "displacement", "prototype", "weight"))


def test_explain_takes_one_part(pirn, model, sample_set):
    done = pirn("explain", model, sample_set)
    assert done.code == 1 and "holds 7 parts" in done.err
