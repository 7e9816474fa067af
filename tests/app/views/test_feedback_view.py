"""The teaching panel in every state, with real clicks; the engine's answers are made up."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from pirn_app.messages import events, feedback, jobs
from pirn_app.state.feedback import Feedback
from pirn_app.views.feedback import FeedbackView
from pirn_core.feedback.curve import CurvePoint

GOOD, BENT = "test/good/001", "test/bent/000"
SCORES = {"test/good/000": 0.8, GOOD: 1.9, "test/good/002": 1.2, BENT: 1.8, "test/bent/001": 3.0}


@pytest.fixture
def asked(context):
    """What was asked of the engine."""
    found: list[jobs.Job] = []
    context.requests.asked.connect(found.append)
    return found


def lessons(asked):
    """Without the curve, which the panel asks for by itself."""
    return [job for job in asked if not isinstance(job, feedback.DrawCurve)]


@pytest.fixture
def view(qtbot, context, asked):
    made = FeedbackView(context, Feedback(context.workspace, context.requests))
    qtbot.addWidget(made)
    made.resize(368, 900)
    made.show()
    return made


@pytest.fixture
def inspected(view, context, make_parts, make_model, make_result):
    workspace = context.workspace
    workspace.apply(events.PartsOpened(make_parts()))
    workspace.apply(events.ModelReady(make_model()))
    for part, score in SCORES.items():
        workspace.apply(events.PartInspected(make_result(workspace.ref(part), score), shot=False))
    context.cursor.go(part=GOOD)
    view.refresh()
    return view


def button(view, name):
    return view.findChild(QPushButton, name)


def text(view, name):
    found = view.findChild(QLabel, name)
    return found.text() if found.isVisible() else ""


def click(qtbot, view, name):
    assert button(view, name).isEnabled()
    qtbot.mouseClick(button(view, name), Qt.MouseButton.LeftButton)


def answered(view, scores, threshold=1.5, own=None):
    lesson = view.state.proposal.lesson
    view.state.handles[feedback.LessonPreviewed](
        feedback.LessonPreviewed("abcdef", lesson, {**SCORES, **scores}, 1.0, threshold, own)
    )


def test_what_is_missing_is_said(view, context, make_parts, make_model):
    assert view._empty.text.startswith("Open a folder")
    context.workspace.apply(events.PartsOpened(make_parts()))
    view.refresh()
    assert view._empty.text.startswith("Train a model")
    context.workspace.apply(events.ModelReady(make_model()))
    view.refresh()
    assert view._empty.text.startswith("Choose a part")
    context.cursor.go(part=GOOD)
    view.refresh()
    assert text(view, "teach-obstacle") == "Inspect the part first."
    assert not button(view, "teach-good").isEnabled()


def test_a_region_is_previewed_then_applied(qtbot, inspected, context, asked, make_model, make_result):
    assert button(inspected, "teach-fine").text() == "This region is fine"
    click(qtbot, inspected, "teach-fine")
    preview = lessons(asked)[-1]
    assert isinstance(preview, feedback.PreviewLesson)
    assert {ref.id for ref in preview.refs} == set(SCORES)
    assert preview.lesson.fine[0].peak == context.workspace.regions(GOOD)[0].peak_at
    assert not button(inspected, "preview-apply").isEnabled()
    answered(inspected, {GOOD: 1.3, BENT: 1.4})
    said = text(inspected, "preview-counts")
    assert said == "2 NG parts would pass, of which 1 is labelled defective. 5 inspected parts compared."
    table = inspected.preview.table
    assert [table.item(k, 0).data(Qt.ItemDataRole.UserRole) for k in range(table.rowCount())] == [BENT, GOOD]
    ng = context.theme.palette.ng
    assert table.item(0, 0).foreground().color().name() == ng
    assert table.item(1, 0).foreground().color().name() != ng, "a good part that passes is what was wanted"
    before = context.workspace.model
    click(qtbot, inspected, "preview-apply")
    assert isinstance(lessons(asked)[-1], feedback.ApplyLesson) and lessons(asked)[-1].path == before.path
    assert context.workspace.model is before
    taught = make_model(name="fedcba")
    handles = inspected.state.handles
    for part, score in {**SCORES, GOOD: 1.3}.items():
        result = make_result(context.workspace.ref(part), score, model="fedcba")
        handles[feedback.PartRejudged](feedback.PartRejudged(result, shot=False))
    handles[feedback.LessonApplied](feedback.LessonApplied("abcdef", taught, lessons(asked)[-1].lesson))
    assert context.workspace.model is taught
    assert context.workspace.results.get(GOOD).score == 1.3
    context.workspace.undo()
    assert context.workspace.model is before and context.workspace.results.get(GOOD).score == 1.9
    assert lessons(asked)[-1] == feedback.UseModel(before.path, "abcdef")
    context.workspace.redo()
    assert context.workspace.results.get(GOOD).score == 1.3


def test_discarding_changes_nothing(qtbot, inspected, context, asked):
    document = context.workspace.document
    click(qtbot, inspected, "teach-good")
    assert lessons(asked)[-1].lesson.fine[0].peak is None
    answered(inspected, {GOOD: 1.7}, threshold=2.1)
    assert "goes from 1.50 to 2.10" in text(inspected, "preview-limits")
    click(qtbot, inspected, "preview-discard")
    assert not inspected.preview.isVisible()
    assert context.workspace.document == document
    assert not any(isinstance(job, feedback.ApplyLesson) for job in asked)


def test_an_own_threshold_that_gives_way_is_named(qtbot, inspected, context):
    context.workspace.set_threshold(1.25)
    click(qtbot, inspected, "teach-good")
    answered(inspected, {}, threshold=2.0)
    assert text(inspected, "preview-limits").startswith("Your threshold 1.25 would keep the part NG")


def test_an_answer_to_an_older_question_is_not_shown(qtbot, inspected):
    click(qtbot, inspected, "teach-fine")
    old = inspected.state.proposal.lesson
    click(qtbot, inspected, "teach-good")
    event = feedback.LessonPreviewed("abcdef", old, SCORES, 1.0, 1.5, None)
    inspected.state.handles[feedback.LessonPreviewed](event)
    assert inspected.state.proposal.comparison is None


def test_a_lesson_that_failed_leaves_the_proposal(qtbot, inspected, context):
    click(qtbot, inspected, "teach-fine")
    answered(inspected, {GOOD: 1.3})
    click(qtbot, inspected, "preview-apply")
    assert not button(inspected, "preview-discard").isEnabled()
    context.workspace.apply(events.JobEnded(9, "ApplyLesson", "failed", "The folder is full.", "Free some space."))
    assert button(inspected, "preview-apply").isEnabled()
    assert context.workspace.results.get(GOOD).score == 1.9


def test_a_defect_is_a_label_and_a_place(qtbot, inspected, context, asked):
    context.cursor.go(part=BENT)
    context.cursor.pin((60, 70))
    inspected.refresh()
    count = len(asked)
    click(qtbot, inspected, "teach-defect")
    document = context.workspace.document
    assert document.labels == {BENT: "defective"}
    assert document.missed == {(BENT, (48, 58, 73, 83))}
    assert not any(isinstance(job, feedback.PreviewLesson | jobs.Train) for job in asked[count:])
    context.workspace.undo()
    assert context.workspace.document.missed == frozenset()


def test_what_was_confirmed_can_be_taken_back(qtbot, inspected, context, asked, make_model):
    names = ("test/good/001@0011aabb", "test/good/002@0011aabb#10-20-30-40")
    model = make_model()
    card = replace(model.card, confirmed=names, id="taught")
    context.workspace.apply(events.ModelReady(replace(model, card=card)))
    inspected.refresh()
    words = [label.text() for label in inspected.confirmed.findChildren(QLabel)]
    assert "good/001" in words and "good/002, region at row 20, column 30" in words
    click(qtbot, inspected, f"take-back-{names[1]}")
    assert lessons(asked)[-1].lesson.forget == (names[1],)


def test_advice_is_followed_and_undone(qtbot, inspected, context):
    said = text(inspected, "advice-escapes")
    assert "of 2 labelled" in said
    assert button(inspected, "advice-use").text() == "1.50 is in use"
    context.workspace.set_threshold(1.25)
    context.workspace.set_label(["test/good/000", "test/good/002", GOOD], None)
    context.workspace.set_label(["test/bent/001"], "good")
    inspected.refresh()
    wanted = inspected.advice._value
    click(qtbot, inspected, "advice-use")
    assert context.workspace.limits[1] == wanted != 1.25
    context.workspace.undo()
    assert context.workspace.own_threshold == 1.25


def test_the_curve_is_asked_for_once_while_visible(inspected, context, asked):
    assert [job for job in asked if isinstance(job, feedback.DrawCurve)][-1].model == "abcdef"
    points = (CurvePoint(1, (1.0, 1.4, 2.0)), CurvePoint(2, (0.9, 1.2, 1.5)))
    inspected.state.handles[feedback.CurveDrawn](feedback.CurveDrawn("abcdef", points, True))
    inspected.refresh()
    assert text(inspected, "curve-answer").startswith("Yes")
    assert inspected.curve.plot.isVisible()
    count = len([job for job in asked if isinstance(job, feedback.DrawCurve)])
    inspected.refresh()
    assert len([job for job in asked if isinstance(job, feedback.DrawCurve)]) == count
    assert text(inspected, "curve-next").startswith("Most to learn from: good/001")


def test_a_hidden_panel_asks_nothing(qtbot, context, asked, make_parts, make_model):
    hidden = FeedbackView(context, Feedback(context.workspace, context.requests))
    qtbot.addWidget(hidden)
    context.workspace.apply(events.PartsOpened(make_parts()))
    context.workspace.apply(events.ModelReady(make_model()))
    context.cursor.go(part=GOOD)
    qtbot.wait(150)
    assert asked == []
    hidden.release()


def test_nothing_can_be_taught_while_parts_are_inspected(inspected, context):
    context.workspace.apply(events.JobStarted(5, "InspectParts", "Inspecting 9 parts"))
    inspected.refresh()
    assert not button(inspected, "teach-good").isEnabled()
    assert text(inspected, "teach-obstacle").startswith("Wait until")


def test_themes_and_release(inspected, context, qtbot):
    context.theme.choose("light")
    qtbot.wait(120)
    inspected.release()
    context.cursor.go(part=BENT)
    qtbot.wait(120)
    assert inspected.actions_section.heading.text() == "good/001"
