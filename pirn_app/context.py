"""What every view is given: state to read, requests to make, actions to offer, colours to wear."""

from __future__ import annotations

from dataclasses import dataclass

from pirn_app.actions import Actions
from pirn_app.state.cursor import Cursor
from pirn_app.state.display import Display
from pirn_app.state.requests import Requests
from pirn_app.state.workspace import Workspace
from pirn_app.theme import Theme
from pirn_app.thumbnails import Thumbnails


@dataclass(frozen=True)
class Context:
    """The shared objects; there is one of each."""

    workspace: Workspace
    cursor: Cursor
    display: Display
    requests: Requests
    actions: Actions
    theme: Theme
    thumbnails: Thumbnails
