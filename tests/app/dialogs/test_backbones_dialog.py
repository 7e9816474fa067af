"""The backbones dialog: what it lists, what it answers, and that it asks before a download."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QMessageBox, QPushButton

from pirn_app.dialogs.backbones import BackbonesDialog, Chosen, Download, ImportFile, agreement
from pirn_app.theme import DARK
from pirn_core.nn.catalogue import CATALOGUE, BackboneState

LEFT = Qt.MouseButton.LeftButton
STATES = (
    BackboneState(CATALOGUE["dinov2-small"], "cached", Path("small.safetensors"), 88.2),
    BackboneState(CATALOGUE["dinov2-base"], "download", None, 346.3),
    BackboneState(CATALOGUE["dinov3-base"], "missing", None, 0.0),
)


@pytest.fixture
def dialog(qtbot):
    made = BackbonesDialog(STATES, DARK, "dinov2-small")
    qtbot.addWidget(made)
    made.open()
    return made


@pytest.fixture
def ended(dialog):
    found = []
    dialog.finished.connect(found.append)
    return found


def cells(dialog, row):
    return [dialog.table.item(row, column).text() for column in range(dialog.table.columnCount())]


def test_the_table_says_where_how_large_and_whose(dialog):
    assert cells(dialog, 0)[:4] == ["dinov2-small (in use)", "on this machine", "88 MB", "Apache-2.0"]
    assert cells(dialog, 1)[1:3] == ["needs download", "346 MB"]
    assert cells(dialog, 2)[1:3] == ["missing", ""]
    assert dialog.selected.name == "dinov2-small"


def test_buttons_fit_the_selected_row(dialog):
    assert dialog.use_button.isEnabled()
    assert not dialog.download_button.isEnabled()
    dialog.table.selectRow(1)
    assert not dialog.use_button.isEnabled()
    assert dialog.download_button.isEnabled()
    assert dialog.download_button.text() == "Download (346 MB)…"
    dialog.table.selectRow(2)
    assert not dialog.use_button.isEnabled()
    assert not dialog.download_button.isEnabled()


def test_use_this_answers_with_the_name(dialog, ended, qtbot):
    qtbot.mouseClick(dialog.use_button, LEFT)
    assert dialog.answer == Chosen("dinov2-small")
    assert ended == [1]


def test_close_answers_nothing(dialog, ended, qtbot):
    qtbot.mouseClick(dialog.close_button, LEFT)
    assert dialog.answer is None
    assert ended == [0]


def test_a_download_is_agreed_to_first(dialog, ended, qtbot):
    dialog.table.selectRow(1)
    qtbot.mouseClick(dialog.download_button, LEFT)
    asking = dialog.findChild(QMessageBox, "agree-download")
    said = asking.informativeText()
    assert said == agreement(STATES[1])
    for piece in ("346 MB", "Hugging Face hub", "timm/vit_base_patch14_dinov2.lvd142m", "Apache-2.0", "Nothing but"):
        assert piece in said
    assert dialog.answer is None
    assert not ended
    qtbot.mouseClick(asking.findChild(QPushButton, "agree"), LEFT)
    assert dialog.answer == Download("dinov2-base")
    assert ended == [1]


def test_no_agreement_no_download(dialog, ended, qtbot):
    dialog.table.selectRow(1)
    qtbot.mouseClick(dialog.download_button, LEFT)
    asking = dialog.findChild(QMessageBox, "agree-download")
    box = asking.findChild(QDialogButtonBox)
    qtbot.mouseClick(box.button(QDialogButtonBox.StandardButton.Cancel), LEFT)
    assert dialog.answer is None
    assert not ended
    assert dialog.isVisible()


def test_a_chosen_file_is_the_answer(dialog, ended, qtbot, tmp_path):
    qtbot.mouseClick(dialog.import_button, LEFT)
    asking = dialog.findChild(QFileDialog, "import-file")
    assert "*.safetensors" in asking.nameFilters()[0]
    path = tmp_path / "own.safetensors"
    path.write_bytes(b"x")
    asking.setDirectory(str(tmp_path))
    asking.selectFile(str(path))
    asking.accept()
    assert dialog.answer == ImportFile(path)
    assert ended == [1]


def test_a_new_list_keeps_the_selection(dialog):
    dialog.table.selectRow(1)
    here = BackboneState(CATALOGUE["dinov2-base"], "cached", Path("base.safetensors"), 346.3)
    dialog.show_backbones((here, STATES[0]))
    assert dialog.selected == here
    assert dialog.use_button.isEnabled()


def test_an_empty_list(qtbot):
    dialog = BackbonesDialog((), DARK)
    qtbot.addWidget(dialog)
    assert dialog.selected is None
    assert not dialog.use_button.isEnabled()
    assert dialog.note.text() == "No backbone is known yet."


def test_nothing_here_imports_torch():
    import subprocess
    import sys

    code = (
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "import pirn_app.dialogs.backbones, pirn_app.views.training, pirn_app.views.model_card\n"
        "print('torch' in sys.modules, 'vtkmodules' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
