"""Everything that the user can do: one table of id, text, shortcut, what it runs and when it may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence


@dataclass(frozen=True)
class Action:
    """One entry of the table.

    Attributes:
        id: Short and stable, e.g. `train`; views name it in their buttons.
        text: As in menus, without mnemonics.
        group: Heading in the list of shortcuts and the menu: `File`, `Edit`, `Parts`, `Model`, `View`, `Help`.
        run: What it does; for a checkable one, it gets the new state.
        shortcuts: In Qt's portable text, e.g. `Ctrl+T`; the first is shown.
        hint: One sentence for the tooltip and the searchable list.
        icon: Name of an svg in `resources/icons`, without suffix; `` for none.
        enabled_when: Asked again after every change of state; None: always.
        checked_when: For a checkable action, whether it is on; None: not checkable.
        menu: Whether it stands in the menu bar.
        text_when: The text now, where it changes, e.g. `Undo move threshold`; None: always `text`.
    """

    id: str
    text: str
    group: str
    run: Callable[..., None]
    shortcuts: tuple[str, ...] = ()
    hint: str = ""
    icon: str = ""
    enabled_when: Callable[[], bool] | None = None
    checked_when: Callable[[], bool] | None = None
    menu: bool = True
    text_when: Callable[[], str] | None = None


class Actions(QObject):
    """The table as Qt actions; every menu, button and shortcut comes from here."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table: dict[str, Action] = {}
        self._qactions: dict[str, QAction] = {}

    def add(self, actions: Iterable[Action]) -> None:
        """Takes entries in; ids are unique."""
        for action in actions:
            assert action.id not in self._table, f"two actions named {action.id}"
            self._table[action.id] = action
            self._qactions[action.id] = self._built(action)

    def _built(self, action: Action) -> QAction:
        made = QAction(action.text, self)
        made.setObjectName(action.id)
        made.setShortcuts([QKeySequence(keys) for keys in action.shortcuts])
        keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        hint = action.hint or action.text
        made.setToolTip(f"{hint} ({keys})" if keys else hint)
        made.setStatusTip(action.hint)
        if action.checked_when is not None:
            made.setCheckable(True)
            made.setChecked(action.checked_when())
            made.triggered.connect(action.run)
        else:
            made.triggered.connect(lambda _checked=False: action.run())
        return made

    def __iter__(self) -> Iterator[Action]:
        return iter(self._table.values())

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def entry(self, name: str) -> Action:
        """An entry by its id."""
        return self._table[name]

    def qaction(self, name: str) -> QAction:
        """The Qt action of an entry, for menus and buttons."""
        return self._qactions[name]

    def trigger(self, name: str) -> None:
        """Runs an action where it may run now, also when the last `refresh` was before the last change."""
        allowed = self._table[name].enabled_when
        self._qactions[name].setEnabled(allowed is None or allowed())
        self._qactions[name].trigger()

    def refresh(self) -> None:
        """Asks every entry again whether it may run, whether it is on, and what it is called."""
        for name, action in self._table.items():
            made = self._qactions[name]
            if action.text_when is not None:
                made.setText(action.text_when())
            made.setEnabled(action.enabled_when is None or action.enabled_when())
            if action.checked_when is not None:
                made.setChecked(action.checked_when())
