"""Metrics that can be trusted, the controls beside them, and the published rows to compare with."""
