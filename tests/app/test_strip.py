"""The strip over a picture: at every width all that is shown is whole."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QLabel, QToolButton, QWidget

from pirn_app import style
from pirn_app.choices import Choice, Choices, absent, dotted, word_button
from pirn_app.strip import Strip
from pirn_app.theme import DARK, Theme

LEFT = Qt.MouseButton.LeftButton
FRUIT = (Choice("a", "Apple", "Red."), Choice("p", "Pineapple", "Yellow."), Choice("b", "Berry", "Black."))


@pytest.fixture
def choices(qtbot):
    made = Choices("fruit", FRUIT, "Which fruit.")
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def strip(qtbot, qapp):
    style.apply(qapp, Theme("dark"))
    made = Strip("A long title", "Short", "How to read it.", "3", lambda: None, lambda: None)
    made.choices = Choices("fruit", FRUIT, "Which fruit.")
    made.menu = word_button("More ▾")
    made.add(made.choices, late=[made.choices.collapse])
    made.add(made.menu, late=[dotted(made.menu)], last=[absent(made.menu)])
    made.recolour(DARK)
    qtbot.addWidget(made)
    made.show()
    return made


def words(widget):
    return [button.text() for button in widget.findChildren(QToolButton) if button.isVisible() and button.text()]


def title(strip):
    return strip.findChild(QLabel, "title").text()


def test_a_word_is_chosen_by_the_user_only(qtbot, choices):
    told = []
    choices.chosen.connect(told.append)
    choices.set_current("p")
    assert told == []
    qtbot.mouseClick(choices.findChild(QToolButton, "fruit-b"), LEFT)
    assert told == ["b"] and choices.findChild(QToolButton, "fruit-b").isChecked()
    assert not choices.findChild(QToolButton, "fruit-p").isChecked()


def test_collapsed_the_button_names_the_choice_and_its_menu_chooses(choices):
    told = []
    choices.chosen.connect(told.append)
    choices.set_current("p")
    choices.collapse(True)
    assert words(choices) == ["Pineapple ▾"]
    button = choices.findChild(QToolButton, "fruit-menu")
    assert [action.isChecked() for action in button.menu().actions()] == [False, True, False]
    button.menu().actions()[0].trigger()
    assert told == ["a"] and words(choices) == ["Pineapple ▾"]  # until the state follows
    choices.set_current("a")
    assert words(choices) == ["Apple ▾"]
    choices.collapse(False)
    assert words(choices) == ["Apple", "Pineapple", "Berry"]


def test_what_is_not_there_cannot_be_chosen(choices):
    choices.offer("p", False)
    assert not choices.findChild(QToolButton, "fruit-p").isEnabled()
    choices.set_usable(False)
    assert not choices.findChild(QToolButton, "fruit-menu").isEnabled()


@pytest.mark.parametrize("chosen", ["a", "b"])
def test_nothing_is_ever_cut(strip, chosen, qtbot):
    strip.choices.set_current(chosen)
    for width in range(150, 620, 7):
        strip.setFixedWidth(width)
        qtbot.wait(1)
        assert strip.needed() <= width
        shown = [w for w in (*strip.findChildren(QToolButton), *strip.findChildren(QLabel)) if w.isVisible()]
        for widget in shown:
            assert widget.width() >= widget.sizeHint().width(), (width, widget.objectName())
            assert widget.mapTo(strip, widget.rect().topLeft()).x() >= 0
            assert widget.mapTo(strip, widget.rect().topRight()).x() < width
        name = {c.value: c.text for c in FRUIT}[chosen]
        assert title(strip) in ("A long title", "Short") and {name, f"{name} ▾"} & set(words(strip))


def test_it_gives_up_things_in_order_and_takes_them_back(strip, qtbot):
    strip.setFixedWidth(700)
    qtbot.wait(1)
    whole = strip.needed()
    key, fit = strip.findChild(QLabel, "key"), strip.findChild(QToolButton, "fit")
    assert key.isVisible() and fit.isVisible() and title(strip) == "A long title" and len(words(strip)) == 4
    strip.setFixedWidth(whole - 1)
    assert not key.isVisible() and fit.isVisible() and title(strip) == "A long title"
    strip.setFixedWidth(whole - key.width() - 6)
    assert not fit.isVisible() and len(words(strip)) == 4
    strip.setFixedWidth(170)
    assert title(strip) == "Short" and len(words(strip)) <= 2
    strip.setFixedWidth(700)
    assert key.isVisible() and fit.isVisible() and title(strip) == "A long title" and len(words(strip)) == 4


def test_two_strips_in_one_grid_come_to_rest(qtbot, context):
    """Tools that came and went used to ask for other widths, and the columns of a grid resized each other for ever."""
    from pirn_app.views.cloud import CloudView
    from pirn_app.views.images import AnomalyPane, NormalsPane, RgbPane

    views = [kind(context) for kind in (RgbPane, NormalsPane, AnomalyPane, CloudView)]
    window = QWidget()
    grid = QGridLayout(window)
    for number, view in enumerate(views):
        grid.addWidget(view, number // 2, number % 2)
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    for width in (1000, 820, 640, 420, 760):
        window.resize(width, 500)
        qtbot.wait(20)
    seen = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Resize:
                seen.append(watched)
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    qtbot.wait(100)
    QApplication.instance().removeEventFilter(watch)
    assert seen == []
    assert all(strip.needed() <= strip.width() for strip in window.findChildren(Strip))
    for view in views:
        view.release()
