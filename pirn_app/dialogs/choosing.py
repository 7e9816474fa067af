"""Asks for files and folders, without a nested event loop; tests and the tour answer in the user's place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


@dataclass(frozen=True)
class FileQuestion:
    """What is asked for.

    Attributes:
        kind: A folder, files that exist, or a file to write.
        title: Over the dialog.
        start: Folder or file to begin with.
        filters: In Qt's form, e.g. `Models (*.pirn)`; `` for folders.
        suffix: Added to a written file's name that has none.
    """

    kind: Literal["folder", "open", "save"]
    title: str
    start: Path
    filters: str = ""
    suffix: str = ""


Answer = Callable[[tuple[Path, ...]], None]
Chooser = Callable[[QWidget, FileQuestion, Answer], None]
"""Asks over a window and hands the chosen paths on; not called back when the user changes their mind."""


def choose(window: QWidget, question: FileQuestion, answer: Answer) -> None:
    """The system's own dialog."""
    dialog = QFileDialog(window, question.title, str(question.start), question.filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if question.kind == "folder":
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    elif question.kind == "open":
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    else:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(question.suffix)
        dialog.selectFile(str(question.start))
    dialog.filesSelected.connect(lambda names: answer(tuple(Path(name) for name in names)))
    dialog.open()
