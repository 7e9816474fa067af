"""Training, opening and inspecting for real, on small generated parts with the embedded backbone."""

import json
import os
import threading
from dataclasses import replace

import pytest

from pirn_app.engine.registry import REGISTRY
from pirn_app.engine.tasks import training
from pirn_app.messages import events, jobs
from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import open_parts
from pirn_core.data.sample import PartRef
from pirn_core.files import resource

pytestmark = pytest.mark.skipif(
    not resource("backbones", "embedded.safetensors").is_file(), reason="the embedded weights are not in this checkout"
)

SETTINGS = {
    "backbone": "embedded",
    "recipe.input_size": 112,
    "decoder.prototypes": 40,
    "augmentation.rotations": 2,
    "training.epochs": 2,
    "training.folds": 2,
}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    former = os.environ.get("PIRN_CACHE")
    os.environ["PIRN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("PIRN_CACHE") if former is None else os.environ.update(PIRN_CACHE=former)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    from pirn_core.synthetic import generate

    folder = tmp_path_factory.mktemp("samples") / "set"
    generate(folder, parts=("flange",), train=3, validation=0, good=2, defective_per_kind=1, size=128)
    return open_parts(folder, category="flange")


@pytest.fixture(scope="module")
def config():
    return changed(PirnConfig(), SETTINGS)


@pytest.fixture(scope="module")
def shots(parts):
    return tuple(parts.good())[:3]


@pytest.fixture(scope="module")
def tests(parts):
    return tuple(ref for ref in parts.refs if ref.split == "test")


@pytest.fixture(scope="module")
def model(parts, shots, config, tmp_path_factory):
    """A model file, trained as the command line does."""
    from pirn_core import checkpoint
    from pirn_core.data.reading import read_sample
    from pirn_core.learn import Learning
    from pirn_core.nn.backbone import load_backbone

    backbone = load_backbone("embedded", input_size=112)
    learning = Learning([read_sample(ref) for ref in shots], config, backbone)
    list(learning.steps())
    path = tmp_path_factory.mktemp("models") / "flange.pirn"
    return checkpoint.save(learning.model(), path), path


@pytest.fixture
def opened(listen, model):
    """An engine with the model in force."""
    heard = listen()
    assert heard.do(jobs.OpenModel(model[1], "cpu")).outcome == "done"
    heard.told.clear()
    return heard


def by_command_line(model, ref, capsys, *more):
    from pirn_core.cli.app import run

    capsys.readouterr()
    run(["inspect", str(model), str(ref.rgb), "--json", "--device", "cpu", *more])
    return json.loads(capsys.readouterr().out)


def test_train_inspect_and_the_command_line_agree(listen, parts, shots, tests, config, model, tmp_path, capsys):
    heard, out = listen(), tmp_path / "models"
    ended = heard.do(jobs.Train(shots, config, out, "flange A/1", "cpu"))
    assert ended.outcome == "done", ended
    (ready,) = heard.of(events.ModelReady)
    shown = ready.model
    assert [path.name for path in out.iterdir()] == [f"flange-A-1-{shown.card.id}.pirn"] == [shown.path.name]
    assert shown.card.id in ended.message
    assert shown.card.shots == tuple(ref.id for ref in shots) == tuple(shown.shot_scores)
    assert set(shown.shot_hashes) == set(shown.shot_scores)
    assert shown.sure <= shown.threshold == shown.card.threshold
    assert max(shown.shot_scores.values()) < shown.threshold
    assert shown.own_threshold is None
    assert shown.device.startswith("CPU")
    assert shown.fitted.recipe == config.recipe
    _check_course(heard, ended)
    _check_scores(heard, shown, parts, tests, capsys)
    same = replace(model[0], id="")
    assert shown.threshold == same.calibration.threshold, "the engine's training is that of the command line"


def _check_course(heard, ended):
    """Progress goes forwards and no further than the end; encoding and steps are told."""
    encoding, steps = heard.of(events.Encoding), heard.of(events.Trained)
    assert (encoding[-1].done, encoding[-1].of) == (3, 3)
    assert {step.step.stage for step in steps} >= {"fold 1 of 2", "fold 2 of 2"}
    assert steps[-1].step.fraction == 1.0
    fractions = [event.fraction for event in heard.of(events.JobProgress)]
    assert fractions == sorted(fractions)
    assert 0.0 <= fractions[0] < fractions[-1] <= 1.0
    order = [type(event).__name__ for event in heard.told]
    assert (order[0], order[-2:]) == ("JobStarted", ["ModelReady", "JobEnded"])
    assert order.index("Encoding") < order.index("Trained")
    assert heard.told[-1] == ended


def _check_scores(heard, shown, parts, tests, capsys):
    ref = tests[-1]
    heard.do(jobs.InspectPart(ref))
    heard.do(jobs.InspectParts(tests))
    heard.do(jobs.InspectPart(shots := parts.good()[0]))
    found = heard.of(events.PartInspected)
    assert [event.result.ref for event in found] == [ref, *tests, shots]
    assert [event.shot for event in found] == [False] * (1 + len(tests)) + [True]
    assert {event.result.model_id for event in found} == {shown.card.id}
    first, again = found[0].result, found[len(tests)].result
    assert first.score == again.score
    told = by_command_line(shown.path, ref, capsys, "--no-cache")
    (row,) = told["parts"]
    assert told["model"]["id"] == shown.card.id
    assert row["score"] == first.score, "to the last digit"
    assert {m: row[f"score_{m}"] for m in ("rgb", "sn")} == dict(first.scores)
    assert row["verdict"] == first.verdict
    assert (told["sure"], told["threshold"]) == (shown.sure, shown.threshold) == (first.sure, first.threshold)


def test_open_and_reinspect_at_another_threshold(opened, model, tests, capsys, monkeypatch):
    from pirn_core import batch

    ref = tests[-1]
    opened.do(jobs.InspectPart(ref))
    monkeypatch.setattr(batch, "read_sample", None)  # the part is not read again
    score = opened.of(events.PartInspected)[0].result.score
    opened.do(jobs.InspectPart(ref, threshold=0.5 * score))
    opened.do(jobs.InspectPart(ref, threshold=2.0 * score))
    _, low, high = (event.result for event in opened.of(events.PartInspected))
    assert low.score == high.score == score
    assert (low.verdict, low.threshold, low.model_id) == ("NG", 0.5 * score, model[0].id)
    assert high.verdict != "NG"
    assert low.regions
    assert not high.regions
    monkeypatch.undo()
    told = by_command_line(model[1], ref, capsys, "--threshold", repr(0.5 * score))
    assert told["parts"][0]["score"] == score
    assert len(told["parts"][0]["regions"]) == len(low.regions)


def test_batch_with_an_unreadable_part_and_a_look_in_between(opened, tests, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    refs = (tests[0], PartRef("broken", rgb=broken), *tests[1:])
    looked = []

    def look(event):
        if isinstance(event, events.PartFailed) and not looked:
            looked.append(opened.engine.submit(jobs.InspectPart(tests[-1])))

    opened.engine.event.connect(look)
    ended = opened.do(jobs.InspectParts(refs))
    assert (ended.outcome, ended.message) == ("done", f"{len(tests)} parts inspected, 1 could not be.")
    answers = [e for e in opened.told if isinstance(e, events.PartInspected | events.PartFailed)]
    (failed,) = opened.of(events.PartFailed)
    assert failed.part == "broken"
    assert "broken.png" in failed.message
    ids = [e.part if isinstance(e, events.PartFailed) else e.result.ref.id for e in answers]
    assert ids.count(tests[-1].id) == 2
    ids.remove(tests[-1].id)
    assert ids == [ref.id for ref in refs], "in order"
    kinds = [(type(e).__name__, e.number) for e in opened.told if isinstance(e, events.JobStarted | events.JobEnded)]
    batch, look_number = ended.number, looked[0]
    expected = [("JobStarted", batch), ("JobStarted", look_number), ("JobEnded", look_number), ("JobEnded", batch)]
    assert kinds == expected, "the look came between two parts of the batch"
    last = opened.of(events.JobProgress)[-1]
    assert (last.fraction, last.remaining) == (1.0, 0.0)


def test_unreadable_part_in_view(opened, tmp_path):
    ended = opened.do(jobs.InspectPart(PartRef("gone", rgb=tmp_path / "gone.png")))
    assert ended.outcome == "done"
    assert opened.of(events.PartFailed)[0].part == "gone"


@pytest.mark.parametrize("job", [jobs.InspectPart(PartRef("a")), jobs.InspectParts((PartRef("a"),))])
def test_inspection_without_a_model(listen, job):
    ended = listen().do(job)
    assert (ended.outcome, ended.message) == ("failed", "There is no model yet.")


def test_saving_with_a_threshold_leaves_what_is_in_force(opened, model, tests, tmp_path):
    from pirn_core.card import card_of
    from pirn_core.checkpoint import read_meta

    opened.do(jobs.SaveModel(tmp_path / "plain.pirn"))
    opened.do(jobs.SaveModel(tmp_path / "moved.pirn", threshold=1.25))
    plain, moved = opened.of(events.ModelSaved)
    assert plain.id == model[0].id
    card = card_of(read_meta(moved.path))
    assert (card.threshold, card.id) == (1.25, moved.id)
    assert moved.id != plain.id
    opened.do(jobs.InspectPart(tests[0]))
    assert opened.of(events.PartInspected)[0].result.model_id == model[0].id
    opened.do(jobs.OpenModel(moved.path))
    assert opened.of(events.ModelReady)[0].model.own_threshold == 1.25
    opened.do(jobs.InspectPart(tests[0]))
    opened.do(jobs.InspectPart(tests[0], threshold=1.25))
    calibrated, own = (event.result.threshold for event in opened.of(events.PartInspected)[1:])
    assert (calibrated, own) == (model[0].calibration.threshold, 1.25)
    assert opened.do(jobs.SaveModel(tmp_path / "bad.pirn", threshold=-1.0)).outcome == "failed"
    (tmp_path / "file").write_text("")
    ended = opened.do(jobs.SaveModel(tmp_path / "file" / "x.pirn"))
    assert (ended.outcome, "cannot be written" in ended.message) == ("failed", True)


def test_opening_something_else_keeps_the_former_model(opened, model, tests, tmp_path):
    damaged = tmp_path / "damaged.pirn"
    content = bytearray(model[1].read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    for path, words in ((tmp_path / "none.pirn", "no such file"), (damaged, "damaged")):
        ended = opened.do(jobs.OpenModel(path))
        assert ended.outcome == "failed"
        assert words in ended.message
    ended = opened.do(jobs.OpenModel(model[1], "cuda:7"))
    assert ended.outcome == "failed"
    opened.do(jobs.InspectPart(tests[0]))
    assert opened.of(events.PartInspected)[0].result.model_id == model[0].id


def test_failed_training_keeps_the_former_model_and_leaves_no_file(
    opened, model, shots, tests, config, tmp_path, monkeypatch
):
    out = tmp_path / "models"

    def broken(*_):
        raise RuntimeError("calibration went wrong")

    with monkeypatch.context() as patch:
        patch.setattr(training, "opened", broken)  # after the file was written
        ended = opened.do(jobs.Train(shots, config, out, device="cpu"))
    assert (ended.outcome, "calibration went wrong" in ended.message) == ("failed", True)
    assert list(out.iterdir()) == []
    ended = opened.do(jobs.Train((replace(shots[0], rgb=tmp_path / "gone.png"),), config, out, device="cpu"))
    assert (ended.outcome, "gone.png" in ended.message) == ("failed", True)
    (tmp_path / "file").write_text("")
    ended = opened.do(jobs.Train(shots, config, tmp_path / "file", device="cpu"))
    assert (ended.outcome, "cannot be written" in ended.message) == ("failed", True)
    assert opened.of(events.ModelReady) == []
    opened.do(jobs.InspectPart(tests[0]))
    assert opened.of(events.PartInspected)[0].result.model_id == model[0].id


@pytest.mark.parametrize("moment", [events.Encoding, events.Trained])
def test_cancelled_training_keeps_the_former_model_and_leaves_no_file(
    opened, model, shots, tests, config, tmp_path, moment
):
    """With a look that waits for the training's end and then runs with the former model."""
    asked = []

    def cancel(event):
        if isinstance(event, moment) and not asked:
            asked.append(opened.engine.submit(jobs.InspectPart(tests[0])))
            refused.append(opened.engine.submit(jobs.OpenModel(model[1])))
            opened.engine.cancel(number)

    refused = []
    opened.engine.event.connect(cancel)
    longer = changed(config, {"training.epochs": 200, "augmentation.rotations": 8, "training.early_stop": False})
    number = opened.engine.submit(jobs.Train(shots, longer, tmp_path, device="cpu"))
    ended = opened.end(number)
    assert (ended.outcome, ended.message) == ("cancelled", "Training on 3 shots: cancelled.")
    assert list(tmp_path.iterdir()) == []
    assert opened.end(asked[0]).outcome == "done"
    assert opened.end(refused[0]).message == "Training on 3 shots is still under way."
    assert opened.of(events.ModelReady) == []
    assert opened.of(events.PartInspected)[0].result.model_id == model[0].id
    order = [(type(e).__name__, e.number) for e in opened.told if isinstance(e, events.JobStarted | events.JobEnded)]
    assert order.index(("JobEnded", number)) < order.index(("JobStarted", asked[0]))


def test_cancel_reaches_into_the_forward_of_one_shot(shots, config):
    from pirn_app.engine.tools import Tools
    from pirn_core.data.reading import read_sample
    from pirn_core.errors import Cancelled
    from pirn_core.learn import Learning
    from pirn_core.nn.backbone import load_backbone

    tools, told = Tools(), []
    tools.tell = told.append
    backbone = load_backbone("embedded", input_size=112)
    layers = []

    def cancel(*_):
        layers.append(1)
        tools.cancelled.set()

    for layer in (modules := list(backbone.modules())):
        layer.register_forward_hook(cancel)
    with pytest.raises(Cancelled):
        training._encode(Learning([read_sample(shots[0])], config, backbone), tools)
    assert 0 < len(layers) < 5, "cancelled in the first layer, seen before another one"
    assert [event.done for event in told if isinstance(event, events.Encoding)] == [0]
    assert not any(layer._forward_pre_hooks for layer in modules), "the engine's own hooks are gone"


def test_close_during_training(listen, shots, config, tmp_path):
    heard = listen()
    number = heard.engine.submit(jobs.Train(shots, changed(config, {"training.epochs": 200}), tmp_path, device="cpu"))
    heard.until(lambda: heard.of(events.Trained))
    assert heard.engine.close(20_000)
    assert heard.ends(number)[0].outcome == "cancelled"
    assert list(tmp_path.iterdir()) == []


def test_warm_up_names_the_devices(listen):
    heard = listen()
    assert heard.do(jobs.WarmUp()).outcome == "done"
    (found,) = heard.of(events.DevicesFound)
    assert found.devices[0][0] == "cpu"
    assert found.devices[0][1].startswith("CPU")
    assert {"torch", "timm", "numpy"} <= set(found.versions)


def test_backbones(listen, tmp_path, monkeypatch):
    from pirn_core.errors import BackboneError
    from pirn_core.nn import download

    heard = listen()
    heard.do(jobs.ListBackbones())
    assert [state.name for state in heard.of(events.BackbonesListed)[0].backbones][:2] == ["embedded", "dinov2-base"]
    ended = heard.do(jobs.ImportBackbone(tmp_path / "none.safetensors"))
    assert (ended.outcome, "no such file" in ended.message) == ("failed", True)
    asked, held = [], threading.Event()

    def fetch(name, progress):
        asked.append(threading.current_thread())
        progress(10_000_000, 100_000_000)
        if name == "offline":
            raise BackboneError("the weights could not be fetched.", "Check the connection.")
        for _ in range(1000):
            held.wait(0.01)
            progress(20_000_000, 0)
        raise AssertionError("never cancelled")

    monkeypatch.setattr(download, "fetch", fetch)
    assert heard.do(jobs.DownloadBackbone("offline")).advice == "Check the connection."
    number = heard.engine.submit(jobs.DownloadBackbone("dinov2-base"))
    heard.until(lambda: "20 MB" in [event.text for event in heard.of(events.JobProgress)])
    assert heard.do(jobs.ListBackbones()).outcome == "done", "nothing else waits for a download"
    heard.engine.cancel(number)
    assert heard.end(number).outcome == "cancelled"
    assert "10 of 100 MB" in [event.text for event in heard.of(events.JobProgress)]


def test_nothing_but_the_download_task_downloads():
    lanes = {kind.__name__ for kind, entry in REGISTRY.items() if entry.lane == "network"}
    assert lanes == {"DownloadBackbone"}
