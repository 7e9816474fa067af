"""Tokens and prototypes in a plane, the codebook's use, and the training patches behind a prototype."""

from pirn_app.views.prototypes.view import PrototypesView

__all__ = ["PrototypesView"]
