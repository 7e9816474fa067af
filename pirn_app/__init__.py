"""The desktop application. `compose` is the only place that connects its objects."""
