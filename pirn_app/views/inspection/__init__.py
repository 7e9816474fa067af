"""The right column: verdict, threshold, modalities, regions, all parts."""

from pirn_app.views.inspection.panel import InspectionView

__all__ = ["InspectionView"]
