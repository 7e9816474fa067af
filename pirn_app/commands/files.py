"""Opening, saving, leaving."""

from __future__ import annotations

from pathlib import Path

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.dialogs.choosing import FileQuestion
from pirn_app.messages import jobs
from pirn_app.preferences import data_dir

MODELS = "Models (*.pirn)"
PARTS = "Parts (*.png *.jpg *.jpeg *.bmp *.tif *.tiff *.ply *.pcd *.npy *.npz *.xyz);;All files (*)"


def actions(desk: Desk) -> list[Action]:
    """Entries of the File menu."""
    return [
        Action("open-folder", "Open folder…", "File", lambda: _open_folder(desk), ("Ctrl+O",),
               "Open a folder of parts: colour images, 3D scans, or both.", "open-folder", lambda: desk.idle),
        Action("open-files", "Open parts…", "File", lambda: _open_files(desk), ("Ctrl+Shift+O",),
               "Open single parts by their image or scan files.", "open-files", lambda: desk.idle),
        Action("open-model", "Open model…", "File", lambda: _open_model(desk), ("Ctrl+M",),
               "Open a trained model (.pirn) and inspect with it.", "open-model", lambda: desk.idle),
        Action("make-samples", "Try the sample parts", "File", lambda: _samples(desk), (),
               "Make a small set of rendered parts and open it.", "make-samples", lambda: desk.idle),
        Action("save-model", "Save model as…", "File", lambda: _save_model(desk), ("Ctrl+S",),
               "Write the model, with your threshold, to a file of your choice.", "save-model",
               lambda: desk.context.workspace.model is not None),
        Action("quit", "Quit", "File", lambda: _quit(desk), ("Ctrl+Q",),
               "Close the window; a running job is cancelled.", "quit"),
    ]  # fmt: skip


def _open_folder(desk: Desk) -> None:
    def opened(paths: tuple[Path, ...]) -> None:
        desk.preferences.folder = paths[0].parent
        desk.context.requests.ask(jobs.OpenFolder(paths[0]))

    desk.choose(desk.window, FileQuestion("folder", "Open a folder of parts", desk.preferences.folder), opened)


def _open_files(desk: Desk) -> None:
    def opened(paths: tuple[Path, ...]) -> None:
        desk.preferences.folder = paths[0].parent
        desk.context.requests.ask(jobs.OpenFiles(paths))

    desk.choose(desk.window, FileQuestion("open", "Open parts", desk.preferences.folder, PARTS), opened)


def _open_model(desk: Desk) -> None:
    def opened(paths: tuple[Path, ...]) -> None:
        desk.preferences.folder = paths[0].parent
        desk.context.requests.ask(jobs.OpenModel(paths[0], desk.plan.device))

    models = data_dir() / "models"
    start = models if models.is_dir() else desk.preferences.folder
    desk.choose(desk.window, FileQuestion("open", "Open a model", start, MODELS), opened)


def _save_model(desk: Desk) -> None:
    workspace = desk.context.workspace
    if (model := workspace.model) is None:
        return

    def chosen(paths: tuple[Path, ...]) -> None:
        desk.preferences.folder = paths[0].parent
        desk.context.requests.ask(jobs.SaveModel(paths[0], workspace.own_threshold))

    start = desk.preferences.folder / model.path.name
    desk.choose(desk.window, FileQuestion("save", "Save the model as", start, MODELS, "pirn"), chosen)


def _samples(desk: Desk) -> None:
    desk.context.requests.ask(jobs.MakeSamples(data_dir() / "samples"))


def _quit(desk: Desk) -> None:
    desk.window.close()
