"""Teaching: the way back from a false positive."""

from pirn_app.views.feedback.view import FeedbackView

__all__ = ["FeedbackView"]
