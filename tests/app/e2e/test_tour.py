"""The tour: the whole story without a user, on a virtual screen and offscreen."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

_X_LIBRARIES = "Debian: apt-get install xvfb xauth libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxkbcommon-x11-0"


def tour(folder: Path, out: Path, *more: str, before: tuple[str, ...] = (), **changes: str):
    environment = {**os.environ, **changes}
    command = [*before, sys.executable, "-m", "pirn_app", "tour", str(folder), "--out", str(out), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)


def pictures(out: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in sorted(out.glob("*.png")):
        image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        found[path.stem[3:]] = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
    return found


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason=f"no virtual screen here. {_X_LIBRARIES}")
@pytest.mark.timeout(290)
def test_on_a_real_screen_the_window_shows_part_and_points(small_set, tmp_path):
    done = tour(small_set, tmp_path / "out", "--last", "parts",
                before=("xvfb-run", "-a", "-s", "-screen 0 1280x800x24"), QT_QPA_PLATFORM="xcb")  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = pictures(tmp_path / "out")
    assert list(seen) == ["start", "parts"]
    assert seen["parts"].shape == (800, 1280, 3)
    middle = seen["parts"][100:500, 320:860]
    assert middle.std() > 25, "no pictures in the middle of the window"
    assert abs(seen["parts"].astype(int) - seen["start"]).mean() > 5


@pytest.mark.slow
@pytest.mark.timeout(290)
def test_the_whole_story_ends_well(small_set, tmp_path):
    done = tour(small_set, tmp_path / "out", "--shots", "3", "--preset", "quick", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0, done.stderr[-2000:]
    seen = pictures(tmp_path / "out")
    assert {"start", "shots", "training", "model", "crack-part", "crack-in-3d", "undone", "cloud"} <= set(seen)
    assert {image.shape for image in seen.values()} == {(800, 1280, 3)}


def test_an_unwritable_folder_ends_it_with_a_word(small_set, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    done = tour(small_set, blocked / "out", "--last", "start", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(blocked) in done.stderr


_OPENS_BOTH = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pirn_app.compose import compose
qt = QApplication([])
app = compose()
app.window.painted.connect(lambda: app.open_path(*map(Path, sys.argv[1:])))
app.window.show()
def look():
    workspace, part = app.context.workspace, app.context.cursor.place.part
    if workspace.model is not None and part and workspace.result(part) is not None:
        print(workspace.results.get(part).score)
        qt.exit(0)
timer = QTimer(interval=50)
timer.timeout.connect(look)
timer.start()
code = qt.exec()
app.close()
sys.exit(code)
"""


@pytest.mark.timeout(290)
def test_parts_and_model_opened_at_the_start_while_libraries_are_loading(small_set, small_model, tmp_path):
    """The 3D view comes up while the engine still imports: this crashed in the graphics driver's compiler."""
    places = {f"PIRN_{name}": str(tmp_path / name) for name in ("CACHE", "CONFIG", "DATA")}
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **places}
    command = [sys.executable, "-X", "faulthandler", "-c", _OPENS_BOTH, str(small_set), str(small_model)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    assert float(done.stdout) > 0
