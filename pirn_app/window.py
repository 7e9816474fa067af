"""The main window: layout only. What happens in it is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QIcon,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from pirn_app import arrangement, menus
from pirn_app.context import Context
from pirn_app.dialogs.error import ErrorDialog
from pirn_app.dialogs.notice import Level, NoticeBar
from pirn_app.docks import Dock, explain
from pirn_app.grid import PictureGrid
from pirn_app.preferences import Preferences
from pirn_app.state.cursor import Place
from pirn_app.theme import STEP
from pirn_app.views.progress import ProgressView
from pirn_app.views.start import StartView
from pirn_app.views.status import StatusView
from pirn_app.views.view import View
from pirn_app.widgets import Wide, named
from pirn_core.files import resource

NAME = "PIRN Inspector"
PICTURES = ("rgb", "normals", "anomaly", "cloud")
PANELS = ("parts", "shots", "preprocessing", "report", "training", "model-card", "inspection", "feedback", "origin",
          "transport", "prototypes", "log")  # fmt: skip
STRIP = "readout"
LEAST = QSize(960, 560)
"""Smallest window. It is set once, so that no panel's own wishes can make the window grow."""


class MainWindow(QMainWindow):
    """Start page, then four pictures with panels around them; every workspace remembers its own layout."""

    dropped = Signal(object)
    """Tuple of paths that shall be opened."""
    painted = Signal()
    """The window was drawn for the first time."""
    closing = Signal()
    arranged = Signal()
    """Another workspace, or pictures shown or hidden."""

    def __init__(self, context: Context, preferences: Preferences, log: Path | None = None) -> None:
        super().__init__()
        self._context, self._preferences, self._log = context, preferences, log
        self._docks: dict[str, Dock] = {}
        self._views: dict[str, View] = {}
        self._grid: PictureGrid | None = None
        self._workspace, self._at_work, self._was_painted = "setup", False, False
        self._dialog: QDialog | None = None
        self._subject = ""
        self._columns: dict[str, int] = {}
        self._fitted_width = 0
        self.setMinimumSize(LEAST)
        self.setObjectName("main-window")
        self.setWindowTitle(NAME)
        self.setWindowIcon(QIcon(str(resource("icons", "app.svg"))))
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self._build()
        self._restore_geometry()
        context.cursor.changed.connect(self._moved)

    def _build(self) -> None:
        self.start = StartView(self._context, self._preferences)
        self.start.chosen.connect(lambda path: self.dropped.emit((path,)))
        self._work = QWidget()
        column = QVBoxLayout(self._work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._middle = named(QStackedWidget(), "middle")
        self._middle.addWidget(self.start)
        self._middle.addWidget(self._work)
        self.setCentralWidget(self._middle)
        self.notice = NoticeBar(self._context.theme)
        self.notice.details_asked.connect(lambda text, details: self.ask(ErrorDialog(text, details, self._log, self)))
        self._notice_bar = named(QToolBar("Notice"), "notice-bar")
        self._notice_bar.setMovable(False)
        self._notice_place = self._notice_bar.addWidget(self.notice)
        self.notice.shown.connect(lambda _on: self._show_bars())
        self._strip = named(QToolBar("Values under the cursor"), "readout-strip")
        self._strip.setMovable(False)
        self._strip.setFixedHeight(3 * STEP)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setFixedHeight(3 * STEP)
        self.progress, self.status = ProgressView(self._context), StatusView(self._context)
        self.statusBar().addWidget(self.progress)
        self.statusBar().addPermanentWidget(self.status)
        self._veil = named(QWidget(self), "drop-veil")
        self._veil.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._veil.hide()

    # Filling --------------------------------------------------------------------------------------------------------

    def set_menus(self) -> None:
        """Builds menus and tool bar; the action table must be complete."""
        menus.build(self, self._context.actions, self._preferences)
        self.addToolBarBreak()
        self.addToolBar(self._notice_bar)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self._strip)
        self._show_bars()

    def furnish(self, views: Mapping[str, View]) -> None:
        """Puts the views in; once."""
        assert not self._views, "the window is furnished already"
        self._views = dict(views)
        self._grid = PictureGrid(self._context.display, {name: views[name] for name in PICTURES})
        layout = self._work.layout()
        assert layout is not None
        layout.addWidget(self._grid)
        self._strip.addWidget(Wide(views[STRIP]))
        for name in PANELS:
            dock = Dock(views[name], self._context.theme, self)
            dock.resized.connect(self._panel_resized)
            self._docks[name] = dock
            self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
            dock.hide()
        for name in (*PICTURES, STRIP):
            views[name].help_asked.connect(lambda text: explain(self, text))

    @property
    def is_furnished(self) -> bool:
        """Whether the views are there."""
        return bool(self._views)

    @property
    def at_work(self) -> bool:
        """Whether the start page gave way to the views."""
        return self._at_work

    @property
    def workspace(self) -> str:
        """`setup`, `train` or `inspect`."""
        return self._workspace

    @property
    def pictures_shown(self) -> bool:
        """Whether the four views are shown."""
        return not self._middle.isHidden()

    def panel(self, name: str) -> View | None:
        """A view by its name, once the window is furnished."""
        return self._views.get(name)

    def panel_actions(self) -> list[QAction]:
        """One checkable action per panel."""
        return [dock.toggleViewAction() for dock in self._docks.values()] if self._at_work else []

    # What is shown --------------------------------------------------------------------------------------------------

    def set_subject(self, name: str) -> None:
        """What is open, for the title; `` for nothing. The part in view is named after it."""
        self._subject = name
        part = self._context.cursor.place.part if name else ""
        self.setWindowTitle(" — ".join(word for word in (NAME, name, part) if word))

    def _moved(self, new: Place, old: Place) -> None:
        if new.part != old.part:
            self.set_subject(self._subject)

    def begin_work(self) -> None:
        """The start page gives way to the views."""
        if self._at_work or not self._views:
            return
        self._at_work = True
        self._middle.setCurrentWidget(self._work)
        self._lay_out(self._workspace)
        # Else Qt gives the keys to the first button that it finds.
        QTimer.singleShot(0, self._views["parts"].setFocus)

    def use_workspace(self, name: str) -> None:
        """Arranges the panels for a task; the present arrangement is remembered."""
        if name not in arrangement.ARRANGEMENTS or not self._at_work:
            self._context.actions.refresh()
            return
        if name != self._workspace:
            self._remember()
            self._workspace = name
            self._lay_out(name)
        self.arranged.emit()

    def show_panel(self, name: str) -> None:
        """Opens a panel where it is, on top of its tabs."""
        if (dock := self._docks.get(name)) is None:
            return
        self.begin_work()
        was_hidden = dock.isHidden()
        dock.show()
        dock.raise_()
        if was_hidden and self.dockWidgetArea(dock) == Qt.DockWidgetArea.BottomDockWidgetArea:
            self.resizeDocks([dock], [round(self.height() * 0.26)], Qt.Orientation.Vertical)

    def show_pictures(self, on: bool) -> None:
        """Shows or hides the four views, so that panels may have all the room."""
        self._middle.setVisible(on or not self._at_work)
        self._show_bars()
        self.arranged.emit()

    def reset_layout(self) -> None:
        """All panels of all workspaces as delivered."""
        self._preferences.forget_layout()
        self._context.display.set(maximised="")
        if self._grid is not None:
            self._grid.equalise()
        if self._at_work:
            self._deliver(self._workspace)
        self.arranged.emit()

    def full_screen(self, on: bool) -> None:
        """All of the screen, or a window again."""
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    def tell(self, level: Level, message: str, advice: str = "", details: str = "") -> None:
        """Says something in the bar at the top."""
        self.notice.tell(level, message, advice, details)

    def ask(self, dialog: QDialog) -> None:
        """Opens a dialog over the window without waiting for it; there is one at a time."""
        if self._dialog is not None:
            self._dialog.reject()
        self._dialog = dialog
        dialog.finished.connect(lambda _result: self._answered(dialog))
        dialog.open()

    @property
    def dialog(self) -> QDialog | None:
        """The dialog that is open."""
        return self._dialog

    def _answered(self, dialog: QDialog) -> None:
        if self._dialog is dialog:
            self._dialog = None
        dialog.deleteLater()

    def _show_bars(self) -> None:
        """Tool bar and values belong to the work, the notice to its message; a restored layout knows neither."""
        if (tools := self.findChild(QToolBar, "tools")) is not None:
            tools.setVisible(self._at_work)
        self._strip.setVisible(self._at_work and self.pictures_shown)
        self._notice_place.setVisible(self.notice.on)
        self._notice_bar.setVisible(self.notice.on)
        for bar in (self._notice_bar, self._strip):
            # A tool bar takes its margins before it has the name that the style sheet knows it by.
            if (row := bar.layout()) is not None:
                row.setContentsMargins(0, 0, 0, 0)

    # Layouts --------------------------------------------------------------------------------------------------------

    def _lay_out(self, name: str) -> None:
        state = self._preferences.bytes(f"{name}/state")
        plan = arrangement.ARRANGEMENTS[name]
        wanted = self._preferences.text(f"{name}/pictures")
        # Before the panels take their places: else they share the room that the pictures will have.
        self._middle.setVisible(plan.pictures if not wanted else wanted != "no")
        if state.isEmpty() or not self.restoreState(state, arrangement.VERSION):
            self._deliver(name)
            return
        self._show_bars()
        QTimer.singleShot(0, self, lambda: self._check(name))

    def _check(self, name: str) -> None:
        """A layout that was remembered in a wider window may leave too little to the pictures."""
        if name != self._workspace:
            return
        squeezed = self.pictures_shown and self._middle.width() < arrangement.LEAST_PICTURES * self.width()
        outgrown = not self.pictures_shown and self._preferences.text(f"{name}/width") != str(self.width())
        if squeezed or outgrown:
            arrangement.resize(self, self._docks, arrangement.ARRANGEMENTS[name])
        self._note_columns()

    def _deliver(self, name: str) -> None:
        plan = arrangement.ARRANGEMENTS[name]
        self._middle.setVisible(plan.pictures)
        self._show_bars()
        arrangement.arrange(self, self._docks, plan)
        # Sizes only hold once the panels have been laid out.
        QTimer.singleShot(0, self, lambda: self._size(name))

    def _size(self, name: str) -> None:
        if name == self._workspace:
            arrangement.resize(self, self._docks, arrangement.ARRANGEMENTS[name])
            self._note_columns()

    def _panel_resized(self) -> None:
        """By the user; while the window itself is resized, the former widths are wanted still."""
        if self._at_work and not self.pictures_shown and self.width() == self._fitted_width:
            self._note_columns()

    def _note_columns(self) -> None:
        self._columns = arrangement.columns(self._docks, arrangement.ARRANGEMENTS[self._workspace])
        self._fitted_width = self.width()

    def _remember(self) -> None:
        if self._at_work:
            self._preferences.set_bytes(f"{self._workspace}/state", self.saveState(arrangement.VERSION))
            self._preferences.set_text(f"{self._workspace}/pictures", "yes" if self.pictures_shown else "no")
            self._preferences.set_text(f"{self._workspace}/width", str(self.width()))
        self._preferences.set_bytes("geometry", self.saveGeometry())

    def _restore_geometry(self) -> None:
        geometry: QByteArray = self._preferences.bytes("geometry")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            available = self.screen().availableGeometry()
            self.resize(min(1440, available.width()), min(900, available.height()))

    # Qt -------------------------------------------------------------------------------------------------------------

    def createPopupMenu(self) -> None:  # noqa: N802 - Qt's name
        """No menu on the tool bar: the View menu has all panels."""
        return

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Tells once that the window is up."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The veil covers all of the window; where no picture takes what the window gains, the first panel does."""
        super().resizeEvent(event)
        self._veil.setGeometry(self.rect())
        if self._at_work and not self.pictures_shown and self._columns:
            plan = arrangement.ARRANGEMENTS[self._workspace]
            arrangement.keep(self, self._docks, plan, self._columns, self.width() - self._fitted_width)
            self._note_columns()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remembers the layout; who composed the window stops what is under way."""
        self._remember()
        self._preferences.save()
        self.closing.emit()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Full screen is an action that is on or off."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.arranged.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files may be dropped anywhere."""
        if _paths(event):
            event.acceptProposedAction()
            self._veil.show()
            self._veil.raise_()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """The veil goes with the mouse."""
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Opens what was dropped."""
        self._veil.hide()
        if paths := _paths(event):
            event.acceptProposedAction()
            self.dropped.emit(paths)


def _paths(event: QDropEvent | QDragEnterEvent) -> tuple[Path, ...]:
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
