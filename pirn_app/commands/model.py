"""Training, inspecting, threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.messages import jobs
from pirn_app.preferences import data_dir
from pirn_core.data.sample import PartRef
from pirn_core.picking import test_parts

if TYPE_CHECKING:
    from pirn_app.dialogs.backbones import Answer


def actions(desk: Desk) -> list[Action]:
    """Entries of the Model menu."""
    workspace, requests = desk.context.workspace, desk.context.requests

    def ready() -> bool:
        return workspace.model is not None and workspace.parts is not None and desk.idle

    return [
        Action("train", "Train", "Model", lambda: _train(desk), ("Ctrl+T",),
               "Learn from the shots; the model and its threshold are ready afterwards.", "train",
               lambda: bool(workspace.shots) and not desk.training),
        Action("cancel", "Cancel", "Model", lambda: _cancel(desk), ("Ctrl+.",),
               "Stop what is under way; the model in force stays.", "cancel",
               lambda: workspace.jobs.shown is not None),
        Action("inspect-all", "Inspect all", "Model", lambda: _inspect_all(desk), ("F5",),
               "Inspect the test parts, or the selected parts where several are selected.", "inspect-all", ready,
               text_when=lambda: f"Inspect {len(desk.chosen)} parts" if len(desk.chosen) > 1 else "Inspect all"),
        Action("inspect-part", "Inspect this part", "Model", lambda: _inspect_part(desk), ("Shift+F5",),
               "Inspect the part in view again.", "inspect-part", lambda: ready() and desk.current is not None),
        Action("reset-threshold", "Reset threshold", "Model", lambda: workspace.set_threshold(None), (),
               "Back to the calibrated threshold.", "reset-threshold", lambda: workspace.own_threshold is not None),
        Action("backbones", "Backbones…", "Model", lambda: _backbones(desk), (),
               "Networks that see the parts: which are on this machine, import and download.", "backbones",
               lambda: not desk.training),
        Action("list-backbones", "Look for backbones again", "Model", lambda: requests.ask(jobs.ListBackbones()), (),
               "Look again which weights are on this machine.", menu=False),
    ]  # fmt: skip


def inspection_targets(desk: Desk) -> tuple[PartRef, ...]:
    """The selected parts where several are selected, else the test parts, else all."""
    workspace = desk.context.workspace
    if workspace.parts is None:
        return ()
    chosen = desk.chosen
    if len(chosen) > 1:
        return tuple(ref for part in chosen if (ref := workspace.ref(part)) is not None)
    return test_parts(workspace.parts)


def _train(desk: Desk) -> None:
    workspace = desk.context.workspace
    if problems := desk.plan.problems(workspace):
        desk.window.tell("warning", problems[0])
        return
    assert workspace.parts is not None
    config = desk.plan.config(workspace.document.recipe)
    out, name = data_dir() / "models", workspace.parts.category or "model"
    desk.context.requests.ask(jobs.Train(workspace.shots, config, out, name, desk.plan.device, workspace.unit))
    desk.window.use_workspace("train")


def _cancel(desk: Desk) -> None:
    if (job := desk.context.workspace.jobs.shown) is not None:
        desk.context.requests.cancel(job.number)


def _inspect_all(desk: Desk) -> None:
    workspace = desk.context.workspace
    targets = inspection_targets(desk)
    desk.context.requests.ask(jobs.InspectParts(targets, workspace.own_threshold, workspace.unit))


def _inspect_part(desk: Desk) -> None:
    workspace = desk.context.workspace
    if (ref := desk.current) is not None:
        desk.context.requests.ask(jobs.InspectPart(ref, workspace.own_threshold, workspace.unit))


def _backbones(desk: Desk) -> None:
    from pirn_app.dialogs.backbones import BackbonesDialog

    context = desk.context
    dialog = BackbonesDialog(context.workspace.backbones, context.theme.palette, desk.plan.backbone, desk.window)
    relist = context.workspace.backbones_changed.connect(lambda: dialog.show_backbones(context.workspace.backbones))
    dialog.finished.connect(lambda _result: context.workspace.backbones_changed.disconnect(relist))
    dialog.accepted.connect(lambda: _answered(desk, dialog.answer))
    desk.window.ask(dialog)


def _answered(desk: Desk, answer: Answer | None) -> None:
    from pirn_app.dialogs import backbones

    if isinstance(answer, backbones.Chosen):
        desk.plan.choose(backbone=answer.name)
    elif isinstance(answer, backbones.ImportFile):
        desk.context.requests.ask(jobs.ImportBackbone(answer.path))
    elif isinstance(answer, backbones.Download):
        desk.context.requests.ask(jobs.DownloadBackbone(answer.name))
