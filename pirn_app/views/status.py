"""Device, backbone and model, at the right of the status bar."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from pirn_app.context import Context
from pirn_app.theme import STEP
from pirn_app.views.view import View
from pirn_app.widgets import named, restyle


class StatusView(View):
    """What is in force, in a few words each."""

    name = "status"
    title = "Status"

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._device = named(QLabel(), "status-device")
        self._backbone = named(QLabel(), "status-backbone")
        self._model = named(QLabel(), "status-model")
        row = QHBoxLayout(self)
        row.setContentsMargins(STEP, 0, STEP, 0)
        row.setSpacing(2 * STEP)
        for label in (self._device, self._backbone, self._model):
            row.addWidget(label)
        workspace = context.workspace
        self.follow(workspace.model_changed, self._show)
        self.follow(workspace.devices_changed, self._show)
        self.follow(workspace.document_changed, self._document_changed)
        self._show()

    @property
    def text(self) -> str:
        """All that is said."""
        return " · ".join(label.text() for label in (self._device, self._backbone, self._model) if label.text())

    def _document_changed(self, new: object, old: object) -> None:
        self._show_outdated()

    def _show(self) -> None:
        workspace = self.context.workspace
        model = workspace.model
        self._device.setText(self._device_text() if model is None else model.device)
        self._backbone.setVisible(model is not None)
        self._backbone.setText("" if model is None else f"Backbone {model.card.backbone}")
        if model is not None:
            self._backbone.setToolTip(model.card.backbone_text)
        self._show_outdated()

    def _device_text(self) -> str:
        devices = dict(self.context.workspace.devices)
        if not devices:
            return "Starting…"
        best = next((words for name, words in devices.items() if name.startswith(("cuda", "mps"))), None)
        return best or next(iter(devices.values()))

    def _show_outdated(self) -> None:
        workspace = self.context.workspace
        model, outdated = workspace.model, workspace.outdated
        text = "No model yet" if model is None else f"Model {model.card.id[:8]}"
        self._model.setText(f"{text}, outdated" if outdated else text)
        tip = "" if model is None else f"{model.path}"
        self._model.setToolTip("\n".join(line for line in (outdated, tip) if line))
        badge = "unsure" if outdated else None
        if self._model.property("badge") != badge:
            self._model.setProperty("badge", badge)
            restyle(self._model)
