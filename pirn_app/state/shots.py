"""Which parts may become shots: toggling, drawing at random, finding another one. Changes nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pirn_app.state.workspace import Workspace
from pirn_core.data.sample import PartRef
from pirn_core.errors import SampleError
from pirn_core.picking import random_shots, require_good

FEWEST, MOST = 5, 10
"""Recommended numbers of shots."""


def toggled_shots(workspace: Workspace, parts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the shots become when the user toggles some parts.

    Where all of them are shots, they stop being shots; otherwise those that are none become shots.

    Args:
        workspace: The parts, the present shots and the user's labels.
        parts: Ids; unknown ones are left out.

    Returns:
        The new shots in the part set's order, and one sentence per part that cannot become a shot.
    """
    asked = [ref for part in dict.fromkeys(parts) if (ref := workspace.ref(part)) is not None]
    shots = set(workspace.document.shots)
    added = [ref for ref in asked if ref.id not in shots]
    refusals = []
    for ref in added:
        if refusal := refused(workspace, ref):
            refusals.append(refusal)
        else:
            shots.add(ref.id)
    if not added:
        shots.difference_update(ref.id for ref in asked)
    return tuple(ref.id for ref in workspace.refs if ref.id in shots), tuple(refusals)


def refused(workspace: Workspace, ref: PartRef) -> str:
    """Why a part cannot become a shot; `` where it can."""
    try:
        require_good(ref, "become a shot")
    except SampleError as error:
        return str(error)
    if workspace.document.labels.get(ref.id) == "defective":
        return f"{ref.id}: you labelled it defective, so it cannot become a shot. Take the label away first."
    return ""


def good_parts(workspace: Workspace) -> tuple[PartRef, ...]:
    """The parts that shots are drawn from: good ones for training that the user did not label defective.

    Raises:
        SampleError: When nothing is open or there is none.
    """
    if workspace.parts is None:
        raise SampleError("No parts are open.", "Open a folder of parts, or try the sample parts.")
    labels = workspace.document.labels
    found = tuple(ref for ref in workspace.parts.good() if labels.get(ref.id) != "defective")
    if not found:
        raise SampleError("You labelled every good part defective.", "Take a label away, or open another folder.")
    return found


def replacement(good: Sequence[PartRef], taken: Collection[str], seed: int) -> PartRef | None:
    """The part that the draw of a seed would take next.

    Args:
        good: The parts to draw from, see `good_parts`.
        taken: Ids that are shots already or not wanted.
        seed: Of the draw.

    Returns:
        The part; None where all are taken.
    """
    free = len({ref.id for ref in good}.difference(taken))
    for count in range(1, len(good) + 1) if free else ():
        # Draws of one seed are nested: what is new in the larger one comes next.
        new = [ref for ref in random_shots(good, count, seed) if ref.id not in taken]
        if new:
            return new[0]
    return None


def vouched(workspace: Workspace) -> tuple[PartRef, ...]:
    """Shots that no folder and no label of the user's calls good: the user vouches for them."""
    labels = workspace.document.labels
    return tuple(ref for ref in workspace.shots if ref.label != "good" and labels.get(ref.id) != "good")
