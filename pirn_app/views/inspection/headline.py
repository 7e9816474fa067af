"""What the verdict card says, as a pure function of the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pirn_app.state.jobs import JobState
from pirn_app.state.results import PartResult
from pirn_app.state.workspace import Workspace
from pirn_app.views.inspection.words import joined, left, plural, score_pair
from pirn_core.results import Verdict

Kind = Literal["verdict", "nothing", "waiting", "failed"]


@dataclass(frozen=True)
class Headline:
    """The card's contents.

    Attributes:
        kind: Decides about mark and layout.
        title: First line: the verdict, or what is the matter.
        text: Below it, whole sentences.
        verdict: Of a result.
        score: The part's, as text; `` for none.
        threshold: In force, as text.
        warnings: What limits the verdict, one sentence each.
        actions: Ids of the buttons that lead on, the first is the primary one.
    """

    kind: Kind
    title: str
    text: str = ""
    verdict: Verdict | None = None
    score: str = ""
    threshold: str = ""
    warnings: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


def headline(workspace: Workspace, part: str) -> Headline:
    """What to say about a part (`` for none)."""
    if workspace.model is None:
        return _without_model(workspace)
    if workspace.ref(part) is None:
        return _without_part(workspace)
    found = workspace.results.get(part)
    if found is not None and found.error:
        return Headline("failed", "Not inspected", f"{found.error} {found.advice}".strip(), actions=("inspect-part",))
    if found is not None:
        return _result(workspace, found)
    unreadable = workspace.picture_error
    if unreadable is not None and unreadable.part == part:
        text = f"{unreadable.message} {unreadable.advice}".strip()
        return Headline("failed", "This part cannot be read", text)
    return _awaited(workspace)


def _without_model(workspace: Workspace) -> Headline:
    if (job := workspace.jobs.of_kind("Train")) is not None:
        return Headline("waiting", "Training", f"{_job(job)} The first verdict comes when it is done.")
    if (job := workspace.jobs.of_kind("OpenModel")) is not None:
        return Headline("waiting", "Opening the model", _job(job))
    if workspace.parts is None:
        return Headline("nothing", "No parts open", "Open a folder of parts to begin.", actions=("open-folder",))
    text = "Pick 5 to 10 good parts, then press Train (Ctrl+T)."
    if not (chosen := len(workspace.document.shots)):
        return Headline("nothing", "No model yet", text, actions=("train", "pick-random-shots"))
    if chosen >= 5:
        text = "Press Train (Ctrl+T)."
    return Headline("nothing", "No model yet", f"{plural(chosen, 'shot')} chosen. {text}", actions=("train",))


def _without_part(workspace: Workspace) -> Headline:
    if workspace.parts is None:
        text = "The model is ready. Open a folder of parts to inspect."
        return Headline("nothing", "No parts open", text, actions=("open-folder",))
    return Headline("nothing", "No part chosen", "Choose a part in the list to see its verdict.")


def _awaited(workspace: Workspace) -> Headline:
    jobs = workspace.jobs
    if jobs.of_kind("InspectPart") is not None:
        return Headline("waiting", "Inspecting this part", "The verdict comes in a moment.")
    if (job := jobs.of_kind("InspectParts")) is not None:
        return Headline("waiting", "Waiting for its turn", f"All parts are being inspected. {_job(job)}")
    if (job := jobs.of_kind("Train", "OpenModel")) is not None:
        what = "training" if job.kind == "Train" else "the new model"
        return Headline("waiting", f"Waiting for {what}", f"{_job(job)} This part is inspected after that.")
    return Headline("nothing", "Not inspected yet", "", actions=("inspect-part",))


def _job(job: JobState) -> str:
    text = joined(job.text or job.title, left(job.remaining)).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def _result(workspace: Workspace, found: PartResult) -> Headline:
    limits, model = workspace.limits, workspace.model
    assert limits is not None and model is not None
    verdict = found.verdict(limits)
    score, threshold = score_pair(found.score, limits[1])
    sure, _ = score_pair(limits[0], limits[1])
    text = f"Unsure from {sure} to {threshold}." if limits[0] < limits[1] else "There is no unsure band."
    warnings = list(found.warnings)
    if found.shot:
        held_out = model.shot_scores.get(found.part)
        known = "" if held_out is None else f" Held out in calibration, it scored {score_pair(held_out, limits[1])[0]}."
        warnings.insert(0, f"The model was trained on this part; its score is too good.{known}")
    return Headline("verdict", verdict or "", text, verdict, score, threshold, tuple(warnings))
