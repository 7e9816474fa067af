"""The chosen shots."""

from pirn_app.views.shots.view import ShotsView

__all__ = ["ShotsView"]
