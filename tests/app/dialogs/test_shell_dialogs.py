"""Dialogs of the shell: they ask or tell, and change nothing."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QToolButton

from pirn_app.actions import Action, Actions
from pirn_app.dialogs.about import AboutDialog, versions
from pirn_app.dialogs.category import CategoryDialog
from pirn_app.dialogs.error import ErrorDialog
from pirn_app.dialogs.notice import NoticeBar
from pirn_app.dialogs.settings import SettingsDialog
from pirn_app.dialogs.shortcuts import ShortcutsDialog
from pirn_app.messages.events import CategoryNeeded
from pirn_app.preferences import Preferences
from pirn_app.theme import Theme


def test_category_is_chosen_by_double_click_or_enter(qtbot):
    dialog = CategoryDialog(CategoryNeeded(Path("/data"), tuple(f"kind{k}" for k in range(20))))
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.findChild(QLineEdit, "category-filter").setText("d17")
    assert dialog.chosen == "kind17"
    dialog._list.itemActivated.emit(dialog._list.currentItem())
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_category_without_a_match_cannot_be_opened(qtbot):
    dialog = CategoryDialog(CategoryNeeded(Path("/data"), ("bolt", "nut")))
    qtbot.addWidget(dialog)
    dialog._filter.setText("zzz")
    assert dialog.chosen == ""
    button = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
    assert not button.isEnabled()
    dialog._filter.setText("")
    assert button.isEnabled()


def test_error_can_be_copied_whole(qtbot):
    dialog = ErrorDialog("It broke.", "Traceback\n  line 3", Path("/logs/app.log"))
    qtbot.addWidget(dialog)
    assert dialog.findChild(QPlainTextEdit, "error-details").toPlainText() == "Traceback\n  line 3"
    qtbot.mouseClick(dialog.findChild(QPushButton, "error-copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "It broke.\n\nTraceback\n  line 3"
    assert any("/logs/app.log" in label.text() for label in dialog.findChildren(QLabel))


def test_actions_are_found_by_words_and_keys(qtbot):
    actions = Actions()
    actions.add([
        Action("train", "Train", "Model", lambda: None, ("Ctrl+T",), "Learn from the shots."),
        Action("undo", "Undo", "Edit", lambda: None, ("Ctrl+Z",), "Take back."),
    ])  # fmt: skip
    dialog = ShortcutsDialog(actions)
    qtbot.addWidget(dialog)
    assert dialog.visible == ("train", "undo")
    for words, found in (("shots learn", ("train",)), ("ctrl+z", ("undo",)), ("nothing like it", ())):
        dialog._search.setText(words)
        assert dialog.visible == found
    dialog._search.setText("undo")
    qtbot.keyClick(dialog._search, Qt.Key.Key_Return)
    assert dialog.chosen == "undo" and dialog.result() == QDialog.DialogCode.Accepted


def test_about_names_versions(qtbot):
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert versions()["PySide6-Essentials"][0].isdigit() and versions()["Python"].startswith("3.")
    assert any(label.text() == versions()["torch"] for label in dialog.findChildren(QLabel))


def test_settings_ask_and_change_nothing(qtbot, tmp_path):
    known = Preferences(tmp_path)
    known.remember(tmp_path)
    dialog = SettingsDialog(known)
    qtbot.addWidget(dialog)
    assert dialog.theme == "system" and not dialog.forget_recent
    dialog._theme.setCurrentIndex(2)
    dialog._forget.setChecked(True)
    dialog.accept()
    assert dialog.theme == "light" and dialog.forget_recent
    assert known.theme == "system" and len(known.recent) == 1


def test_notice_tells_levels_and_offers_details(qtbot):
    bar = NoticeBar(Theme("dark"))
    qtbot.addWidget(bar)
    told: list[bool] = []
    bar.shown.connect(told.append)
    bar.tell("info", "All well.")
    bar.show()
    assert not bar.findChild(QPushButton, "notice-details").isVisible()
    bar.tell("error", "It broke.", "Mend it.", "Traceback")
    assert bar.text == "It broke. Mend it." and bar.level == "error" and bar.property("level") == "error"
    with qtbot.waitSignal(bar.details_asked) as asked:
        qtbot.mouseClick(bar.findChild(QPushButton, "notice-details"), Qt.MouseButton.LeftButton)
    assert asked.args == ["It broke. Mend it.", "Traceback"]
    qtbot.mouseClick(bar.findChild(QToolButton, "notice-close"), Qt.MouseButton.LeftButton)
    assert told == [True, True, False] and not bar.on


def test_markup_in_messages_is_shown_as_it_is(qtbot):
    bar = NoticeBar(Theme("dark"))
    qtbot.addWidget(bar)
    bar.tell("error", "<b>x</b>.png: is no picture.")
    assert bar._text.textFormat() == Qt.TextFormat.PlainText
