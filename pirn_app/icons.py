"""Our own line icons, drawn in the colour that is asked for."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from pirn_app.actions import Actions
from pirn_app.theme import Theme
from pirn_core.files import atomic_path, cache_dir, resource

SIZES = (16, 20, 24, 32, 40, 48, 64)
"""Pixel sizes that are drawn, so that menus, buttons and dense screens each get a sharp one."""
_DISABLED = 0.38
_INK = "currentColor"


def icon(name: str, colour: str) -> QIcon:
    """An icon by the name of its svg, without suffix, in a `#rrggbb` colour; empty where there is no such file."""
    return _icon(name, colour)


def pixmap(name: str, colour: str, side: int, ratio: float = 1.0) -> QPixmap:
    """One picture of an icon, `side` logical pixels wide, sharp at a device pixel ratio."""
    image = _drawn(name, colour, round(side * ratio))
    image.setDevicePixelRatio(ratio)
    return image


def tinted_file(name: str, colour: str) -> Path:
    """An svg file in one colour, for style sheets, which take pictures by path only."""
    target = f"{name}-{colour.lstrip('#')}.svg"
    for folder in (cache_dir("icons"), Path(tempfile.gettempdir(), "pirn-icons")):
        path = folder / target
        try:
            if not path.exists():
                with atomic_path(path) as temporary:
                    temporary.write_text(_svg(name, colour), encoding="utf-8")
        except OSError:
            continue
        return path
    return resource("icons", f"{name}.svg")


def dress(actions: Actions, theme: Theme) -> None:
    """Gives every action its icon in the theme's colour; called again when the theme changes."""
    colour = theme.palette.text
    for entry in actions:
        if entry.icon:
            actions.qaction(entry.id).setIcon(icon(entry.icon, colour))


@cache
def _icon(name: str, colour: str) -> QIcon:
    made = QIcon()
    if not _source(name):
        return made
    for side in SIZES:
        full = _drawn(name, colour, side)
        made.addPixmap(full, QIcon.Mode.Normal)
        made.addPixmap(_faded(full), QIcon.Mode.Disabled)
    return made


def _drawn(name: str, colour: str, side: int) -> QPixmap:
    image = QPixmap(QSize(side, side))
    image.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_svg(name, colour).encode()))
    if renderer.isValid():
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
    return image


def _faded(full: QPixmap) -> QPixmap:
    image = QPixmap(full.size())
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setOpacity(_DISABLED)
    painter.drawPixmap(0, 0, full)
    painter.end()
    return image


def _svg(name: str, colour: str) -> str:
    return _source(name).replace(_INK, colour)


@cache
def _source(name: str) -> str:
    path = resource("icons", f"{name}.svg")
    return path.read_text(encoding="utf-8") if path.is_file() else ""
