"""Commands that other installed packages add, such as `pirn app`: they name themselves as entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import typer

GROUP = "pirn.commands"
"""Entry points of this group are functions that take the command's arguments and return its exit code."""


def add_plugins(app: typer.Typer) -> None:
    """Adds one command per entry point; nothing of theirs is imported until it is called."""
    for point in sorted(entry_points(group=GROUP)):
        _add(app, point)


def _add(app: typer.Typer, point: EntryPoint) -> None:
    def run(context: typer.Context) -> None:
        code = point.load()(list(context.args))
        if code:
            raise typer.Exit(code)

    package = point.module.partition(".")[0]
    app.command(
        point.name,
        help=f"Open {package}; `pirn {point.name} --help` lists its options." if point.name != "app" else _APP,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )(run)


_APP = "Open the desktop application, with a folder of parts or a model file if you name one."
