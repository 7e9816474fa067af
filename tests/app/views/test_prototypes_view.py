"""The prototype view: plane, picking, lasso, use, comparison, card, and what it says while there is nothing."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from pirn_app.actions import Action
from pirn_app.messages import events, prototypes
from pirn_app.messages.prototypes import PatchPicture, Space
from pirn_app.state.prototypes import Prototypes
from pirn_app.views.prototypes import PrototypesView
from pirn_app.views.prototypes.lasso import inside
from pirn_core.explain.atlas import Atlas, Tokens
from pirn_core.explain.embedding import Layout
from pirn_core.explain.health import Health, Use

LEFT = Qt.MouseButton.LeftButton
SHOTS = ("train/good/000", "train/good/001")
PART = "test/bent/000"
SPACE = Space("abcdef", "rgb", 0)
K, SHOT_TOKENS = 6, 10
RNG = np.random.default_rng(0)


def tokens(parts, each):
    count = each * len(parts)
    grid = np.stack(np.meshgrid(np.arange(5) * 8 + 50, np.arange(5) * 8 + 70, indexing="ij"), -1).reshape(-1, 2)
    return Tokens(
        parts,
        np.repeat(np.arange(len(parts)), each).astype(np.int32),
        np.tile(np.arange(each), len(parts)).astype(np.int32),
        np.tile(grid[:each], (len(parts), 1)).astype(np.float32),
        (8.0,) * len(parts),
        np.zeros((count, 0), np.float32),
    )


SHARES = np.array([0.5, 0.3, 0.1, 0.0995, 0.0005, 0.0], np.float32)


def health():
    free = Use(SHARES, SHARES, np.full((K, 2), 0.5, np.float32))
    even = np.full(K, 1 / K, np.float32)
    nearest = np.tile(np.arange(6, dtype=np.int32), (K, 1))
    return Health(
        "rgb", 0, SHOTS, SHOT_TOKENS, SHOT_TOKENS, 0.05, "softmax",
        {"softmax": free, "balanced": Use(even, even, free.shots), "in force": free},
        np.array([[2, 3]], np.int32), np.array([0.97], np.float32),
        nearest, np.full((K, 6), 0.8, np.float32), tokens(SHOTS, 5),
    )  # fmt: skip


LAYOUT = Layout("tsne", np.zeros((16, 4), np.float32), (RNG.normal(size=(16, 2)) * 10).astype(np.float32), 0)
PROTOTYPES = np.array([[0, 40], [10, 40], [20, 40], [30, 40], [40, 40], [50, 40]], np.float32)
PLACES = np.stack([np.arange(20) * 3.0, np.full(20, -30.0)], axis=1).astype(np.float32)


@pytest.fixture
def asked(context):
    found = []
    context.requests.asked.connect(found.append)
    return found


@pytest.fixture
def view(context, asked, qtbot):
    context.actions.add(Action(n, n, "Model", lambda: None) for n in ("train", "open-folder"))
    state = Prototypes(context.workspace, context.cursor, context.requests)
    made = PrototypesView(context, state)
    made.resize(1100, 620)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.release()


@pytest.fixture
def tell(context, view):
    def route(event):
        handler = view.state.handles.get(type(event))
        (handler or context.workspace.apply)(event)

    return route


@pytest.fixture
def filled(view, tell, context, make_parts, make_model, qtbot):
    """A part with 20 tokens, two of them above the threshold, three on the ground truth."""
    tell(events.PartsOpened(make_parts()))
    tell(events.ModelReady(make_model(SHOTS)))
    context.cursor.go(part=PART)
    refs = {ref.id: ref for ref in context.workspace.refs if ref.id in SHOTS}
    atlas = Atlas("rgb", 0, tokens(SHOTS, 5), 400, np.eye(K, dtype=np.float32), np.arange(K, dtype=np.int32), 0)
    tell(prototypes.AtlasMade(SPACE, atlas, refs, ()))
    tell(prototypes.HealthMade(SPACE, health()))
    tell(prototypes.PrototypesLaidOut(SPACE, LAYOUT, PROTOTYPES, 1.0))
    tell(placed())
    qtbot.wait(50)  # the plot takes its place with the next turn of the event loop
    return view


def placed(part=PART):
    scores = np.linspace(0.1, 1.6, 20).astype(np.float32)
    return prototypes.TokensPlaced(
        SPACE, "tsne", "part", (part,), tokens((part,), 20), 20, PLACES, scores, np.arange(20) >= 17
    )


def count(view, layer):
    return len(view.plane.layers[layer].getData()[0])


def at(plane, place):
    """A place of the plot as a point of its viewport."""
    scene = plane.getViewBox().mapViewToScene(QPointF(*map(float, place)))
    return plane.mapFromScene(scene)


def test_what_is_missing_is_said(view, tell, make_parts, make_model):
    assert "No model yet" in view.empty.text
    tell(events.ModelReady(make_model(SHOTS)))
    assert "No parts yet" in view.empty.text
    tell(events.PartsOpened(make_parts()))
    assert not view.empty.isVisible()
    tell(prototypes.PrototypesUnavailable(SPACE, "None of the model's 2 shots is here.", "Open the folder."))
    assert view.empty.isVisible() and "None of the model's 2 shots" in view.empty.text


def test_groups_are_told_apart_and_follow_the_threshold(filled, context):
    assert [count(filled, n) for n in ("shots", "prototypes", "dead", "normal", "above", "defect")] == [
        10,
        4,
        2,
        18,
        2,
        3,
    ]
    context.workspace.set_threshold(1.0)
    assert count(filled, "above") == 8 and count(filled, "normal") == 12
    legend = filled.findChild(QLabel, "prototypes-legend").text()
    assert all(word in legend.replace("&nbsp;", " ") for word in ("dead prototype", "ground truth", "at or above it"))
    caption = filled.findChild(QLabel, "prototypes-caption").text()
    assert "10 of 400 patches of 2 shots" in caption and "Seed 0" in caption and "3 nearest" in caption
    assert filled.plane.getAxis("bottom").labelText == "t-SNE 1 (no unit)"


def test_axes_keep_their_numbers(filled, tell, qtbot):
    small = Layout("tsne", LAYOUT.vectors, LAYOUT.places * np.float32(0.01), 0)
    tell(prototypes.PrototypesLaidOut(SPACE, small, PROTOTYPES * np.float32(0.01), 1.0))
    tell(placed())
    qtbot.wait(20)
    for side in ("left", "bottom"):
        assert filled.plane.getAxis(side).autoSIPrefixScale == 1.0


def test_a_click_on_a_token_pins_the_cursor_and_the_cursor_rings_its_token(filled, context, qtbot):
    qtbot.mouseClick(filled.plane.viewport(), LEFT, pos=at(filled.plane, PLACES[7]))
    qtbot.waitUntil(lambda: context.cursor.place.pinned)
    assert context.cursor.place.pixel == (58, 86) and context.cursor.place.part == PART
    np.testing.assert_array_equal(np.column_stack(filled.plane.layers["ring"].getData())[0], PLACES[7])
    context.cursor.release()
    context.cursor.hover((50, 70))
    np.testing.assert_array_equal(np.column_stack(filled.plane.layers["ring"].getData())[0], PLACES[0])
    context.cursor.hover((5, 5))
    assert count(filled, "ring") == 0, "beside the part there is no token"


def test_a_click_on_a_diamond_opens_its_card(filled, context, tell, asked, qtbot):
    asked.clear()
    qtbot.mouseClick(filled.plane.viewport(), LEFT, pos=at(filled.plane, PROTOTYPES[1]))
    qtbot.waitUntil(lambda: context.cursor.place.prototype == ("rgb", 1))
    assert filled.card.isVisible() and count(filled, "chosen") == 1
    assert "1.80 × an even share" in filled.card.use.text() and "Balanced transport: 1.00" in filled.card.use.text()
    (job,) = asked
    assert job.index == 1 and len(job.sources) == 6
    picture = RNG.integers(0, 255, (72, 72, 3), dtype=np.uint8)
    patches = tuple(PatchPicture(SHOTS[k % 2], (50, 70, 58, 78), 0.9 - k / 10, picture, picture) for k in range(3))
    tell(prototypes.PrototypePictured(SPACE, 1, patches))
    button = filled.findChild(QToolButton, "prototype-patch-1")
    assert "001 · cosine 0.80" in button.text() and button.iconSize().width() == 146
    qtbot.mouseClick(button, LEFT)
    place = context.cursor.place
    assert place.part == SHOTS[1] and place.pixel == (53, 73) and place.prototype == ("rgb", 1)


def test_a_lasso_marks_patches_of_the_part(filled, qtbot):
    qtbot.mouseClick(filled.findChild(QToolButton, "prototypes-lasso"), LEFT)
    assert filled.plane.box.lasso
    viewport = filled.plane.viewport()
    corners = [at(filled.plane, place) for place in ((-1.5, -31.5), (-1.5, -27), (7.5, -27), (7.5, -31.5))]
    qtbot.mousePress(viewport, LEFT, pos=corners[0])
    path = [*corners[1:], corners[0]]
    for start, end in zip([corners[0], *path], path, strict=False):
        for share in (0.3, 0.6, 1.0):
            move(
                viewport,
                QPoint(*(round(a + share * (b - a)) for a, b in zip(start.toTuple(), end.toTuple(), strict=True))),
            )
            qtbot.wait(15)  # the plot looks at a hundred moves a second
    qtbot.mouseRelease(viewport, LEFT, pos=corners[0])
    qtbot.waitUntil(lambda: filled.state.marked != ())
    assert filled.state.marked == ((50.0, 70.0, 8.0), (50.0, 78.0, 8.0), (50.0, 86.0, 8.0))
    assert count(filled, "marked") == 3
    qtbot.mouseClick(viewport, LEFT, pos=at(filled.plane, (30, 10)))
    qtbot.waitUntil(lambda: filled.state.marked == ())


def move(widget, position):
    """A mouse move with the button held, which QTest's own does not carry."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    place = QPointF(position)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, widget.mapToGlobal(place), LEFT, LEFT, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def test_inside_a_line():
    line = np.array([[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]], float)
    points = np.array([[5, 1], [5, 6], [1, 5], [11, 5]], float)
    assert inside(points, line).tolist() == [True, False, True, False]


def test_use_is_sorted_and_a_bar_can_be_chosen(filled, context, qtbot):
    filled.tabs.setCurrentIndex(1)
    assert not filled.tools.lasso.isVisible()
    _, heights = filled.use.bars.getData()
    np.testing.assert_allclose(heights, np.sort(SHARES)[::-1] * K, atol=1e-6)
    figures = filled.use.figures.text()
    assert "softmax (in force)" in figures and "balanced transport" in figures and "100%" in figures
    remarks = filled.use.remarks.text()
    assert "href='4'" in remarks and "1 near-duplicate pair" in remarks and "temperature 0.05" in remarks
    qtbot.mouseClick(filled.use.plot.viewport(), LEFT, pos=at(filled.use.plot, (1.5, 0.5)))
    qtbot.waitUntil(lambda: context.cursor.place.prototype == ("rgb", 1))
    assert filled.use.mark.isVisible() and filled.use.mark.value() == 1.5
    filled.use.remarks.linkActivated.emit("4")
    assert context.cursor.place.prototype == ("rgb", 4)


def test_both_rules_side_by_side(filled, context, qtbot):
    filled.tabs.setCurrentIndex(2)
    even, free = filled.compare.planes
    assert len(even.dead.getData()[0]) == 0 and len(free.dead.getData()[0]) == 2
    assert [len(item.getData()[0]) for item in even.classes] == [0, 6, 0, 0]
    assert [len(item.getData()[0]) for item in free.classes] == [0, 3, 1, 0] or sum(
        len(item.getData()[0]) for item in free.classes
    ) == 4
    assert "2 dead prototypes" in filled.compare.titles[1].text() and "(in force)" in filled.compare.titles[1].text()
    qtbot.wait(50)
    qtbot.mouseClick(free.viewport(), LEFT, pos=at(free, PROTOTYPES[2]))
    qtbot.waitUntil(lambda: context.cursor.place.prototype == ("rgb", 2))


def test_choices_are_told_to_the_state(filled, qtbot):
    qtbot.mouseClick(filled.findChild(QToolButton, "prototypes-method-pca"), LEFT)
    assert filled.state.choice.method == "pca" and not filled.plane.isVisible()
    qtbot.mouseClick(filled.findChild(QToolButton, "prototypes-method-tsne"), LEFT)
    assert filled.plane.isVisible()
    qtbot.mouseClick(filled.findChild(QToolButton, "prototypes-scope-all"), LEFT)
    assert filled.state.choice.scope == "all" and count(filled, "normal") == 0
    qtbot.mouseClick(filled.findChild(QToolButton, "prototypes-modality-sn"), LEFT)
    assert filled.state.space.modality == "sn"


def test_progress_cancel_and_compute(view, tell, context, make_parts, make_model, asked, qtbot):
    tell(events.PartsOpened(make_parts()))
    tell(events.ModelReady(make_model(SHOTS)))
    qtbot.waitUntil(lambda: asked != [])
    cancel, compute = (view.findChild(QPushButton, f"prototypes-{n}") for n in ("cancel", "compute"))
    assert cancel.isVisible() and "Waiting" in view.doing.text()
    tell(events.JobStarted(7, "SurveyPrototypes", "Looking at the prototypes"))
    tell(events.JobProgress(7, 0.4, 3.0, "Patches of shot 4 of 10"))
    assert view.progress.value() == 40 and "about 3 s left" in view.doing.text()
    qtbot.mouseClick(cancel, LEFT)
    assert "Stopped" in view.doing.text() and not cancel.isVisible()
    asked.clear()
    qtbot.mouseClick(compute, LEFT)
    assert len(asked) == 1 and cancel.isVisible()


def test_hidden_it_asks_for_nothing(view, tell, context, make_parts, make_model, asked, qtbot):
    view.hide()
    tell(events.PartsOpened(make_parts()))
    tell(events.ModelReady(make_model(SHOTS)))
    qtbot.wait(400)
    assert asked == []
    view.show()
    qtbot.waitUntil(lambda: len(asked) == 1)


def test_a_part_without_the_modality_is_told(filled, tell, context):
    context.cursor.go(part="test/bent/001")
    none = np.zeros((0, 2), np.float32)
    empty = Tokens((), none[:, 0].astype(np.int32), none[:, 0].astype(np.int32), none, (), none)
    tell(prototypes.TokensPlaced(SPACE, "tsne", "part", ("test/bent/001",), empty, 0, none, none[:, 0], None))
    assert "no patches in this modality" in filled.findChild(QLabel, "prototypes-caption").text()


@pytest.mark.parametrize("size", [(1280, 320), (420, 560), (330, 260)])
def test_it_lives_in_any_size_and_theme(filled, context, size, qtbot):
    context.cursor.go(prototype=("rgb", 1))
    for theme in ("light", "dark"):
        context.theme.choose(theme)
        for page in range(3):
            filled.tabs.setCurrentIndex(page)
            filled.resize(*size)
            qtbot.wait(20)
            assert not filled.grab().isNull()
    filled.release()
    context.cursor.go(part="test/bent/002")
