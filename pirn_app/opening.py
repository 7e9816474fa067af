"""What the user means by a path: a folder of parts, single parts, or a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pirn_app.messages import jobs
from pirn_core.errors import PirnError, SampleError

MODEL = ".pirn"


def job_for(paths: Sequence[Path], device: str = "auto") -> jobs.Job:
    """The job that opens what lies at the paths.

    Args:
        paths: One folder, one model, or files of single parts.
        device: Where a model shall run.

    Raises:
        PirnError: When a path leads nowhere, or kinds are mixed.
    """
    for path in paths:
        if not path.exists():
            raise PirnError(
                f"{path}: there is no such file or folder.", "Check the path, or whether a drive is missing."
            )
    kinds = {_kind(path) for path in paths}
    if len(kinds) != 1 or (kinds != {"file"} and len(paths) > 1):
        raise SampleError(
            f"{len(paths)} things of different kinds were given.",
            "Open one folder, one model (.pirn), or the files of single parts.",
        )
    if kinds == {"folder"}:
        return jobs.OpenFolder(paths[0])
    if kinds == {"model"}:
        return jobs.OpenModel(paths[0], device)
    return jobs.OpenFiles(tuple(paths))


def _kind(path: Path) -> str:
    if path.is_dir():
        return "folder"
    return "model" if path.suffix.lower() == MODEL else "file"
