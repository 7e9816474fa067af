"""The tools of the anomaly map: which map, how opaque, and a menu of everything else that can be shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QSlider, QToolButton

from pirn_app.choices import Choice, Choices, word_button
from pirn_app.context import Context
from pirn_app.render.colormap import NAMES
from pirn_app.state.display import Look
from pirn_app.theme import STEP
from pirn_app.widgets import named

_SOURCES = (
    Choice("fused", "Fused", "Colour and surface together: what the verdict rests on."),
    Choice("rgb", "Colour", "The share of the colour image alone."),
    Choice("sn", "Surface", "The share of the surface alone."),
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


class Tools(QObject):
    """Changes the look; follows it where something else changed it.

    Attributes:
        sources: Which map.
        opacity: Of the map.
        show_menu: Everything else.
    """

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._display = context.display
        self._own: dict[str, QAction] = {}
        self.sources = Choices("source", _SOURCES, "Which map is shown.")
        self.sources.chosen.connect(lambda name: self._display.set(source=name))
        self.opacity = self._slider()
        self.show_menu = self._show_button(context)
        self.show_look(context.display.look)

    def show_look(self, look: Look) -> None:
        """Shows the choices in force, without making them again."""
        self.sources.set_current(look.source)
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(round(look.opacity * 100))
        self.opacity.setEnabled(look.heat)
        wanted = {f"base-{look.base}": True, f"map-{look.colour_map}": True, "per-image": look.per_image}
        wanted |= {f"opacity-{step}": round(look.opacity * 100) == step for step in _OPACITIES}
        wanted |= {name: bool(getattr(look, field)) for name, field, _ in _LAYERS}
        for name, action in self._own.items():
            action.setChecked(wanted.get(name, False))

    def offer(self, *, colour: bool, surface: bool) -> None:
        """What the part in view has."""
        for name, there in (("rgb", colour), ("sn", surface)):
            self._own[f"base-{name}"].setEnabled(there)
            self.sources.offer(name, there)

    def _slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName("opacity")
        slider.setRange(0, 100)
        slider.setPageStep(10)
        slider.setToolTip("Opacity of the map at the upper end of its range.")
        slider.setAccessibleName("Opacity of the map")
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setFixedWidth(11 * STEP)
        slider.valueChanged.connect(lambda value: self._display.set(opacity=value / 100))
        return slider

    def _show_button(self, context: Context) -> QToolButton:
        button = named(word_button("Show ▾"), "show-menu")
        button.setToolTip("Layers, picture under the map, colour map and range.")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self._menu(context, button))
        return button

    def _menu(self, context: Context, parent: QToolButton) -> QMenu:
        menu = QMenu(parent)
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
