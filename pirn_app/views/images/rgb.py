"""The colour image as it is in the file."""

from __future__ import annotations

from pirn_app.messages.events import Picture
from pirn_app.views.images.pane import ImagePane
from pirn_core.data.sample import ByteArray


class RgbPane(ImagePane):
    """The colour image."""

    name = "rgb"
    title = "Colour"
    help = (
        "The colour image of the part; the cross is at the same place in all views. "
        "If the part is small in the image, switch the foreground on or crop it in the preprocessing."
    )
    lacks = "This part has no colour image."

    def base(self, picture: Picture) -> ByteArray | None:
        """The image."""
        return picture.rgb
