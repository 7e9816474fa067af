"""The strip over one of the three pictures."""

from __future__ import annotations

from pirn_app.context import Context
from pirn_app.strip import HEIGHT, Strip

__all__ = ["HEIGHT", "Header"]


class Header(Strip):
    """Maximises its view and fits all pictures."""

    def __init__(self, context: Context, name: str, title: str, short: str, hint: str) -> None:
        self._context, self._name = context, name
        key = f"maximise-{name}"
        letter = context.actions.qaction(key).shortcut().toString() if key in context.actions else ""
        super().__init__(title, short, hint, letter, context.display.fit, self.toggle_maximised)
        self.recolour(context.theme.palette)

    def toggle_maximised(self) -> None:
        """All of the room for this view, or back to all views."""
        display = self._context.display
        display.set(maximised="" if display.look.maximised == self._name else self._name)
