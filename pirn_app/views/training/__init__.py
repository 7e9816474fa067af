"""Training: the plan, its course and its end."""

from pirn_app.views.training.view import TrainingView

__all__ = ["TrainingView"]
