"""How reconstruction moved the patches of a part."""

from pirn_app.views.transport.view import TransportView

__all__ = ["TransportView"]
