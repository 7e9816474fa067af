"""PIRN Inspector's model package: from a few good parts to scores, maps and verdicts. Knows no window."""

__version__ = "0.1.0"
