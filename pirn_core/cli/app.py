"""The console script `pirn`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pirn_core import __version__
from pirn_core.cli import backbones, confirm, data, demo, evaluate, explain, info, inspect, train
from pirn_core.cli.command import FAILED, command
from pirn_core.cli.plugins import add_plugins

_INTRODUCTION = """Few-shot inspection of parts from colour images and 3D scans.

Learns from a few good parts what normal looks like, then finds what deviates.

[bold]In five minutes[/bold]

[cyan]pirn demo sample[/cyan]  writes a sample set to try everything with

[cyan]pirn data sample --category flange[/cyan]  says what is in it

[cyan]pirn train sample --category flange --shots 5 --out flange.pirn[/cyan]  learns from five good parts

[cyan]pirn inspect flange.pirn sample --category flange --out results[/cyan]  inspects the test parts

[bold]Exit codes[/bold]  0 all is well and all parts are OK, 2 some part is NG, 1 an error, 130 interrupted.
"""

app = typer.Typer(
    name="pirn",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"pirn {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, help=_INTRODUCTION)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


command(app, "demo", "pirn demo sample")(demo.run)
command(app, "data", "pirn data sample --category flange")(data.run)
command(app, "train", "pirn train sample --category flange --shots 5 --out flange.pirn")(train.run)
command(app, "inspect", "pirn inspect flange.pirn sample --category flange --out results --csv parts.csv")(inspect.run)
command(app, "confirm", "pirn confirm flange.pirn sample/flange/test/good/rgb/003.png")(confirm.run)
command(app, "explain", "pirn explain flange.pirn sample/flange/test/dent/rgb/000.png --out why")(explain.run)
command(app, "info", "pirn info flange.pirn")(info.run)
command(app, "evaluate", "pirn evaluate sample --category flange --shots 5,10 --draws 3 --out results.csv")(
    evaluate.run
)
app.add_typer(backbones.app, name="backbones")
add_plugins(app)


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command line.

    Returns:
        The exit code. A wrong command line gives 1, not the customary 2, which means here that a part is NG.
    """
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="pirn", standalone_mode=False)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # the base of typer's errors has moved between its versions
            raise
        _show_usage(error)
        return FAILED
    return code if isinstance(code, int) else 0


def _show_usage(error: Exception) -> None:
    from typer import rich_utils

    rich_utils.rich_format_error(error)  # type: ignore[arg-type]
