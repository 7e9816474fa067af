"""The map of this view on the pictures, in the place of the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox

from pirn_app.state.display import Display, Layer
from pirn_app.views.transport.words import NAMES

if TYPE_CHECKING:
    from pirn_core.explain.displacement import LayerTransport, TransportExplanation

LAYER = "distance"
"""Name of the map that this view offers for the pictures."""


class OfferBox(QCheckBox):
    """Checked while the pictures show how far every place was moved, for part after part."""

    def __init__(self, display: Display) -> None:
        super().__init__("Show distance to normal on the pictures")
        self.setObjectName("transport-offer")
        self.setToolTip(
            "<p>Lays the lengths over the anomaly map and the 3D points in the place of the score, in colours whose "
            "range is fixed for the model. Choosing Fused, Colour or Surface there brings the score back.</p>"
        )
        self._display = display
        self._former_cloud = display.look.cloud
        self._publishing = False

    def begin(self) -> None:
        """The pictures are to show the map."""
        self._former_cloud = self._display.look.cloud
        self.setChecked(True)
        self._display.set(heat=True, cloud="anomaly")

    def end(self) -> None:
        """The pictures show the score again, and the points what they showed."""
        layer, display = self._display.layer, self._display
        self.setChecked(False)
        if layer is not None and layer.name == LAYER:
            display.show_layer(None)
        if display.look.cloud == "anomaly":
            display.set(cloud=self._former_cloud)

    def publish(self, found: TransportExplanation | None, layer: LayerTransport | None) -> None:
        """Keeps the map that of the part in view; without an explanation, the score is shown."""
        shown = self._display.layer
        if not self.isChecked() or (layer is not None and shown is not None and shown.values is layer.map):
            return
        made = None
        if found is not None and layer is not None:
            title = f"Distance to normal, {NAMES[layer.modality].lower()}"
            made = Layer(LAYER, title, found.ref.id, layer.map, found.ranges[layer.modality])
        self._publishing = True
        self._display.show_layer(made)
        self._publishing = False

    def layered(self, layer: Layer | None) -> None:
        """Something else took the place of this map: the user wants to see that."""
        if not self._publishing and (layer is None or layer.name != LAYER):
            self.setChecked(False)
