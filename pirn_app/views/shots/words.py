"""What there is to say about the shots, in sentences."""

from __future__ import annotations

from pirn_app.state.shots import FEWEST, MOST, vouched
from pirn_app.state.workspace import Workspace


def summary(good: int) -> str:
    """How many parts may be drawn, and how many shots are recommended."""
    if good <= 1:
        return f"{good} good part. {FEWEST} to {MOST} shots are recommended."
    return f"{good:,} good parts. {FEWEST} to {MOST} shots are recommended."


def remarks(workspace: Workspace) -> tuple[str, ...]:
    """What the user should know before training with these shots."""
    shots = workspace.shots
    said = []
    if len(shots) == 1:
        said.append(f"Thresholds from one shot are a guess. Pick {FEWEST} to {MOST}.")
    elif 1 < len(shots) < FEWEST:
        said.append(f"{len(shots)} shots are few: {FEWEST} to {MOST} show better what may vary.")
    unknown = vouched(workspace)
    if unknown:
        names = ", ".join(ref.stem for ref in unknown[:3]) + (", …" if len(unknown) > 3 else "")
        what = "1 shot is" if len(unknown) == 1 else f"{len(unknown)} shots are"
        said.append(
            f"{what} not labelled good ({names}): you vouch that {'it is' if len(unknown) == 1 else 'they are'}."
        )
    if tests := sum(ref.split == "test" for ref in shots):
        what = "1 shot is a test part" if tests == 1 else f"{tests} shots are test parts"
        said.append(f"{what}: an evaluation on the test parts would flatter the model.")
    if workspace.outdated:
        said.append(workspace.outdated)
    return tuple(said)
