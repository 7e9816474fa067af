"""The part in three dimensions."""

from pirn_app.views.cloud.view import CloudView

__all__ = ["CloudView"]
