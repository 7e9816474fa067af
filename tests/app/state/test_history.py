"""Undo and redo of frozen documents."""

from pirn_app.state.history import Document, History


def docs(number):
    return [Document(shots=(str(k),)) for k in range(number)]


def test_undo_and_redo_walk_the_same_way_back():
    history, steps = History(), docs(4)
    for k in range(3):
        history.record(f"step {k}", steps[k])
    now = steps[3]
    seen = [now]
    while history.undo_text:
        now = history.undo(now)
        seen.append(now)
    assert seen == steps[::-1]
    again = [now]
    while history.redo_text:
        now = history.redo(now)
        again.append(now)
    assert again == steps


def test_nothing_to_undo_or_redo_gives_the_same_document():
    history, (now,) = History(), docs(1)
    assert history.undo(now) is now
    assert history.redo(now) is now
    assert (history.undo_text, history.redo_text) == ("", "")


def test_merged_changes_are_one_step_until_sealed():
    history, steps = History(), docs(5)
    history.record("Move", steps[0], "threshold")
    history.record("Move", steps[1], "threshold")
    history.seal()
    history.record("Move", steps[2], "threshold")
    history.record("Move", steps[3], "threshold")
    assert history.undo(steps[4]) == steps[2]
    assert history.undo(steps[2]) == steps[0]
    assert not history.undo_text


def test_changes_of_other_kinds_do_not_merge():
    history, steps = History(), docs(4)
    history.record("a", steps[0], "threshold")
    history.record("b", steps[1], "recipe")
    history.record("c", steps[2])
    assert [history.undo(steps[3]), history.undo(steps[2]), history.undo(steps[1])] == [steps[2], steps[1], steps[0]]


def test_an_undone_move_does_not_merge_with_the_next():
    history, steps = History(), docs(3)
    history.record("Move", steps[0], "threshold")
    now = history.redo(history.undo(steps[1]))
    history.record("Move", now, "threshold")
    assert history.undo(steps[2]) == steps[1]


def test_a_new_change_forgets_what_was_undone():
    history, steps = History(), docs(3)
    history.record("a", steps[0])
    now = history.undo(steps[1])
    history.record("b", now)
    assert history.redo_text == ""
    assert history.undo_text == "b"


def test_depth_is_bounded_and_the_latest_stay():
    history, steps = History(), docs(601)
    for k in range(600):
        history.record(str(k), steps[k])
    now = steps[600]
    count = 0
    while history.undo_text:
        now = history.undo(now)
        count += 1
    assert count == 500
    assert now == steps[100]


def test_clear_forgets_both_ways():
    history, steps = History(), docs(3)
    history.record("a", steps[0])
    history.record("b", steps[1])
    history.undo(steps[2])
    history.clear()
    assert (history.undo_text, history.redo_text) == ("", "")
