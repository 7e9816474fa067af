"""Which backbones there are; taking weights in from a file or, where the user agreed, from the hub."""

from __future__ import annotations

from collections.abc import Generator

from pirn_app.engine.tools import Tools
from pirn_app.messages.events import BackbonesListed, Event, Note
from pirn_app.messages.jobs import DownloadBackbone, ImportBackbone, ListBackbones


def list_all(job: ListBackbones, tools: Tools) -> Generator[Event, None, str]:
    """What is on offer and what of it is here."""
    del job, tools
    yield _listed()
    return ""


def import_backbone(job: ImportBackbone, tools: Tools) -> Generator[Event, None, str]:
    """Builds the network with the file's weights before it is taken in."""
    from pirn_core.nn.weights import import_file

    yield tools.progress(None, "Checking the weights")
    tools.settle()
    state = import_file(job.path)
    yield Note("info", f"Backbone {state.name} is on this machine now: {state.path}.")
    yield _listed()
    return ""


def download_backbone(job: DownloadBackbone, tools: Tools) -> Generator[Event, None, str]:
    """The only task that uses the network; stops between two blocks."""
    from pirn_core.nn.download import fetch

    def tell(done: int, of: int) -> None:
        tools.check()
        text = f"{done / 1e6:.0f} of {of / 1e6:.0f} MB" if of else f"{done / 1e6:.0f} MB"
        tools.tell(tools.progress(done / of if of else None, text))

    yield tools.progress(None, "Asking the hub")
    path = fetch(job.name, tell)
    yield _listed()
    return f"Backbone {job.name} is on this machine now: {path}."


def _listed() -> BackbonesListed:
    from pirn_core.nn.catalogue import list_backbones

    return BackbonesListed(list_backbones())
