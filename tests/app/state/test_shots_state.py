"""Which parts may become shots."""

from collections.abc import Callable

import pytest

from pirn_app.messages import events
from pirn_app.state.shots import good_parts, refused, replacement, toggled_shots, vouched
from pirn_app.state.workspace import Workspace
from pirn_core.data.layouts import Listing, PartSet
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError
from pirn_core.picking import random_shots


@pytest.fixture
def workspace(make_parts: Callable[..., PartSet]) -> Workspace:
    made = Workspace()
    made.apply(events.PartsOpened(make_parts()))
    return made


def test_toggling_adds_in_the_order_of_the_parts(workspace):
    workspace.set_shots(["train/good/003"])
    shots, refusals = toggled_shots(workspace, ["train/good/005", "train/good/001"])
    assert shots == ("train/good/001", "train/good/003", "train/good/005")
    assert refusals == ()
    assert workspace.document.shots == ("train/good/003",)  # nothing was changed


def test_toggling_shots_only_removes_them(workspace):
    workspace.set_shots(["train/good/001", "train/good/003"])
    assert toggled_shots(workspace, ["train/good/001"]) == (("train/good/003",), ())


def test_toggling_a_mixture_makes_all_of_them_shots(workspace):
    workspace.set_shots(["train/good/001"])
    assert toggled_shots(workspace, ["train/good/001", "train/good/002"])[0] == ("train/good/001", "train/good/002")


def test_a_defective_part_is_refused_and_the_others_go_on(workspace):
    shots, refusals = toggled_shots(workspace, ["test/bent/000", "train/good/000"])
    assert shots == ("train/good/000",)
    assert len(refusals) == 1 and "test/bent/000" in refusals[0] and "bent" in refusals[0]


def test_a_good_test_part_may_become_a_shot_when_it_is_asked_for(workspace):
    assert toggled_shots(workspace, ["test/good/000"]) == (("test/good/000",), ())


def test_a_part_that_the_user_called_defective_is_refused(workspace):
    workspace.set_label(["train/good/000"], "defective")
    shots, (refusal,) = toggled_shots(workspace, ["train/good/000"])
    assert shots == () and "you labelled it defective" in refusal
    assert refused(workspace, workspace.ref("train/good/001")) == ""


def test_a_defective_shot_can_be_removed(workspace):
    workspace.set_shots(["train/good/000"])
    workspace.set_label(["train/good/000"], "defective")
    assert toggled_shots(workspace, ["train/good/000"]) == ((), ())


def test_unknown_ids_are_left_out(workspace):
    assert toggled_shots(workspace, ["nowhere"]) == ((), ())


def test_good_parts_leave_out_what_the_user_called_defective(workspace):
    workspace.set_label(["train/good/002"], "defective")
    ids = [ref.id for ref in good_parts(workspace)]
    assert len(ids) == 5 and "train/good/002" not in ids and all(part.startswith("train/good") for part in ids)


def test_good_parts_say_why_there_are_none(workspace, tmp_path):
    with pytest.raises(SampleError, match="No parts are open"):
        good_parts(Workspace())
    workspace.set_label([ref.id for ref in workspace.refs], "defective")
    with pytest.raises(SampleError, match="every good part defective"):
        good_parts(workspace)
    refs = (PartRef("test/bent/0", "test", "bent"),)
    workspace.apply(events.PartsOpened(PartSet(tmp_path, "mvtec3d", "", "x", lambda: Listing(refs))))
    with pytest.raises(SampleError, match="no good part"):
        good_parts(workspace)


@pytest.mark.parametrize("seed", range(4))
def test_the_replacement_is_what_a_larger_draw_adds(workspace, seed):
    good = good_parts(workspace)
    three = {ref.id for ref in random_shots(good, 3, seed)}
    four = {ref.id for ref in random_shots(good, 4, seed)}
    assert replacement(good, three, seed).id in four - three


def test_no_replacement_where_all_are_taken(workspace):
    good = good_parts(workspace)
    assert replacement(good, {ref.id for ref in good}, 0) is None
    assert replacement((), set(), 0) is None


def test_the_user_vouches_for_what_nobody_called_good(workspace, tmp_path):
    refs = (PartRef("a"), PartRef("b"), PartRef("good/c", label="good"))
    workspace.apply(events.PartsOpened(PartSet(tmp_path, "plain", "", "x", lambda: Listing(refs))))
    workspace.set_shots(["a", "b", "good/c"])
    workspace.set_label(["b"], "good")
    assert [ref.id for ref in vouched(workspace)] == ["a"]
