"""The list of parts."""

from pirn_app.views.parts.view import PartsView

__all__ = ["PartsView"]
