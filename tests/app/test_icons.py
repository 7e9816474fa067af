"""Every action's icon is there, is drawn, and wears the colour that it is given."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

from pirn_app import icons
from pirn_app.actions import Action, Actions
from pirn_app.theme import DARK, ICONS, LIGHT, Theme
from pirn_core.files import resource

NAMES = sorted(path.stem for path in resource("icons").glob("*.svg"))


def inked(image):
    image = image.toImage()
    return [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() > 200
    ]


@pytest.mark.parametrize("name", NAMES)
def test_drawings_are_ours_and_simple(name):
    root = ElementTree.parse(resource("icons", f"{name}.svg")).getroot()
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert resource("icons", f"{name}.svg").stat().st_size < 1500


@pytest.mark.parametrize("name", [name for name in NAMES if name != "app"])
def test_an_icon_has_one_colour(qapp, name):
    pixels = inked(icons.pixmap(name, "#f07b3f", 40))
    assert len(pixels) > 20, "nothing was drawn"
    for colour in pixels:
        assert (abs(colour.red() - 0xF0), abs(colour.green() - 0x7B), abs(colour.blue() - 0x3F)) <= (3, 3, 3)


def test_verdicts_have_their_icons():
    assert set(ICONS.values()) <= set(NAMES)


def test_disabled_is_paler(qapp):
    made = icons.icon("train", "#ffffff")
    size = QSize(20, 20)
    strongest = [
        max(p.alpha() for p in _pixels(made.pixmap(size, mode))) for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    ]
    assert strongest[0] > 200 and 60 < strongest[1] < 130


def _pixels(pixmap):
    image = pixmap.toImage()
    return [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]


def test_dense_screens_get_more_pixels(qapp):
    image = icons.pixmap("train", "#ffffff", 20, 2.0)
    assert image.width() == 40 and image.deviceIndependentSize().width() == 20


def test_unknown_names_give_no_icon_and_no_error(qapp):
    assert icons.icon("no-such-icon", "#ffffff").isNull()


def test_actions_follow_the_theme(qapp):
    actions, theme = Actions(), Theme("dark")
    actions.add([Action("train", "Train", "Model", lambda: None, icon="train")])

    def lightness():
        return max(p.lightness() for p in inked(actions.qaction("train").icon().pixmap(20, 20)))

    icons.dress(actions, theme)
    assert theme.palette is DARK and lightness() > 200
    theme.choose("light")
    icons.dress(actions, theme)
    assert theme.palette is LIGHT and lightness() < 80


def test_files_for_style_sheets(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path))
    path = icons.tinted_file("check", "#123456")
    assert path == tmp_path / "icons" / "check-123456.svg" and "#123456" in path.read_text()
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("PIRN_CACHE", str(blocked))
    assert Path(icons.tinted_file("check", "#654321")).is_file(), "a folder that cannot be written is no reason to fail"
