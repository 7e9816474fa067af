"""What the tour photographs where there is no screen."""

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QWidget

from pirn_app.tour.guide import photograph


def test_a_dialog_lies_over_the_window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    dialog = QDialog(window)
    dialog.resize(200, 100)
    dialog.setStyleSheet("background: #ff0000;")
    alone = photograph(window).toImage()
    assert alone.size() == window.size()
    dialog.open()
    both = photograph(window).toImage()
    assert both.size() == window.size()
    assert both.pixelColor(300, 215) == QColor("#ff0000") and alone.pixelColor(300, 215) != QColor("#ff0000")
    corner = both.pixelColor(5, 5)
    assert corner.lightness() < alone.pixelColor(5, 5).lightness(), "what is below is veiled"
    dialog.close()
    assert photograph(window).toImage() == alone
