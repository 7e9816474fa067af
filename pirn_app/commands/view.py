"""Layers, maximised views, workspaces, theme."""

from __future__ import annotations

from dataclasses import fields

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.state.display import Look
from pirn_app.theme import ThemeName

LAYERS = (
    ("toggle-heat", "Anomaly map", "heat", "X", "Show the anomaly map over the picture."),
    ("toggle-contour", "Threshold contour", "contour", "C", "Outline what lies above the threshold."),
    ("toggle-truth", "Ground truth", "truth", "T", "Outline the ground truth, where the data set has one."),
    ("toggle-foreground", "Part and crop", "foreground", "F", "Outline the part and the crop that the model sees."),
    ("toggle-crosshair", "Cursor cross", "crosshair", "H", "Show the cursor in all views."),
)
VIEWS = (("rgb", "colour"), ("normals", "surface normals"), ("anomaly", "anomaly"), ("cloud", "3D"))
WORKSPACES = (
    ("setup", "Setup", "Look through the parts, pick shots and set preprocessing."),
    ("train", "Train", "Train a model and see what it learned."),
    ("inspect", "Inspect", "Look at verdicts, regions and the threshold."),
    ("understand", "Understand", "See why a part is called NG, in the method's own terms."),
)
THEMES: tuple[tuple[ThemeName, str], ...] = (("system", "As the system"), ("dark", "Dark"), ("light", "Light"))


def actions(desk: Desk) -> list[Action]:
    """Entries of the View menu."""
    cursor, display, window = desk.context.cursor, desk.context.display, desk.window
    return [
        *(_workspace(desk, number, *entry) for number, entry in enumerate(WORKSPACES, start=1)),
        *(_layer(desk, *entry) for entry in LAYERS),
        *(_maximise(desk, number, *entry) for number, entry in enumerate(VIEWS, start=1)),
        Action("show-all-views", "All four views", "View", lambda: display.set(maximised=""), ("0",),
               "Show the four views side by side.", "show-all-views", lambda: bool(display.look.maximised)),
        Action("show-pictures", "Pictures in the middle", "View", window.show_pictures, ("Ctrl+P",),
               "Show or hide the four views of the part.", "", lambda: window.is_furnished,
               lambda: window.pictures_shown),
        Action("reset-view", "Fit all of the part", "View", display.fit, ("Ctrl+R",),
               "Undo zoom and pan in all views.", "reset-view", lambda: bool(cursor.place.part)),
        Action("release-cursor", "Release the cursor", "View", cursor.release, ("Esc",),
               "Let the cursor follow the mouse again after a click fixed it.", "release-cursor",
               lambda: cursor.place.pinned),
        *(_theme(desk, *entry) for entry in THEMES),
        Action("show-log", "Log", "View", lambda: window.show_panel("log"), ("Ctrl+L",),
               "What was done and what went wrong.", "show-log", lambda: window.is_furnished),
        Action("full-screen", "Full screen", "View", window.full_screen, ("F11",),
               "All of the screen for the window.", "full-screen", None, window.isFullScreen),
        Action("reset-layout", "Reset layout", "View", window.reset_layout, (),
               "Put all panels back where they were.", "reset-layout", lambda: window.is_furnished),
    ]  # fmt: skip


def _workspace(desk: Desk, number: int, name: str, text: str, hint: str) -> Action:
    window = desk.window
    return Action(f"workspace-{name}", text, "View", lambda _on: window.use_workspace(name), (f"Ctrl+{number}",),
                  hint, f"workspace-{name}", lambda: window.at_work, lambda: window.workspace == name)  # fmt: skip


def _layer(desk: Desk, name: str, text: str, attribute: str, key: str, hint: str) -> Action:
    display = desk.context.display
    assert attribute in {field.name for field in fields(Look)}
    return Action(name, text, "View", lambda on: display.set(**{attribute: on}), (key,), hint, name,
                  None, lambda: bool(getattr(display.look, attribute)))  # fmt: skip


def _maximise(desk: Desk, number: int, name: str, text: str) -> Action:
    display = desk.context.display
    return Action(f"maximise-{name}", f"Only the {text} view", "View",
                  lambda on: display.set(maximised=name if on else ""), (str(number),),
                  f"Fill the middle with the {text} view; once more shows all four.", "maximise",
                  lambda: desk.window.at_work, lambda: display.look.maximised == name)  # fmt: skip


def _theme(desk: Desk, name: ThemeName, text: str) -> Action:
    def choose(_on: bool) -> None:
        desk.preferences.theme = name
        desk.context.theme.choose(name)
        desk.context.actions.refresh()

    return Action(f"theme-{name}", text, "View", choose, (), f"Colours: {text.lower()}.", f"theme-{name}",
                  None, lambda: desk.context.theme.name == name)  # fmt: skip
