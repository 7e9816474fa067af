"""The middle of the window: four views of one part, equal in size, one of which can fill it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from pirn_app.state.display import Display, Look
from pirn_app.widgets import named

ROWS = (("rgb", "normals"), ("anomaly", "cloud"))
_GAP = 4


class PictureGrid(QWidget):
    """Two rows of two views with one common column line."""

    def __init__(self, display: Display, views: Mapping[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display, self._views = display, dict(views)
        self._rows = [self._row(names) for names in ROWS]
        self._column = named(QSplitter(Qt.Orientation.Vertical), "grid-rows")
        self._column.setChildrenCollapsible(False)
        self._column.setHandleWidth(_GAP)
        for row in self._rows:
            self._column.addWidget(row)
            self._column.setStretchFactor(self._column.count() - 1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._column)
        display.changed.connect(self._look_changed)
        self.equalise()
        self._arrange()

    def equalise(self) -> None:
        """All four of one size."""
        for splitter in (*self._rows, self._column):
            splitter.setSizes([1000, 1000])

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the views that are shown."""
        return tuple(name for name, view in self._views.items() if not view.isHidden())

    def _row(self, names: tuple[str, ...]) -> QSplitter:
        row = named(QSplitter(Qt.Orientation.Horizontal), f"grid-{names[0]}")
        row.setChildrenCollapsible(False)
        row.setHandleWidth(_GAP)
        for name in names:
            row.addWidget(self._views[name])
            row.setStretchFactor(row.count() - 1, 1)
        row.splitterMoved.connect(lambda _at, _index: self._align(row))
        return row

    def _align(self, moved: QSplitter) -> None:
        for row in self._rows:
            if row is not moved:
                row.blockSignals(True)
                row.setSizes(moved.sizes())
                row.blockSignals(False)

    def _look_changed(self, new: Look, old: Look) -> None:
        if new.maximised != old.maximised:
            self._arrange()

    def _arrange(self) -> None:
        one = self._display.look.maximised
        one = one if one in self._views else ""
        for names, row in zip(ROWS, self._rows, strict=True):
            for name in names:
                self._views[name].setVisible(one in ("", name))
            row.setVisible(one in ("", *names))
