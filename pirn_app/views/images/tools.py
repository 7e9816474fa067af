"""The tools of the anomaly map: which map, how opaque, and a menu of everything else that can be shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QSizePolicy, QSlider, QToolButton, QWidget

from pirn_app.context import Context
from pirn_app.render.colormap import NAMES
from pirn_app.state.display import Look
from pirn_app.theme import STEP

_SOURCES = (
    ("fused", "Fused", "Colour and surface together: what the verdict rests on."),
    ("rgb", "Colour", "The share of the colour image alone."),
    ("sn", "Surface", "The share of the surface alone."),
)
_BASES = (("rgb", "On the colour image"), ("sn", "On the surface normals"))
_OPACITIES = (25, 50, 75, 100)
_LAYERS = (
    ("toggle-heat", "heat", "Map"),
    ("toggle-contour", "contour", "Contour at the threshold"),
    ("toggle-truth", "truth", "Ground truth"),
    ("toggle-foreground", "foreground", "Part and crop"),
    ("toggle-crosshair", "crosshair", "Cross"),
)


class Tools(QWidget):
    """Changes the look; follows it where something else changed it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("anomaly-tools")
        self._display = context.display
        self._own: dict[str, QAction] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._sources = QButtonGroup(self)
        for name, text, hint in _SOURCES:
            row.addWidget(self._source(name, text, hint))
        self._opacity = self._slider()
        row.addWidget(self._opacity, 1)
        row.addWidget(self._show_button(context))
        self.show_look(context.display.look)

    def show_look(self, look: Look) -> None:
        """Shows the choices in force, without making them again."""
        for button in self._sources.buttons():
            button.setChecked(button.objectName() == f"source-{look.source}")
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(look.opacity * 100))
        self._opacity.setEnabled(look.heat)
        wanted = {f"base-{look.base}": True, f"map-{look.colour_map}": True, "per-image": look.per_image}
        wanted |= {f"opacity-{step}": round(look.opacity * 100) == step for step in _OPACITIES}
        wanted |= {name: bool(getattr(look, field)) for name, field, _ in _LAYERS}
        for name, action in self._own.items():
            action.setChecked(wanted.get(name, False))

    def make_room(self, narrow: bool) -> None:
        """Without the slider where the strip is narrow."""
        self._opacity.setVisible(not narrow)

    def offer(self, *, colour: bool, surface: bool) -> None:
        """What the part in view has."""
        for name, there in (("rgb", colour), ("sn", surface)):
            self._own[f"base-{name}"].setEnabled(there)
            for button in self._sources.buttons():
                if button.objectName() == f"source-{name}":
                    button.setEnabled(there)

    def _source(self, name: str, text: str, hint: str) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setCheckable(True)
        button.setObjectName(f"source-{name}")
        button.setText(text)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _on=False: self._display.set(source=name))
        self._sources.addButton(button)
        return button

    def _slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName("opacity")
        slider.setRange(0, 100)
        slider.setPageStep(10)
        slider.setToolTip("Opacity of the map at the upper end of its range.")
        slider.setAccessibleName("Opacity of the map")
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        slider.setMinimumWidth(56)
        slider.setMaximumWidth(120)
        slider.setContentsMargins(STEP, 0, STEP, 0)
        slider.valueChanged.connect(lambda value: self._display.set(opacity=value / 100))
        return slider

    def _show_button(self, context: Context) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setObjectName("show-menu")
        button.setText("Show")
        button.setToolTip("Layers, picture under the map, colour map and range.")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self._menu(context))
        return button

    def _menu(self, context: Context) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for name, field, text in _LAYERS:
            if name in context.actions:
                menu.addAction(context.actions.qaction(name))
            else:
                menu.addAction(self._toggle(name, text, field))
        menu.addSeparator()
        self._choices(menu, "base", [(name, f"base-{name}", text) for name, text in _BASES])
        menu.addSeparator()
        opacities = menu.addMenu("Opacity")
        steps = [(step / 100, f"opacity-{step}", f"{step} %") for step in _OPACITIES]
        self._choices(opacities, "opacity", steps)
        maps = menu.addMenu("Colour map")
        self._choices(maps, "colour_map", [(name, f"map-{name}", name.capitalize()) for name in NAMES])
        per_image = self._toggle("per-image", "Range of this image", "per_image")
        per_image.setToolTip(
            "Stretches the colours to this image: even a good part glows, and parts cannot be compared."
        )
        menu.addAction(per_image)
        return menu

    def _toggle(self, name: str, text: str, field: str) -> QAction:
        action = QAction(text, self, checkable=True)
        action.setObjectName(name)
        action.triggered.connect(lambda on: self._display.set(**{field: on}))
        self._own[name] = action
        return action

    def _choices(self, menu: QMenu, field: str, entries: Sequence[tuple[object, str, str]]) -> None:
        group = QActionGroup(self)
        for value, name, text in entries:
            action = QAction(text, group, checkable=True)
            action.setObjectName(name)
            action.triggered.connect(lambda _on=False, value=value: self._display.set(**{field: value}))
            menu.addAction(action)
            self._own[name] = action

    def action(self, name: str) -> QAction:
        """An entry of the menu by its object name."""
        return self._own[name]
