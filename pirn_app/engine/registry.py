"""Which task does which job, on which lane, and what may go before what."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pirn_app.engine.tools import Tools
from pirn_app.messages import feedback, jobs, origin, prototypes, transport
from pirn_app.messages.events import Event

LaneName = Literal["compute", "reading", "network", "layout"]

Task = Callable[[Any, Tools], Iterator[Event]]
"""Takes a job and its tools, yields events; what a generator returns is the sentence that the job ends with."""


@dataclass(frozen=True)
class Entry:
    """How a kind of job is done.

    Attributes:
        title: Of a job, for the status bar.
        task: Does it.
        lane: `compute` owns every tensor; `reading` is numpy only; `network` waits for other machines; `layout` is for
            numpy work of many seconds that must hold up neither inspection nor reading.
        latest: A newer job replaces a waiting one and cancels the running one, whose answers are dropped.
        urgent: Goes before all that waits, and between the steps of what is pausable.
        pausable: Urgent jobs may run between two of its events.
        imports: Mostly imports, and so holds Python's lock nearly all the time: at a lower priority the window would
            wait for it as long as other programs keep the processor busy (seconds were measured).
        refused_during: Kinds of jobs during which it would take a model away or write another one than the user saw.
    """

    title: Callable[[Any], str]
    task: Task
    lane: LaneName = "reading"
    latest: bool = False
    urgent: bool = False
    pausable: bool = False
    imports: bool = False
    refused_during: frozenset[str] = frozenset()


Registry = Mapping[type[jobs.Job], Entry]


def task(module: str, name: str) -> Task:
    """A function of `pirn_app.engine.tasks`, whose module is imported when it is first called, on the lane."""

    def call(job: Any, tools: Tools) -> Iterator[Event]:
        found: Task = getattr(importlib.import_module(f"pirn_app.engine.tasks.{module}"), name)
        return found(job, tools)

    return call


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


_LONG = frozenset({"Train", "InspectParts"})

REGISTRY: Registry = {
    jobs.WarmUp: Entry(lambda job: "Starting the engine", task("warmup", "warm_up"), "compute", imports=True),
    jobs.Train: Entry(
        lambda job: f"Training on {_count(len(job.shots), 'shot')}",
        task("training", "train"),
        "compute",
        refused_during=_LONG,
    ),
    jobs.OpenModel: Entry(
        lambda job: f"Opening {job.path.name}", task("models", "open_model"), "compute", refused_during=_LONG
    ),
    jobs.SaveModel: Entry(
        lambda job: f"Saving {job.path.name}",
        task("models", "save_model"),
        "compute",
        urgent=True,
        refused_during=frozenset({"Train"}),
    ),
    jobs.InspectPart: Entry(
        lambda job: f"Inspecting {job.ref.id}", task("inspection", "inspect_part"), "compute", latest=True, urgent=True
    ),
    jobs.InspectParts: Entry(
        lambda job: f"Inspecting {_count(len(job.refs), 'part')}",
        task("inspection", "inspect_many"),
        "compute",
        pausable=True,
    ),
    feedback.PreviewLesson: Entry(
        lambda job: "Previewing what would change",
        task("feedback", "preview_lesson"),
        "compute",
        latest=True,
        pausable=True,
        refused_during=_LONG,
    ),
    feedback.ApplyLesson: Entry(
        lambda job: "Teaching the model",
        task("feedback", "apply_lesson"),
        "compute",
        refused_during=_LONG | {"ApplyLesson"},
    ),
    # Goes on at once and is never refused: undo has happened already, and what was asked since is meant for this model.
    feedback.UseModel: Entry(
        lambda job: f"Going back to {job.path.name}", task("feedback", "use_model"), "compute", latest=True, urgent=True
    ),
    feedback.DrawCurve: Entry(
        lambda job: "Comparing numbers of shots",
        task("feedback", "draw_curve"),
        "compute",
        latest=True,
        pausable=True,
    ),
    jobs.ImportBackbone: Entry(
        lambda job: f"Importing {job.path.name}", task("backbones", "import_backbone"), "compute"
    ),
    jobs.DownloadBackbone: Entry(
        lambda job: f"Downloading {job.name}", task("backbones", "download_backbone"), "network"
    ),
    jobs.ListBackbones: Entry(lambda job: "Looking for backbones", task("backbones", "list_all")),
    jobs.OpenFolder: Entry(lambda job: f"Opening {job.path.name}", task("opening", "open_folder")),
    jobs.OpenFiles: Entry(lambda job: f"Opening {_count(len(job.paths), 'file')}", task("opening", "open_files")),
    jobs.MakeSamples: Entry(lambda job: "Making sample parts", task("samples", "make_samples")),
    jobs.CheckParts: Entry(lambda job: "Checking all files", task("opening", "check_parts"), pausable=True),
    jobs.LoadPart: Entry(lambda job: f"Reading {job.ref.id}", task("loading", "load_part"), latest=True, urgent=True),
    jobs.CheckShots: Entry(
        lambda job: f"Comparing {_count(len(job.shots), 'shot')}",
        task("shots", "check_shots"),
        latest=True,
        pausable=True,
    ),
    origin.ExplainOrigin: Entry(
        lambda job: f"Explaining the score of {job.ref.id}",
        task("origin", "explain_origin"),
        "compute",
        latest=True,
        urgent=True,
        pausable=True,
    ),
    transport.ExplainTransport: Entry(
        lambda job: f"Explaining the transport of {job.ref.id}",
        task("transport", "explain_transport"),
        "compute",
        latest=True,
        urgent=True,
    ),
    prototypes.SurveyPrototypes: Entry(
        lambda job: "Looking at the prototypes", task("prototypes", "survey"), "compute", latest=True, pausable=True
    ),
    prototypes.LayOutPrototypes: Entry(
        lambda job: "Laying the prototypes out", task("prototypes", "lay_out"), "layout", latest=True
    ),
    prototypes.PlaceTokens: Entry(
        lambda job: f"Placing patches of {_count(len(job.refs), 'part')}",
        task("prototypes", "place_tokens"),
        "compute",
        latest=True,
        pausable=True,
    ),
    prototypes.PicturePrototype: Entry(
        lambda job: f"Pictures of prototype {job.index}",
        task("prototypes", "picture_prototype"),
        latest=True,
        pausable=True,
    ),
}
"""The one table of all jobs."""
