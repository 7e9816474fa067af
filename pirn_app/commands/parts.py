"""Going through the parts, shots and labels."""

from __future__ import annotations

from pirn_app.actions import Action
from pirn_app.commands.desk import Desk
from pirn_app.state.history import Label


def actions(desk: Desk) -> list[Action]:
    """Entries of the Parts menu."""
    workspace = desk.context.workspace

    def some() -> bool:
        return bool(desk.chosen)

    def parts() -> bool:
        return workspace.parts is not None

    return [
        Action("previous-part", "Previous part", "Parts", lambda: _step(desk, -1), ("A",),
               "Go to the part before, in the order of the list.", "previous-part", parts),
        Action("next-part", "Next part", "Parts", lambda: _step(desk, 1), ("D",),
               "Go to the part after, in the order of the list.", "next-part", parts),
        Action("toggle-shot", "Use as shot", "Parts", lambda: _toggle_shot(desk), ("S",),
               "Take the selected parts as shots, the good parts that training learns from, or take them out again.",
               "toggle-shot", some, text_when=lambda: _shot_text(desk)),
        Action("pick-random-shots", "Pick shots at random", "Parts", lambda: _random(desk), ("P",),
               "Draw shots from the good training parts.", "pick-random-shots", parts),
        Action("clear-shots", "Clear shots", "Parts", lambda: workspace.set_shots((), "Clear shots"), (),
               "Take all shots out.", "clear-shots", lambda: bool(workspace.document.shots)),
        Action("label-good", "Label as good", "Parts", lambda: _label(desk, "good"), ("G",),
               "Your own judgement of the selected parts: good.", "label-good", some),
        Action("label-defective", "Label as defective", "Parts", lambda: _label(desk, "defective"), ("B",),
               "Your own judgement of the selected parts: defective.", "label-defective", some),
        Action("label-none", "Remove label", "Parts", lambda: _label(desk, None), ("N",),
               "Take your own judgement of the selected parts away.", "label-none",
               lambda: any(part in workspace.document.labels for part in desk.chosen)),
        Action("import-report", "Import report", "Parts", lambda: desk.window.show_panel("report"), (),
               "What the folder holds, what is missing, and what does not fit.", "import-report", parts),
        Action("preprocessing", "Preprocessing", "Parts", lambda: desk.window.show_panel("preprocessing"), (),
               "How parts are cut out and what the model sees of them.", "preprocessing", parts),
    ]  # fmt: skip


def _step(desk: Desk, by: int) -> None:
    if (listed := desk.part_list) is not None:
        listed.step(by)


def _toggle_shot(desk: Desk) -> None:
    from pirn_app.state.shots import toggled_shots

    shots, refusals = toggled_shots(desk.context.workspace, desk.chosen)
    desk.context.workspace.set_shots(shots)
    if refusals:
        desk.window.tell("warning", " ".join(refusals))


def _shot_text(desk: Desk) -> str:
    chosen = desk.chosen
    shots = set(desk.context.workspace.document.shots)
    return "Remove from shots" if chosen and shots.issuperset(chosen) else "Use as shot"


def _random(desk: Desk) -> None:
    if (picker := desk.shot_picker) is not None:
        picker.pick_random()


def _label(desk: Desk, label: Label | None) -> None:
    desk.context.workspace.set_label(desk.chosen, label)
