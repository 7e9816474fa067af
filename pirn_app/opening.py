"""What the user means by a path: a folder of parts, single parts, or a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pirn_app.messages import jobs
from pirn_core.errors import PirnError, SampleError

MODEL = ".pirn"


def jobs_for(paths: Sequence[Path], device: str = "auto") -> tuple[jobs.Job, ...]:
    """The jobs that open what lies at the paths, in the order in which they are to be asked for.

    Args:
        paths: One folder or files of single parts, and one model, or only one of the two.
        device: Where a model shall run.

    Raises:
        PirnError: When a path leads nowhere, or there is more than can be open at a time.
    """
    for path in paths:
        if not path.exists():
            raise PirnError(
                f"{path}: there is no such file or folder.", "Check the path, or whether a drive is missing."
            )
    by_kind: dict[str, list[Path]] = {"folder": [], "model": [], "file": []}
    for path in paths:
        by_kind[_kind(path)].append(path)
    folders, models, files = by_kind.values()
    if len(folders) > 1 or len(models) > 1 or (folders and files):
        raise SampleError(
            f"{len(paths)} things were given that cannot all be open at once.",
            "Open one folder or the files of single parts, and one model (.pirn) if you like.",
        )
    parts: list[jobs.Job] = [jobs.OpenFolder(folder) for folder in folders]
    parts += [jobs.OpenFiles(tuple(files))] if files else []
    return (*parts, *(jobs.OpenModel(model, device) for model in models))


def _kind(path: Path) -> str:
    if path.is_dir():
        return "folder"
    return "model" if path.suffix.lower() == MODEL else "file"
