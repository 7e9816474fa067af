"""`pirn backbones`: what is on offer, what is here, fetching and importing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pirn_core.cli.command import command, spoken
from pirn_core.cli.voice import Voice

if TYPE_CHECKING:
    from pirn_core.nn.catalogue import BackboneState

app = typer.Typer(rich_markup_mode="rich")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As listed, or any model of timm.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="Safetensors, or a state dict saved by torch.")]
Belongs = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="The backbone it belongs to; otherwise recognised."),
]

_WORDS = {
    "embedded": "[green]ships with the program[/green]",
    "cached": "[green]on this machine[/green]",
    "download": "to be fetched",
    "missing": "[red]missing[/red]",
}


def overview(voice: Voice, context: typer.Context) -> None:
    """List the frozen networks that tokens come from; fetch or import their weights.

    [bold]Examples[/bold]  [cyan]pirn backbones[/cyan], [cyan]pirn backbones fetch dinov2-base[/cyan]
    """
    if context.invoked_subcommand is None:
        listing(voice)


app.callback(invoke_without_command=True)(spoken(overview))


def listing(voice: Voice) -> None:
    """List the backbones with what of them is on this machine, their size and licence."""
    from pirn_core.nn.catalogue import list_backbones, resolve

    states = list_backbones()
    chosen = resolve("auto").name if any(s.place in ("embedded", "cached") for s in states) else ""
    rows = [_row(state, chosen=state.name == chosen, full=voice.verbose) for state in states]
    voice.table(("name", "state", "MB", "what it is", "licence"), rows, right=("MB",))
    voice.say("\n* is what [cyan]--backbone auto[/cyan] takes. Nothing is ever downloaded unless you fetch it.")
    voice.emit({"auto": chosen, "backbones": [_values(state) for state in states]})


def fetching(voice: Voice, name: Name) -> None:
    """Fetch the weights of a backbone from the Hugging Face hub, if they are not here.

    Proxies, HF_ENDPOINT, HF_HUB_CACHE, HF_HUB_OFFLINE and HF_TOKEN are respected.
    """
    from pirn_core.nn.catalogue import resolve
    from pirn_core.nn.download import fetch

    entry = resolve(name)
    voice.note(f"{entry.name}: {entry.size_mb:.0f} MB, {entry.licence}.")
    with voice.track() as track:
        track.begin(f"Fetching {entry.name}")
        path = fetch(name, track.bytes)
    voice.say(f"{escape(entry.name)} is here: {escape(str(path))}")
    voice.emit({"name": entry.name, "path": str(path), "licence": entry.licence})


def importing(voice: Voice, file: File, name: Belongs = None) -> None:
    """Take a weight file that was copied to this machine, after checking that it fits."""
    from pirn_core.nn.weights import import_file

    state = import_file(file, name)
    voice.say(f"{escape(state.name)} is here: {escape(str(state.path))}")
    voice.emit(_values(state))


command(app, "list", "pirn backbones list")(listing)
command(app, "fetch", "pirn backbones fetch dinov2-base")(fetching)
command(app, "import", "pirn backbones import model.safetensors --name dinov2-base")(importing)


def _row(state: BackboneState, *, chosen: bool, full: bool) -> tuple[str, ...]:
    name = f"{'* ' if chosen else '  '}{escape(state.name)}"
    licence = state.licence if full else re.split(r", | \(|\. ", state.licence)[0]
    return name, _WORDS[state.place], f"{state.size_mb:.0f}", escape(state.entry.description), escape(licence)


def _values(state: BackboneState) -> dict[str, object]:
    return {
        "name": state.name,
        "state": state.place,
        "size_mb": state.size_mb,
        "licence": state.licence,
        "timm": state.entry.timm,
        "description": state.entry.description,
        "path": None if state.path is None else str(state.path),
    }
