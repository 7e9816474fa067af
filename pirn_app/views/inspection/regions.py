"""The regions above the threshold: a table that leads through them."""

from __future__ import annotations

from pirn_app.state.display import Frame
from pirn_app.state.results import PartResult
from pirn_app.state.statistics import accepted_boxes
from pirn_app.views.inspection.parts import ActionButton, Section
from pirn_app.views.inspection.table import ROWS, RegionTable
from pirn_app.views.inspection.words import plural
from pirn_app.views.view import View
from pirn_app.widgets import Words
from pirn_core.results import Region

_MARGIN = 24.0
"""Pixels around a chosen region, at least."""


def framed(box: tuple[int, int, int, int]) -> Frame:
    """What the views show of a region: its box with as much again around it, or at least some pixels."""
    top, left, bottom, right = box
    margin = max(_MARGIN, max(bottom - top, right - left) / 2)
    return (left - margin, top - margin, right + margin, bottom + margin)


class RegionSection(Section):
    """Shows regions, moves the cursor, takes acceptances."""

    def __init__(self, view: View) -> None:
        super().__init__("Regions", "region-section")
        self._context = view.context
        self.table = RegionTable()
        self._none, self._more = Words("region-none", "muted"), Words("region-more", "muted")
        self._again = ActionButton(view, "inspect-part")
        self._again.setObjectName("button-inspect-again")
        for widget in (self.table, self._none, self._more, self._again):
            self.column.addWidget(widget)
        self.table.chosen.connect(self._choose)
        self.table.left.connect(self._leave)
        self.table.rows.accept_asked.connect(self._accept)

    def refresh(self, found: PartResult | None, regions: tuple[Region, ...]) -> None:
        """Shows a part's regions at the threshold in force."""
        workspace = self._context.workspace
        limits = workspace.limits
        self.setVisible(found is not None and not found.error)
        if found is None or found.error or limits is None:
            return
        accepted = tuple(bool(accepted_boxes(workspace.document, found.part, region)) for region in regions)
        self.table.rows.show_regions(regions, accepted, limits[1], self._context.theme.palette.muted)
        self.table.setVisible(bool(regions))
        self.table.fit()
        held = workspace.result(found.part) is not None
        none = "No region above the threshold." if held else "The map of this part is not in memory any more."
        self._none.tell("" if regions else none)
        self._again.want(not held)
        self._more.tell(self._notes(regions, sum(accepted)))
        self.mark()

    def mark(self) -> None:
        """Shows which region is chosen."""
        region = self._context.cursor.place.region
        rows = (k for k, shown in enumerate(self.table.rows.regions) if shown.label == region)
        self.table.mark(next(rows, None))

    def _notes(self, regions: tuple[Region, ...], accepted: int) -> str:
        notes = [f"and {len(regions) - ROWS:,} more"] if len(regions) > ROWS else []
        if regions and all(region.area_mm2 is None for region in regions):
            notes.append(f"{self._why_pixels()}, so sizes are in pixels")
        if accepted:
            notes.append(f"{plural(accepted, 'region')} accepted, the verdict stays")
        text = "; ".join(notes)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def _why_pixels(self) -> str:
        picture = self._context.workspace.picture
        if picture is None or picture.ref.id != self._context.cursor.place.part:
            return "3D points are not loaded yet"
        return "the part has no 3D scan" if picture.xyz is None else "the regions have too few 3D points"

    def _choose(self, row: int, again_leaves: bool) -> None:
        region = self.table.rows.regions[row]
        if again_leaves and self._context.cursor.place.region == region.label:
            self._leave()
            return
        self._context.cursor.go(region=region.label, pixel=region.peak_at)
        self._context.display.show_frame(framed(region.box))
        self.mark()

    def _leave(self) -> None:
        self._context.cursor.go(region=None)
        self._context.display.fit()
        self.mark()

    def _accept(self, row: int, accept: bool) -> None:
        workspace, part = self._context.workspace, self._context.cursor.place.part
        region = self.table.rows.regions[row]
        if accept:
            workspace.set_dismissed(part, region.box, True)
        else:
            for box in accepted_boxes(workspace.document, part, region):
                workspace.set_dismissed(part, box, False)
