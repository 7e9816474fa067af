"""`pirn-app tour`: the application goes through its main story by itself and takes a picture of every step."""

from pirn_app.tour.command import main

__all__ = ["main"]
