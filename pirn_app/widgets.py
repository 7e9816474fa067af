"""Two words that make building widgets shorter."""

from __future__ import annotations

from typing import Any, TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str) -> W:
    """The widget, with an object name, for tests, the tour and the style sheet."""
    widget.setObjectName(name)
    return widget


def styled(widget: W, **properties: Any) -> W:
    """The widget, with properties that the style sheet knows, e.g. `role="muted"`."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    return widget


def restyle(widget: QWidget) -> None:
    """Applies the style sheet anew after a property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
