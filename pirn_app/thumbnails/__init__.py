"""Small pictures of parts, read in the background and kept on disk."""

from pirn_app.thumbnails.reading import SIDE
from pirn_app.thumbnails.store import Thumbnails

__all__ = ["SIDE", "Thumbnails"]
