"""Small things that make building widgets shorter."""

from __future__ import annotations

from typing import Any, TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from pirn_app.theme import STEP

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str) -> W:
    """The widget, with an object name, for tests, the tour and the style sheet."""
    widget.setObjectName(name)
    return widget


def styled(widget: W, **properties: Any) -> W:
    """The widget, with properties that the style sheet knows, e.g. `role="muted"`."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    return widget


def restyle(widget: QWidget) -> None:
    """Applies the style sheet anew after a property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Wide(QWidget):
    """As wide as there is room: a tool bar would hide a widget that asks for more than it has."""

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        row.addWidget(view)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Little is enough."""
        return QSize(200, 3 * STEP)


class Words(QLabel):
    """Words that wrap and take no room while there are none."""

    def __init__(self, name: str = "", role: str = "") -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setObjectName(name)
        self.setProperty("role", role)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setMinimumWidth(1)
        self.hide()

    def tell(self, text: str) -> None:
        """Shows the words; `` hides the label."""
        if text != self.text():
            self.setText(text)
        self.setVisible(bool(text))
