"""One editor per kind of setting; all of them are read with `value`, written with `show_value`, and tell `edited`."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from pirn_app.views.training.fields import Field
from pirn_app.views.training.look import WheelGuard

_MOST = 10**9
_INFINITE = 1e12
"""Stands for infinity in a spin box, whose arithmetic knows none."""


class NumberBox(QDoubleSpinBox):
    """A number in its shortest writing; `inf` where the bounds allow it."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.setDecimals(9)
        self.setRange(low, _INFINITE if math.isinf(high) else high)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)

    @property
    def number(self) -> float:
        """The value, infinity included."""
        return math.inf if self.value() >= _INFINITE else self.value()

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's names
        """Six digits at most."""
        return "inf" if value >= _INFINITE else f"{value:.6g}"

    def valueFromText(self, text: str) -> float:  # noqa: N802
        """`inf`, or a number with a point or a comma."""
        if text.strip().lower() == "inf":
            return self.maximum()
        return float(text.replace(",", "."))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Anything that reads as a number within the bounds; half-written ones may be finished."""
        try:
            value = self.valueFromText(text)
        except ValueError:
            return (QValidator.State.Intermediate, text, position)
        fits = self.minimum() <= value <= self.maximum()
        return (QValidator.State.Acceptable if fits else QValidator.State.Intermediate, text, position)


class Editor(QWidget):
    """The editor of one setting."""

    edited = Signal(object)
    """The new value, by the user."""

    def __init__(self, field: Field, guard: WheelGuard) -> None:
        super().__init__()
        self._field = field
        self.inner = self._made(field)
        self.inner.setObjectName(field.key)
        self.inner.setAccessibleName(field.label)
        guard.guard(self.inner)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.inner)

    def _made(self, field: Field) -> QWidget:
        if field.kind == "switch":
            switch = QCheckBox("on")
            switch.toggled.connect(lambda _on: self._told())
            return switch
        if field.kind == "choice":
            combo = QComboBox()
            combo.addItems(field.choices)
            combo.currentIndexChanged.connect(lambda _index: self._told())
            return combo
        box = self._whole(field) if field.kind == "whole" else NumberBox(field.low, field.high)
        box.valueChanged.connect(lambda _value: self._told())
        return box

    def _whole(self, field: Field) -> QSpinBox:
        box = QSpinBox()
        high = _MOST if math.isinf(field.high) else int(field.high)
        box.setRange(int(field.low) - bool(field.empty), high)
        box.setSpecialValueText(field.empty)
        box.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType if high > 1000 else QSpinBox.StepType.DefaultStepType)
        box.setKeyboardTracking(False)
        return box

    def _told(self) -> None:
        self.edited.emit(self.value)

    @property
    def value(self) -> Any:
        """As the settings hold it."""
        inner = self.inner
        if isinstance(inner, QCheckBox):
            return inner.isChecked()
        if isinstance(inner, QComboBox):
            return inner.currentText()
        if isinstance(inner, NumberBox):
            return inner.number
        assert isinstance(inner, QSpinBox)
        return None if self._field.empty and inner.value() == inner.minimum() else inner.value()

    def show_value(self, value: Any) -> None:
        """Shows a value without telling anyone."""
        inner = self.inner
        inner.blockSignals(True)
        if isinstance(inner, QCheckBox):
            inner.setChecked(bool(value))
        elif isinstance(inner, QComboBox):
            inner.setCurrentText(str(value))
        elif isinstance(inner, NumberBox):
            inner.setValue(min(float(value), _INFINITE))
        elif isinstance(inner, QSpinBox):
            inner.setValue(inner.minimum() if value is None else int(value))
        inner.blockSignals(False)
