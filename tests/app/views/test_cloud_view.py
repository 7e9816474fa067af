"""The 3D view with real mouse and keys: what is drawn, marked, picked, kept and given back."""

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from pirn_app.actions import Action
from pirn_app.context import Context
from pirn_app.messages import events
from pirn_app.render import cloud as render
from pirn_app.views.cloud import CloudView
from pirn_app.views.cloud import surface as surface_module
from pirn_app.views.cloud.camera import Pose
from pirn_app.views.cloud.scene import NoOpenGLError
from pirn_core.data.layouts import PartSet
from pirn_core.results import InspectionResult

Make = Callable[..., events.Picture]
PIXELS = [(60, 80), (45, 70), (72, 96), (30, 60), (80, 110)]


@pytest.fixture
def parts(context: Context, make_parts: Callable[..., PartSet]) -> PartSet:
    made = make_parts()
    context.workspace.apply(events.PartsOpened(made))
    context.cursor.go(part=made.refs[-1].id)
    return made


@pytest.fixture
def view(context: Context, qtbot: QtBot) -> Iterator[CloudView]:
    made = CloudView(context)
    qtbot.addWidget(made)
    made.resize(600, 428)
    made.show()
    yield made
    made.release()


@pytest.fixture
def shown(view: CloudView, context: Context, parts: PartSet, make_picture: Make, qtbot: QtBot) -> CloudView:
    """The view with a part in it."""
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[-1])))
    qtbot.waitUntil(lambda: view.surface.renders > 0)
    return view


def picked(view: CloudView, at: QPointF) -> tuple[int, int]:
    index = view.surface.point_at(at)
    assert index is not None
    assert view.cloud is not None
    return view.cloud.pixel(index)


def drawn(view: CloudView) -> np.ndarray:
    """What the view shows, (H, W, 3)."""
    image = view.surface.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


# Where things are ---------------------------------------------------------------------------------------------------


def test_top_view_agrees_with_the_picture(shown: CloudView, context: Context) -> None:
    xyz = context.workspace.picture.xyz
    at = {pixel: shown.surface.position_of(xyz[pixel])[0] for pixel in ((60, 80), (60, 100), (80, 80))}
    assert at[60, 100].x() > at[60, 80].x() + 20
    assert at[60, 100].y() == pytest.approx(at[60, 80].y(), abs=1)
    assert at[80, 80].y() > at[60, 80].y() + 20
    assert at[80, 80].x() == pytest.approx(at[60, 80].x(), abs=1)


def test_colours_stand_where_their_points_are(shown: CloudView, context: Context) -> None:
    context.display.set(crosshair=False, point_size=3)
    colours = drawn(shown).astype(int)
    picture = context.workspace.picture
    for pixel in PIXELS:
        at, hiding = shown.surface.position_of(picture.xyz[pixel])
        assert hiding == "seen"
        assert np.abs(colours[int(at.y()), int(at.x())] - picture.rgb[pixel]).max() < 25


@pytest.mark.parametrize("turn", [(0, 0), (25, -30), (-50, 20), (10, 45)])
@pytest.mark.parametrize("exaggeration", [1.0, 5.0])
def test_pixel_to_screen_and_back(
    shown: CloudView, context: Context, turn: tuple[float, float], exaggeration: float
) -> None:
    surface, xyz = shown.surface, context.workspace.picture.xyz
    context.display.set(exaggeration=exaggeration)
    surface.move_camera(surface.pose.orbit(*turn, surface.pivot))
    seen = 0
    for pixel in PIXELS:
        at, hiding = surface.position_of(xyz[pixel])
        if hiding == "seen":
            seen += 1
            back = picked(shown, at)
            assert max(abs(back[0] - pixel[0]), abs(back[1] - pixel[1])) <= 2
    assert seen > 0


def test_camera_matches_vtk(shown: CloudView, context: Context) -> None:
    surface = shown.surface
    surface.move_camera(surface.pose.orbit(33, -21, surface.pivot).zoom(1.7, surface.pivot))
    surface.grab()
    renderer = surface._scene._renderer
    for point in shown.cloud.points[::4001]:
        renderer.SetWorldPoint(*point.tolist(), 1.0)
        renderer.WorldToDisplay()
        x, y, _ = renderer.GetDisplayPoint()
        at, _ = surface.position_of(point)
        assert (at.x(), surface.height() - at.y()) == pytest.approx((x, y), abs=0.05)


def test_orbit_keeps_the_pivot_and_zoom_keeps_what_is_under_the_mouse(shown: CloudView) -> None:
    surface = shown.surface
    pose, pivot = surface.pose, surface.pivot
    turned = pose
    for _ in range(500):
        turned = turned.orbit(3, 2, pivot)
    assert turned.axes @ turned.axes.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.norm(turned.position - pivot) == pytest.approx(np.linalg.norm(pose.position - pivot))
    size = surface.device_size
    place = pose.beneath((70, 90), size, 300.0)
    for lens in (pose.lens(size), pose.zoom(2.5, place).lens(size)):
        there = render.project(place[None].astype(np.float32), lens)
        assert (there.x[0], there.y[0]) == pytest.approx((70, 90), abs=0.01)


def test_everything_fits(shown: CloudView) -> None:
    for preset in ("top", "front", "side"):
        shown.surface.look_from(preset)
        places = render.project(shown.cloud.body, shown.surface.pose.lens(shown.surface.device_size))
        width, height = shown.surface.device_size
        assert 0 <= places.x.min() < places.x.max() <= width
        assert 0 <= places.y.min() < places.y.max() <= height
        filled = max(np.ptp(places.x) / width, np.ptp(places.y) / height)
        assert filled > 0.85


# Mouse and keys -----------------------------------------------------------------------------------------------------


def test_hover_and_click(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    at, _ = shown.surface.position_of(context.workspace.picture.xyz[70, 95])
    qtbot.mouseMove(shown.surface, at.toPoint())
    row, column = context.cursor.place.pixel
    assert max(abs(row - 70), abs(column - 95)) <= 1
    assert not context.cursor.place.pinned
    qtbot.mouseClick(shown.surface, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert context.cursor.place.pinned
    qtbot.mouseMove(shown.surface, at.toPoint() + QPoint(60, 0))
    assert context.cursor.place.pixel == (row, column)
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert not context.cursor.place.pinned


def test_drags_move_the_camera_and_pin_nothing(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    surface = shown.surface
    for button, turns in ((Qt.MouseButton.LeftButton, True), (Qt.MouseButton.RightButton, False)):
        before = surface.pose
        qtbot.mousePress(surface, button, pos=QPoint(300, 200))
        for step in range(1, 6):
            _drag(surface, QPoint(300 + 10 * step, 200), button)
        qtbot.mouseRelease(surface, button, pos=QPoint(350, 200))
        assert np.allclose(before.axes, surface.pose.axes) != turns
        assert not np.allclose(before.position, surface.pose.position)
    assert context.cursor.place.pixel is None


def test_pan_keeps_the_point_under_the_mouse(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    surface, point = shown.surface, context.workspace.picture.xyz[60, 80]
    start = surface.position_of(point)[0]
    qtbot.mousePress(surface, Qt.MouseButton.RightButton, pos=start.toPoint())
    _drag(surface, start.toPoint() + QPoint(40, 25), Qt.MouseButton.RightButton)
    qtbot.mouseRelease(surface, Qt.MouseButton.RightButton, pos=start.toPoint() + QPoint(40, 25))
    moved = surface.position_of(point)[0] - start
    assert (moved.x(), moved.y()) == pytest.approx((40, 25), abs=1.5)


def test_wheel_zooms_to_the_mouse(shown: CloudView, context: Context) -> None:
    surface, point = shown.surface, context.workspace.picture.xyz[70, 95]
    at = surface.position_of(point)[0]
    distance = surface.pose.distance
    for _ in range(4):
        _wheel(surface, at, 120)
    assert surface.pose.distance < 0.6 * distance
    away = surface.position_of(point)[0] - at
    assert abs(away.x()) + abs(away.y()) < 6
    for _ in range(300):
        _wheel(surface, at, -120)
    assert surface.pose.distance < 5000


def test_double_click_maximises_and_leaves_the_cursor(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    at = shown.surface.position_of(context.workspace.picture.xyz[70, 95])[0].toPoint()
    for expected in ("cloud", ""):
        qtbot.mouseClick(shown.surface, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseDClick(shown.surface, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseRelease(shown.surface, Qt.MouseButton.LeftButton, pos=at)
        assert context.display.look.maximised == expected
        assert not context.cursor.place.pinned


def test_tools(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    def button(name: str) -> QToolButton:
        return shown.tools.findChild(QToolButton, name)

    for value in ("sn", "anomaly", "rgb"):
        qtbot.mouseClick(button(f"colour-{value}"), Qt.MouseButton.LeftButton)
        assert context.display.look.cloud == value
        assert button(f"colour-{value}").isChecked()
    sights = {"top": (0, 0, 1), "front": (0, -1, 0), "side": (-1, 0, 0)}
    for name, sight in sights.items():
        qtbot.mouseClick(button(f"view-{name}"), Qt.MouseButton.LeftButton)
        assert np.allclose(shown.surface.pose.axes[2], sight)
    near = shown.surface.pose.distance
    shown.surface.move_camera(shown.surface.pose.zoom(0.5, shown.surface.pivot))
    qtbot.mouseClick(button("fit"), Qt.MouseButton.LeftButton)
    assert shown.surface.pose.distance == pytest.approx(near)
    for entry in ("exaggeration-5", "point_size-4", "box"):
        shown.tools.findChild(object, entry).trigger()
    look = context.display.look
    assert (look.exaggeration, look.point_size, look.box) == (5.0, 4, True)
    context.display.set(box=False, point_size=3)
    assert not shown.tools.findChild(object, "box").isChecked()
    assert shown.tools.findChild(object, "point_size-3").isChecked()
    assert not context.display.look.box
    points = len(shown.cloud)
    shown.tools.findChild(object, "part-only").trigger()
    assert len(shown.cloud) == (context.workspace.picture.foreground & context.workspace.picture.valid).sum() < points
    shown.resize(420, 400)
    assert button("view-menu").isVisible()
    assert not button("view-top").isVisible()


# What it shows ------------------------------------------------------------------------------------------------------


def test_a_moving_cursor_draws_nothing_in_vtk(shown: CloudView, context: Context, qtbot: QtBot) -> None:
    drawn(shown)
    renders = shown.surface.renders
    before = drawn(shown)
    generator = np.random.default_rng(0)
    for row, column in generator.integers((0, 0), (120, 160), (3000, 2)):
        context.cursor.hover((int(row), int(column)))
        if row % 10 == 0:
            QApplication.sendPostedEvents()
    context.cursor.go(pixel=(60, 80))
    QApplication.processEvents()
    assert shown.surface.renders == renders
    changed = np.argwhere(np.abs(drawn(shown).astype(int) - before).sum(axis=-1) > 30)
    at, _ = shown.surface.position_of(context.workspace.picture.xyz[60, 80])
    assert len(changed) > 50
    assert np.abs(changed - (at.y(), at.x())).max() < 18
    context.display.set(crosshair=False)
    assert np.array_equal(drawn(shown), before)


def test_many_changes_are_drawn_once(shown: CloudView, context: Context) -> None:
    drawn(shown)
    QApplication.processEvents()
    renders = shown.surface.renders
    for size in (1, 3, 4):
        context.display.set(point_size=size)
        shown.surface.move_camera(shown.surface.pose.orbit(5, 0, shown.surface.pivot))
    QApplication.processEvents()
    assert shown.surface.renders == renders + 1


def test_a_hidden_view_draws_nothing(shown: CloudView, context: Context, qtbot: QtBot, make_picture: Make) -> None:
    shown.hide()
    renders = shown.surface.renders
    context.workspace.apply(events.PartLoaded(make_picture(context.workspace.refs[0])))
    context.display.set(cloud="sn")
    context.cursor.go(part=context.workspace.refs[0].id, pixel=(5, 5))
    qtbot.wait(30)
    assert shown.surface.renders == renders
    shown.show()
    qtbot.waitUntil(lambda: shown.surface.renders > renders)
    assert shown._shown is context.workspace.picture


def test_no_point_hidden_point_and_point_outside(shown: CloudView, context: Context) -> None:
    context.cursor.go(pixel=(12, 22))
    assert shown.surface.notes[0] == "No 3D point at this pixel."
    context.cursor.go(pixel=(60, 80))
    assert shown.surface.notes == ()
    surface, xyz = shown.surface, context.workspace.picture.xyz
    context.cursor.go(pixel=(14, 80))
    assert surface.position_of(xyz[14, 80])[1] == "seen"
    surface.look_from("front")
    surface.move_camera(surface.pose.orbit(0, 11, surface.pivot))
    # The dome stands between the camera and this point of the plane.
    assert surface.position_of(xyz[14, 80])[1] == "hidden"
    drawn(shown)
    context.cursor.go(pixel=(60, 80))
    surface.move_camera(surface.pose.pan(2000, 0, 400))
    assert surface.position_of(xyz[60, 80])[1] == "outside"
    drawn(shown)
    context.cursor.go(pixel=(4000, 4000))
    assert shown.surface.notes[0] == "No 3D point at this pixel."
    drawn(shown)


def test_anomaly_colours_and_what_is_missing(
    shown: CloudView,
    context: Context,
    make_result: Callable[..., InspectionResult],
    make_model: Callable[..., events.Model],
) -> None:
    workspace, part = context.workspace, context.workspace.refs[-1]
    context.display.set(cloud="anomaly")
    assert "No model" in shown.surface.notes[0]
    workspace.apply(events.ModelReady(make_model()))
    assert "not inspected" in shown.surface.notes[0]
    context.display.set(crosshair=False)
    base = drawn(shown)
    workspace.apply(events.PartInspected(make_result(part), shot=False))
    assert shown.surface.notes == ()
    hot = drawn(shown)
    at = shown.surface.position_of(workspace.picture.xyz[70, 95])[0].toPoint()
    assert np.abs(hot[at.y(), at.x()].astype(int) - base[at.y(), at.x()]).sum() > 100
    expected = render.heat_colours(
        shown.cloud,
        render.picture_colours(shown.cloud, workspace.picture.rgb),
        workspace.result(part.id).map,
        workspace.model.colour_range,
        "inferno",
        context.display.look.opacity,
    )
    assert np.array_equal(shown.surface._scene._all._colours, expected)
    context.display.set(per_image=True)
    assert "this image" in shown.surface.notes[0]
    context.display.set(source="sn", per_image=False, base="sn", colour_map="viridis", exaggeration=5.0)
    assert shown.surface.notes == ("Heights drawn 5×. Measured values stay true.",)
    workspace.apply(events.PartFailed(part.id, "The file is damaged."))
    assert "The file is damaged." in shown.surface.notes[0]


def test_background_follows_the_theme(shown: CloudView, context: Context) -> None:
    shown.surface.look_from("side")
    for name in ("light", "dark"):
        context.theme.choose(name)
        expected = QColor(context.theme.palette.image)
        assert np.abs(drawn(shown)[3, 3] - np.array(expected.getRgb()[:3])).max() <= 1


def test_box_shows_true_lengths_at_any_height(shown: CloudView, context: Context) -> None:
    low, high = shown.surface._box
    plain = drawn(shown)
    context.display.set(box=True, exaggeration=5.0)
    shown.surface.look_from("front")
    assert (drawn(shown) != plain).any()
    # The box is that of the points, whatever is drawn.
    body = shown.cloud.body
    assert np.array_equal(np.stack(shown.surface._box), np.stack([body.min(axis=0), body.max(axis=0)]))
    assert np.array_equal(low, shown.surface._box[0])
    assert np.array_equal(high, shown.surface._box[1])


def test_frame_of_the_pictures(shown: CloudView, context: Context) -> None:
    whole = shown.surface.pose.distance
    context.display.show_frame((85, 60, 105, 80))
    assert shown.surface.pose.distance < 0.7 * whole
    xyz = context.workspace.picture.xyz
    middle = shown.surface.position_of(xyz[70, 95])[0] - QPointF(shown.surface.rect().center())
    assert abs(middle.x()) + abs(middle.y()) < 25
    assert shown.surface.position_of(xyz[61, 86])[1] == "seen"
    context.display.fit()
    assert shown.surface.pose.distance == pytest.approx(whole)
    context.display.show_frame((-50, -50, -40, -40))
    assert shown.surface.pose.distance == pytest.approx(whole)


def test_camera_stays_for_the_next_part_of_the_set(shown: CloudView, context: Context, make_picture: Make) -> None:
    surface = shown.surface
    surface.move_camera(surface.pose.orbit(20, 10, surface.pivot))
    pose = surface.pose
    picture = make_picture(context.workspace.refs[0])
    context.workspace.apply(events.PartLoaded(picture))
    assert surface.pose is pose
    context.workspace.apply(events.PartLoaded(replace(picture, xyz=picture.xyz * 100)))
    assert np.allclose(surface.pose.axes[2], (0, 0, 1))
    assert surface.pose.distance > 10 * pose.distance


def test_few_points_while_moving(
    view: CloudView, context: Context, parts: PartSet, make_picture: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "MANY", 9000)
    monkeypatch.setattr(render, "MOVING", 4000)
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[-1])))
    qtbot.waitUntil(lambda: view.surface.renders > 0)
    surface = view.surface
    everything = len(surface._projected().x)
    surface.move_camera(surface.pose.orbit(5, 5, surface.pivot))
    drawn(view)
    assert len(surface._projected().x) == 4000
    assert surface._scene._few.actor.GetVisibility()
    renders = surface.renders
    qtbot.waitUntil(lambda: surface.renders > renders, timeout=2000)
    assert len(surface._projected().x) == everything
    assert not surface._scene._few.actor.GetVisibility()


# Without ------------------------------------------------------------------------------------------------------------


def test_words_where_there_is_nothing(
    context: Context, make_parts: Callable[..., PartSet], make_picture: Make, qtbot: QtBot
) -> None:
    asked: list[bool] = []
    context.actions.add([Action("open-folder", "Open folder", "File", lambda: asked.append(True))])
    view = CloudView(context)
    qtbot.addWidget(view)
    view.show()
    assert "Open a folder" in view.empty.text
    view.empty._button.click()
    assert asked
    parts = make_parts()
    context.workspace.apply(events.PartsOpened(parts))
    assert view.empty.text == "Choose a part in the list."
    context.cursor.go(part=parts.refs[0].id)
    assert view.empty.text == f"Reading {parts.refs[0].id}."
    context.workspace.apply(events.PartUnreadable(parts.refs[0].id, "The file is empty.", "Scan it again."))
    assert view.empty.text == "The file is empty. Scan it again."
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[0], xyz=False)))
    assert view.empty.text == "This part has no 3D points."
    assert not view.surface.ready
    assert not view.tools.findChild(QToolButton, "fit").isEnabled()
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[0], rgb=False)))
    qtbot.waitUntil(lambda: view.surface.renders > 0)
    assert "no colour" in view.surface.notes[0]
    context.cursor.go(pixel=(60, 80))
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[0], xyz=False)))
    assert view.empty.isVisible()
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[0])))
    assert view.surface.isVisible()
    view.release()


def test_no_opengl(
    view: CloudView, context: Context, parts: PartSet, make_picture: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise NoOpenGLError("3D view is off: no OpenGL driver was found.", "Install libegl1.")

    monkeypatch.setattr(surface_module, "Scene", fail)
    notes: list[object] = []
    context.workspace.logged.connect(notes.append)
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[0])))
    qtbot.waitUntil(lambda: "3D view is off" in view.empty.text)
    assert "Install libegl1." in view.empty.text
    assert view.empty.isVisible()
    assert len(notes) == 1
    context.workspace.apply(events.PartLoaded(make_picture(parts.refs[1])))
    context.cursor.go(pixel=(60, 80))
    context.display.set(cloud="anomaly", exaggeration=2.0)
    context.display.fit()
    view.tools.viewed.emit("front")
    qtbot.wait(20)
    assert len(notes) == 1


def test_a_machine_without_a_driver_is_told_so() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("hides the driver as Linux finds it")
    code = """
from pirn_app.views.cloud.scene import NoOpenGLError, Scene
try:
    Scene()
except NoOpenGLError as error:
    print(error)
"""
    hidden = {k: v for k, v in os.environ.items() if k != "DISPLAY"} | {
        "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull,
        "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
    }
    root = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", code], env=hidden, cwd=root, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "3D view is off" in ran.stdout


def test_vtk_is_loaded_late() -> None:
    code = "import sys, pirn_app.views.cloud; sys.exit(any(n.startswith('vtk') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode == 0


# Lifetime -----------------------------------------------------------------------------------------------------------


def test_parts_leave_nothing_behind(shown: CloudView, context: Context, make_picture: Make) -> None:
    refs = context.workspace.refs
    pictures = [make_picture(ref) for ref in refs[:4]]
    clouds: list[weakref.ref[object]] = []
    figures: list[int] = []
    shown.resize(240, 228)
    for step in range(220):
        context.workspace.apply(events.PartLoaded(pictures[step % 4]))
        shown.surface.grab()
        clouds.append(weakref.ref(shown.cloud.points))
        if step in (20, 219):
            gc.collect()
            figures.append(_resident())
    assert sum(one() is not None for one in clouds) <= 2
    assert figures[1] - figures[0] < 12 * 2**20


def test_release_gives_the_window_back(shown: CloudView, context: Context, make_picture: Make) -> None:
    window = shown.surface._scene._window
    points = weakref.ref(shown.cloud.points)
    shown.release()
    assert not window.GetInitialized()
    context.workspace.apply(events.PartLoaded(make_picture(context.workspace.refs[0])))
    context.cursor.go(pixel=(3, 3))
    context.display.set(cloud="sn", exaggeration=5.0)
    context.theme.choose("light")
    QApplication.processEvents()
    gc.collect()
    assert points() is None
    shown.release()


def test_preset_directions_are_right_handed() -> None:
    for name in ("top", "front", "side"):
        axes = Pose.preset(name).axes
        assert np.allclose(np.cross(axes[0], axes[1]), -axes[2])
        assert np.allclose(axes @ axes.T, np.eye(3))


def _drag(widget: object, to: QPoint, button: Qt.MouseButton) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), QPointF(to), Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def _wheel(widget: object, at: QPointF, delta: int) -> None:
    event = QWheelEvent(
        at, at, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def _resident() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
