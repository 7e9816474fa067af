"""How parts are prepared for the network, with the figures of the part in view."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pirn_app.context import Context
from pirn_app.messages.jobs import Job, OpenFiles, OpenFolder
from pirn_app.state.display import Look
from pirn_app.state.history import Document
from pirn_app.theme import STEP
from pirn_app.views.preprocessing_controls import Rows, SliderBox, Unwheeled
from pirn_app.views.preprocessing_preview import Preview
from pirn_app.views.view import View
from pirn_app.widgets import named, styled
from pirn_core.config import Recipe
from pirn_core.data.layouts import LAYOUTS, PartSet
from pirn_core.data.sample import LengthUnit

_MODES = (
    ("auto", "Automatic"),
    ("border", "Plane at the image border"),
    ("dominant", "Largest plane in the scan"),
    ("off", "Off: inspect the whole image"),
)
_METHODS = (("gradient", "Gradient (fine)"), ("pca", "Plane fit (noisy sensors)"))
_UNITS: tuple[tuple[LengthUnit | None, str], ...] = (
    (None, "As found in the files"),
    ("m", "Metres"),
    ("mm", "Millimetres"),
    ("um", "Micrometres"),
    ("cm", "Centimetres"),
    ("inch", "Inches"),
)
_START_HEIGHT = 2.0


class PreprocessingView(View):
    """Edits the recipe of the document; shots and test parts are prepared alike."""

    name = "preprocessing"
    title = "Preprocessing"
    help = (
        "How the part is found in its image and what the network gets to see; the outline on the pictures follows. "
        "If a warning stands below the figures, change the settings until it goes, then train."
    )

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._recipe = Recipe()
        self._before: bool | None = None
        self._guard = Unwheeled()
        self._build()
        workspace = context.workspace
        self.follow(workspace.document_changed, self._document_changed)
        self.follow(workspace.picture_changed, self._show_picture)
        self.follow(workspace.parts_changed, self._show_unit)
        self.follow(workspace.model_changed, self._show_notice)
        self.follow(context.display.changed, self._look_changed)
        self.follow(context.theme.changed, self._wear)
        self._wear()
        self._show_recipe(workspace.document.recipe)
        self._show_picture()
        self._show_unit()

    # Building ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        inner = QWidget()
        inner.setProperty("scrolled", "true")
        column = QVBoxLayout(inner)
        column.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        column.setSpacing(2 * STEP)
        for part in (
            self._notice_box(),
            self._preview_box(),
            self._part_rows(),
            self._crop_rows(),
            self._surface_rows(),
        ):
            column.addWidget(part)
        column.addWidget(self._colour_rows())
        column.addWidget(self._unit_rows())
        column.addStretch()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, stretch=1)
        whole.addLayout(self._foot())

    def _notice_box(self) -> QWidget:
        self._notice = named(QWidget(), "recipe-notice")
        self._notice_text = named(QLabel(wordWrap=True), "recipe-notice-text")
        button = named(QPushButton("Use the model's settings"), "recipe-of-model")
        button.clicked.connect(self._take_models)
        column = QVBoxLayout(self._notice)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._notice_text)
        column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        return self._notice

    def _preview_box(self) -> QWidget:
        box = QWidget()
        self._preview = Preview()
        self._outline = named(QCheckBox("Show outline on the pictures"), "outline")
        self._outline.setToolTip("Draws the part and the crop into the pictures while this panel is open.")
        self._outline.setChecked(True)
        self._outline.toggled.connect(self._outline_toggled)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(STEP)
        column.addWidget(styled(QLabel("What the network sees"), role="heading"))
        column.addWidget(self._preview)
        column.addWidget(self._outline)
        return box

    def _part_rows(self) -> Rows:
        rows = Rows("Part and background")
        self._mode = self._choice("foreground-mode", _MODES, lambda mode: self._edit("foreground", mode=mode))
        rows.add("Find the part by", self._mode, "How the part is told from what it lies on.")
        self._auto_height = named(QCheckBox("Automatic"), "auto-height")
        self._auto_height.toggled.connect(self._height_mode_changed)
        self._height = self._slider("height", 0.1, 50.0, 0.1, " mm", 1)
        self._height.show_value(_START_HEIGHT)
        self._height.moved.connect(lambda mm: self._edit("foreground", merge="height", height_mm=mm))
        both = QWidget()
        stacked = QVBoxLayout(both)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(STEP // 2)
        stacked.addWidget(self._auto_height)
        stacked.addWidget(self._height)
        about = "Points this far above the plane belong to the part. Automatic: from the scan's noise."
        self._only_planes = rows.add("Height", both, about)
        self._growth = self._slider("growth", 0.0, 20.0, 0.5, " %", 1)
        self._growth.moved.connect(lambda share: self._edit("foreground", merge="growth", dilate=share / 100.0))
        about = "Grows the outline, so that defects at the edge stay inside. Of the image's shorter side."
        self._only_known = rows.add("Growth", self._growth, about)
        return rows

    def _crop_rows(self) -> Rows:
        rows = Rows("Crop")
        self._crop = self._switch("crop", "Crop to the part", lambda on: self._edit("crop", enabled=on))
        rows.add(
            "Cropping", self._crop, "Shows the network the part instead of the whole image: smaller defects are seen."
        )
        self._margin = self._slider("margin", 0.0, 100.0, 1.0, " %", 0)
        self._margin.moved.connect(lambda share: self._edit("crop", merge="margin", margin=share / 100.0))
        self._only_cropped = rows.add("Margin", self._margin, "Free space around the largest shot, of its extent.")
        return rows

    def _surface_rows(self) -> Rows:
        rows = Rows("Surface normals")
        self._method = self._choice("method", _METHODS, lambda method: self._edit("surface", method=method))
        rows.add("Method", self._method, "Gradient keeps fine detail; the plane fit calms a noisy scan.")
        self._smoothing = self._slider("smoothing", 0.0, 5.0, 0.1, " px", 1)
        self._smoothing.moved.connect(lambda px: self._edit("surface", merge="smoothing", smoothing_px=px))
        about = "Evens out noise before normals are computed. Too much hides shallow dents."
        self._only_gradient = rows.add("Smoothing", self._smoothing, about)
        self._window = self._slider("window", 3, 51, 2, " px", 0)
        self._window.moved.connect(lambda px: self._edit("surface", merge="window", window_px=int(px) // 2 * 2 + 1))
        about = "Side of the square that a plane is fitted to. Too large rounds off edges."
        self._only_fit = rows.add("Window", self._window, about)
        return rows

    def _colour_rows(self) -> Rows:
        rows = Rows("Colour")
        self._gain = self._switch(
            "gain", "Even out brightness", lambda on: self._edit("photometric", normalise_gain=on)
        )
        rows.add("Brightness", self._gain, "Scales each part to the shots' brightness, so that dim light is no defect.")
        self._blank = self._switch(
            "blank", "Blank the background", lambda on: self._edit("photometric", blank_background=on)
        )
        rows.add("Background", self._blank, "Hides what is around the part, so that dirt on the table is not seen.")
        return rows

    def _unit_rows(self) -> Rows:
        rows = Rows("3D files")
        self._unit = _combo("unit")
        for value, text in _UNITS:
            self._unit.addItem(text, value)
        self._unit.currentIndexChanged.connect(self._unit_chosen)
        self._guard.guard(self._unit)
        rows.add(
            "Unit", self._unit, "Unit of the 3D files. Another one opens the parts again; shots are then chosen anew."
        )
        return rows

    def _foot(self) -> QHBoxLayout:
        self._reset = named(QPushButton("Back to the defaults"), "recipe-defaults")
        self._reset.clicked.connect(self._take_defaults)
        row = QHBoxLayout()
        row.setContentsMargins(2 * STEP, STEP, 2 * STEP, STEP)
        row.addStretch()
        row.addWidget(self._reset)
        return row

    def _choice(self, name: str, entries: tuple[tuple[str, str], ...], chosen: Any) -> QComboBox:
        combo = _combo(name)
        for value, text in entries:
            combo.addItem(text, value)
        combo.currentIndexChanged.connect(lambda _: chosen(combo.currentData()))
        self._guard.guard(combo)
        return combo

    def _switch(self, name: str, text: str, switched: Any) -> QCheckBox:
        box = named(QCheckBox(text), name)
        box.toggled.connect(switched)
        return box

    def _slider(self, name: str, low: float, high: float, step: float, suffix: str, decimals: int) -> SliderBox:
        slider = SliderBox(name, low, high, step, suffix, decimals)
        slider.settled.connect(self.context.workspace.seal)
        self._guard.guard(slider.slider, slider.number)
        return slider

    # Showing -------------------------------------------------------------------------------------------------------

    def _document_changed(self, new: Document, _old: Document) -> None:
        if new.recipe != self._recipe:
            self._show_recipe(new.recipe)

    def _show_recipe(self, recipe: Recipe) -> None:
        """Shows all settings without telling anyone."""
        self._recipe = recipe
        controls = (self._mode, self._auto_height, self._crop, self._method, self._gain, self._blank)
        blockers = [QSignalBlocker(control) for control in controls]
        self._mode.setCurrentIndex(self._mode.findData(recipe.foreground.mode))
        self._auto_height.setChecked(recipe.foreground.height_mm is None)
        if recipe.foreground.height_mm is not None:
            self._height.show_value(recipe.foreground.height_mm)
        self._growth.show_value(100.0 * recipe.foreground.dilate)
        self._crop.setChecked(recipe.crop.enabled)
        self._margin.show_value(100.0 * recipe.crop.margin)
        self._method.setCurrentIndex(self._method.findData(recipe.surface.method))
        self._smoothing.show_value(recipe.surface.smoothing_px)
        self._window.show_value(recipe.surface.window_px)
        self._gain.setChecked(recipe.photometric.normalise_gain)
        self._blank.setChecked(recipe.photometric.blank_background)
        del blockers
        self._show_uses(recipe)
        self._reset.setEnabled(recipe != self._defaults())
        self._show_notice()

    def _show_uses(self, recipe: Recipe) -> None:
        """What has no effect now is grey, or away where another control stands in for it."""
        known = recipe.foreground.mode != "off"
        for widgets, used in (
            (self._only_planes, known),
            (self._only_known, known),
            (self._only_cropped, recipe.crop.enabled),
        ):
            for widget in widgets:
                widget.setEnabled(used)
        self._height.setEnabled(known and recipe.foreground.height_mm is not None)
        for widgets, used in (
            (self._only_gradient, recipe.surface.method == "gradient"),
            (self._only_fit, recipe.surface.method == "pca"),
        ):
            for widget in widgets:
                widget.setVisible(used)

    def _show_notice(self) -> None:
        model = self.context.workspace.model
        self._notice.setVisible(model is not None and model.fitted.recipe != self._recipe)
        self._notice_text.setText(
            "These are not the settings of the model in force, which goes on using its own. Train again to use these."
        )

    def _show_picture(self) -> None:
        workspace = self.context.workspace
        self._preview.show_picture(workspace.picture, workspace.picture_error)
        found = f" ({workspace.picture.unit})" if workspace.picture is not None and workspace.picture.unit else ""
        self._unit.setItemText(0, f"{_UNITS[0][1]}{found if workspace.unit is None else ''}")

    def _show_unit(self) -> None:
        workspace = self.context.workspace
        with QSignalBlocker(self._unit):
            self._unit.setCurrentIndex([value for value, _ in _UNITS].index(workspace.unit))
        self._unit.setEnabled(workspace.parts is not None)

    def _wear(self) -> None:
        palette = self.context.theme.palette
        self._preview.wear(palette)
        self._notice_text.setStyleSheet(f"color: {palette.unsure};")

    # What the user does --------------------------------------------------------------------------------------------

    def _edit(self, group: str, merge: str = "", **changes: Any) -> None:
        """Changes some settings of one group."""
        recipe = self.context.workspace.document.recipe
        changed = msgspec.structs.replace(getattr(recipe, group), **changes)
        new = msgspec.structs.replace(recipe, **{group: changed})
        if new != recipe:
            self.context.workspace.set_recipe(new, merge=f"recipe-{merge}" if merge else "")

    def _height_mode_changed(self, automatic: bool) -> None:
        self._edit("foreground", height_mm=None if automatic else self._height.value)

    def _defaults(self) -> Recipe:
        """The defaults; input size and grid belong to the advanced training settings and stay."""
        return msgspec.structs.replace(Recipe(), input_size=self._recipe.input_size, grid=self._recipe.grid)

    def _take_defaults(self) -> None:
        self.context.workspace.set_recipe(self._defaults())

    def _take_models(self) -> None:
        if (model := self.context.workspace.model) is not None:
            self.context.workspace.set_recipe(model.fitted.recipe)

    def _unit_chosen(self, _index: int) -> None:
        parts, unit = self.context.workspace.parts, self._unit.currentData()
        if parts is not None:
            self.context.requests.ask(reopened(parts, unit))
            self._show_unit()  # stays what it is until the parts are open

    # The outline is on while the panel is seen -----------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Turns the outline on."""
        super().showEvent(event)
        if not event.spontaneous() and self._before is None and self._connections:
            self._before = self.context.display.look.foreground
            if self._outline.isChecked():
                self.context.display.set(foreground=True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Leaves the pictures as they were before."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._restore()

    def release(self) -> None:
        """Leaves the pictures as they were before, and lets go."""
        self._restore()
        super().release()

    def _restore(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            self.context.display.set(foreground=before)

    def _outline_toggled(self, on: bool) -> None:
        if self._before is not None:
            self.context.display.set(foreground=on)

    def _look_changed(self, new: Look, _old: Look) -> None:
        if self._before is not None:
            with QSignalBlocker(self._outline):
                self._outline.setChecked(new.foreground)


def _combo(name: str) -> QComboBox:
    """One that may be narrower than its longest entry."""
    combo = named(QComboBox(), name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(6)
    return combo


def reopened(parts: PartSet, unit: LengthUnit | None) -> Job:
    """The job that opens the same parts with another unit."""
    if parts.layout not in LAYOUTS:
        paths = (ref.rgb or ref.xyz for ref in parts.refs)
        return OpenFiles(tuple(path for path in paths if path is not None), unit)
    usual = LAYOUTS[parts.layout].default_lighting
    return OpenFolder(
        path=parts.root,
        layout=parts.layout,
        category=None if parts.category == parts.root.name else parts.category,
        lighting=None if parts.lighting == usual else parts.lighting,
        unit=unit,
    )
