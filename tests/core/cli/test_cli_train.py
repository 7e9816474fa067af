"""`pirn train` and `pirn info`: shots, settings, model card, resuming."""

import json
import os
import shutil
import signal

import pytest
import torch

from pirn_core import checkpoint
from pirn_core.resuming import progress_path


def test_training_writes_a_model_that_opens(training):
    path, done = training
    model = checkpoint.load(path)
    assert done.json["id"] == model.id
    assert model.config.seed == 1 and model.config.recipe.input_size == 112 and model.pirn.prototypes == 30
    assert not progress_path(path).exists()


def test_the_card_records_the_shots_and_compares_with_the_untrained_codebook(training, sample_set):
    _, done = training
    card = done.json
    assert len(card["shots"]) == 3 and all(shot.startswith("train/good/") for shot in card["shots"])
    held = card["held_out"]
    assert 0.0 <= held["untrained"] <= 1.0 and held["trained"] >= held["untrained"]
    assert card["threshold_source"].startswith("The highest score of 3 shots")
    assert card["backbone"] == "embedded" and card["modalities"] == ["rgb", "sn"]


def test_info_shows_the_same_card(pirn, training):
    path, done = training
    assert pirn("info", path, "--json").json == done.json
    text = pirn("info", path).out
    assert "untrained" in text and "trained" in text and "threshold" in text and "embedded" in text
    assert all(shot in text for shot in done.json["shots"])


def test_one_seed_draws_the_same_shots_and_gives_the_same_model(pirn, training, sample_set, small, tmp_path):
    first, done = training
    again = pirn("train", sample_set, "-k", 3, "-s", 1, "-o", tmp_path / "again.pirn", "--json", *small)
    assert again.json["shots"] == done.json["shots"]
    assert again.json["threshold"] == done.json["threshold"]
    one, two = (checkpoint.load(path).pirn.state_dict() for path in (first, tmp_path / "again.pirn"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_named_shots_are_taken(pirn, sample_set, small, tmp_path):
    out = tmp_path / "named.pirn"
    line = ("--pick", "002,train/good/000", "--preset", "untrained", "--no-cache")
    done = pirn("train", sample_set, "-o", out, *line, *small)
    assert done.code == 0, done.err
    assert [shot.id for shot in checkpoint.load(out).shots] == ["train/good/000", "train/good/002"]
    assert "untrained codebook" in done.out and "preset untrained" in done.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--shots", "9"], "9 shots were asked for, there are 4"),
        ([], "how many shots?"),
        (["--shots", "2", "--pick", "000"], "--pick names 1 parts"),
        (["--pick", "017"], "has no part '017'"),
        (["--pick", "test/dent/000"], "is labelled dent"),
        (["--shots", "2", "--set", "decoder.protoypes=3"], "unknown field `protoypes`"),
        (["--shots", "2", "--set", "decoder.prototypes=many"], "Expected `int`"),
        (["--shots", "2", "--set", "prototypes"], "is no assignment"),
        (["--shots", "2", "--set", "seed=4"], "Use --seed"),
        (["--shots", "2", "--preset", "best"], "there is no preset 'best'"),
        (["--shots", "2", "--backbone", "dinov9"], "there is no backbone 'dinov9'"),
        (["--shots", "2", "--device", "tpu"], "'tpu' is no device"),
        (["--shots", "2", "--config", "absent.yaml"], "cannot be read as YAML"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_training(pirn, sample_set, tmp_path, line, message):
    done = pirn("train", sample_set, "--out", tmp_path / "m.pirn", *line)
    assert done.code == 1
    assert message in done.err
    assert not list(tmp_path.iterdir())


def test_a_target_that_cannot_be_written_is_refused_before_training(pirn, sample_set, tmp_path):
    assert "is a folder" in pirn("train", sample_set, "-k", 2, "-o", tmp_path).err
    (tmp_path / "file").write_text("")
    done = pirn("train", sample_set, "-k", 2, "-o", tmp_path / "file" / "m.pirn")
    assert done.code == 1 and "cannot be written there" in done.err


def test_settings_come_from_preset_file_and_flags_in_this_order(tmp_path):
    from pirn_core.cli.settings import assembled

    file = tmp_path / "settings.yaml"
    file.write_text("preset: quick\ndecoder: {prototypes: 70}\ntraining: {batch: 99}\nbackbone: dinov2-small\n")
    found = assembled(preset=None, file=file, assignments=["training.batch=1e2"], seed=4, backbone="embedded")
    assert (found.preset, found.training.folds) == ("quick", 2)
    assert (found.decoder.prototypes, found.training.batch) == (70, 100)
    assert (found.seed, found.backbone) == (4, "embedded")
    paper = assembled(preset="paper", file=file, assignments=["decoder.transport.rho_train=inf"], seed=0, backbone=None)
    assert paper.preset == "paper" and paper.decoder.transport.rho_train == float("inf")
    assert paper.backbone == "dinov2-small"


@pytest.fixture(scope="module")
def stopped(pirn, sample_set, small, tmp_path_factory):
    """A training that got Ctrl-C after five steps, its progress being kept after every step."""
    from pirn_core.resuming import Progress
    from pirn_core.training import Trainer

    steps = Trainer.steps

    def five(self):
        for number, step in enumerate(steps(self)):
            if number == 5:
                os.kill(os.getpid(), signal.SIGINT)
            yield step

    out = tmp_path_factory.mktemp("stopped") / "flange.pirn"
    # A process that was started in the background ignores the signal, and Python with it.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "steps", five)
        patch.setattr(Progress, "keep", lambda self, trainer: self.write(trainer))
        done = pirn("train", sample_set, "-k", 3, "-s", 1, "-o", out, "--json", *small)
    signal.signal(signal.SIGINT, former)
    return out, done


@pytest.fixture
def interrupted(stopped, sample_set, small, tmp_path):
    """The same in a folder of the test's own: the model to be, and the command line."""
    out = tmp_path / "flange.pirn"
    shutil.copy(progress_path(stopped[0]), progress_path(out))
    return out, ("train", sample_set, "-k", 3, "-s", 1, "-o", out, "--json", *small)


def test_an_interrupted_training_leaves_its_progress_and_nothing_else(stopped):
    out, done = stopped
    assert done.code == 130 and "Interrupted" in done.err and not done.out
    assert [path.name for path in out.parent.iterdir()] == ["flange.pirn.ckpt"]


def test_resuming_gives_the_model_of_an_uninterrupted_training(pirn, interrupted, model):
    out, line = interrupted
    done = pirn(*line, "--resume")
    assert done.code == 0 and "Going on from" in done.err
    resumed, whole = checkpoint.load(out), checkpoint.load(model)
    assert resumed.calibration.threshold == whole.calibration.threshold
    state = resumed.pirn.state_dict()
    assert all(torch.equal(state[name], values) for name, values in whole.pirn.state_dict().items())
    assert not progress_path(out).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["-s", "2"], "its settings and shots differ (seed was 1, now 2)"),
        (["--set", "decoder.prototypes=31"], "was 30, now 31"),
    ],
)
def test_the_progress_of_another_run_is_refused(pirn, interrupted, change, message):
    out, line = interrupted
    kept = progress_path(out).read_bytes()
    done = pirn(*line, "--resume", *change)
    assert done.code == 1
    assert "belongs to another run" in done.err and message in done.err
    assert progress_path(out).read_bytes() == kept and not out.exists()


def test_a_damaged_progress_is_refused(pirn, interrupted):
    out, line = interrupted
    progress_path(out).write_bytes(progress_path(out).read_bytes()[:2000])
    done = pirn(*line, "--resume")
    assert done.code == 1 and "flange.pirn.ckpt: is damaged" in done.err


def test_the_progress_holds_no_code(interrupted):
    out, _ = interrupted
    content = torch.load(progress_path(out), weights_only=True)
    assert content["identity"]["config"]["seed"] == 1 and json.dumps(content["identity"])


def test_resuming_without_progress_begins_anew_and_says_so(pirn, sample_set, small, tmp_path):
    done = pirn("train", sample_set, "-k", 1, "-o", tmp_path / "m.pirn", "--resume", "--preset", "untrained", *small)
    assert done.code == 0 and "training begins anew" in done.err
    assert "on views that were left out" in " ".join(done.out.split())


def test_progress_is_written_when_it_is_due_and_not_more_often(tmp_path):
    from types import SimpleNamespace

    from pirn_core.resuming import Progress

    trainer = SimpleNamespace(state_dict=lambda: {"seconds": 1.0})
    identity = {"config": {}, "shots": [], "backbone": []}
    assert not Progress(tmp_path / "late", identity, every=3600.0).keep(trainer)
    assert not (tmp_path / "late").exists()
    soon = Progress(tmp_path / "soon", identity, every=0.0)
    assert soon.keep(trainer) and (tmp_path / "soon").exists()
    assert soon.found(torch.device("cpu")) == {"seconds": 1.0}
    soon._cost = 100.0
    assert not soon.keep(trainer), "slow writing must not eat the training time"


def test_progress_that_cannot_be_written_says_so(tmp_path):
    from types import SimpleNamespace

    from pirn_core.errors import CheckpointError
    from pirn_core.resuming import Progress

    (tmp_path / "file").write_text("")
    progress = Progress(tmp_path / "file" / "m.ckpt", {}, every=0.0)
    with pytest.raises(CheckpointError, match="the progress cannot be written"):
        progress.keep(SimpleNamespace(state_dict=dict))
