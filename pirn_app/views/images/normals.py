"""The surface as the model sees it."""

from __future__ import annotations

from pirn_app.messages.events import Picture
from pirn_app.render.normals import hatched, normals_rgb
from pirn_app.views.images.pane import ImagePane
from pirn_core.data.sample import ByteArray


class NormalsPane(ImagePane):
    """Surface normals as colours; pixels without a 3D point are hatched."""

    name = "normals"
    title = "Surface normals"
    short = "Normals"
    help = (
        "Which way the surface looks: light blue faces the camera, red to the right, green upwards. Hatched pixels "
        "have no 3D point and were filled in; where it looks noisy, smooth the normals in the preprocessing."
    )
    lacks = "This part has no 3D points."

    def base(self, picture: Picture) -> ByteArray | None:
        """The normals with their holes hatched."""
        return None if picture.normals is None else hatched(normals_rgb(picture.normals), picture.valid)
