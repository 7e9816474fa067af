"""One prototype: the training patches that look most like it, its use, and the shots that feed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from pirn_app.render.patches import SIDE
from pirn_app.theme import STEP, Palette
from pirn_app.views.prototypes.words import NAMES, plural, rule_name, rules
from pirn_app.widgets import named, styled
from pirn_core.data.sample import ByteArray

if TYPE_CHECKING:
    from pirn_app.messages.prototypes import PatchPicture
    from pirn_core.explain.health import Health

_SHOTS = 5
_GAP = 2


class PrototypeCard(QScrollArea):
    """Pictures come ready made; this only lays them out."""

    gone_to = Signal(str, tuple)
    """The user wants to see a patch: its part, and the pixel in its middle."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("prototype-card")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column = 2 * SIDE + _GAP + 2 * STEP
        """Width of one column of patches."""
        self._columns = 2
        self.setMinimumWidth(2 * self.column + 5 * STEP)
        self.heading = styled(named(QLabel(), "prototype-heading"), role="heading")
        self.use = named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText), "prototype-use")
        self.feeds = named(QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText), "prototype-shots")
        self.wait = styled(QLabel(wordWrap=True), role="muted")
        self.patches: list[QToolButton] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(STEP // 2)
        inner = QWidget()
        inner.setProperty("scrolled", True)
        column = QVBoxLayout(inner)
        column.setContentsMargins(STEP, STEP // 2, STEP, STEP)
        column.setSpacing(STEP)
        for widget in (self.heading, self.use):
            column.addWidget(widget)
        column.addWidget(styled(QLabel("Nearest training patches"), role="heading"))
        column.addWidget(self.wait)
        column.addLayout(self._grid)
        column.addWidget(styled(QLabel("Fed by"), role="heading"))
        column.addWidget(self.feeds)
        column.addStretch()
        self.setWidget(inner)

    def set_columns(self, columns: int) -> None:
        """So many patches side by side."""
        if columns != self._columns:
            self._columns = columns
            self.setMinimumWidth(min(2, columns) * self.column + 5 * STEP)
            for number, patch in enumerate(self.patches):
                self._grid.addWidget(patch, number // columns, number % columns, Qt.AlignmentFlag.AlignLeft)

    def show_prototype(self, health: Health, index: int, palette: Palette) -> None:
        """The words of a prototype; pictures follow."""
        self.heading.setText(f"Prototype {index} ({NAMES[health.modality]})")
        count = len(health.uses["in force"].mass)
        rows = []
        for rule in reversed(rules(health)):
            use = health.uses[rule]
            strongest = round(float(use.first[index]) * health.tokens)
            name = rule_name(health, rule)
            patches = f"{strongest:,} patch{'' if strongest == 1 else 'es'}"
            rows.append(
                f"{name[0].upper()}{name[1:]}: {float(use.mass[index]) * count:.2f} × an even share, the strongest of "
                f"{patches}."
            )
        self.use.setText("<br>".join(rows))
        self.feeds.setText(_feeds(health, index, palette))

    def show_patches(self, patches: tuple[PatchPicture, ...] | None, shots: Mapping[str, str]) -> None:
        """Pictures of the nearest training patches; None: they are being cut out."""
        for old in self.patches:
            old.hide()
            old.deleteLater()
        self.patches = []
        self.wait.setText(
            "" if patches else ("The pictures are being cut out." if patches is None else "None is left.")
        )
        self.wait.setVisible(not patches)
        for number, patch in enumerate(patches or ()):
            made = self._button(patch, shots.get(patch.part, patch.part))
            made.setObjectName(f"prototype-patch-{number}")
            self.patches.append(made)
            self._grid.addWidget(made, number // self._columns, number % self._columns, Qt.AlignmentFlag.AlignLeft)

    def _button(self, patch: PatchPicture, shot: str) -> QToolButton:
        row0, col0, row1, col1 = patch.box
        picture = _beside(patch.rgb, patch.normals)
        made = QToolButton()
        made.setAutoRaise(True)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setIcon(QIcon(picture))
        made.setIconSize(QSize(picture.width(), picture.height()))
        made.setText(f"{shot.rsplit('/', 1)[-1]} · cosine {patch.cosine:.2f}")
        made.setToolTip(f"{patch.part}, rows {row0} to {row1 - 1}, columns {col0} to {col1 - 1}. Click to go there.")
        middle = ((row0 + row1 - 1) // 2, (col0 + col1 - 1) // 2)
        made.clicked.connect(lambda: self.gone_to.emit(patch.part, middle))
        return made


def _feeds(health: Health, index: int, palette: Palette) -> str:
    """Shares of the shots in its mass, the largest first, with bars of characters."""
    shares = health.uses["in force"].shots[index]
    if not shares.any():
        return "no shot."
    best = np.argsort(-shares, kind="stable")[:_SHOTS]
    rows = []
    for k in best.tolist():
        name, share = health.shots[k].rsplit("/", 1)[-1], float(shares[k])
        bar = "█" * max(1, round(12 * share))
        rows.append(
            f"<tr><td>{name}</td><td align='right' style='padding:0 6px'>{share:.0%}</td>"
            f"<td style='color:{palette.accent}'>{bar}</td></tr>"
        )
    rest = len(shares) - len(best)
    more = f"and {plural(rest, 'other shot')}, {1 - float(shares[best].sum()):.0%} together." if rest > 0 else ""
    return f"<table cellspacing='0'>{''.join(rows)}</table>{more}"


def _beside(*pictures: ByteArray | None) -> QPixmap:
    """Colour and normals side by side."""
    there = [p for p in pictures if p is not None]
    if not there:
        return QPixmap(1, 1)
    side = there[0].shape[0]
    made = QPixmap(side * len(there) + _GAP * (len(there) - 1), side)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    for number, picture in enumerate(there):
        image = QImage(picture.tobytes(), side, side, 3 * side, QImage.Format.Format_RGB888)
        painter.drawImage(number * (side + _GAP), 0, image)
    painter.end()
    return made
