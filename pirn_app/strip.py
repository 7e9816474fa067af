"""The slim strip over a picture: title, key, tools. Where it is narrow, it leaves whole things out and cuts nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from pirn_app.icons import icon
from pirn_app.theme import STEP, TEXT, Palette
from pirn_app.widgets import named

HEIGHT = 28
_USUAL = 320
"""Pixels that a strip asks for; it gets what its view has."""
Step = Callable[[bool], None]
"""Leaves something out (True) or takes it in again (False)."""


class Strip(QWidget):
    """Title and key on the left, tools of the view in the middle, fit and maximise on the right.

    Args:
        title: Of the view.
        short: A shorter word for it.
        hint: How to read the view.
        key: That maximises the view; `` for none.
        fit: Brings all into view.
        maximise: Gives the view all of the room, or takes it back.
    """

    def __init__(
        self, title: str, short: str, hint: str, key: str, fit: Callable[[], None], maximise: Callable[[], None]
    ) -> None:
        super().__init__()
        self.setObjectName("cell-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._words, self._short, self._letter = title, short or title, key
        self._title, self._key = named(QLabel(title), "title"), named(QLabel(key), "key")
        self._title.setToolTip(hint)
        self._key.setToolTip("This key gives the view all of the room, and takes it back.")
        self._fit = self._button("fit", "reset-view", "Bring all of the part into view.", fit)
        self._maximise = self._button("maximise", "maximise", "All of the room for this view, or back.", maximise)
        self._maximise.setCheckable(True)
        self._early: list[Step] = []
        self._late: list[Step] = []
        self._last: list[Step] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(STEP, 0, STEP // 2, 0)
        self._row.setSpacing(STEP // 2)
        # The strip takes the width it is given: if tools that come and go asked for another one, view and window would
        # resize each other without end.
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fitting = False
        for widget in (self._title, self._key):
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            self._row.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
        self._row.addStretch(1)
        for button in (self._fit, self._maximise):
            self._row.addWidget(button)
        self._key.setVisible(bool(key))

    def add(
        self, tool: QWidget, early: Sequence[Step] = (), late: Sequence[Step] = (), last: Sequence[Step] = ()
    ) -> None:
        """Puts a tool of the view before the common ones.

        Args:
            tool: As wide as its hint.
            early: What is left out before anything of the strip itself, in this order.
            late: What is left out after key, fit and the long title.
            last: What is left out when nothing else helps.
        """
        self._row.insertWidget(self._row.count() - 2, tool)
        self._early += early
        self._late += late
        self._last += last
        self.fit_words()

    def recolour(self, palette: Palette) -> None:
        """Takes the colours of the theme."""
        for button in (self._fit, self._maximise):
            button.setIcon(icon(button.property("drawing"), palette.text))
        self._key.setStyleSheet(
            f"QLabel {{ color: {palette.muted}; border: 1px solid {palette.border}; border-radius: 3px;"
            f" padding: 0 4px; font-size: {TEXT - 1}px; font-weight: 400; }}"
        )

    def show_maximised(self, maximised: bool) -> None:
        """Marks the button."""
        self._maximise.setChecked(maximised)

    # What fits -----------------------------------------------------------------------------------------------------

    def fit_words(self) -> None:
        """Leaves out as little as the width allows: step by step, then back again what has room after all."""
        if self._fitting:  # showing a tool may resize the strip, which would start all over without end
            return
        self._fitting = True
        try:
            self._fit_steps()
        finally:
            self._fitting = False

    def _fit_steps(self) -> None:
        own = (self._leave_key, self._leave_fit, self._shorten)
        steps = [*self._early, *own, *self._late, self._leave_maximise, *self._last]
        for step in steps:
            step(False)
        left: list[Step] = []
        for step in steps:
            if self.needed() <= self.width():
                break
            step(True)
            left.append(step)
        for step in reversed(left[:-1]):
            step(False)
            if self.needed() > self.width():
                step(True)

    def needed(self) -> int:
        """Width of all that is shown."""
        margins = self._row.contentsMargins()
        items = (self._row.itemAt(place) for place in range(self._row.count()))
        shown = [item.widget() for item in items if item is not None]
        widths = [widget.sizeHint().width() for widget in shown if widget is not None and not widget.isHidden()]
        return sum(widths) + self._row.spacing() * len(widths) + margins.left() + margins.right()

    def _leave_key(self, out: bool) -> None:
        self._key.setVisible(bool(self._letter) and not out)

    def _leave_fit(self, out: bool) -> None:
        self._fit.setVisible(not out)

    def _shorten(self, out: bool) -> None:
        self._title.setText(self._short if out else self._words)

    def _leave_maximise(self, out: bool) -> None:
        self._maximise.setVisible(not out)

    def _button(self, name: str, drawing: str, hint: str, run: Callable[[], None]) -> QToolButton:
        button = named(QToolButton(autoRaise=True), name)
        button.setToolTip(hint)
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setProperty("drawing", drawing)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _on=False: run())
        return button

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The same whatever is shown."""
        return QSize(_USUAL, HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Any width will do."""
        return QSize(0, HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width has room for other things."""
        super().resizeEvent(event)
        self.fit_words()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Another font or style sheet needs other widths."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_row"):
            self.fit_words()
