"""The task for real: what it tells, in which order, and what it reads only once."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from pirn_app.engine.registry import REGISTRY
from pirn_app.engine.tasks import inspection, models
from pirn_app.engine.tasks import origin as task
from pirn_app.engine.tools import Tools
from pirn_app.messages import events, jobs
from pirn_app.messages.origin import ExplainOrigin, OriginExplained, OriginFailed
from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import open_parts
from pirn_core.files import resource

pytestmark = pytest.mark.skipif(
    not resource("backbones", "embedded.safetensors").is_file(), reason="the embedded weights are not in this checkout"
)

SETTINGS = {
    "backbone": "embedded",
    "recipe.input_size": 112,
    "decoder.prototypes": 40,
    "augmentation.rotations": 1,
    "training.enabled": False,
    "training.folds": 2,
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    from pirn_core.synthetic import generate

    folder = tmp_path_factory.mktemp("samples") / "set"
    generate(folder, parts=("flange",), train=3, validation=0, good=1, defective_per_kind=1, size=128)
    return open_parts(folder, category="flange")


@pytest.fixture(scope="module")
def path(parts, tmp_path_factory):
    from pirn_core import checkpoint
    from pirn_core.data.reading import read_sample
    from pirn_core.learn import Learning
    from pirn_core.nn.backbone import load_backbone

    shots = [read_sample(ref) for ref in tuple(parts.good())[:2]]
    learning = Learning(shots, changed(PirnConfig(), SETTINGS), load_backbone("embedded", input_size=112))
    list(learning.steps())
    file = tmp_path_factory.mktemp("models") / "flange.pirn"
    checkpoint.save(learning.model(), file)
    return file


@pytest.fixture
def tools(path, monkeypatch):
    monkeypatch.setattr(task, "_SHOTS", type(task._SHOTS)(60))
    monkeypatch.setattr(task, "_BANKS", type(task._BANKS)(2))
    made = Tools()
    list(models.open_model(jobs.OpenModel(path, "cpu"), made))
    return made


@pytest.fixture
def ref(parts):
    return next(ref for ref in parts.refs if ref.split == "test" and ref.label != "good")


def answers(found):
    return [event.explanation for event in found if isinstance(event, OriginExplained)]


def test_the_answer_comes_at_once_and_again_with_the_shots(tools, ref, parts):
    found = list(task.explain_origin(ExplainOrigin(ref, parts.refs), tools))
    early, late = answers(found)
    assert isinstance(found[0], OriginExplained), "nothing is waited for"
    assert not early.nearest and set(late.nearest) == {"rgb", "sn", "both"}
    assert late.nearest["rgb"].shots == tuple(shot.id for shot in tools.bench.inspector.model.shots)
    assert any(isinstance(event, events.JobProgress) for event in found)
    (result,) = [e.result for e in inspection.inspect_part(jobs.InspectPart(ref), tools)]
    assert (late.score, late.part, late.model_id) == (result.score, ref.id, result.model_id)
    np.testing.assert_array_equal(late.steps[-1].map, result.map)


def test_shots_are_read_once(tools, ref, parts, monkeypatch):
    list(task.explain_origin(ExplainOrigin(ref, parts.refs), tools))
    monkeypatch.setattr(task, "_bank", lambda *_: pytest.fail("read again"))
    (only,) = answers(list(task.explain_origin(ExplainOrigin(ref, parts.refs), tools)))
    assert only.nearest


def test_without_the_shots_at_hand_the_rest_is_told(tools, ref):
    (only,) = answers(list(task.explain_origin(ExplainOrigin(ref), tools)))
    assert only.nearest == {} and only.sentences((), only.threshold) == ()


def test_parts_of_the_same_name_with_other_contents_are_no_shots(tools, ref, parts, tmp_path):
    shot = parts.good()[0]
    other = tmp_path / "other.png"
    shutil.copy(parts.good()[2].rgb, other)
    stranger = replace(shot, rgb=other)
    (only,) = answers(list(task.explain_origin(ExplainOrigin(ref, (stranger,)), tools)))
    assert only.nearest == {}
    gone = replace(shot, rgb=tmp_path / "gone.png")
    (only,) = answers(list(task.explain_origin(ExplainOrigin(ref, (gone,)), tools)))
    assert only.nearest == {}


def test_what_inspection_prepared_is_taken_and_the_other_way_round(tools, ref, monkeypatch):
    list(inspection.inspect_part(jobs.InspectPart(ref), tools))
    monkeypatch.setattr("pirn_core.batch.read_sample", lambda *_, **__: pytest.fail("read again"))
    assert answers(list(task.explain_origin(ExplainOrigin(ref), tools)))


def test_a_part_that_cannot_be_read_is_told_and_no_error(tools, ref, tmp_path):
    bad = replace(ref, id="bad", rgb=tmp_path / "none.png", xyz=None)
    (failed,) = list(task.explain_origin(ExplainOrigin(bad), tools))
    assert isinstance(failed, OriginFailed) and failed.part == "bad" and "none.png" in failed.message


def test_the_registry_lets_inspection_go_first(listen, path, ref, parts):
    entry = REGISTRY[ExplainOrigin]
    assert (entry.lane, entry.latest, entry.pausable) == ("compute", True, True)
    heard = listen()
    assert heard.do(jobs.OpenModel(path, "cpu")).outcome == "done"
    ended = heard.do(ExplainOrigin(ref, parts.refs))
    assert ended.outcome == "done", ended
    assert [e.explanation.part for e in heard.of(OriginExplained)][-1] == ref.id
