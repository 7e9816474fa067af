"""Prototypes through the real engine: a model of sample parts, its atlas, layout, tokens and pictures."""

import numpy as np
import pytest

from pirn_app.engine import registry
from pirn_app.messages import events, jobs, prototypes
from pirn_app.messages.prototypes import Source, Space
from pirn_core import checkpoint
from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import open_parts
from pirn_core.data.reading import read_sample
from pirn_core.data.truth import read_truth
from pirn_core.learn import Learning
from pirn_core.nn.backbone import load_backbone
from pirn_core.synthetic import generate

SMALL = {
    "augmentation.rotations": 1,
    "training.epochs": 0,
    "training.folds": 2,
    "decoder.prototypes": 40,
    "recipe.input_size": 112,
    "recipe.grid": 14,
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    generate(folder, parts=("flange",), train=3, validation=1, good=1, defective_per_kind=1, size=160)
    return open_parts(folder, category="flange")


@pytest.fixture(scope="module")
def file(parts):
    """A model of three shots."""
    backbone = load_backbone("embedded", input_size=112, grid=14)
    learning = Learning([read_sample(ref) for ref in parts.good()], changed(PirnConfig(), SMALL), backbone)
    for _ in learning.steps():
        pass
    path = parts.root / "small.pirn"
    checkpoint.save(learning.model(), path)
    return path


@pytest.fixture
def trained(listen, file):
    """A listener whose engine holds the model, and the space of its colour tokens."""
    heard = listen()
    assert heard.do(jobs.OpenModel(file, "cpu")).outcome == "done"
    model = heard.of(events.ModelReady)[0].model
    return heard, model, Space(model.card.id, "rgb", 0)


def test_the_whole_way(trained, parts):
    heard, model, space = trained
    assert heard.do(prototypes.SurveyPrototypes(space, parts.refs)).outcome == "done"
    (made,) = heard.of(prototypes.AtlasMade)
    (health,) = heard.of(prototypes.HealthMade)
    assert made.missing == () and set(made.shots) == set(model.card.shots)
    assert health.health.uses["balanced"].evenness > health.health.uses["softmax"].evenness
    order = [type(e) for e in heard.told if isinstance(e, prototypes.AtlasMade | prototypes.HealthMade)]
    assert order[0] is prototypes.AtlasMade, "a layout can begin before the use is known"

    assert heard.do(prototypes.LayOutPrototypes(space, made.atlas, "pca")).outcome == "done"
    (laid,) = heard.of(prototypes.PrototypesLaidOut)
    assert laid.prototypes.shape == (40, 2)
    defective = [r for r in parts.refs if r.label not in ("good", "")]
    ref = max(defective, key=lambda r: read_truth(r, (160, 160)).mask.sum())
    assert heard.do(prototypes.PlaceTokens(space, laid.layout, (ref,), "part")).outcome == "done"
    (placed,) = heard.of(prototypes.TokensPlaced)
    assert placed.asked == (ref.id,) and len(placed.places) == len(placed.scores) == len(placed.tokens) == placed.of
    assert np.isfinite(placed.scores).mean() > 0.8, "patches at the part's rim have their centre beside it"
    mask = read_truth(ref, (160, 160)).mask
    marked = [
        mask[max(0, r0) : r1, max(0, c0) : c1].mean() for r0, c0, r1, c1 in map(placed.tokens.box, range(placed.of))
    ]
    assert placed.defect.any() and not placed.defect.all()
    assert min(np.array(marked)[placed.defect]) > 0.1 and max(np.array(marked)[~placed.defect]) < 0.3
    assert heard.do(jobs.InspectPart(ref)).outcome == "done"
    result = heard.of(events.PartInspected)[-1].result
    row, column = np.rint(placed.tokens.centres[5]).astype(int)
    assert placed.scores[5] == result.map[row, column], "the score is that of the inspection"

    index, found = 7, health.health
    token = int(found.nearest[index, 0])
    shot = made.shots[found.patches.parts[int(found.patches.part[token])]]
    source = Source(shot, found.patches.box(token), float(found.nearest_cosine[index, 0]))
    assert heard.do(prototypes.PicturePrototype(space, index, (source,), model.fitted)).outcome == "done"
    (pictured,) = heard.of(prototypes.PrototypePictured)
    (patch,) = pictured.patches
    assert patch.part == shot.id and patch.rgb.shape == patch.normals.shape and patch.rgb.std() > 1


def test_tokens_of_many_parts_are_drawn_and_said_so(trained, parts):
    heard, _, space = trained
    heard.do(prototypes.SurveyPrototypes(space, parts.refs))
    heard.do(prototypes.LayOutPrototypes(space, heard.of(prototypes.AtlasMade)[0].atlas, "pca"))
    layout = heard.of(prototypes.PrototypesLaidOut)[0].layout
    job = prototypes.PlaceTokens(space, layout, parts.refs[:4], "all", most=50)
    assert heard.do(job).outcome == "done"
    placed = heard.of(prototypes.TokensPlaced)[-1]
    assert len(placed.tokens) == 50 < placed.of and len(placed.tokens.parts) == 4


def test_a_folder_without_the_shots_is_told(trained, parts):
    heard, _, space = trained
    others = tuple(ref for ref in parts.refs if ref.split == "test")
    assert heard.do(prototypes.SurveyPrototypes(space, others)).outcome == "done"
    (told,) = heard.of(prototypes.PrototypesUnavailable)
    assert "None of the model's 3 shots" in told.message and "Open the folder" in told.advice


def test_a_model_that_is_gone_is_not_answered_for(trained, parts):
    heard, _, _ = trained
    assert heard.do(prototypes.SurveyPrototypes(Space("other", "rgb", 0), parts.refs)).outcome == "done"
    assert heard.of(prototypes.AtlasMade, prototypes.PrototypesUnavailable) == []


def test_tsne_stops_between_its_rounds(trained, parts):
    heard, _, space = trained
    heard.do(prototypes.SurveyPrototypes(space, parts.refs))
    number = heard.engine.submit(prototypes.LayOutPrototypes(space, heard.of(prototypes.AtlasMade)[0].atlas, "tsne"))
    heard.until(lambda: any(e.number == number for e in heard.of(events.JobStarted)))
    heard.engine.cancel(number)
    assert heard.end(number).outcome == "cancelled" and heard.of(prototypes.PrototypesLaidOut) == []


def test_inspection_never_waits_for_them():
    entries = registry.REGISTRY
    assert entries[prototypes.LayOutPrototypes].lane == "layout"
    for kind in (prototypes.SurveyPrototypes, prototypes.PlaceTokens):
        entry = entries[kind]
        assert entry.lane == "compute" and entry.latest and entry.pausable and not entry.urgent
