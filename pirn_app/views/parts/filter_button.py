"""The button that chooses what the list shows."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from pirn_app.views.parts.model import PartsModel
from pirn_app.views.parts.proxy import KINDS, Filter


class FilterButton(QToolButton):
    """Shows the filter in force; its menu is made when it opens, so that it names the classes that there are."""

    chosen = Signal(object)
    """A `Filter`."""

    def __init__(self, model: PartsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown = Filter()
        self.setObjectName("parts-filter")
        self.setToolTip("What the list shows.")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setObjectName("parts-filter-menu")
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.show_filter(self._shown)

    def show_filter(self, shown: Filter) -> None:
        """Names the filter in force."""
        self._shown = shown
        self.setText(f"{shown.words} ▾")
        self.setChecked(False)

    def _fill(self) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        for kind in KINDS:
            self._add(self._menu, group, Filter(kind))
            if kind in ("all", "test", "OK", "failed"):
                self._menu.addSeparator()
        classes = self._model.classes
        if len(classes) > 1:
            menu = self._menu.addMenu("Class")
            for split, label in classes:
                self._add(menu, group, Filter("class", split, label))

    def _add(self, menu: QMenu, group: QActionGroup, shown: Filter) -> None:
        action = menu.addAction(shown.words)
        action.setObjectName(f"filter-{shown.words}")
        action.setCheckable(True)
        action.setChecked(shown == self._shown)
        action.triggered.connect(lambda _checked=False: self.chosen.emit(shown))
        group.addAction(action)
