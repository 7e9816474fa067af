"""The model card."""

from pirn_app.views.model_card.view import ModelCardView

__all__ = ["ModelCardView"]
