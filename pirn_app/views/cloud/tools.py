"""The strip over the points: what they are coloured by, where they are seen from, how they are drawn."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from pirn_app.choices import Choice, Choices, absent, dotted, word_button
from pirn_app.state.display import Look
from pirn_app.strip import HEIGHT, Strip
from pirn_app.widgets import named

__all__ = ["HEIGHT", "Tools"]

COLOURS = (
    Choice("rgb", "Colour", "The points as the camera saw them."),
    Choice("sn", "Surface", "The points by the direction of the surface."),
    Choice("anomaly", "Anomaly", "The anomaly map over the points, in the colours of the picture."),
)
VIEWS = (
    ("top", "Top", "Look from where the scanner stood, as in the pictures."),
    ("front", "Front", "Look from the lower edge of the picture."),
    ("side", "Side", "Look from the right edge of the picture."),
)
SIZES = (1, 2, 3, 4, 6)
HEIGHTS = (1.0, 2.0, 5.0, 10.0)


class Tools(Strip):
    """Title at the left, tools at the right. It changes nothing itself, it tells."""

    changed = Signal(str, object)
    """Name of a field of the look, and its new value."""
    viewed = Signal(str)
    """`top`, `front` or `side`."""
    fit_asked = Signal()
    maximise_asked = Signal()
    part_only = Signal(bool)

    def __init__(self, title: str, short: str, hint: str, key: str) -> None:
        super().__init__(title, short, hint, key, self._ask_fit, self._ask_maximise)
        self._colours = Choices("colour", COLOURS, "What the points are coloured by.")
        self._colours.chosen.connect(lambda value: self.changed.emit("cloud", value))
        self._directions = [self._direction_button(*view) for view in VIEWS]
        self._menu = named(word_button("View ▾"), "view-menu")
        self._menu.setToolTip("Where the part is seen from, and how the points are drawn.")
        self._menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu.setMenu(self._filled_menu())
        self.add(self._colours, late=[self._colours.collapse])
        for button in self._directions:
            self.add(button)
        self.add(self._menu, early=[self._leave_directions], late=[dotted(self._menu)], last=[absent(self._menu)])

    def show_look(self, look: Look) -> None:
        """Shows the choices in force, without making them again."""
        self._colours.set_current(look.cloud)
        for actions, value in ((self._sizes, look.point_size), (self._heights, look.exaggeration)):
            for offered, action in actions.items():
                action.setChecked(offered == value)
        with QSignalBlocker(self._box):
            self._box.setChecked(look.box)
        self.show_maximised(look.maximised == "cloud")
        self.fit_words()

    def set_usable(self, usable: bool) -> None:
        """Greys the tools out while there are no points."""
        self._colours.set_usable(usable)
        for button in (*self._directions, self._menu, self._fit):
            button.setEnabled(usable)

    def _ask_fit(self) -> None:
        self.fit_asked.emit()

    def _ask_maximise(self) -> None:
        self.maximise_asked.emit()

    def _leave_directions(self, out: bool) -> None:
        """The menu has them, too."""
        for button in self._directions:
            button.setVisible(not out)

    def _direction_button(self, value: str, text: str, hint: str) -> QToolButton:
        button = named(word_button(text), f"view-{value}")
        button.setToolTip(hint)
        button.clicked.connect(lambda _on=False: self.viewed.emit(value))
        return button

    def _filled_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for value, text, hint in VIEWS:
            action = menu.addAction(f"From the {text.lower()}")
            action.setToolTip(hint)
            action.triggered.connect(lambda _on=False, value=value: self.viewed.emit(value))
        menu.addSeparator()
        self._sizes = self._choice(menu, "Point size", "point_size", SIZES, "{:g} px")
        self._heights = self._choice(menu, "Heights", "exaggeration", HEIGHTS, "{:g}×")
        menu.addSeparator()
        self._box = self._toggle(menu, "Box with lengths", "box")
        self._box.toggled.connect(lambda on: self.changed.emit("box", on))
        self._toggle(menu, "Part only, no background", "part-only").toggled.connect(self.part_only)
        return menu

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
