"""The application's look: Fusion, a palette and one style sheet, all made from the theme."""

from __future__ import annotations

import sys
from typing import Any

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QProxyStyle

from pirn_app.icons import tinted_file
from pirn_app.sheet import SHEET
from pirn_app.theme import LARGE, STEP, TEXT, TITLE, Palette, Theme

FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans")
"""Taken in this order where the system names no font of its own."""


_DRESSED = "pirn-style"


class _Fusion(QProxyStyle):
    """Fusion, with room before the figures of spin boxes: a style sheet's padding does not reach them."""

    def polish(self, target: Any) -> None:
        """Also called for each widget once."""
        super().polish(target)
        if isinstance(target, QLineEdit) and isinstance(target.parent(), QAbstractSpinBox):
            target.setTextMargins(STEP // 2, 0, 0, 0)


def apply(app: QApplication, theme: Theme) -> None:
    """Dresses the application in the theme and keeps following it."""
    if app.property(_DRESSED) is None:
        app.setStyle(_Fusion("fusion"))
        app.setProperty(_DRESSED, True)
    app.setFont(tabular(_font()))

    def dress() -> None:
        sheet = style_sheet(theme.palette)
        if sheet != app.styleSheet():  # every widget is polished anew, which takes its time
            app.setPalette(qpalette(theme.palette))
            app.setStyleSheet(sheet)
        configure_plots(theme)

    theme.changed.connect(dress)
    dress()


def tabular(font: QFont) -> QFont:
    """A copy whose figures all have one width, where the font offers them."""
    made = QFont(font)
    if hasattr(QFont, "setFeature"):
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _font() -> QFont:
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made = QFont(system)
    made.setFamilies([system.family(), *FAMILIES])
    made.setPixelSize(TEXT)
    return made


def mix(first: str, second: str, share: float) -> str:
    """A colour between two, `share` of the second."""
    a, b = QColor(first), QColor(second)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    parts = ((1 - share) * x + share * y for x, y in pairs)
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def qpalette(colours: Palette) -> QPalette:
    """The theme's colours in Qt's roles."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    table = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.panel,
        role.AlternateBase: mix(colours.panel, colours.text, 0.03),
        role.Text: colours.text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.on_accent,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Accent: colours.accent,
        role.Link: mix(colours.accent, colours.text, 0.2),
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.muted,
        role.Light: mix(colours.raised, colours.text, 0.12),
        role.Midlight: mix(colours.raised, colours.text, 0.06),
        role.Mid: colours.border,
        role.Dark: mix(colours.border, "#000000", 0.25),
        role.Shadow: "#000000",
    }
    for where, colour in table.items():
        made.setColor(where, QColor(colour))
    faint = QColor(disabled_text(colours))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(group.Disabled, where, faint)
    made.setColor(group.Disabled, role.Highlight, QColor(colours.border))
    return made


def disabled_text(colours: Palette) -> str:
    """Words of what cannot be used now: paler than `muted`, still legible (3:1 on the panel)."""
    return mix(colours.muted, colours.panel, 0.22)


def style_sheet(colours: Palette) -> str:
    """The one style sheet."""
    names = {
        **{name: getattr(colours, name) for name in colours.__dataclass_fields__},
        "hover": mix(colours.raised, colours.text, 0.09),
        "pressed": mix(colours.raised, colours.text, 0.16),
        "row": mix(colours.panel, colours.text, 0.05),
        "tint": mix(colours.panel, colours.accent, 0.22),
        "accent_hover": mix(colours.accent, colours.text, 0.12),
        "disabled": disabled_text(colours),
        "thumb": mix(colours.panel, colours.text, 0.24),
        "thumb_hover": mix(colours.panel, colours.text, 0.4),
        "wash_ok": mix(colours.panel, colours.ok, 0.2),
        "wash_ng": mix(colours.panel, colours.ng, 0.2),
        "wash_unsure": mix(colours.panel, colours.unsure, 0.2),
        "small": f"{TEXT - 1}px",
        "large": f"{LARGE}px",
        "title": f"{TITLE}px",
        "step": f"{STEP}px",
        "half": f"{STEP // 2}px",
        "down": tinted_file("chevron-down", colours.muted).as_posix(),
        "up": tinted_file("chevron-up", colours.muted).as_posix(),
        "right": tinted_file("chevron-right", colours.muted).as_posix(),
        "check": tinted_file("check", colours.on_accent).as_posix(),
        "check_menu": tinted_file("check", colours.text).as_posix(),
        "dash": tinted_file("dash", colours.on_accent).as_posix(),
    }
    return SHEET.substitute(names)


def configure_plots(theme: Theme) -> None:
    """Colours of plots made from now on; does not import pyqtgraph where nothing has needed it yet."""
    if (plots := sys.modules.get("pyqtgraph")) is not None:
        plots.setConfigOptions(background=theme.palette.panel, foreground=theme.palette.muted, antialias=True)
