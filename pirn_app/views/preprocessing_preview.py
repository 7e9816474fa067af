"""The figures of the part in view: how large a patch is, how much of the part there is to see."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pirn_app.messages.events import Geometry, PartUnreadable, Picture
from pirn_app.theme import STEP, Palette
from pirn_app.widgets import named, styled
from pirn_core.data.geometry import doubts

_ROWS = (
    ("patch", "One patch", "The smallest piece that is judged. Defects much smaller than this can be missed."),
    ("share", "Part in the image", "Share of the image that the part covers, without its margin."),
    (
        "covered",
        "With 3D points",
        "Share of the part that has a measured point; gaps are filled from their neighbours.",
    ),
    ("patches", "Patches on the part", "The more there are, the finer the part is inspected."),
    ("crop", "Seen by the network", "The square that is cut out of the image, alike for all parts."),
    ("source", "Part found by", "What told the part from its background."),
)


class Preview(QWidget):
    """Six figures and what they warn of."""

    def __init__(self) -> None:
        super().__init__()
        self._about = named(styled(QLabel(wordWrap=True), role="muted"), "preview-about")
        self._warning = named(QLabel(wordWrap=True), "preview-warnings")
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * STEP)
        grid.setVerticalSpacing(STEP // 2)
        grid.setColumnStretch(1, 1)
        for row, (key, name, about) in enumerate(_ROWS):
            label, value = styled(QLabel(name), role="muted"), named(QLabel(), f"preview-{key}")
            for widget in (label, value):
                widget.setToolTip(about)
            self._values[key] = value
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        column.addWidget(self._about)
        column.addLayout(grid)
        column.addWidget(self._warning)

    def wear(self, palette: Palette) -> None:
        """Colours the warnings."""
        self._warning.setStyleSheet(f"color: {palette.unsure};")

    def show_picture(self, picture: Picture | None, error: PartUnreadable | None) -> None:
        """Shows a part, or says why there is none."""
        if picture is None:
            nothing = "Choose a part in the list to see its figures here."
            text = f"{error.part} cannot be read. {error.message} {error.advice}".strip() if error else nothing
            self._about.setText(text)
            for value in self._values.values():
                value.setText("-")
            self._warning.hide()
            return
        self._about.setText(f"For {picture.ref.id}, live while you change the settings below.")
        for key, text in _words(picture.geometry, picture.foreground_source).items():
            self._values[key].setText(text)
        lines = dict.fromkeys((*doubts(picture.geometry), *picture.warnings))
        self._warning.setText("\n".join(f"\u2022 {line}" for line in lines))
        self._warning.setVisible(bool(lines))


def _words(geometry: Geometry, source: str) -> dict[str, str]:
    return {
        "patch": f"{geometry.patch_px:.1f} px" + ("" if geometry.patch_mm is None else f", {geometry.patch_mm:.2f} mm"),
        "share": "unknown, the whole image is inspected"
        if geometry.part_share is None
        else _percent(geometry.part_share),
        "covered": "no 3D data" if geometry.covered is None else _percent(geometry.covered),
        "patches": f"{geometry.patches:,}",
        "crop": "the whole image" if geometry.crop is None else f"a square of {geometry.crop[2]:.0f} px",
        "source": source,
    }


def _percent(share: float) -> str:
    return f"{100.0 * share:.{1 if share < 0.1 else 0}f} %"
