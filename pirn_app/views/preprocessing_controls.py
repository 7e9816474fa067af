"""Controls of the preprocessing panel: a slider with a number, and a row that says what it does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QWidget

from pirn_app.theme import STEP
from pirn_app.widgets import named, styled

_NAME_WIDTH = 13 * STEP
_NUMBER_WIDTH = 10 * STEP


class Unwheeled(QObject):
    """The wheel scrolls the panel and changes no value that happens to be under the mouse."""

    def guard(self, *widgets: QWidget) -> None:
        """Watches some controls."""
        for widget in widgets:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Takes the wheel away from controls without focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class SliderBox(QWidget):
    """A number by slider or by keys; both are always the same.

    Attributes:
        slider: Its whole steps.
        number: Its value.
    """

    moved = Signal(float)
    """The user changed the value; during a drag, many times."""
    settled = Signal()
    """The user let go of the slider, or finished typing."""

    def __init__(self, name: str, low: float, high: float, step: float, suffix: str, decimals: int) -> None:
        super().__init__()
        self._low, self._step = low, step
        self.slider = named(QSlider(Qt.Orientation.Horizontal), f"{name}-slider")
        self.slider.setRange(0, round((high - low) / step))
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        self.slider.setMinimumWidth(5 * STEP)
        self.number = named(QDoubleSpinBox(suffix=suffix, decimals=decimals), name)
        self.number.setRange(low, high)
        self.number.setSingleStep(step)
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(_NUMBER_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(STEP)
        row.addWidget(self.slider, stretch=1)
        row.addWidget(self.number)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self.settled)
        self.number.valueChanged.connect(self._typed)
        self.number.editingFinished.connect(self.settled)

    @property
    def value(self) -> float:
        """As shown."""
        return self.number.value()

    def show_value(self, value: float) -> None:
        """Shows a value without telling anyone."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.number.setValue(value)
            if not self.slider.isSliderDown():
                self.slider.setValue(round((value - self._low) / self._step))

    def _slid(self, position: int) -> None:
        value = round(self._low + position * self._step, 6)
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self.moved.emit(self.number.value())

    def _typed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((value - self._low) / self._step))
        self.moved.emit(value)


class Rows(QWidget):
    """A heading and controls below it, each with its name on the left and a line about it underneath."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(STEP)
        self._grid.setVerticalSpacing(STEP // 2)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(styled(QLabel(heading), role="heading"), 0, 0, 1, 2)

    def add(self, name: str, control: QWidget, about: str) -> tuple[QWidget, ...]:
        """Adds a control; gives all widgets of its row, to hide or disable them together."""
        row = self._grid.rowCount()
        label, line = QLabel(name), styled(QLabel(about, wordWrap=True), role="muted")
        label.setBuddy(control)
        control.setAccessibleName(name)
        control.setToolTip(about)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(control, row, 1)
        self._grid.addWidget(line, row + 1, 0, 1, 2)
        self._grid.setRowMinimumHeight(row + 2, STEP)
        return (label, control, line)
