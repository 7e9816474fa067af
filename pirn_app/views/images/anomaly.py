"""The anomaly map over the part, with the contour at the threshold and the regions that fired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QWidget

from pirn_app.choices import absent, dotted
from pirn_app.context import Context
from pirn_app.messages.events import Picture
from pirn_app.render.colormap import heat_rgba, shown_range
from pirn_app.render.contours import level_lines, outline
from pirn_app.render.normals import normals_rgb
from pirn_app.render.overlay import decimals, figure, region_at
from pirn_app.state.display import Look
from pirn_app.theme import STEP
from pirn_app.views.images.layers import PAIRS, Line, Numbers
from pirn_app.views.images.pane import ImagePane
from pirn_app.views.images.sheets import ColourBar, Entry, Legend, Notice, Scale
from pirn_app.views.images.throttle import Throttle
from pirn_app.views.images.tools import Tools
from pirn_core.data.sample import ByteArray, FloatArray
from pirn_core.results import InspectionResult

_CONTOUR_MS = 33
_CONTOUR = "#ffffff"


class AnomalyPane(ImagePane):
    """How unusual every place of the part is."""

    name = "anomaly"
    title = "Anomaly map"
    short = "Map"
    help = (
        "Colours show the score of every place on a range that is fixed for the model, so a good part shows its "
        "picture; the white line encloses what is at or above the threshold. If good parts glow, add shots that show "
        "their variety or check the foreground."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        self._heat_key: object = None
        self._contour_key: object = None
        self._truth_of: Picture | None = None
        super().__init__(context, parent)

    def _build(self) -> None:
        palette = self.context.theme.palette
        self.tools = Tools(self.context, self)
        self.header.add(self.tools.sources, late=[self.tools.sources.collapse])
        self.header.add(self.tools.opacity, early=[absent(self.tools.opacity)])
        menu = self.tools.show_menu
        self.header.add(menu, late=[dotted(menu)], last=[absent(menu)])
        self.contour, self.truth = Line(_CONTOUR, 1.5), Line(palette.truth, 1.5, dashed=True)
        self.numbers = Numbers(palette)
        for level, item in ((6, self.truth.item), (7, self.contour.item), (10, self.numbers)):
            self.canvas.add_layer(item, level)
        self.bar, self.legend = ColourBar(palette, self.canvas), Legend(palette, self.canvas)
        self.badge = Notice("range-badge", self.canvas, amber=True)
        self._contour_due = Throttle(self._draw_contour, _CONTOUR_MS, self)
        self._heat_due = Throttle(self._draw_heat, _CONTOUR_MS, self)
        super()._build()

    def _listen(self) -> None:
        super()._listen()
        self.follow(self.context.workspace.jobs_changed, self.say)
        self.follow(self.context.display.layered, self._layered)

    def release(self) -> None:
        """Also stops what would still be drawn later."""
        self._contour_due.stop()
        self._heat_due.stop()
        super().release()

    # What is there -------------------------------------------------------------------------------------------------

    def base(self, picture: Picture) -> ByteArray | None:
        """The chosen picture, or the one that the part has."""
        if picture.normals is None or (picture.rgb is not None and self.context.display.look.base == "rgb"):
            return picture.rgb
        return normals_rgb(picture.normals)

    @property
    def result(self) -> InspectionResult | None:
        """Of the picture that is shown; None without, or where it was made of another size."""
        if self.picture is None or self.context.workspace.model is None:
            return None
        found = self.context.workspace.result(self.picture.ref.id)
        return found if found is not None and found.map.shape == self.picture.shape else None

    @property
    def map(self) -> FloatArray | None:
        """The chosen map; None where the part has none."""
        result, source = self.result, self.context.display.look.source
        if result is None:
            return None
        if (layer := self.context.display.layer) is not None:
            return layer.values if layer.part == result.ref.id and layer.values.shape == result.map.shape else None
        return result.map if source == "fused" else result.maps.get(source)

    # Drawing -------------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draws all layers for the picture, result and look in force; what did not change is left alone."""
        if self.picture is not None:
            self.tools.offer(colour=self.picture.rgb is not None, surface=self.picture.normals is not None)
        self._draw_heat()
        self._draw_truth()
        self._draw_contour()
        self._draw_numbers()

    def _draw_heat(self) -> None:
        values, look, model = self.map, self.context.display.look, self.context.workspace.model
        if values is None or model is None or not look.heat:
            self._heat_key = None
            self.canvas.show_heat(None)
            self._show_scale(None)
            return
        layer = self.context.display.layer
        low, high = shown_range(model.colour_range if layer is None else layer.span, values, look.per_image)
        key = (id(values), low, high, look.colour_map, look.opacity)
        if key != self._heat_key:
            self._heat_key = key
            self.canvas.show_heat(heat_rgba(values, (low, high), look.colour_map, look.opacity))
        self._show_scale(Scale(low, high, look.colour_map, None))

    def _show_scale(self, scale: Scale | None) -> None:
        look, limits = self.context.display.look, self.context.workspace.limits
        if scale is not None and limits is not None and look.source == "fused" and self.context.display.layer is None:
            scale = replace(scale, threshold=limits[1])
        if scale != self.bar.scale:
            self.bar.show_scale(scale)
        layer = self.context.display.layer
        texts = ("" if layer is None else layer.title, "Range of this image" if look.per_image else "")
        text = ". ".join(filter(None, texts)) if scale is not None else ""
        if text != self.badge.text():
            self.badge.tell(text, self.canvas.width())
        self.arrange()

    def _draw_contour(self) -> None:
        result, limits = self.result, self.context.workspace.limits
        if result is None or limits is None or not self.context.display.look.contour:
            self._contour_key = None
            self.contour.show(None)
        elif (key := (id(result), limits[1])) != self._contour_key:
            self._contour_key = key
            self.contour.show(level_lines(result.map, limits[1]), PAIRS)
        if self.bar.scale is not None:
            self._show_scale(self.bar.scale)
        self._draw_legend()

    def _draw_truth(self) -> None:
        mask = None if self.picture is None else self.picture.truth
        if self.picture is None or mask is None or not self.context.display.look.truth:
            self._truth_of = None
            self.truth.show(None)
        elif self._truth_of is not self.picture:
            self._truth_of = self.picture
            self.truth.show(outline(np.asarray(mask)))

    def _draw_legend(self) -> None:
        entries = []
        limits, result = self.context.workspace.limits, self.result
        if self.contour.shown and limits is not None and result is not None:
            places = decimals(self.bar.scale.high if self.bar.scale is not None else result.score)
            entries.append(Entry(f"Score {figure(limits[1], places)} or more", _CONTOUR))
        if self.truth.shown:
            entries.append(Entry("Ground truth", self.context.theme.palette.truth, dashed=True))
        if tuple(entries) != self.legend.entries:
            self.legend.show_entries(entries)
            self.arrange()

    def _draw_numbers(self) -> None:
        look, picture = self.context.display.look, self.picture
        shown = self.result is not None and look.contour and picture is not None
        regions = self.context.workspace.regions(picture.ref.id) if shown and picture is not None else ()
        self.numbers.show(regions, self.canvas.shape, self.context.cursor.place.region)

    def draw_regions(self) -> None:
        """Their numbers, and the box of the chosen one."""
        super().draw_regions()
        self._draw_numbers()

    def arrange(self) -> None:
        """Bar on the right, legend at the bottom, badge and notice on top."""
        super().arrange()
        room = self.canvas.viewport().size()
        self.bar.place(room)
        self.legend.place(room)
        self.badge.move(STEP, STEP)

    # State -> view -------------------------------------------------------------------------------------------------

    def threshold_moved(self) -> None:
        """The contour follows while it is dragged; the regions are drawn when it rests."""
        self._contour_due.want()

    def look_changed(self, new: Look, old: Look) -> None:
        """Draws what the change concerns."""
        self.tools.show_look(new)
        self.header.fit_words()
        if new.base != old.base:
            self.redraw_base()
        if (new.heat, new.opacity, new.colour_map, new.per_image, new.source) != (
            old.heat, old.opacity, old.colour_map, old.per_image, old.source,
        ):  # fmt: skip
            self._heat_due.want()
        if new.truth != old.truth:
            self._draw_truth()
        if (new.contour, new.truth) != (old.contour, old.truth):
            self._draw_contour()
            self._draw_numbers()
        self.say()

    def _layered(self, layer: object) -> None:
        """Another map stands in the place of the score, or the score again."""
        self._heat_due.want()
        self.say()

    def region_chosen(self, region: int | None) -> None:
        """Its number stands out."""
        self._draw_numbers()

    def _recolour(self) -> None:
        super()._recolour()
        palette = self.context.theme.palette
        for sheet in (self.bar, self.legend, self.badge, self.numbers):
            sheet.recolour(palette)
        self.truth.recolour(palette.truth)

    # Words ---------------------------------------------------------------------------------------------------------

    def remark(self) -> str:
        """Why there is no map, and what to do."""
        workspace, picture = self.context.workspace, self.picture
        if picture is None or self.map is not None:
            return ""
        if workspace.model is None:
            return self._without_model()
        if (layer := self.context.display.layer) is not None and self.result is not None:
            return f"{layer.title}: not there for this part yet."
        if self.result is not None:
            return "The model has no map of this kind. Choose Fused."
        return self._without_result(picture.ref.id)

    def _without_result(self, part: str) -> str:
        workspace = self.context.workspace
        known = workspace.results.get(part)
        if known is not None and known.error:
            return f"Not inspected: {known.error} {known.advice}".strip()
        if workspace.jobs.of_kind("InspectPart", "InspectParts") is not None:
            return "Inspecting this part."
        if workspace.result(part) is not None:
            return "The map has another size than the picture. Inspect this part again."
        return f"Not inspected yet. Press Inspect{self._keys('inspect-part')}."

    def _without_model(self) -> str:
        if self.context.workspace.jobs.of_kind("Train") is not None:
            return "The map appears when training is done."
        chosen = len(self.context.workspace.document.shots)
        if chosen:
            return f"No model yet. Press Train{self._keys('train')} to learn from the chosen shots."
        return f"No model yet. Pick 5 to 10 good parts, then press Train{self._keys('train')}."

    def _keys(self, name: str) -> str:
        if name not in self.context.actions:
            return ""
        keys = self.context.actions.qaction(name).shortcut().toString()
        return f" ({keys})" if keys else ""

    # Mouse ---------------------------------------------------------------------------------------------------------

    def click(self, pixel: tuple[int, int], at: QPoint) -> None:
        """Also chooses the region, by its area or by its number; a click beside all regions chooses none."""
        picture = self.picture
        regions = () if picture is None or self.result is None else self.context.workspace.regions(picture.ref.id)
        number = self.numbers.label_at(QPointF(at)) if self.numbers.labels else None
        by_number = next((region for region in regions if region.label == number), None)
        hit = by_number or region_at(regions, pixel)
        place = by_number.peak_at if by_number is not None else pixel
        self.context.cursor.go(pixel=place, pinned=True, region=None if hit is None else hit.label)
