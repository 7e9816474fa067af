"""Small pictures of a model's shots, in as many rows as it takes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pirn_app.context import Context
from pirn_app.theme import STEP, Palette
from pirn_core.data.sample import PartRef

_THUMB, _MOST = 56, 24


class ShotStrip(QWidget):
    """Small pictures of the shots, of the open folder's parts of those names."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._ids: tuple[str, ...] = ()
        self._cells: dict[str, QLabel] = {}
        self.setToolTip("Parts of the open folder that are named like the shots.")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(STEP // 2)
        self._columns = 0

    def show_shots(self, ids: tuple[str, ...]) -> None:
        """Shows these shots."""
        if ids != self._ids:
            self._ids = ids
            self.refresh()

    def refresh(self) -> None:
        """Shows those that the open folder has; nothing where it has none."""
        for cell in self._cells.values():
            cell.deleteLater()
        refs = [ref for part in self._ids[:_MOST] if (ref := self._context.workspace.ref(part)) is not None]
        self._cells = {ref.id: self._cell(ref) for ref in refs}
        self.setVisible(bool(refs))
        self._columns = 0
        self._arrange()

    def _cell(self, ref: PartRef) -> QLabel:
        cell = QLabel(ref.stem, alignment=Qt.AlignmentFlag.AlignCenter)
        cell.setFixedSize(_THUMB, _THUMB)
        cell.setToolTip(ref.id)
        cell.setObjectName("card-shot")
        if (image := self._context.thumbnails.get(ref)) is not None:
            _paint(cell, image)
        return cell

    def arrived(self, part: str) -> None:
        """A picture was read."""
        ref = self._context.workspace.ref(part)
        if part in self._cells and ref is not None and (image := self._context.thumbnails.get(ref)) is not None:
            _paint(self._cells[part], image)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        self.setStyleSheet(f"QLabel#card-shot {{ background: {palette.image}; color: {palette.on_image}; }}")

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as one picture; as high as the rows that there are now."""
        return QSize(_THUMB, self._grid.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many in a row as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, (self.width() + STEP // 2) // (_THUMB + STEP // 2))
        if columns == self._columns:
            return
        self._columns = columns
        for number, cell in enumerate(self._cells.values()):
            self._grid.addWidget(cell, number // columns, number % columns)
        for place in range(_MOST + 1):
            self._grid.setColumnStretch(place, 1 if place == columns else 0)


def _paint(cell: QLabel, image: QImage) -> None:
    ratio = cell.devicePixelRatioF()
    side = round(_THUMB * ratio)
    shown = QPixmap.fromImage(image).scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    shown.setDevicePixelRatio(ratio)
    cell.setPixmap(shown)
