"""Words and colours that the pieces of the training view share."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox, QWidget

from pirn_app.theme import LARGE, Palette
from pirn_core.data.sample import Modality

MODALITY_WORDS: dict[Modality, str] = {"rgb": "colour", "sn": "surface"}


def sheet(palette: Palette) -> str:
    """Style of the view's own kinds of text and buttons; everything else is the application's."""
    return f"""
        QLabel[role="warning"] {{ color: {palette.unsure}; }}
        QLabel[role="error"] {{ color: {palette.ng}; font-size: {LARGE}px; font-weight: 600; }}
        QLabel[role="good"] {{ color: {palette.ok}; font-size: {LARGE}px; font-weight: 600; }}
        QLabel[role="changed"] {{ color: {palette.accent}; font-weight: 600; }}
        QPushButton[segment="true"] {{ padding: 4px 8px; }}
        QPushButton[segment="true"]:checked {{
            background: {palette.accent}; color: {palette.on_accent}; border-color: {palette.accent};
        }}
        QToolButton#unfold-settings, QToolButton#unfold-settings:checked {{
            background: transparent; border-color: transparent; padding-left: 0; font-weight: 600;
        }}
        QFrame#training-card {{ background: {palette.panel}; border: 1px solid {palette.border}; border-radius: 6px; }}
    """


def label(text: str = "", role: str = "", name: str = "") -> QLabel:
    """A wrapping line of text of a role that a style sheet knows."""
    made = QLabel(text, wordWrap=True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setObjectName(name)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, name: str, tip: str = "", *, checkable: bool = False) -> QPushButton:
    """A button with a name for tests and a tip."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setCheckable(checkable)
    made.setToolTip(tip)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Another kind of text; the style sheets are asked again."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def marked(text: str) -> str:
    """Rich text: what stands in backticks in italics."""
    return re.sub(r"`([^`]*)`", r"<i>\1</i>", html.escape(text, quote=False))


def duration(seconds: float) -> str:
    """Rounded as one would say it: `5 s`, `40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class WheelGuard(QObject):
    """Lets the wheel scroll the form instead of changing a value that happens to be under the mouse."""

    def guard(self, editor: QWidget) -> None:
        """Watches one editor."""
        editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Takes the wheel away from editors without focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def fill(combo: QComboBox, entries: list[tuple[str, str]], chosen: str) -> None:
    """Puts (data, text) entries into a combo without telling anyone; an entry that is not listed is added."""
    if chosen not in [data for data, _ in entries]:
        entries = [*entries, (chosen, chosen)]
    shown = [(combo.itemData(i), combo.itemText(i)) for i in range(combo.count())]
    combo.blockSignals(True)
    if shown != entries:
        combo.clear()
        for data, text in entries:
            combo.addItem(text, data)
    combo.setCurrentIndex(combo.findData(chosen))
    combo.blockSignals(False)


def show_whole(box: QSpinBox, value: int) -> None:
    """Shows a value without telling anyone."""
    box.blockSignals(True)
    box.setValue(value)
    box.blockSignals(False)
