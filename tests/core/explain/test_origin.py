"""Where the score comes from: every map agrees with the inspection that it takes apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core.calibration import evidence_maps
from pirn_core.explain.nearest import PatchBank, shot_patches
from pirn_core.explain.origin import explain_origin, with_bank
from pirn_core.explain.refinement import LARGEST, lost_regions, partly_refined
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning
from pirn_core.nn.communication import attend
from pirn_core.scoring import fused, part_score
from pirn_core.training.records import evidence

FORCED = {"training.early_stop": False, "training.epochs": 1, "decoder.layers": 2}


def learned(plate, settings, backbone, **changes):
    learning = Learning([plate(k) for k in range(2)], settings(**changes), backbone)
    for _ in learning.steps():
        pass
    return Inspector(learning.model(), backbone)


@pytest.fixture(scope="module")
def plain(trained, plate):
    """The default model, which dropped communication or not, and a damaged part."""
    inspector = Inspector(trained.model, trained.backbone)
    return inspector, inspector.prepare(plate(20, defect=True))


@pytest.fixture(scope="module")
def talking(trained, plate, settings):
    """Two layers whose gates stand open, and a damaged part."""
    changes = {name.replace(".", "__"): value for name, value in FORCED.items()}
    inspector = learned(plate, settings, trained.backbone, **changes)
    with torch.no_grad():
        for layer in inspector.model.pirn.layers:
            for modality in inspector.model.modalities:
                layer.branch(modality).injection.gamma.fill_(0.4)
    return inspector, inspector.prepare(plate(20, defect=True))


@pytest.fixture(scope="module")
def explained(talking):
    return explain_origin(*talking)


@pytest.fixture(scope="module")
def bank(talking, plate):
    inspector, _ = talking
    return PatchBank(inspector.model, [shot_patches(inspector.prepare(plate(k))) for k in range(2)])


@pytest.mark.parametrize("model", ["plain", "talking"])
def test_the_ends_are_the_two_inspections(model, request):
    inspector, prepared = request.getfixturevalue(model)
    found = explain_origin(inspector, prepared)
    refined, as_trained = inspector.inspect(prepared), inspector.inspect(prepared, refine=False)
    for step, result in ((found.steps[0], as_trained), (found.steps[-1], refined)):
        assert step.score == result.score
        np.testing.assert_array_equal(step.map, result.map)
        for modality, values in result.maps.items():
            np.testing.assert_array_equal(step.modalities[modality], values)
    np.testing.assert_array_equal(found.layers[-1].fused, refined.map)
    assert found.score == refined.score == refined.map[found.peak_at]
    assert [step.layers for step in found.steps] == list(range(len(inspector.model.pirn.layers) + 1))
    np.testing.assert_array_equal(found.difference(), refined.map - as_trained.map)


def test_a_trace_that_is_at_hand_gives_the_same(plain):
    inspector, prepared = plain
    again = explain_origin(inspector, prepared, found=inspector.explain(prepared))
    np.testing.assert_array_equal(again.layers[0].bpa, explain_origin(inspector, prepared).layers[0].bpa)


def test_steps_between_really_refine_some_layers_only(talking, explained):
    inspector, prepared = talking
    first, half, last = explained.steps
    assert len({first.score, half.score, last.score}) == 3
    found = partly_refined(inspector.model, prepared, 1)
    for reconstruction in found.values():
        assert reconstruction.layers[0].refinement is not None and reconstruction.layers[1].refinement is None
    for layers, whole in ((0, False), (2, True)):
        own, expected = partly_refined(inspector.model, prepared, layers), inspector.explain(prepared, refine=whole)
        for modality, reconstruction in own.items():
            assert torch.equal(reconstruction.output, expected[modality].output)


@torch.inference_mode()
def test_stages_are_made_of_the_traces(talking, explained):
    """Residuals worked out here, in numpy, from the decoder's own tensors."""
    inspector, prepared = talking
    model, found = inspector.model, inspector.explain(prepared)
    booked = evidence(found)
    for number, layer in enumerate(explained.layers):
        expected = {"bpa": {}, "silent": {}, "fused": {}}
        for modality, reconstruction in found.items():
            trace = reconstruction.layers[number]
            fed = model.pirn.layers[number].branch(modality).feed_forward
            outputs = {"bpa": trace.bpa, "silent": fed(trace.bpa), "fused": fed(trace.bpa + trace.injection.added)}
            for stage, output in outputs.items():
                target, other = reconstruction.target[0].numpy(), output[0].detach().numpy()
                cosine = (target * other).sum(1) / np.linalg.norm(target, axis=1) / np.linalg.norm(other, axis=1)
                expected[stage][modality] = replace(booked[modality], residual=(1 - cosine).astype(np.float32))
        for stage, items in expected.items():
            maps = evidence_maps(items, prepared.frame, model.calibration.expected, model.config.scoring)
            wanted = fused(maps, model.config.scoring.exponent)
            np.testing.assert_allclose(getattr(layer, stage), wanted, atol=2e-4, err_msg=stage)
    last = explained.layers[-1]
    assert not np.allclose(np.nan_to_num(last.silent), np.nan_to_num(last.fused)), "open gates change the map"


def test_maps_share_what_was_seen(explained):
    seen = explained.frame.seen
    for layer in explained.layers:
        for values in (layer.fused, layer.bpa, layer.silent, *layer.modalities.values()):
            np.testing.assert_array_equal(np.isfinite(values), np.isfinite(explained.steps[-1].map))
            assert values.shape == seen.shape and values.dtype == np.float32


def test_shares_are_those_at_the_peak(explained):
    assert sum(explained.share.values()) == pytest.approx(1.0)
    step = explained.steps[-1]
    values = {m: step.modalities[m][explained.peak_at] for m in ("rgb", "sn")}
    assert explained.share["rgb"] == pytest.approx(values["rgb"] / (values["rgb"] + values["sn"]))


def test_moves_are_counted_per_layer(talking, explained):
    inspector, prepared = talking
    found = inspector.explain(prepared)
    assert [(m.layer, m.modality) for m in explained.moves] == [(1, "rgb"), (1, "sn"), (2, "rgb"), (2, "sn")]
    for moves in explained.moves:
        lengths = found[moves.modality].layers[moves.layer - 1].refinement.moved[0].norm(dim=-1).numpy()
        assert moves.moved == int((lengths > 1e-6).sum()) <= moves.prototypes == len(lengths)
        assert moves.mean == pytest.approx(lengths[lengths > 1e-6].mean(), rel=1e-5)
        assert len(moves.largest) == min(LARGEST, moves.moved)
        assert moves.largest[0].index == lengths.argmax()
        listed = [one.length for one in moves.largest]
        assert listed == sorted(listed, reverse=True)
        assert moves.left_out == pytest.approx(0.3, abs=0.05), "`trimmed` keeps 70 % of the part's tokens"


def test_messages_are_attention_and_its_places(talking, explained):
    inspector, prepared = talking
    found = inspector.explain(prepared)
    assert [(m.layer, m.modality, m.other) for m in explained.messages] == [
        (1, "rgb", "sn"),
        (1, "sn", "rgb"),
        (2, "rgb", "sn"),
        (2, "sn", "rgb"),
    ]
    assert explained.silence == "" and set(explained.gates) == {"1/rgb", "1/sn", "2/rgb", "2/sn"}
    for message in explained.messages:
        trace = found[message.modality].layers[message.layer - 1]
        other = found[message.other].layers[message.layer - 1].assignment.weights[0].numpy()
        attention = attend(trace.injection.queries, trace.injection.keys)[0].detach().numpy()
        assert message.gate == pytest.approx(np.tanh(0.4))
        token = explained.token_at(explained.peak_at)
        assert attention[token, message.best[token, 0]] == pytest.approx(attention[token].max())
        np.testing.assert_allclose(message.regions[token], other @ attention[token], atol=1e-3)
        laid = explained.attention(message, token)
        assert laid.shape == explained.frame.seen.shape
        assert not np.isfinite(laid[~explained.frame.seen]).any()
        assert np.nanmin(laid) >= 0 and np.nanmax(laid) <= 1


def test_silence_has_its_reason(trained, plate, settings, plain, talking):
    inspector, prepared = plain
    assert not inspector.model.pirn.config.communication.enabled, "the small plates have nothing to tell each other"
    found = explain_origin(inspector, prepared)
    assert found.silence == "Held-out shots were not better with communication, so this model does not use it."
    assert found.messages == () and all(layer.silent is None for layer in found.layers)
    off = learned(plate, settings, trained.backbone, decoder__communication__enabled=False)
    assert "switched off" in explain_origin(off, off.prepare(plate(9))).silence
    speaker, _ = talking
    deaf = speaker.prepare(plate(9, points=False))
    told = explain_origin(speaker, deaf)
    assert "no 3D points" in told.silence and told.missing == "Colour only: this part has no 3D points."
    assert set(told.share) == {"rgb"} and told.layers[-1].silent is None


def test_closed_gates_are_said(trained, plate, settings):
    closed = learned(plate, settings, trained.backbone, training__early_stop=False, training__epochs=1)
    with torch.no_grad():
        for modality in closed.model.modalities:
            closed.model.pirn.layers[0].branch(modality).injection.gamma.zero_()
    found = explain_origin(closed, closed.prepare(plate(9)))
    assert found.silence.startswith("All gates stayed closed") and set(found.gates.values()) == {0.0}


def test_one_modality_only(trained, plate, settings):
    learning = Learning([plate(k, points=False) for k in range(2)], settings(), trained.backbone)
    for _ in learning.steps():
        pass
    single = Inspector(learning.model(), trained.backbone)
    prepared = single.prepare(plate(20, defect=True, points=False))
    bank = PatchBank(single.model, [shot_patches(single.prepare(plate(k, points=False))) for k in range(2)])
    found = explain_origin(single, prepared, bank)
    assert "one modality" in found.silence and found.missing.startswith("Colour only: the model")
    assert set(found.nearest) == {"rgb"}
    regions = single.inspect(prepared).regions
    assert regions and all("shot good/" in text for text in found.sentences(regions, found.threshold))


def test_without_refinement_there_is_one_step(trained, plate, settings):
    inspector = learned(plate, settings, trained.backbone, decoder__refinement__context="none")
    found = explain_origin(inspector, inspector.prepare(plate(20, defect=True)))
    assert len(found.steps) == 1 and not found.refines and found.moves == ()
    assert found.lost(found.threshold) == () and not np.nan_to_num(found.difference()).any()


def test_a_shot_is_nearest_to_itself(talking, plate, bank):
    inspector, _ = talking
    prepared = inspector.prepare(plate(1))
    lookups = bank.lookup(prepared)
    assert set(lookups) == {"rgb", "sn", "both"} and bank.shots == ("good/000", "good/001")
    on_part = prepared.frame.foreground
    own = shot_patches(prepared)
    for lookup in lookups.values():
        assert (lookup.shot[on_part] == 1).all() and (lookup.shot[~on_part] == -1).all()
        np.testing.assert_array_equal(lookup.pixels[on_part], own.pixels)
        np.testing.assert_allclose(lookup.cosine[on_part], 1.0, atol=1e-3)
        assert lookup.at(int(np.flatnonzero(~on_part)[0])) is None


def test_nearest_agrees_with_a_slow_search(talking, plate, bank):
    inspector, prepared = talking
    shots = [shot_patches(inspector.prepare(plate(k))) for k in range(2)]
    codebook = inspector.model.pirn.codebook("sn")
    lookup = bank.lookup(prepared)["sn"]
    for token in np.flatnonzero(prepared.frame.foreground)[::7]:
        own = codebook.standardise(prepared.tokens["sn"][0, token]).numpy()
        best = max(
            (float(own @ codebook.standardise(torch.from_numpy(row).float()).numpy()), shot.part, tuple(pixel))
            for shot in shots
            for row, pixel in zip(shot.tokens["sn"], shot.pixels, strict=True)
        )
        found = lookup.at(token)
        assert (found.cosine, found.shot, (found.row, found.column)) == (pytest.approx(best[0], abs=1e-4), *best[1:])


def test_patterns_complete_an_explanation(talking, explained, bank):
    inspector, prepared = talking
    late, at_once = with_bank(explained, prepared, bank), explain_origin(inspector, prepared, bank)
    assert late.moves == at_once.moves and explained.moves[0].largest[0].pattern is None
    assert all(one.pattern.shot in bank.shots for moves in late.moves for one in moves.largest)
    regions = inspector.inspect(prepared).regions
    assert regions
    texts = at_once.sentences(regions, at_once.threshold)
    assert all("nearest normal pattern: shot good/" in text for text in texts)
    assert not any("nearest" in text for text in explained.sentences(regions, explained.threshold))


def test_what_fired_decides_where_patterns_are_looked_up(talking, explained, bank):
    inspector, prepared = talking
    found = with_bank(explained, prepared, bank)
    region = inspector.inspect(prepared).regions[0]
    token = found.token_at(region.peak_at)
    for share, space in (
        ({"rgb": 0.9, "sn": 0.1}, "rgb"),
        ({"rgb": 0.2, "sn": 0.8}, "sn"),
        ({"rgb": 0.55, "sn": 0.45}, "both"),
    ):
        assert found.pattern(replace(region, share=share)) == found.nearest[space].at(token)


def test_lost_regions_are_found_and_sorted():
    before = np.full((40, 60), 0.5, np.float32)
    after = before.copy()
    before[2:6, 2:7], after[2:6, 2:7] = 3.0, 1.5
    before[3, 4] = 3.25
    before[10:14, 2:7], after[10:14, 2:7] = 4.0, 2.5  # lowered, but still above
    before[20:24, 2:7], after[20:24, 2:7] = 5.0, 1.9
    before[30, 30], after[30, 30] = 3.0, 1.0  # a speck
    before[36:, :] = after[36:, :] = np.nan
    larger, smaller = lost_regions(before, after, 2.0)
    assert (larger.before, larger.after, larger.box, larger.pixels) == (5.0, pytest.approx(1.9), (20, 2, 24, 7), 20)
    assert (smaller.before, smaller.after, smaller.peak_at) == (3.25, 1.5, (3, 4))
    assert lost_regions(after, after, 2.0) == () and lost_regions(before, after, 9.0) == ()
    speck = np.full((9, 9), 0.5, np.float32)
    speck[4, 4] = 3.0
    assert len(lost_regions(speck, np.full((9, 9), 0.5, np.float32), 2.0)) == 1, "a speck counts where it is all"


def test_scores_are_map_maxima(explained):
    assert all(step.score == part_score(step.map) for step in explained.steps)


def test_patterns_are_looked_up_where_regions_may_be(talking, bank):
    inspector, prepared = talking
    found = explain_origin(inspector, prepared, bank)
    looked_up = found.nearest["both"].shot >= 0
    assert looked_up[found.token_at(found.peak_at)] and not (looked_up & ~prepared.frame.foreground).any()
    everything = bank.lookup(prepared)["both"]
    np.testing.assert_array_equal(found.nearest["both"].shot[looked_up], everything.shot[looked_up])
    quiet = replace(inspector.model, threshold=1e6)
    few = explain_origin(inspector.with_model(quiet), prepared, bank).nearest["both"].shot >= 0
    assert few.sum() == 1 and few[found.token_at(found.peak_at)]
