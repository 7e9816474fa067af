"""Where the score comes from."""

from pirn_app.views.origin.view import OriginView

__all__ = ["OriginView"]
