"""Which parts there are, and whether their files are sound."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path

from pirn_app.engine.tools import Tools
from pirn_app.messages.events import CategoryNeeded, Event, PartsOpened, ReportMade
from pirn_app.messages.jobs import CheckParts, OpenFiles, OpenFolder
from pirn_core.data.layouts import LAYOUTS, Listing, PartSet, open_parts
from pirn_core.data.report import DataReport, report_steps
from pirn_core.errors import SampleError
from pirn_core.picking import parts_at

MODEL = ".pirn"


def open_folder(job: OpenFolder, tools: Tools) -> Generator[Event, None, str]:
    """Lists a folder; asks for the category where there are several."""
    root = _checked(job.path)
    found = {} if job.category is not None else _categories(root, job.layout)
    if len(found) > 1:
        yield CategoryNeeded(root, tuple(sorted(found)))
        return ""
    parts = open_parts(root, layout=job.layout, category=job.category, lighting=job.lighting)
    count = len(parts.refs)  # lists the folder now, on this thread
    tools.check()
    yield PartsOpened(parts, job.unit)
    return f"{parts.category}: {counted(count, 'part')} found. {parts.reason}"


def open_files(job: OpenFiles, tools: Tools) -> Generator[Event, None, str]:
    """The parts that some files belong to, as a set of their own."""
    for path in job.paths:
        _refuse_model(path)
    refs = parts_at(job.paths)
    if not refs:
        raise SampleError("No file was named.", "Choose colour images or 3D files.")
    tools.check()
    root = Path(os.path.commonpath([os.path.abspath(_folder_of(path)) for path in job.paths]))  # noqa: PTH100
    parts = PartSet(
        root=root,
        layout="files",  # no folder layout: it cannot be opened again as a folder
        reason="The files were chosen one by one.",
        category=refs[0].id if len(refs) == 1 else root.name,
        lister=lambda: Listing(refs),
    )
    assert len(parts.refs) == len(refs)  # listed now, on this thread
    yield PartsOpened(parts, job.unit)
    return f"{counted(len(refs), 'part')} opened from {counted(len(job.paths), 'path')}."


def check_parts(job: CheckParts, tools: Tools) -> Generator[Event, None, str]:
    """Reads every file of a part set."""
    steps, began = report_steps(job.parts, unit=job.unit), time.perf_counter()
    yield tools.progress(0.0, f"0 of {len(job.parts)} parts")
    while True:
        tools.check()
        try:
            done, total = next(steps)
        except StopIteration as end:
            report: DataReport = end.value
            break
        each = (time.perf_counter() - began) / done
        yield tools.progress(done / total, f"{done} of {total} parts", each * (total - done))
    yield ReportMade(report)
    found = counted(len(report.problems), "problem") if report.problems else "no problem"
    return f"{counted(report.parts, 'part')} checked: {found}."


def counted(number: int, word: str) -> str:
    """`1 part`, `12 parts`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _categories(root: Path, layout: str | None) -> Mapping[str, Path]:
    """Categories of the layout that `open_parts` would take; empty where it has to say what is wrong."""
    for known in LAYOUTS.values():
        if layout in (None, known.name) and (found := known.categories(root)):
            return found
    return {}


def _checked(path: Path) -> Path:
    """The folder, absolute but with its links; refuses what is no folder of parts.

    Raises:
        SampleError: For a model, a file, or a folder with nothing but models.
    """
    _refuse_model(path)
    if path.is_file():
        raise SampleError(
            f"{path}: is a file, not a folder.", "Open it as a single part, or open the folder that holds the parts."
        )
    if path.is_dir() and (models := _only_models(path)):
        raise SampleError(
            f"{path}: holds no parts, only {counted(models, 'model file')}.",
            "Open the model itself, then the folder of the parts to inspect.",
        )
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _refuse_model(path: Path) -> None:
    if path.suffix.lower() == MODEL:
        raise SampleError(f"{path.name}: is a model, not a part.", "Open it with Open model.")


def _only_models(folder: Path) -> int:
    """How many models a folder holds; 0 where it holds anything else too, or may not be read."""
    try:
        names = [entry.name for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError:
        return 0
    return len(names) if all(name.lower().endswith(MODEL) for name in names) else 0


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent
