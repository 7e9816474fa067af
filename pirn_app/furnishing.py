"""Builds the views after the window is up: plots and 3D take their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import cast

from PySide6.QtCore import QTimer

from pirn_app.context import Context
from pirn_app.state.plan import TrainingPlan
from pirn_app.state.studies import Studies
from pirn_app.views.view import View
from pirn_app.window import MainWindow

Makers = Mapping[str, Callable[[], View]]
"""How each view is made, by name."""


def view_makers(context: Context, plan: TrainingPlan, studies: Studies) -> Makers:
    """All views by name; their modules are imported when they are made, since plots and 3D take their time."""

    def maker(module: str, name: str, *more: object) -> Callable[[], View]:
        def make() -> View:
            return cast(View, getattr(import_module(f"pirn_app.views.{module}"), name)(context, *more))

        return make

    return {
        "parts": maker("parts", "PartsView"),
        "shots": maker("shots", "ShotsView"),
        "report": maker("report", "ReportView"),
        "log": maker("log", "LogView"),
        "readout": maker("readout", "ReadoutView"),
        "rgb": maker("images", "RgbPane"),
        "normals": maker("images", "NormalsPane"),
        "anomaly": maker("images", "AnomalyPane"),
        "cloud": maker("cloud", "CloudView"),
        "preprocessing": maker("preprocessing", "PreprocessingView"),
        "inspection": maker("inspection", "InspectionView"),
        "training": maker("training", "TrainingView", plan),
        "model-card": maker("model_card", "ModelCardView"),
        "feedback": maker("feedback", "FeedbackView", studies.feedback),
        "origin": maker("origin", "OriginView", studies.origin),
        "prototypes": maker("prototypes", "PrototypesView", studies.prototypes),
        "transport": maker("transport", "TransportView", studies.transport),
    }


class Furnishing:
    """Builds one view per turn of the event loop, so that the window answers in between."""

    def __init__(self, window: MainWindow, makers: Makers, then: Callable[[], None]) -> None:
        self.made: dict[str, View] = {}
        self._window, self._makers, self._then = window, makers, then
        self._work: Iterator[None] | None = None
        self._timer = QTimer(window, interval=0)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """Begins, where it has not begun."""
        if self._work is None:
            self._work = self._steps()
            self._timer.start()

    def finish(self) -> None:
        """Builds the rest now."""
        self.start()
        assert self._work is not None
        for _ in self._work:
            pass
        self._timer.stop()

    def stop(self) -> None:
        """Builds nothing more."""
        self._timer.stop()

    def _turn(self) -> None:
        if self._work is None or next(self._work, self) is self:
            self._timer.stop()

    def _steps(self) -> Iterator[None]:
        for name, make in self._makers.items():
            self.made[name] = make()
            yield
        self._window.furnish(self.made)
        self._then()
