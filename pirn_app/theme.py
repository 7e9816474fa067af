"""Colours, sizes and fonts of the whole application: two palettes with the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from pirn_core.results import Verdict

ThemeName = Literal["system", "dark", "light"]

STEP = 8
"""Pixels of the spacing grid; half steps are allowed inside controls."""
TEXT, LARGE, TITLE = 12, 13, 16
"""Pixel sizes of text."""


@dataclass(frozen=True)
class Palette:
    """Colours as `#rrggbb`.

    Attributes:
        window: Behind everything.
        panel: Lists, forms, plots.
        raised: Buttons, headers, fields.
        border: Lines between panels.
        text: Words.
        muted: Secondary words, axes; still at least 4.5:1 on `panel`.
        accent: The one accent: selection, focus, primary button.
        on_accent: Words on the accent.
        image: Behind pictures and points; dark in both themes, so that holes in the points do not glare.
        on_image: Words and lines on it.
        grid: Lines in plots.
        ok: Verdict OK and its word.
        ng: Verdict NG.
        unsure: Verdict unsure.
        rgb: Curves of the colour modality.
        sn: Curves of the surface modality.
        cursor: The cross over pictures.
        truth: Outline of the ground truth.
    """

    window: str
    panel: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    image: str
    on_image: str
    grid: str
    ok: str
    ng: str
    unsure: str
    rgb: str
    sn: str
    cursor: str
    truth: str

    def verdict(self, verdict: Verdict | None) -> str:
        """The colour of a verdict; muted where there is none."""
        return {"OK": self.ok, "NG": self.ng, "unsure": self.unsure, None: self.muted}[verdict]


DARK = Palette(
    window="#1b1d20",
    panel="#222529",
    raised="#2d3136",
    border="#3a3f45",
    text="#e4e6e9",
    muted="#9aa2ab",
    accent="#3d8fd1",
    on_accent="#ffffff",
    image="#111214",
    on_image="#e4e6e9",
    grid="#353a40",
    ok="#4aa3df",
    ng="#f07b3f",
    unsure="#e6b13c",
    rgb="#cc79a7",
    sn="#3fbf9b",
    cursor="#ffffff",
    truth="#63e6be",
)
LIGHT = Palette(
    window="#eceef0",
    panel="#ffffff",
    raised="#f4f5f7",
    border="#cfd4da",
    text="#1d2125",
    muted="#5b646e",
    accent="#1f6fb2",
    on_accent="#ffffff",
    image="#44484e",
    on_image="#f4f5f7",
    grid="#e1e5e9",
    ok="#0072b2",
    ng="#c04a00",
    unsure="#8a6100",
    rgb="#a8487f",
    sn="#00785a",
    cursor="#ffffff",
    truth="#63e6be",
)
"""Verdict colours follow a set that colour-blind people can tell apart, darkened or lightened for contrast."""

ICONS: dict[Verdict, str] = {"OK": "verdict-ok", "NG": "verdict-ng", "unsure": "verdict-unsure"}
"""Names of the verdicts' icons; a verdict is always word, icon and colour together."""


class Theme(QObject):
    """Which palette is in force; views colour themselves anew at `changed`."""

    changed = Signal()

    def __init__(self, name: ThemeName = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name: ThemeName = name
        if (hints := QGuiApplication.styleHints()) is not None:
            hints.colorSchemeChanged.connect(self._system_changed)

    @property
    def name(self) -> ThemeName:
        """What the user chose."""
        return self._name

    @property
    def dark(self) -> bool:
        """Whether the dark palette is in force."""
        if self._name == "system":
            hints = QGuiApplication.styleHints()
            return hints is None or hints.colorScheme() != Qt.ColorScheme.Light
        return self._name == "dark"

    @property
    def palette(self) -> Palette:
        """The palette in force."""
        return DARK if self.dark else LIGHT

    def choose(self, name: ThemeName) -> None:
        """Follows the user's choice."""
        was = self.palette
        self._name = name
        if self.palette is not was:
            self.changed.emit()

    def _system_changed(self) -> None:
        if self._name == "system":
            self.changed.emit()
