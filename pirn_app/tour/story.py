"""The story: open parts, pick shots, train, inspect, find a defect, move the threshold, undo, teach, understand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pirn_app.messages.jobs import CheckParts, MakeSamples, OpenFolder
from pirn_app.tour.guide import Step

if TYPE_CHECKING:
    from pirn_app.compose import Application

_TRAINING = 3600.0


class Story:
    """Does what a user would do, by the same actions and widgets."""

    def __init__(
        self, app: Application, folder: Path | None, category: str | None, shots: int, seed: int, demo: Path
    ) -> None:
        self.app = app
        self.folder, self.category, self.demo = folder, category, demo
        self.shots, self.seed = shots, seed
        self.context = app.context
        self.workspace = app.context.workspace
        self.actions = app.context.actions

    def steps(self) -> Iterator[Step]:
        """All steps; each is started when the former one's picture is taken."""
        yield Step("start", lambda: bool(self.workspace.devices), 60)
        yield from self._data()
        yield from self._training()
        yield from self._inspection()
        yield from self._threshold()
        yield from self._teaching()
        yield from self._understanding()
        yield from self._rest()

    def _data(self) -> Iterator[Step]:
        if self.folder is None:
            self.context.requests.ask(MakeSamples(self.demo, self.category or "flange"))
        else:
            self.context.requests.ask(OpenFolder(self.folder, category=self.category))
        yield Step("parts", lambda: self.workspace.picture is not None, 300)
        assert self.workspace.parts is not None
        self.context.requests.ask(CheckParts(self.workspace.parts, self.workspace.unit))
        self.actions.trigger("import-report")
        yield Step("import-report", lambda: self.workspace.report is not None and self.workspace.report.checked, 300)
        self.actions.trigger("preprocessing")
        self.context.display.set(foreground=True)
        yield Step("preprocessing", self._shown)
        self.context.display.set(foreground=False)
        self.app.draw_shots(self.shots, self.seed)
        yield Step("shots", lambda: len(self.workspace.document.shots) == self.shots and not self._busy("CheckShots"))

    def _training(self) -> Iterator[Step]:
        self.actions.trigger("workspace-train")
        yield Step("before-training", self._shown)
        self.actions.trigger("train")
        yield Step("training", lambda: self._fraction() > 0.6, _TRAINING)
        yield Step("", lambda: self.workspace.model is not None or bool(self.workspace.training.outcome), _TRAINING)
        if self.workspace.model is None:
            raise RuntimeError(f"training {self.workspace.training.outcome}: {self.workspace.training.message}")
        self.actions.trigger("workspace-train")
        yield Step("model", self._shown)

    def _inspection(self) -> Iterator[Step]:
        self.actions.trigger("workspace-inspect")
        self.actions.trigger("inspect-all")
        yield Step("inspecting", lambda: len(self.workspace.results) >= 2, 300)
        yield Step("", lambda: not self._busy("InspectParts"), _TRAINING)
        self._go(self._worst("good"))
        yield Step("good-part", self._inspected)
        for label in self._defects():
            self._go(self._worst(label))
            yield Step(f"{label}-part", self._inspected)
            self._pin_peak()
            yield Step(f"{label}-in-3d", self._inspected)
            self.context.cursor.release()
            self.context.display.fit()

    def _threshold(self) -> Iterator[Step]:
        limits = self.workspace.limits
        assert limits is not None
        scores = sorted(found.score for found in self.workspace.results if not found.error)
        middle = scores[len(scores) // 2]
        self.workspace.set_threshold(middle)
        self.workspace.seal()
        yield Step("threshold-moved", self._inspected)
        self.actions.trigger("next-part")
        yield Step("next-part", self._inspected)
        self.actions.trigger("undo")
        yield Step("undone", lambda: self.workspace.limits == limits)

    def _teaching(self) -> Iterator[Step]:
        """A false positive, made by a low threshold, and the way back from it."""
        feedback, limits = self.app.studies.feedback, self.workspace.limits
        part = self._worst("good")
        found = self.workspace.results.get(part)
        if found is None or found.shot:
            return
        self._go(part)
        yield Step("", self._inspected)
        self.workspace.set_threshold(0.97 * found.score)
        self.workspace.seal()
        self.actions.trigger("region-fine")
        yield Step("teach", lambda: feedback.proposal is not None and feedback.proposal.previewed is not None, 120)
        feedback.apply()
        yield Step("taught", lambda: feedback.proposal is None and not feedback.applying and self._inspected(), 120)
        self.actions.trigger("undo")
        yield Step("", lambda: self.workspace.verdict(part) == "NG")
        self.actions.trigger("undo")
        yield Step("", lambda: self.workspace.limits == limits)

    def _understanding(self) -> Iterator[Step]:
        defects = self._defects()
        self._go(self._worst(defects[0]) if defects else self.workspace.refs[0].id)
        self.actions.trigger("workspace-understand")
        yield Step("", self._inspected)
        self._pin_peak()
        self.context.display.fit()
        yield Step("why", lambda: self._inspected() and self._answered("ExplainOrigin", "ExplainTransport"), 120)
        self.app.window.show_panel("prototypes")
        prototypes = self.app.studies.prototypes
        yield Step("prototypes", lambda: prototypes.placed is not None and not prototypes.waiting, 180)
        self.context.cursor.release()
        self.actions.trigger("workspace-inspect")

    def _rest(self) -> Iterator[Step]:
        defects = self._defects()
        self._go(self._worst(defects[0]) if defects else self.workspace.refs[0].id)
        self.context.display.set(cloud="anomaly", maximised="cloud")
        yield Step("cloud", self._inspected)
        self.context.display.set(maximised="")
        dark = self.context.theme.dark
        self.context.theme.choose("light" if dark else "dark")
        yield Step("other-theme", self._inspected)
        self.context.theme.choose("dark" if dark else "light")
        self.actions.trigger("shortcuts")
        yield Step("shortcuts", self._shown)

    # What is waited for --------------------------------------------------------------------------------------------

    def _shown(self) -> bool:
        return True

    def _busy(self, kind: str) -> bool:
        return self.workspace.jobs.of_kind(kind) is not None

    def _answered(self, *kinds: str) -> bool:
        return not any(self._busy(kind) for kind in kinds)

    def _fraction(self) -> float:
        last = self.workspace.training.last
        return 1.0 if self.workspace.training.outcome else 0.0 if last is None else last.fraction

    def _inspected(self) -> bool:
        part, picture = self.context.cursor.place.part, self.workspace.picture
        return picture is not None and picture.ref.id == part and self.workspace.result(part) is not None

    # What is done --------------------------------------------------------------------------------------------------

    def _go(self, part: str) -> None:
        self.context.display.fit()
        self.context.cursor.go(part=part)

    def _pin_peak(self) -> None:
        self.context.display.set(cloud="anomaly")
        part = self.context.cursor.place.part
        regions = self.workspace.regions(part)
        if not regions:
            found = self.workspace.result(part)
            assert found is not None
            import numpy as np

            row, column = np.unravel_index(int(np.nan_to_num(found.map, nan=-np.inf).argmax()), found.map.shape)
            self.context.cursor.pin((int(row), int(column)))
            return
        top, left, bottom, right = regions[0].box
        margin = max(bottom - top, right - left, 24)
        self.context.cursor.go(region=regions[0].label, pixel=regions[0].peak_at, pinned=True)
        self.context.display.show_frame((left - margin, top - margin, right + margin, bottom + margin))

    def _defects(self) -> list[str]:
        labels = {ref.label for ref in self.workspace.refs if ref.split != "train"}
        return sorted(labels - {"", "good"})

    def _worst(self, label: str) -> str:
        """The inspected part of a label with the highest score."""
        scores = {
            ref.id: found.score
            for ref in self.workspace.refs
            if ref.label == label and (found := self.workspace.results.get(ref.id)) is not None and not found.error
        }
        return max(scores, key=lambda part: scores[part]) if scores else self.workspace.refs[0].id
