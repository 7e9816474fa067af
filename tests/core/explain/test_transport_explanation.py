"""The transport of a part agrees with its inspection and with what the decoder did."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pirn_core.config import changed
from pirn_core.explain import explain_part, explain_transport, tokens_in
from pirn_core.explain.transport import shown_lengths
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning
from pirn_core.scoring import image_map


@pytest.fixture(scope="module")
def explained(trained, plate):
    inspector = Inspector(trained.model, trained.backbone)
    prepared = inspector.prepare(plate(20, defect=True))
    return inspector, prepared, explain_transport(inspector, prepared)


@pytest.fixture(scope="module")
def two_layers(trained, plate, support):
    config = changed(support.small_config(), {"decoder.layers": 2, "training.enabled": False})
    learned = Learning([plate(k) for k in range(2)], config, trained.backbone)
    for _ in learned.steps():
        pass
    inspector = Inspector(learned.model(), trained.backbone)
    prepared = inspector.prepare(plate(21, defect=True))
    return inspector, prepared, explain_transport(inspector, prepared)


def test_lengths_belong_to_the_residuals_of_the_score(explained):
    inspector, prepared, found = explained
    assert found.modalities == ("rgb", "sn") and found.depth == 1
    for modality, reconstruction in inspector.explain(prepared).items():
        layer = found.of(modality, 1)
        assert ((layer.lengths >= 0) & (layer.lengths <= 2)).all()
        np.testing.assert_allclose(layer.lengths**2 / 2, reconstruction.residual[0].numpy(), atol=2e-6)


def test_the_split_is_that_of_the_inspection(explained):
    inspector, prepared, found = explained
    part = explain_part(inspector, prepared)
    np.testing.assert_array_equal(found.anomalous, part.inside)
    np.testing.assert_array_equal(found.above(found.threshold), found.anomalous)
    assert found.threshold == part.result.threshold and not found.by_truth and found.anomalous.any()
    for modality in found.modalities:
        comparison = found.compare(found.of(modality, 1))
        assert comparison.figures.inside == part.displacement[modality].inside
        assert comparison.figures.outside == part.displacement[modality].outside


def test_the_rows_of_the_plan_are_those_of_the_assignment(explained):
    inspector, prepared, found = explained
    for modality, reconstruction in inspector.explain(prepared).items():
        trace, layer = reconstruction.layers[0], found.of(modality, 1)
        weights = trace.assignment.weights[0].numpy()
        keys = trace.refinement.prototypes[0].numpy()
        for token in np.flatnonzero(found.compared)[::7]:
            row, order = layer.row(int(token)), np.sort(weights[token])[::-1]
            np.testing.assert_allclose(row.weights, order[: len(row.weights)], rtol=1e-6)
            np.testing.assert_allclose(weights[token][list(row.prototypes)], row.weights, rtol=1e-6)
            held = np.cumsum(order.astype(float))
            assert held[row.needed - 1] >= 0.9 - 1e-5 and (row.needed == 1 or held[row.needed - 2] < 0.9 + 1e-5)
            first = keys[row.prototypes[0]]
            token_in = trace.inputs[0, token].numpy()
            cosine = first @ token_in / np.linalg.norm(first) / np.linalg.norm(token_in)
            assert row.cosines[0] == pytest.approx(cosine, abs=1e-5)


def test_the_plane_is_the_principal_one_of_tokens_and_used_prototypes(explained):
    from sklearn.decomposition import PCA

    inspector, prepared, found = explained
    for modality, reconstruction in inspector.explain(prepared).items():
        layer = found.of(modality, 1)
        keys = torch.nn.functional.normalize(reconstruction.layers[0].refinement.prototypes[0], dim=-1).numpy()
        start = reconstruction.target[0].numpy()
        points = np.concatenate([start[found.compared], keys[layer.used]])
        oracle = PCA(2, svd_solver="full").fit(points)
        np.testing.assert_allclose(layer.explained, oracle.explained_variance_ratio_, atol=1e-5)
        for ours, theirs in (
            (layer.before, oracle.transform(start)),
            (layer.prototypes, oracle.transform(keys[layer.used])),
        ):
            np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-4)
        end = torch.nn.functional.normalize(reconstruction.output[0], dim=-1).numpy()
        np.testing.assert_allclose(np.abs(layer.after), np.abs(oracle.transform(end)), atol=1e-4)


def test_a_projection_never_lengthens(explained):
    _, _, found = explained
    for layer in found.layers:
        flat = np.linalg.norm(layer.after.astype(float) - layer.before, axis=1)
        assert (flat <= layer.lengths + 1e-5).all() and flat.max() > 0
        assert 0 < layer.explained[1] <= layer.explained[0] and sum(layer.explained) <= 1


def test_used_prototypes_hold_nearly_all_of_the_part(explained):
    inspector, prepared, found = explained
    count = int(found.compared.sum())
    for modality, reconstruction in inspector.explain(prepared).items():
        layer = found.of(modality, 1)
        weights = reconstruction.layers[0].assignment.weights[0].numpy()[found.compared]
        share = weights.sum(axis=0) / count
        assert layer.used.tolist() == np.flatnonzero(share * count >= 0.05).tolist()
        np.testing.assert_allclose(layer.use, share[layer.used], rtol=1e-4)
        assert layer.use.sum() <= 1 + 1e-5


def test_the_map_is_laid_back_as_the_anomaly_map_is(explained):
    inspector, prepared, found = explained
    seen = prepared.frame.seen
    for layer in found.layers:
        assert layer.map.shape == seen.shape and np.isnan(layer.map[~seen]).all()
        smoothing = inspector.model.config.scoring.smoothing
        np.testing.assert_array_equal(layer.map, image_map(layer.lengths, prepared.frame, smoothing))
    row, column = 60, 68  # the defect
    low, high = found.ranges["rgb"]
    assert 0 <= low < high <= 2
    rgb = found.of("rgb", 1).map
    assert rgb[row, column] > np.nanmedian(rgb)


def test_ranges_are_constants_of_the_model(explained, plate):
    inspector, _, found = explained
    other = explain_transport(inspector, inspector.prepare(plate(30)))
    assert other.ranges == found.ranges
    lengths = np.concatenate(
        [np.sqrt(2 * r.evidence["sn"].residual[r.frame.foreground].clip(0)) for r in inspector.model.records]
    )
    assert shown_lengths(inspector.model, "sn")[0] == pytest.approx(float(np.median(lengths)), rel=1e-5)


def test_without_records_the_range_is_the_possible_one(trained):
    from types import SimpleNamespace

    assert shown_lengths(SimpleNamespace(records=()), "rgb") == (0.0, 2.0)


def test_the_caller_may_say_which_tokens_are_anomalous(explained):
    inspector, prepared, plain = explained
    known = np.zeros(plain.compared.size, bool)
    known[:] = True
    found = explain_transport(inspector, prepared, anomalous=known)
    assert found.by_truth and (found.anomalous == found.compared).all()
    comparison = found.compare(found.of("rgb", 1))
    assert comparison.figures.outside is None and comparison.ratio is None and comparison.overlap is None
    assert comparison.normal_arrow is None and comparison.anomalous_arrow is not None
    # The split changes nothing else.
    np.testing.assert_array_equal(found.of("rgb", 1).lengths, plain.of("rgb", 1).lengths)


def test_pixels_and_tokens_agree(explained):
    _, _, found = explained
    for token in np.flatnonzero(found.compared)[::5]:
        row, column = found.pixels[token]
        assert found.token_at(int(row), int(column)) == token
    background = np.flatnonzero(~found.compared)
    assert background.size and all(found.token_at(*map(int, found.pixels[t])) is None for t in background)
    assert found.token_at(-500, 10) is None and found.token_at(10, 5000) is None


def test_lengths_of_every_layer_are_measured_from_the_encoder(two_layers):
    inspector, prepared, found = two_layers
    assert found.depth == 2 and len(found.layers) == 4
    for modality, reconstruction in inspector.explain(prepared).items():
        first, last = found.of(modality, 1), found.of(modality, 2)
        np.testing.assert_array_equal(first.before, last.before)
        assert not np.allclose(first.after, last.after)
        np.testing.assert_allclose(last.lengths**2 / 2, reconstruction.residual[0].numpy(), atol=2e-6)


def test_without_refinement_the_trained_keys_are_shown(explained):
    inspector, prepared, refined = explained
    plain = explain_transport(inspector, prepared, refine=False)
    assert not np.array_equal(plain.of("rgb", 1).lengths, refined.of("rgb", 1).lengths)
    weights = inspector.explain(prepared, refine=False)["rgb"].layers[0].assignment.weights[0]
    assert plain.of("rgb", 1).top[5, 0] == int(weights[5].argmax())


def test_a_part_with_one_modality_has_one(trained, plate):
    inspector = Inspector(trained.model, trained.backbone)
    found = explain_transport(inspector, inspector.prepare(plate(22, rgb=False)))
    assert found.modalities == ("sn",) and set(found.ranges) == {"sn"}


def test_a_higher_threshold_leaves_no_anomalous_token(explained):
    inspector, prepared, _ = explained
    high = inspector.with_model(replace(inspector.model, threshold=1e6))
    found = explain_transport(high, prepared)
    comparison = found.compare(found.of("rgb", 1))
    assert not found.anomalous.any() and comparison.ratio is None and comparison.anomalous.sum() == 0
    assert comparison.normal.sum() == pytest.approx(1.0)


def test_tokens_of_a_mask_cover_it(explained):
    _, prepared, found = explained
    mask = np.zeros(prepared.frame.seen.shape, bool)
    mask[55:66, 63:74] = True
    chosen = tokens_in(mask, prepared.frame)
    assert found.token_at(60, 68) is not None and chosen[found.token_at(60, 68)]
    assert 0 < chosen.sum() < 20
    every = np.ones_like(mask)
    assert tokens_in(every, prepared.frame)[found.compared].all()
