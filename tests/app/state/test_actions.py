"""The table of actions."""

import pytest

from pirn_app.actions import Action, Actions


@pytest.fixture
def table(qapp):
    return Actions()


def test_an_action_runs_by_id_and_by_its_qt_action(table):
    runs = []
    table.add([Action("train", "Train", "Model", lambda: runs.append(1), ("Ctrl+T",), "Learns the shots.")])
    table.trigger("train")
    table.qaction("train").trigger()
    assert runs == [1, 1]
    assert "train" in table
    assert "other" not in table
    assert table.entry("train").text == "Train"
    assert [entry.id for entry in table] == ["train"]
    assert table.qaction("train").toolTip() == "Learns the shots. (Ctrl+T)"


def test_ids_are_unique(table):
    table.add([Action("a", "A", "File", print)])
    with pytest.raises(AssertionError, match="two actions named a"):
        table.add([Action("a", "B", "File", print)])


def test_a_disabled_action_does_not_run_until_refreshed(table):
    runs, may = [], [False]
    table.add([Action("a", "A", "File", lambda: runs.append(1), enabled_when=lambda: may[0])])
    table.refresh()
    table.trigger("a")
    assert runs == []
    may[0] = True
    table.refresh()
    table.trigger("a")
    assert runs == [1]


def test_a_checkable_action_gets_its_new_state_and_follows_the_truth(table):
    seen, on = [], [True]

    def run(now: bool) -> None:
        seen.append(now)

    table.add([Action("heat", "Heat", "View", run, checked_when=lambda: on[0])])
    assert table.qaction("heat").isChecked()
    table.trigger("heat")
    assert seen == [False]
    table.refresh()  # nothing changed in truth
    assert table.qaction("heat").isChecked()


def test_several_actions_each_run_their_own(table):
    runs = []
    table.add(Action(name, name, "File", lambda name=name: runs.append(name)) for name in "abc")
    for name in "cab":
        table.trigger(name)
    assert runs == ["c", "a", "b"]


def test_the_text_follows_what_undo_would_take_back(table):
    text = ["Undo"]
    table.add([Action("undo", "Undo", "Edit", print, text_when=lambda: text[0])])
    text[0] = "Undo move threshold"
    table.refresh()
    assert table.qaction("undo").text() == "Undo move threshold"
