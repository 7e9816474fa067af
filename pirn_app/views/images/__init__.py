"""The linked pictures of one part: colour, surface normals, anomaly map."""

from pirn_app.views.images.anomaly import AnomalyPane
from pirn_app.views.images.normals import NormalsPane
from pirn_app.views.images.rgb import RgbPane

__all__ = ["AnomalyPane", "NormalsPane", "RgbPane"]
