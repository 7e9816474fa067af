"""Colours that can be told apart, and a style sheet without gaps."""

import re
import string
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from pirn_app import style
from pirn_app.sheet import SHEET
from pirn_app.theme import DARK, LIGHT, Theme


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_words_can_be_read(colours):
    for ground in (colours.window, colours.panel, colours.raised):
        assert contrast(colours.text, ground) >= 7
    for ground in (colours.window, colours.panel):
        assert contrast(colours.muted, ground) >= 4.5
        assert contrast(style.disabled_text(colours), ground) >= 3
    for word in (colours.ok, colours.ng, colours.unsure):
        assert contrast(word, colours.panel) >= 4.5


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_the_sheet_is_filled_and_balanced(qapp, colours):
    sheet = style.style_sheet(colours)
    assert "$" not in sheet and sheet.count("{") == sheet.count("}")
    names = {name for _, name, braced, _ in string.Template.pattern.findall(SHEET.template) if name or braced}
    assert len(names) > 25
    for path in re.findall(r'url\("([^"]+)"\)', sheet):
        text = Path(path).read_text(encoding="utf-8")
        assert "currentColor" not in text and text.startswith("<svg")


def test_the_sheet_is_understood_by_qt(qtbot, qapp, caplog):
    theme = Theme("dark")
    style.apply(qapp, theme)
    button = QPushButton("x")
    button.setProperty("primary", True)
    qtbot.addWidget(button)
    button.resize(80, 30)
    middle = button.grab().toImage().pixelColor(6, 15).name()
    assert contrast(middle, DARK.accent) < 1.1


def test_the_application_follows_the_theme(qapp):
    theme = Theme("dark")
    style.apply(qapp, theme)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    theme.choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)
    assert LIGHT.accent in qapp.styleSheet()
    disabled = qapp.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled.name() == style.disabled_text(LIGHT)


def test_mixing():
    steps = [style.mix("#000000", "#ffffff", share) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert steps[0] == "#000000" and steps[2] == "#808080" and steps[-1] == "#ffffff"
    assert all(luminance(a) < luminance(b) for a, b in pairwise(steps))


def test_figures_have_one_width(qapp):
    font = style.tabular(QFont("DejaVu Sans"))
    assert font.featureValue(QFont.Tag("tnum")) == 1
    assert qapp.font().pixelSize() == 12


def test_fields_are_of_one_height_and_figures_stand_off_the_edge(qtbot, qapp):
    style.apply(qapp, Theme("dark"))
    form = QWidget()
    qtbot.addWidget(form)
    column = QVBoxLayout(form)
    fields = [QSpinBox(), QDoubleSpinBox(), QComboBox(), QLineEdit()]
    for field in fields:
        column.addWidget(field)
    form.show()
    qtbot.wait(10)
    assert len({field.height() for field in fields}) == 1
    for box in fields[:2]:
        assert box.lineEdit().textMargins().left() >= 4


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_what_lies_on_pictures_can_be_seen(colours):
    assert contrast(colours.on_image, colours.image) >= 4.5
    assert contrast(colours.cursor, colours.image) >= 4.5
    assert contrast(colours.truth, colours.image) >= 4.5
    assert luminance(colours.image) < 0.1, "holes in the points must not glare"
