"""The transport view follows the state, asks once, and is linked to the pictures."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from pirn_app.messages import events
from pirn_app.messages.transport import ExplainTransport, TransportExplained, TransportFailed
from pirn_app.state.transport import Transport
from pirn_app.views.transport import TransportView
from pirn_core.data.views import View as Cut
from pirn_core.explain.displacement import LayerTransport, TransportExplanation
from pirn_core.scoring import Frame

GRID, TOP, LEFT, SIDE = 10, 10, 30, 100
"""The square crop of the made-up pictures in tokens of 10 x 10 pixels."""


def explanation(result, *, model: str = "abcdef", modalities=("rgb", "sn"), depth: int = 1) -> TransportExplanation:
    """Tokens on a disc; the one at the result's peak (70, 95) moves three times as far as the others."""
    rng = np.random.default_rng(0)
    rows, columns = np.divmod(np.arange(GRID * GRID), GRID)
    pixels = np.stack([TOP + 10 * rows + 5, LEFT + 10 * columns + 5], axis=1).astype(np.int32)
    foreground = np.hypot(pixels[:, 0] - 60, pixels[:, 1] - 80) < 40
    to_image = np.array([[1.0, 0.0, LEFT], [0.0, 1.0, TOP]])
    cut = Cut(None, None, np.ones((SIDE, SIDE), bool), np.ones((SIDE, SIDE), bool), to_image)
    peak = int(np.hypot(pixels[:, 0] - 70, pixels[:, 1] - 95).argmin())
    scores = np.where(foreground, 0.5, np.nan).astype(np.float32)
    scores[peak] = 2.0

    def layer(modality, number):
        before = rng.normal(size=(GRID * GRID, 2)).astype(np.float32)
        lengths = np.full(GRID * GRID, 0.3 * number, np.float32)
        lengths[peak] *= 3
        before[peak] = (5, 5)
        after = before + np.stack([lengths, 0 * lengths], axis=1)
        used = np.arange(0, 40, 2, dtype=np.int32)
        top = np.tile(np.array([4, 8, 2, 41], np.int32), (GRID * GRID, 1))
        weights = np.tile(np.array([0.6, 0.2, 0.1, 0.01], np.float32), (GRID * GRID, 1))
        return LayerTransport(
            modality, number, before, after.astype(np.float32), lengths, (0.3, 0.2),
            used, np.full(20, 0.05, np.float32),
            rng.normal(size=(20, 2)).astype(np.float32) - 6, top, weights, weights + 0.3,
            np.full(GRID * GRID, 3, np.int32), np.full(result.map.shape, 0.4 * number, np.float32),
        )  # fmt: skip

    layers = tuple(layer(m, n) for m in modalities for n in range(1, depth + 1))
    return TransportExplanation(
        result.ref, model, 1.5, Frame(cut, result.seen, foreground), pixels, scores, scores >= 1.5, False, layers,
        dict.fromkeys(modalities, (0.2, 0.9)),
    )  # fmt: skip


class Scene:
    """A view with parts, a model and a result, as far as a test wants them."""

    def __init__(self, qtbot, context, make_parts, make_picture, make_result, make_model) -> None:
        self.qtbot, self.context, self.workspace = qtbot, context, context.workspace
        self.parts, self.make_picture, self.make_result = make_parts(), make_picture, make_result
        self.model, self.state, self.asked = make_model(), Transport(), []
        context.requests.asked.connect(self.asked.append)
        self.view = TransportView(context, self.state)
        qtbot.addWidget(self.view)
        self.view.resize(1000, 420)

    def open(self, part: str = "test/bent/001") -> None:
        self.workspace.apply(events.PartsOpened(self.parts))
        self.workspace.apply(events.ModelReady(self.model))
        self.go(part)

    def go(self, part: str) -> None:
        self.context.cursor.go(part=part)
        self.workspace.apply(events.PartLoaded(self.make_picture(self.workspace.ref(part))))

    def inspect(self, part: str = "test/bent/001"):
        result = self.make_result(self.workspace.ref(part))
        self.workspace.apply(events.PartInspected(result, False))
        return result

    def answer(self, result, **more) -> TransportExplanation:
        found = explanation(result, **more)
        self.state.handles[TransportExplained](TransportExplained(found))
        return found

    def all(self, **more) -> TransportExplanation:
        self.open()
        self.view.show()
        return self.answer(self.inspect(), **more)

    def jobs(self) -> list[ExplainTransport]:
        return [job for job in self.asked if isinstance(job, ExplainTransport)]


def _point(place):
    from PySide6.QtCore import QPointF

    return QPointF(float(place[0]), float(place[1]))


@pytest.fixture
def scene(qtbot, context, make_parts, make_picture, make_result, make_model):
    made = Scene(qtbot, context, make_parts, make_picture, make_result, make_model)
    yield made
    made.view.release()


def test_every_state_without_an_answer_says_what_to_do(scene):
    view = scene.view
    view.show()
    assert "Open a folder" in view.empty.text
    scene.workspace.apply(events.PartsOpened(scene.parts))
    assert "No model yet" in view.empty.text
    scene.workspace.apply(events.ModelReady(scene.model))
    assert "Choose a part" in view.empty.text
    scene.go("test/bent/001")
    assert "not inspected yet" in view.empty.text and scene.jobs() == []
    scene.inspect()
    assert "Explaining test/bent/001" in view.empty.text
    scene.state.handles[TransportFailed](TransportFailed("test/bent/001", "017: gone.", "Look."))
    assert view.empty.text == "017: gone. Look."
    scene.go("test/bent/002")
    scene.workspace.apply(events.PartFailed("test/bent/002", "Bad file.", "Export again."))
    assert "Not inspected: Bad file. Export again." in view.empty.text


def test_it_asks_once_per_part_and_only_while_it_is_seen(scene):
    scene.open()
    scene.inspect()
    assert scene.jobs() == []
    scene.view.show()
    scene.workspace.jobs_changed.emit()
    scene.view.refresh()
    assert [job.ref.id for job in scene.jobs()] == ["test/bent/001"]
    scene.view.hide()
    scene.go("test/bent/002")
    scene.inspect("test/bent/002")
    assert len(scene.jobs()) == 1
    scene.view.show()
    assert [job.ref.id for job in scene.jobs()] == ["test/bent/001", "test/bent/002"]


def test_a_broken_job_is_told(scene):
    scene.open()
    scene.view.show()
    scene.inspect()
    ended = events.JobEnded(3, "ExplainTransport", "failed", "Memory is full.", "Close something.")
    scene.workspace.apply(ended)
    assert scene.view.empty.text == "Memory is full. Close something."


def test_another_models_answer_is_not_shown(scene):
    scene.all(model="other")
    assert scene.view.explanation is None and "Explaining" in scene.view.empty.text


def test_the_figures_are_said_in_words(scene):
    found = scene.all()
    words = scene.view.lengths.words.text()
    assert "3.0 times as far" in words and "1 anomalous token," in words
    shown = scene.view.plane
    assert len(shown.lines["normal"].getData()[0]) == 2 * (int(found.compared.sum()) - 1)
    assert len(shown.lines["anomalous"].getData()[0]) == 2
    assert len(shown.crosses.getData()[0]) == 20
    assert "3 prototypes hold 90 %" in scene.view.plan.words.text()
    assert "50 %" in shown.words.text()


def test_the_threshold_in_force_splits(scene):
    scene.all()
    scene.workspace.set_threshold(5.0)
    assert "No token reaches the threshold" in scene.view.lengths.words.text()
    drawn = scene.view.plane.lines["anomalous"].getData()[0]
    assert drawn is None or not len(drawn)
    scene.workspace.set_threshold(0.4)
    assert "All tokens" in scene.view.lengths.words.text()


def test_the_ground_truth_splits_where_there_is_one(scene):
    found = scene.all()
    box = scene.view.split_box
    assert box.isEnabled()
    box.setCurrentIndex(1)
    box.activated.emit(1)
    truth = scene.workspace.picture.truth
    assert scene.view.lengths.comparison.figures.tokens_inside == int(found.inside(truth).sum()) > 0
    scene.go("test/good/000")
    scene.answer(scene.inspect("test/good/000"))
    assert not box.isEnabled() and box.currentData() == "threshold"
    assert scene.state.choice.split == "truth", "the choice stays for the next part that has one"


def test_modalities_and_layers_can_be_chosen(scene):
    scene.all(depth=2)
    view = scene.view
    assert view.layer_box.isVisible() and view.layer_box.count() == 2
    view.layer_box.activated.emit(1)
    assert view.layer.layer == 2 and view.layer_box.currentIndex() == 1
    scene.qtbot.mouseClick(view.findChild(QWidget, "transport-modality-sn"), Qt.MouseButton.LeftButton)
    assert view.layer.modality == "sn" and scene.state.choice.modality == "sn"


def test_a_part_with_one_modality_shows_that(scene):
    scene.all(modalities=("sn",))
    assert scene.view.layer.modality == "sn" and scene.state.choice.modality == "rgb"
    assert not scene.view.layer_box.isVisible()


def test_pointing_at_a_line_moves_the_cursor_and_a_click_pins_it(scene):
    found = scene.all()
    view, peak = scene.view, found.strongest
    scene.qtbot.wait(30)
    layer = view.layer
    middle = (layer.before[peak] + layer.after[peak]) / 2
    plot = view.plane.plot
    spot = plot.mapFromScene(plot.getViewBox().mapViewToScene(_point(middle)))
    scene.qtbot.mouseMove(plot.viewport(), spot)
    scene.qtbot.waitUntil(lambda: scene.context.cursor.place.pixel is not None, timeout=2000)
    assert scene.context.cursor.place.pixel == tuple(found.pixels[peak].tolist())
    assert not scene.context.cursor.place.pinned
    scene.qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    scene.qtbot.waitUntil(lambda: scene.context.cursor.place.pinned, timeout=2000)


def test_a_click_on_a_cross_chooses_its_prototype(scene):
    scene.all()
    view = scene.view
    scene.qtbot.wait(30)
    plot = view.plane.plot
    spot = plot.mapFromScene(plot.getViewBox().mapViewToScene(_point(view.layer.prototypes[3])))
    scene.qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    scene.qtbot.waitUntil(lambda: scene.context.cursor.place.prototype is not None, timeout=2000)
    modality, number = scene.context.cursor.place.prototype
    assert modality == "rgb" and number in view.layer.used
    assert len(view.plane.chosen.getData()[0]) == 1


def test_the_cursor_in_the_pictures_marks_its_token(scene):
    found = scene.all()
    view = scene.view
    assert view.plane.token == found.strongest and "highest score" in view.plan.words.text()
    token = int(np.flatnonzero(found.compared)[4])
    scene.context.cursor.hover(tuple(found.pixels[token].tolist()))
    assert view.plane.token == token and "under the cursor" in view.plan.words.text()
    start = view.plane.start.getData()
    assert (start[0][0], start[1][0]) == tuple(view.layer.before[token].tolist())
    assert view.lengths.own.value() == pytest.approx(0.3)
    scene.context.cursor.hover((0, 0))
    assert view.plane.token is None and "beside the part" in view.plan.words.text()


def test_bars_are_clicked_and_walked(scene):
    scene.all()
    bars = scene.view.plan.bars
    scene.qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(40, 30))
    assert scene.context.cursor.place.prototype == ("rgb", 8)
    scene.qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert scene.context.cursor.place.prototype == ("rgb", 2)
    override = QKeyEvent(QKeyEvent.Type.ShortcutOverride, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)
    override.ignore()
    bars.event(override)
    assert override.isAccepted(), "or the arrow would go to the next part"
    assert "Prototype 8 makes up 20.0 %" in bars.told_at(30) and "5.0 % of this part" in bars.told_at(30)
    assert "of this part" not in bars.told_at(70) and bars.told_at(500) == ""


def test_the_distance_is_offered_to_the_pictures(scene):
    found = scene.all()
    display, view = scene.context.display, scene.view
    scene.qtbot.mouseClick(view.offer_box, Qt.MouseButton.LeftButton, pos=QPoint(8, view.offer_box.height() // 2))
    assert display.layer.values is found.of("rgb", 1).map and display.layer.span == (0.2, 0.9)
    assert display.layer.title == "Distance to normal, colour" and display.look.cloud == "anomaly"
    scene.state.choose(modality="sn")
    assert display.layer.values is found.of("sn", 1).map
    view.hide()
    scene.go("test/bent/002")
    assert display.layer is None and view.offer_box.isChecked()
    scene.inspect("test/bent/002")
    assert scene.jobs()[-1].ref.id == "test/bent/002", "who looks at the map wants it of the next part, too"
    scene.answer(scene.workspace.result("test/bent/002"))
    assert display.layer.part == "test/bent/002"
    view.offer(False)
    assert display.layer is None and display.look.cloud == "rgb"


def test_choosing_a_score_map_takes_the_offer_back(scene):
    scene.all()
    scene.view.offer(True)
    scene.context.display.set(source="fused")
    assert scene.context.display.layer is None and not scene.view.offer_box.isChecked()


def test_the_anomaly_pane_and_the_points_show_it(scene):
    from pirn_app.render.cloud import make_cloud
    from pirn_app.views.cloud.colours import coloured
    from pirn_app.views.images import AnomalyPane

    found = scene.all()
    pane = AnomalyPane(scene.context)
    scene.qtbot.addWidget(pane)
    pane.resize(500, 400)
    pane.show()
    scene.view.offer(True)
    assert pane.map is found.of("rgb", 1).map
    scene.qtbot.waitUntil(lambda: pane.bar.scale is not None and pane.bar.scale.high == 0.9, timeout=2000)
    assert pane.bar.scale.threshold is None and "Distance to normal" in pane.badge.text()
    picture = scene.workspace.picture
    _, notes = coloured(make_cloud(picture.xyz, picture.foreground), picture, scene.context)
    assert notes == ("Colours: Distance to normal, colour.",)
    scene.context.display.set(source="fused")
    scene.qtbot.waitUntil(lambda: pane.bar.scale.threshold == 1.5, timeout=2000)
    assert pane.map is scene.workspace.result("test/bent/001").map and pane.badge.text() == ""
    pane.release()


def test_the_layout_follows_the_width_and_the_theme(scene):
    scene.all()
    view = scene.view
    for width, columns in ((1000, {0, 1, 2}), (600, {0, 1}), (340, {0})):
        view.resize(width, 700)
        scene.qtbot.wait(20)
        places = [
            view._grid.getItemPosition(view._grid.indexOf(card)) for card in (view.plane, view.lengths, view.plan)
        ]
        assert {place[1] for place in places} == columns
    scene.context.theme.choose("light")
    assert view.plane.plot.backgroundBrush().color().name() == scene.context.theme.palette.panel
    assert scene.context.theme.palette.ng in view.lengths.legend.text()


def test_parts_of_another_set_forget_the_answer(scene):
    scene.all()
    scene.workspace.apply(events.PartsOpened(scene.parts))
    assert scene.state.explanation("test/bent/001", "abcdef") is None


def test_released_it_does_nothing_and_leaves_no_map(scene):
    scene.all()
    scene.view.offer(True)
    scene.view.release()
    assert scene.context.display.layer is None
    before = scene.view.plane.token
    scene.context.cursor.hover((60, 80))
    assert scene.view.plane.token == before


def test_figures_at_the_axes_are_true(scene):
    scene.all()
    scene.context.theme.choose("light")
    scene.state.choose(modality="sn")
    scene.qtbot.wait(30)
    for card in (scene.view.plane, scene.view.lengths):
        for side in ("left", "bottom"):
            assert card.plot.getAxis(side).autoSIPrefixScale == 1.0


def test_every_card_says_how_to_read_it(scene):
    found = scene.all()
    for card in (scene.view.plane, scene.view.lengths, scene.view.plan):
        assert len(card.info.toolTip()) > 100 and card.info.accessibleName()
    assert scene.view.help.count(".") == 2
    assert replace(found.frame).grid == GRID
