"""What this program is, its version and those of what it stands on."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.icons import pixmap
from pirn_app.theme import STEP

_PACKAGES = ("PySide6-Essentials", "torch", "timm", "open3d", "vtk", "pyqtgraph", "numpy")
_SENTENCE = (
    "Learns from a few good parts what a part looks like, in colour and in 3D, and shows where another one differs."
)


def versions() -> dict[str, str]:
    """Versions by name, read from the installed packages without importing them."""
    found = {"Python": sys.version.split()[0]}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def own_version() -> str:
    """Version of this program."""
    try:
        return version("pirn-inspector")
    except PackageNotFoundError:
        return "from a checkout"


class AboutDialog(QDialog):
    """Shows versions; changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about-dialog")
        self.setWindowTitle("About PIRN Inspector")
        sign = QLabel(alignment=Qt.AlignmentFlag.AlignTop)
        sign.setPixmap(pixmap("app", "#ffffff", 64, self.devicePixelRatioF()))
        name = QLabel("PIRN Inspector")
        name.setProperty("role", "title")
        sentence = QLabel(_SENTENCE, wordWrap=True)
        words = QVBoxLayout()
        words.setSpacing(STEP)
        words.addWidget(name)
        words.addWidget(QLabel(f"Version {own_version()}, Apache-2.0"))
        words.addWidget(sentence)
        words.addLayout(_table())
        row = QHBoxLayout()
        row.setSpacing(2 * STEP)
        row.addWidget(sign)
        row.addLayout(words, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(2 * STEP)
        column.addLayout(row)
        column.addWidget(buttons)
        self.setMinimumWidth(440)


def _table() -> QFormLayout:
    form = QFormLayout(horizontalSpacing=2 * STEP, verticalSpacing=STEP // 2)
    for package, number in versions().items():
        label = QLabel(package)
        label.setProperty("role", "muted")
        form.addRow(label, QLabel(number))
    return form
