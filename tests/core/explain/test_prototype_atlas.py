"""Tokens of the shots and prototypes: which, where, and whether the shots are found again."""

import numpy as np
import pytest

from pirn_core.data.sample import PartRef
from pirn_core.errors import ConfigError, SampleError
from pirn_core.explain.atlas import box_of, find_shots, joined, make_atlas, part_tokens, prototype_keys
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning
from pirn_core.model import Shot


@pytest.fixture(scope="module")
def inspector(trained):
    return Inspector(trained.model, trained.backbone)


@pytest.fixture(scope="module")
def parts(inspector, plate):
    return [part_tokens(inspector, inspector.prepare(plate(k))) for k in range(3)]


def test_tokens_are_the_decoders_first_input(inspector, plate, parts):
    prepared = inspector.prepare(plate(0))
    found = inspector.explain(prepared)
    kept = prepared.frame.foreground
    for modality, layers in parts[0].vectors.items():
        assert len(layers) == 1
        np.testing.assert_allclose(layers[0], found[modality].layers[0].inputs[0].numpy()[kept], atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(layers[0], axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(parts[0].index, np.flatnonzero(kept))


def test_deeper_layers_take_what_the_former_one_gave(plate, backbone, support):
    learned = Learning([plate(k) for k in range(2)], support.small_config(decoder__layers=2), backbone)
    for _ in learned.steps():
        pass
    inspector = Inspector(learned.model(), backbone)
    prepared = inspector.prepare(plate(0))
    layers = part_tokens(inspector, prepared).vectors["rgb"]
    first = inspector.explain(prepared)["rgb"].layers[0].output[0].numpy()[prepared.frame.foreground]
    np.testing.assert_allclose(layers[1], first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-5)
    assert not np.allclose(layers[0], layers[1], atol=1e-2)


def test_centres_and_boxes_lie_on_the_part(parts, plate):
    tokens = joined(parts, "rgb", 0)
    row, column = tokens.centres.T
    # The plate spans rows 36 to 91 and columns 40 to 87; its mask is grown by 2 % of 128 px, a token by half a cell.
    assert row.min() > 36 - 14 and row.max() < 91 + 14 and column.min() > 40 - 14 and column.max() < 87 + 14
    for token in (0, len(tokens) - 1):
        row0, col0, row1, col1 = tokens.box(token)
        assert row1 - row0 == col1 - col0 == round(tokens.side_px[0])
        assert row0 <= tokens.centres[token, 0] < row1 and col0 <= tokens.centres[token, 1] < col1


def test_box_of_a_patch():
    assert box_of(np.array([3.5, 11.5], np.float32), 8.0) == (0, 8, 8, 16)
    assert box_of(np.array([5.0, 5.0], np.float32), 0.3) == (5, 5, 6, 6)


def test_tokens_of_several_parts_keep_their_part(parts):
    tokens = joined(parts, "sn", 0)
    assert len(tokens) == sum(len(part.index) for part in parts) and tokens.parts == tuple(p.part for p in parts)
    for number, part in enumerate(parts):
        np.testing.assert_array_equal(tokens.vectors[tokens.part == number], part.vectors["sn"][0])


def test_drawn_tokens_are_tokens_and_the_same_ones_for_a_seed(parts):
    tokens = joined(parts, "rgb", 0)
    drawn, again, other = (tokens.drawn(20, seed) for seed in (1, 1, 2))
    assert len(drawn) == 20 and np.array_equal(drawn.centres, again.centres)
    assert not np.array_equal(drawn.centres, other.centres)
    known = {(p, i) for p, i in zip(tokens.part.tolist(), tokens.index.tolist(), strict=True)}
    assert set(zip(drawn.part.tolist(), drawn.index.tolist(), strict=True)) <= known
    assert tokens.drawn(10_000, 0) is tokens


def test_a_modality_or_a_layer_that_is_not_there_is_refused(parts):
    with pytest.raises(SampleError, match="has the modality"):
        joined(parts, "depth", 0)
    with pytest.raises(ConfigError, match="layer 3: the model has 1"):
        joined(parts, "rgb", 2)


def test_an_atlas_holds_so_many_points(parts, trained):
    tokens, keys = joined(parts, "rgb", 0), prototype_keys(trained.model, "rgb")
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), 1.0, atol=1e-5)
    few = make_atlas(tokens, keys, "rgb", 0, points=60)
    assert len(few.vectors) == 60 and len(few.fitted) == 20, "a third of the points are prototypes"
    assert f"20 of {len(keys)} prototypes" in few.caption and f"of {len(tokens)} patches of 3 shots" in few.caption
    np.testing.assert_array_equal(few.vectors[-20:], keys[few.fitted])
    whole = make_atlas(tokens, keys, "rgb", 0, points=10_000)
    assert len(whole.fitted) == len(keys) and len(whole.tokens) == len(tokens) and "all" in whole.caption


def refs(*names):
    return tuple(PartRef(name) for name in names)


def test_shots_are_found_by_content_under_other_names():
    contents = {"a": "1", "b": "2", "moved": "3", "d": "4"}
    shots = (Shot("b", "2"), Shot("c", "3"), Shot("gone", "9"))
    found, missing = find_shots(shots, refs(*contents), lambda ref: contents[ref.id])
    assert {name: ref.id for name, ref in found.items()} == {"b": "b", "c": "moved"} and missing == ("gone",)


def test_a_part_of_a_shots_name_with_other_contents_is_not_the_shot():
    found, missing = find_shots(
        (Shot("a", "1"), Shot("b", "2")), refs("a", "b"), lambda ref: {"a": "1", "b": "x"}[ref.id]
    )
    assert list(found) == ["a"] and missing == ("b",)


def test_only_the_shots_own_parts_are_hashed_where_they_suffice():
    asked = []

    def hashed(ref):
        asked.append(ref.id)
        return ref.id

    find_shots((Shot("b", "b"),), refs("a", "b", "c"), hashed)
    assert asked == ["b"]


def test_another_folder_is_told_and_unreadable_parts_are_no_shots():
    def unreadable(ref):
        raise OSError("gone")

    with pytest.raises(SampleError, match="None of the model's 1 shots") as caught:
        find_shots((Shot("a", "1"),), refs("a", "b"), unreadable)
    assert "Open the folder" in caught.value.advice
