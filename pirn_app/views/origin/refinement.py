"""Test-time refinement: both scores and verdicts, the steps between them, and what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QVBoxLayout

from pirn_app.state.cursor import Place
from pirn_app.theme import STEP
from pirn_app.views.origin.pane import MapPane
from pirn_app.views.origin.parts import Beside, Card, Section, Warned
from pirn_app.views.origin.pictures import backdrop, heated, window_of
from pirn_app.views.origin.words import largest_text, moves_text, number, pair, refinement_warning, step_name, switched
from pirn_app.views.view import View
from pirn_app.widgets import Words, named, styled
from pirn_core.results import verdict_of

if TYPE_CHECKING:
    from pirn_core.explain.sources import OriginExplanation

_SMALL = 300


class RefinementSection(Section):
    """Shows the difference that refinement makes for this part; the verdict in force stays."""

    switched = Signal(bool)
    """Whether the part is looked at without refinement."""

    def __init__(self, view: View) -> None:
        super().__init__(
            view,
            "Refinement for this part",
            "origin-refinement",
            "Before a part is judged, the prototypes take up its normal appearance, such as its exposure. If a large "
            "defect is taken up too, its score falls: then the verdict without refinement is the safer one.",
        )
        self._found: OriginExplanation | None = None
        self._none = Words("origin-no-refinement", "muted")
        self.trained, self.refined = Card("Without refinement", "origin-trained"), Card("With", "origin-refined")
        self.warning = Warned(view, "origin-refinement-warning")
        self.switch = named(QCheckBox("Inspect without refinement"), "origin-switch")
        self.switch.setToolTip("Shows the maps above without refinement. The verdict in force does not change.")
        self.switch.toggled.connect(self._switch)
        self._said = Words("origin-switched", "muted")
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "origin-step")
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(1)
        self.slider.setAccessibleName("Step of refinement")
        self.slider.valueChanged.connect(lambda _: self._show_step())
        self._ends = [styled(QLabel(text), role="muted") for text in ("as trained", "refined")]
        self._step = Words("origin-step-text")
        self.pane = named(MapPane(_SMALL), "origin-step-pane")
        self.pane.hovered.connect(view.context.cursor.hover)
        self.pane.clicked.connect(view.context.cursor.pin)
        self._moves, self._largest = Words("origin-moves"), Words("origin-largest", "muted")
        self.more = named(QPushButton("Show what moved most"), "origin-more-moves")
        self.more.setCheckable(True)
        self.more.setAutoDefault(False)
        self.more.toggled.connect(self._unfold)
        self._lay_out()

    def _lay_out(self) -> None:
        cards = QHBoxLayout()
        cards.setSpacing(2 * STEP)
        cards.addWidget(self.trained, 1)
        cards.addWidget(self.refined, 1)
        ends = QHBoxLayout()
        ends.addWidget(self._ends[0])
        ends.addStretch()
        ends.addWidget(self._ends[1])
        scrub = QVBoxLayout()
        scrub.setSpacing(0)
        scrub.addWidget(self.slider)
        scrub.addLayout(ends)
        self.column.addWidget(self._none)
        self.column.addLayout(cards)
        for widget in (self.warning, self.switch, self._said):
            self.column.addWidget(widget)
        self.column.addLayout(scrub)
        self.column.addWidget(self._step)
        self.more.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.column.addWidget(Beside(self.pane, _SMALL, (self._moves, self.more, self._largest)))

    @property
    def off(self) -> bool:
        """Whether the part is looked at without refinement."""
        return self.switch.isChecked() and self._found is not None and self._found.refines

    def refresh(self, found: OriginExplanation, limits: tuple[float, float]) -> None:
        """Shows another explanation, or the same one at another threshold."""
        another = self._found is None or (self._found.part, self._found.model_id) != (found.part, found.model_id)
        self._found = found
        self._show_widgets(found.refines)
        self._none.tell("" if found.refines else "This model does not refine its prototypes: there is one score only.")
        if not found.refines:
            return
        before, after = pair(found.steps[0].score, found.score, limits[1])
        verdicts = tuple(verdict_of(score, *limits) for score in (found.steps[0].score, found.score))
        self.trained.show_score("Without refinement", before, verdicts[0])
        self.refined.show_score("With refinement, in force", after, verdicts[1])
        self.warning.tell(refinement_warning(found, limits))
        self._said.tell(switched((before, verdicts[0]), (after, verdicts[1])) if self.switch.isChecked() else "")
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(found.steps) - 1)
        if another:
            self.slider.setValue(0 if self.switch.isChecked() else len(found.steps) - 1)
        self.slider.blockSignals(False)
        self._moves.tell("\n".join(moves_text(moves) for moves in found.moves))
        self._largest.setText(self._listed())
        self._show_step()

    def _switch(self, off: bool) -> None:
        """The slider goes to the end that is looked at."""
        self.slider.setValue(self.slider.minimum() if off else self.slider.maximum())
        self.switched.emit(off)

    def _show_widgets(self, refines: bool) -> None:
        for widget in (self.trained, self.refined, self.switch, self.slider, self.pane, self.more, *self._ends):
            widget.setVisible(refines)
        if not refines:
            self._said.tell("")
            self._step.tell("")
            self._moves.tell("")
            self._largest.setText("")
            self.warning.tell("")
        self._unfold(self.more.isChecked() and refines)

    def _listed(self) -> str:
        assert self._found is not None
        blocks = []
        for moves in self._found.moves:
            if moves.largest:
                title = (
                    f"Layer {moves.layer}, {'colour' if moves.modality == 'rgb' else 'surface'}, length of the move:"
                )
                blocks.append(f"{title}\n{largest_text(moves)}")
        return "\n\n".join(blocks)

    def _unfold(self, on: bool) -> None:
        self._largest.setVisible(on and bool(self._largest.text()))
        self.more.setText("Hide what moved most" if on else "Show what moved most")

    def _show_step(self) -> None:
        context, found = self.view.context, self._found
        model, limits = context.workspace.model, context.workspace.limits
        if found is None or model is None or limits is None or not found.refines:
            return
        step = found.steps[min(self.slider.value(), len(found.steps) - 1)]
        shown = number(step.score, limits[1])
        if step.layers in (0, len(found.layers)):
            shown = pair(found.steps[0].score, found.score, limits[1])[0 if step.layers == 0 else 1]
        verdict = verdict_of(step.score, *limits)
        self._step.tell(
            f"Map with the prototypes {step_name(step.layers, len(found.layers))}: score {shown}, {verdict}."
        )
        picture, window = context.workspace.picture, window_of(found.frame.seen)
        own = picture if picture is not None and picture.ref.id == found.part else None
        back = backdrop(own, window, context.theme.palette.image)
        heat = heated(window.cut(step.map), model.colour_range, context.display.look.colour_map, back)
        self.pane.show_map(heat, window, context.theme.palette)
        self.mark(context.cursor.place)

    def mark(self, place: Place) -> None:
        """Moves the cross."""
        self.pane.mark(place.pixel, place.pinned)

    def dress(self) -> None:
        """Takes the colours of the theme."""
        super().dress()
        self.warning.dress()
