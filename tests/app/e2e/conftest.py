"""A small generated set of parts, and the whole application over it with the real engine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from pirn_app.compose import Application, compose
from pirn_app.preferences import Preferences
from pirn_core.synthetic import generate


@pytest.fixture(scope="session")
def small_set(tmp_path_factory) -> Path:
    """Six good training parts, two good and five defective test parts of one design, 200 px."""
    folder = tmp_path_factory.mktemp("parts")
    generate(folder, parts=("flange",), train=6, validation=0, good=2, defective_per_kind=1, size=200)
    return folder


@pytest.fixture(scope="session")
def small_model(small_set, tmp_path_factory) -> Path:
    """A quick model of it, by the command line."""
    from pirn_core.cli.app import run

    out = tmp_path_factory.mktemp("model") / "small.pirn"
    quick = ("--preset", "untrained", "--set", "decoder.prototypes=100", "--set", "augmentation.rotations=1")
    assert run(["train", str(small_set), "--shots", "3", "--out", str(out), "--no-cache", "--quiet", *quick]) == 0
    return out


@dataclass
class User:
    """Sits before the application: clicks, presses keys, looks, waits."""

    app: Application
    qtbot: object
    answers: list[Path]

    def __getattr__(self, name: str):
        return getattr(self.app.context, name)

    def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        def told() -> None:
            said = [f"{line.level}: {line.text}" for line in self.workspace.jobs.log]
            assert condition(), f"never came true; under way: {self.workspace.jobs.running}; said: {said}"

        self.qtbot.waitUntil(told, timeout=round(seconds * 1000))

    def widget(self, name: str, kind: type = QWidget) -> QWidget:
        found = [w for w in self.app.window.findChildren(kind, name) if w.isVisible()]
        assert found, f"no {name} is visible"
        return found[0]

    def click(self, name: str, at: QPoint | None = None) -> None:
        widget = self.widget(name)
        self.until(widget.isEnabled)
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.app.window, key, modifier)

    def idle(self) -> bool:
        return not self.workspace.jobs.running

    def seen(self) -> bool:
        """Picture and result of the part in view are there."""
        part, picture = self.cursor.place.part, self.workspace.picture
        return picture is not None and picture.ref.id == part and self.workspace.result(part) is not None


@pytest.fixture
def user(qtbot, qapp, tmp_path) -> Iterator[User]:
    """An application of one's own, furnished and shown."""
    font, sheet, palette = QFont(qapp.font()), qapp.styleSheet(), qapp.palette()
    answers: list[Path] = []

    def choose(window, question, answer) -> None:
        answer((answers.pop(0),))

    app = compose(preferences=Preferences(tmp_path / "preferences"), chooser=choose)
    app.window.resize(1280, 800)
    app.window.show()
    app.window.activateWindow()
    qtbot.waitUntil(lambda: app.window.is_furnished, timeout=20_000)
    made = User(app, qtbot, answers)
    yield made
    assert app.close()
    app.window.deleteLater()
    qapp.setFont(font)
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
