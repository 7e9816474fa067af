"""The strip over the points: what they are coloured by, where they are seen from, how they are drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from pirn_app.icons import icon
from pirn_app.state.display import Look
from pirn_app.theme import STEP

HEIGHT = 28
COLOURS = (
    ("rgb", "Colour", "The points as the camera saw them."),
    ("sn", "Surface", "The points by the direction of the surface."),
    ("anomaly", "Anomaly", "The anomaly map over the points, in the colours of the picture."),
)
VIEWS = (
    ("top", "Top", "Look from where the scanner stood, as in the pictures."),
    ("front", "Front", "Look from the lower edge of the picture."),
    ("side", "Side", "Look from the right edge of the picture."),
)
SIZES = (1, 2, 3, 4, 6)
HEIGHTS = (1.0, 2.0, 5.0, 10.0)
_WIDE, _TITLED = 560, 470
"""Pixels from which on the directions have buttons of their own instead of a menu, and the title all of its words."""
_KEY_HINT = "This key gives the view all of the room, and takes it back."


class Tools(QWidget):
    """Title at the left, tools at the right. It changes nothing itself, it tells."""

    changed = Signal(str, object)
    """Name of a field of the look, and its new value."""
    viewed = Signal(str)
    """`top`, `front` or `side`."""
    fit_asked = Signal()
    maximise_asked = Signal()
    part_only = Signal(bool)

    def __init__(self, title: str, hint: str, key: str) -> None:
        super().__init__()
        self.setObjectName("cell-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(STEP, 0, STEP // 2, 0)
        self._row.setSpacing(0)
        self._words = title
        self._title, self._key = self._label("title", hint), self._label("key", _KEY_HINT)
        self._key.setText(key)
        self._key.setProperty("role", "muted")
        self._row.addStretch(1)
        self._colours = self._colour_buttons()
        self._row.addSpacing(STEP)
        self._directions = [self._direction_button(*view) for view in VIEWS]
        self._menu = self._menu_button("View", "view-menu", "Where the part is seen from.")
        self._points = self._menu_button("Points", "points-menu", "How the points are drawn.")
        self._fill_menus()
        self._row.addSpacing(STEP // 2)
        self._fit = self._icon_button("fit", "reset-view", "Bring all of the part into view.", self.fit_asked.emit)
        self._maximise = self._icon_button(
            "maximise", "maximise", "All of the room for this view, or back.", self.maximise_asked.emit
        )
        self._maximise.setCheckable(True)
        self._arrange()

    def show_look(self, look: Look) -> None:
        """Shows the choices in force, without making them again."""
        self._colours[look.cloud].setChecked(True)
        for actions, value in ((self._sizes, look.point_size), (self._heights, look.exaggeration)):
            for offered, action in actions.items():
                action.setChecked(offered == value)
        with QSignalBlocker(self._box):
            self._box.setChecked(look.box)
        self._maximise.setChecked(look.maximised == "cloud")

    def set_usable(self, usable: bool) -> None:
        """Greys the tools out while there are no points."""
        for button in (*self._colours.values(), *self._directions, self._menu, self._points, self._fit):
            button.setEnabled(usable)

    def recolour(self, colour: str) -> None:
        """Icons in the theme's colour."""
        for button in (self._fit, self._maximise):
            button.setIcon(icon(button.property("drawing"), colour))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Where it is narrow, the directions move into a menu."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wide = self.width() >= _WIDE
        self._title.setText(self._words if self.width() >= _TITLED else self._words.split()[0])
        for button in self._directions:
            button.setVisible(wide)
        self._menu.setVisible(not wide)

    def _label(self, name: str, hint: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setToolTip(hint)
        label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        label.setMinimumWidth(0)
        self._row.addWidget(label)
        self._row.addSpacing(STEP // 2)
        return label

    def _button(self, name: str, hint: str, text: str = "") -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(hint)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row.addWidget(button)
        return button

    def _colour_buttons(self) -> dict[str, QToolButton]:
        group = QButtonGroup(self)
        made: dict[str, QToolButton] = {}
        for value, text, hint in COLOURS:
            made[value] = self._button(f"colour-{value}", hint, text)
            made[value].setCheckable(True)
            made[value].clicked.connect(lambda _on=False, value=value: self.changed.emit("cloud", value))
            group.addButton(made[value])
        return made

    def _direction_button(self, value: str, text: str, hint: str) -> QToolButton:
        button = self._button(f"view-{value}", hint, text)
        button.clicked.connect(lambda _on=False: self.viewed.emit(value))
        return button

    def _icon_button(self, name: str, drawing: str, hint: str, run: Callable[[], None]) -> QToolButton:
        button = self._button(name, hint)
        button.setIconSize(QSize(16, 16))
        button.setProperty("drawing", drawing)
        button.clicked.connect(lambda _on=False: run())
        return button

    def _menu_button(self, text: str, name: str, hint: str) -> QToolButton:
        button = self._button(name, hint, f"{text} ▾")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(QMenu(button))
        return button

    def _fill_menus(self) -> None:
        for value, text, _hint in VIEWS:
            action = self._menu.menu().addAction(text)
            action.triggered.connect(lambda _on=False, value=value: self.viewed.emit(value))
        menu = self._points.menu()
        self._sizes = self._choice(menu, "Point size", "point_size", SIZES, "{:g} px")
        self._heights = self._choice(menu, "Heights", "exaggeration", HEIGHTS, "{:g}×")
        menu.addSeparator()
        self._box = self._toggle(menu, "Box with lengths", "box")
        self._box.toggled.connect(lambda on: self.changed.emit("box", on))
        self._toggle(menu, "Part only, no background", "part-only").toggled.connect(self.part_only)

    def _choice(
        self, menu: QMenu, title: str, field: str, values: tuple[float, ...], text: str
    ) -> dict[float, QAction]:
        inner = menu.addMenu(title)
        group = QActionGroup(inner)
        made: dict[float, QAction] = {}
        for value in values:
            action = made[value] = inner.addAction(text.format(value))
            action.setCheckable(True)
            action.setObjectName(f"{field}-{value:g}")
            action.triggered.connect(lambda _on=False, value=value: self.changed.emit(field, value))
            group.addAction(action)
        return made

    def _toggle(self, menu: QMenu, text: str, name: str) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setObjectName(name)
        return action
