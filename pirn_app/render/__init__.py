"""Pictures as numpy arrays: colour maps, overlays, contours. No Qt."""
