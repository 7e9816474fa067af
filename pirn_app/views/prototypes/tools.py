"""The row of choices over the plane."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from pirn_app.choices import Choice as Word
from pirn_app.choices import Choices, word_button
from pirn_app.icons import icon
from pirn_app.state.prototypes import Choice
from pirn_app.theme import STEP, Palette
from pirn_app.widgets import named

_NARROW = 620
"""Pixels below which the words go into menus."""


class Tools(QWidget):
    """Modality, layer, kind of layout, which parts; lasso and fit."""

    chosen = Signal(dict)
    """Changes of the choice, by the user."""
    fit_asked = Signal()
    lasso_toggled = Signal(bool)
    help_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.modality = Choices(
            "prototypes-modality",
            (
                Word("rgb", "Colour", "Patches of the colour image."),
                Word("sn", "Surface", "Patches of the surface normals."),
            ),
            "Which modality.",
        )
        self.layer = named(QComboBox(), "prototypes-layer")
        self.layer.setToolTip("Input of which decoder layer.")
        self.method = Choices(
            "prototypes-method",
            (
                Word("tsne", "t-SNE", "Keeps neighbours together; distances across the plane mean nothing."),
                Word("pca", "PCA", "The plane of largest variance; distances keep their meaning."),
            ),
            "How the plane is made.",
        )
        self.scope = Choices(
            "prototypes-scope",
            (
                Word("part", "This part", "Patches of the part in view."),
                Word("all", "All inspected", "Patches of all inspected parts."),
            ),
            "Whose patches are shown besides those of the shots.",
        )
        self.lasso = named(word_button("Lasso"), "prototypes-lasso")
        self.lasso.setCheckable(True)
        self.lasso.setToolTip("Drag around points to mark their patches in the pictures (or hold Shift and drag).")
        self.fit = named(word_button("Fit"), "prototypes-fit")
        self.fit.setToolTip("Show all points (double click in the plot).")
        self.info = named(QToolButton(), "prototypes-help")
        self.info.setAutoRaise(True)
        self.info.setAccessibleName("How to read this")
        self._lay_out()
        self.modality.chosen.connect(lambda value: self.chosen.emit({"modality": value}))
        self.method.chosen.connect(lambda value: self.chosen.emit({"method": value}))
        self.scope.chosen.connect(lambda value: self.chosen.emit({"scope": value}))
        self.layer.activated.connect(lambda row: self.chosen.emit({"layer": row}))
        self.lasso.toggled.connect(self.lasso_toggled)
        self.fit.clicked.connect(self.fit_asked)
        self.info.clicked.connect(self.help_asked)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP)
        self.plane_only = (self.method, self.scope, self.lasso, self.fit)
        choices: tuple[QWidget, ...] = (self.modality, self.layer, self.method, self.scope)
        buttons: tuple[QWidget, ...] = (self.lasso, self.fit, self.info)
        for choice in choices:
            row.addWidget(choice)
        row.addStretch()
        for button in buttons:
            row.addWidget(button)

    def show_choice(self, choice: Choice, modality: str, there: tuple[str, ...], layers: int) -> None:
        """Shows what is in force and what can be chosen."""
        for name in ("rgb", "sn"):
            self.modality.offer(name, name in there)
        self.modality.set_current(modality)
        self.method.set_current(choice.method)
        self.scope.set_current(choice.scope)
        with QSignalBlocker(self.layer):
            if self.layer.count() != layers:
                self.layer.clear()
                self.layer.addItems([f"layer {number}" for number in range(1, layers + 1)])
            self.layer.setCurrentIndex(min(choice.layer, layers - 1))
        self.layer.setVisible(layers > 1)

    def show_plane_tools(self, on: bool) -> None:
        """Those that only the plane has."""
        for widget in self.plane_only:
            widget.setVisible(on)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        for choices in (self.modality, self.method, self.scope):
            choices.collapse(self.width() < _NARROW)

    def recolour(self, palette: Palette) -> None:
        """Takes the theme's colours."""
        self.info.setIcon(icon("info", palette.muted))
