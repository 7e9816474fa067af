"""What this view says, as pure functions of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pirn_app.state.statistics import decimals
from pirn_app.state.workspace import Workspace
from pirn_core.data.sample import Modality
from pirn_core.results import Verdict

if TYPE_CHECKING:
    from pirn_core.explain.sources import LayerMoves, LostRegion, OriginExplanation

NAMES: Mapping[Modality, str] = {"rgb": "Colour", "sn": "Surface"}


def number(value: float, scale: float) -> str:
    """A score with as many decimals as its scale (the threshold) asks for."""
    return f"{value:.{decimals(scale)}f}"


def pair(first: float, second: float, scale: float) -> tuple[str, str]:
    """Two scores with as many decimals as it takes to tell them apart, five at most."""
    places = decimals(scale)
    while places < 5 and first != second and f"{first:.{places}f}" == f"{second:.{places}f}":
        places += 1
    return f"{first:.{places}f}", f"{second:.{places}f}"


def plural(count: int, one: str) -> str:
    """`1 region`, `2 regions`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def below(explanation: OriginExplanation, threshold: float) -> str:
    """What to say of a part without a region."""
    row, column = explanation.peak_at
    ratio = f"{explanation.score / threshold:.2f}"
    text = f"No region above the threshold. The score is {ratio} times the threshold, at row {row}, column {column}."
    if (lookup := explanation.nearest.get("both") or next(iter(explanation.nearest.values()), None)) is not None:
        found = lookup.at(explanation.token_at(explanation.peak_at))
        if found is not None:
            text += f" Nearest normal pattern there: shot {found.shot} at row {found.row}, column {found.column}."
    return text


def refinement_warning(explanation: OriginExplanation, limits: tuple[float, float]) -> str:
    """Whether refinement made something look normal; `` where it did not."""
    lost = explanation.lost(limits[1])
    if not lost:
        return ""
    verb = "a region" if len(lost) == 1 else f"{len(lost)} regions"
    details = "; ".join(_lost(region, limits[1]) for region in lost[:3])
    more = f"; and {len(lost) - 3} more" if len(lost) > 3 else ""
    return f"Refinement took {verb} from above to below the threshold: {details}{more}. Look there before you trust it."


def _lost(region: LostRegion, threshold: float) -> str:
    before, after = number(region.before, threshold), number(region.after, threshold)
    row, column = region.peak_at
    return f"{before} to {after} at row {row}, column {column} ({plural(region.pixels, 'pixel')})"


def moves_text(moves: LayerMoves) -> str:
    """`Layer 1, colour: 753 of 2,000 prototypes moved, by 0.036 on average; 30 % of the part's tokens left out.`"""
    name = NAMES[moves.modality].lower()
    text = f"Layer {moves.layer}, {name}: {moves.moved:,} of {moves.prototypes:,} prototypes moved"
    if moves.moved:
        text += f", by {moves.mean:.3f} on average"
    if moves.left_out is not None:
        text += f"; {moves.left_out:.0%} of the part's tokens left out".replace("%", " %")
    return f"{text}."


def largest_text(moves: LayerMoves) -> str:
    """The prototypes that moved most, one a line."""
    lines = []
    for moved in moves.largest:
        where = ""
        if (pattern := moved.pattern) is not None:
            where = f", like shot {pattern.shot} at row {pattern.row}, column {pattern.column}"
        lines.append(f"No. {moved.index}: {moved.length:.3f}{where}")
    return "\n".join(lines)


def step_name(layers: int, of: int) -> str:
    """A step of refinement in words."""
    if layers == 0:
        return "as trained"
    if layers == of:
        return "refined"
    return f"layer {layers} refined" if layers == 1 else f"layers 1 to {layers} refined"


def switched(without: tuple[str, Verdict], force: tuple[str, Verdict]) -> str:
    """What is said while the part is looked at without refinement."""
    return (
        f"Shown without refinement: score {without[0]}, {without[1]}. The verdict in force stays "
        f"{force[1]} with score {force[0]}, with refinement."
    )


def gates_text(gates: Mapping[str, float]) -> str:
    """`Layer 1: colour reads surface 0.120, surface reads colour −0.034.`"""
    by_layer: dict[str, list[str]] = {}
    others: Mapping[str, str] = {"rgb": "colour reads surface", "sn": "surface reads colour"}
    for name, gate in gates.items():
        layer, _, modality = name.partition("/")
        sign = "\N{MINUS SIGN}" if gate < 0 else ""
        by_layer.setdefault(layer, []).append(f"{others[modality]} {sign}{abs(gate):.3f}")
    return " ".join(f"Layer {layer}: {', '.join(texts)}." for layer, texts in by_layer.items())


def empty(workspace: Workspace, part: str) -> tuple[str, str]:
    """Why there is nothing to explain, and the action that leads on; (``, ``) where there is."""
    if workspace.parts is None:
        return "No parts open. Open a folder of parts to see where their scores come from.", "open-folder"
    if workspace.model is None:
        return "No model yet. Pick 5 to 10 good parts, then press Train (Ctrl+T).", "train"
    if workspace.ref(part) is None:
        return "Choose a part in the list to see where its score comes from.", ""
    found = workspace.results.get(part)
    if found is not None and found.error:
        return f"This part has no score. {found.error} {found.advice}".strip(), "inspect-part"
    return "", ""
