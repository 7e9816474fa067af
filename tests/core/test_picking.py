"""Which parts a job works on."""

from itertools import pairwise
from pathlib import Path

import pytest

from pirn_core import picking
from pirn_core.data.layouts import open_parts
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError


def refs(count, split="train", label="good"):
    return tuple(
        PartRef(f"{split}/{label}/{k:03d}", split, label, rgb=Path(f"{split}-{label}-{k}.png")) for k in range(count)
    )


def ids(parts):
    return [ref.id for ref in parts]


@pytest.fixture
def data_set(tmp_path):
    """Six good training parts, two good and two bent test parts; the images are never opened."""
    for split, label, count in (("train", "good", 6), ("test", "good", 2), ("test", "bent", 2)):
        for k in range(count):
            path = tmp_path / "part" / split / label / "rgb" / f"{k:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    return tmp_path / "part"


def test_a_draw_repeats_and_another_seed_draws_otherwise():
    good = refs(30)
    assert picking.random_shots(good, 5, 3) == picking.random_shots(good, 5, 3)
    assert len({tuple(ids(picking.random_shots(good, 5, seed))) for seed in range(10)}) > 5


def test_a_draw_has_distinct_parts_in_the_set_s_order():
    good = refs(20)
    for seed in range(5):
        drawn = ids(picking.random_shots(good, 7, seed))
        assert len(set(drawn)) == 7 and drawn == sorted(drawn)


def test_draws_of_one_seed_are_nested():
    good = refs(20)
    for seed in range(5):
        draws = [set(ids(picking.random_shots(good, count, seed))) for count in range(1, 21)]
        assert all(small < large for small, large in pairwise(draws))


def test_every_part_is_drawn_about_equally_often():
    good = refs(10)
    drawn = [ref.id for seed in range(400) for ref in picking.random_shots(good, 3, seed)]
    counts = [drawn.count(ref.id) for ref in good]
    assert min(counts) > 80 and max(counts) < 160, "120 are expected, with a deviation of 9"


@pytest.mark.parametrize("count", [0, -1, 4])
def test_a_number_of_shots_that_is_not_there_is_refused(count):
    with pytest.raises(SampleError, match=rf"{count} shots were asked for, there are 3.*1 to 3"):
        picking.random_shots(refs(3), count, 0)


def test_shots_are_named_by_id_or_file_name(data_set):
    parts = open_parts(data_set)
    found = picking.named_shots(parts, ["004", " train/good/001 ", "004"])
    assert [ref.id for ref in found] == ["train/good/001", "train/good/004"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train/good/01"], r"Did you mean train/good/001\?"),
        (["xyz"], "Ids look like train/good/000"),
        (["test/bent/001"], "is labelled bent, so it cannot become a shot"),
        ([" "], "No shot is named"),
    ],
)
def test_shots_that_cannot_be_are_refused(data_set, names, message):
    with pytest.raises(SampleError, match=message):
        picking.named_shots(open_parts(data_set), names)


def test_an_ambiguous_name_is_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "001.png").write_bytes(b"")
    with pytest.raises(SampleError, match=r"is the name of 2 parts\. Give the id, e\.g\. a/001"):
        picking.named_shots(open_parts(tmp_path), ["001"])


def test_of_a_data_set_the_test_parts_are_taken_and_of_a_plain_folder_all(data_set, tmp_path):
    labels = [ref.label for ref in picking.parts_at([data_set])]
    assert sorted(labels) == ["bent", "bent", "good", "good"]
    plain = tmp_path / "stills"
    plain.mkdir()
    for k in range(3):
        (plain / f"{k}.png").write_bytes(b"")
    assert [ref.id for ref in picking.parts_at([plain])] == ["0", "1", "2"]


def test_parts_are_taken_once_and_those_of_one_id_are_numbered(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "001.png").write_bytes(b"")
    one, two = (tmp_path / folder / "001.png" for folder in ("a", "b"))
    found = picking.parts_at([one, two, one])
    assert [(ref.id, ref.rgb) for ref in found] == [("001", one), ("001~2", two)]


def test_a_path_with_nothing_at_it_is_an_error_or_a_gap(data_set, tmp_path):
    absent = tmp_path / "absent.png"
    with pytest.raises(SampleError, match="there is no such file or folder"):
        picking.parts_at([data_set, absent])
    found, gaps = picking.parts_and_gaps([absent, data_set])
    assert len(found) == 4 and list(gaps) == [absent]


def test_unknown_and_good_labels_may_count_as_normal():
    for label in ("", "good"):
        picking.require_good(PartRef("x", label=label), "become a shot")
    with pytest.raises(SampleError, match="is labelled NG"):
        picking.require_good(PartRef("x", label="NG"), "become a shot")
