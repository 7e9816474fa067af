"""`pirn evaluate`: the k-shot protocol with its controls."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pirn_core.cli.options import Category, DataFolder, Device, Layout, Lighting, NoCache, Weights
from pirn_core.cli.train import BackboneName, Config, Preset, Set
from pirn_core.cli.voice import Voice
from pirn_core.errors import ConfigError

if TYPE_CHECKING:
    from pirn_core.data.layouts import PartSet
    from pirn_core.evaluation.parts import Unavailable, Value
    from pirn_core.evaluation.protocol import Plan, Run
    from pirn_core.evaluation.published import PublishedRow
    from pirn_core.evaluation.summary import Spread, Summary

ShotCounts = Annotated[str, typer.Option("--shots", "-k", metavar="K,K,...", help="Numbers of shots, or all.")]
Draws = Annotated[
    int, typer.Option("--draws", min=1, metavar="N", help="Draws of shots for each, with the seeds 0, 1, ...")
]
Variants = Annotated[
    str | None,
    typer.Option("--variants", metavar="NAME,NAME,...", help="What to compare, e.g. default,paper,memory-bank."),
]
Confirm = Annotated[
    str,
    typer.Option("--confirm", metavar="N,N,...", help="Also with so many good parts confirmed afterwards."),
]
Size = Annotated[int, typer.Option("--size", min=0, metavar="PX", help="Evaluation resolution; 0: the images' own.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="A csv with a row per run, kept up to date."),
]


def run(
    voice: Voice,
    *,
    data: DataFolder,
    shots: ShotCounts = "5,10",
    draws: Draws = 3,
    variants: Variants = None,
    confirm: Confirm = "0",
    size: Size = 224,
    out: Out = None,
    preset: Preset = None,
    config: Config = None,
    assignments: Set = None,
    backbone: BackboneName = None,
    weights: Weights = None,
    device: Device = "auto",
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    no_cache: NoCache = False,
) -> None:
    """Measure on labelled test parts: every variant on the same draws of shots, with controls beside.

    The controls are what detectors blind to defects reach on the same parts, e.g. by brightness alone: a
    score means something only against them. The csv is written after every run, so an interruption keeps
    what is done.
    """
    from pirn_core.cli.settings import assembled
    from pirn_core.data.layouts import open_parts
    from pirn_core.export import write_table

    settings = assembled(preset=preset, file=config, assignments=assignments or (), seed=0, backbone=backbone)
    parts = open_parts(data, layout=layout, category=category, lighting=lighting)
    counts = _shot_counts(shots, len(parts.good()))
    from pirn_core.cli.session import open_backbone, token_cache
    from pirn_core.evaluation.protocol import Plan, Protocol

    names = _variants(variants, Plan().variants)
    plan = Plan(counts, draws, names, _numbers(confirm, "--confirm", 0), size or None)
    network = open_backbone(voice, settings, device=device, weights=weights)
    protocol = Protocol(parts, settings, network, plan, token_cache(no_cache))
    runs: list[Run] = []
    command = shlex.join(["pirn", *sys.argv[1:]])
    with voice.track() as track:
        track.begin("Evaluating")
        total = len(plan.shots) * plan.draws * len(plan.variants) * len(plan.confirm)
        protocol.tell = lambda what: track.count(len(runs), total, what)
        for found in protocol.runs():
            runs.append(found)
            if out is not None:
                rows = [{**done.row(), "command": command} for done in runs]
                write_table(out, list(dict.fromkeys(name for row in rows for name in row)), rows)
    _show(voice, parts, plan, runs)
    if out is not None:
        voice.say(f"\nRows are in {escape(str(out))}.")


def _shot_counts(text: str, available: int) -> tuple[int, ...]:
    counts = _numbers(text.replace("all", str(available)), "--shots", 1)
    if max(counts) > available:
        raise ConfigError(
            f"--shots {text}: there are {available} good training parts.", "Give smaller numbers, or all."
        )
    return counts


def _numbers(text: str, option: str, least: int) -> tuple[int, ...]:
    try:
        numbers = tuple(int(piece) for piece in text.split(","))
    except ValueError as error:
        raise ConfigError(f"{option} {text}: are no numbers.", "Write them as 5,10.") from error
    if min(numbers) < least:
        raise ConfigError(f"{option} {text}: {min(numbers)} is too small.", f"Give {least} or more.")
    return tuple(dict.fromkeys(numbers))


def _variants(text: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Looks the names up before the first run and not hours later."""
    from pirn_core.evaluation.variants import variant

    names = usual if text is None else [piece.strip() for piece in text.split(",") if piece.strip()]
    return tuple(dict.fromkeys(variant(name).name for name in names)) or usual


def _show(voice: Voice, parts: PartSet, plan: Plan, runs: Sequence[Run]) -> None:
    from pirn_core.evaluation.summary import HEADLINE, comparable, summarise

    found = summarise(runs)
    blind = runs[0].controls
    rows = [_row(summary) for summary in found]
    rows.append(["[dim]blurred part mask[/dim]", "-", *(_blurred(blind, metric) for metric in HEADLINE)])
    heads = [metric.replace("@", "\n@").replace(" ", "\n") for metric in HEADLINE]
    voice.table(("method", "shots", *heads), rows, right=("shots", *heads))
    first = runs[0].metrics
    voice.say(
        f"\n{first.good} good and {first.defective} defective test parts, maps at {first.resolution}, "
        f"{plan.draws} draw{'s' if plan.draws > 1 else ''}: mean ± standard deviation."
    )
    voice.say("\nWhat detectors blind to defects reach on these parts, in whichever direction helps them:")
    voice.facts([(name, _text(value)) for name, value in blind.items() if name.startswith("I-AUROC")])
    _show_published(voice, comparable(parts.layout, parts.category, plan.shots))
    for note in first.notes:
        voice.warn(note)
    voice.emit({"summary": [s.to_dict() for s in found], "runs": [run.row() for run in runs]})


def _row(summary: Summary) -> list[str]:
    from pirn_core.evaluation.summary import HEADLINE

    name = summary.variant + (f"\n+ {summary.confirmed} confirmed" if summary.confirmed else "")
    return [escape(name), str(summary.shots), *(_spread(summary.values[metric]) for metric in HEADLINE)]


def _show_published(voice: Voice, rows: Sequence[PublishedRow]) -> None:
    if not rows:
        return
    voice.say("\nPublished, by others and under their conditions:")
    cells = [
        (
            escape(r.method),
            str(r.shots),
            *map(_text, (r.aupro30, r.pixel_auroc, r.image_auroc)),
            escape(r.source),
        )
        for r in rows
    ]
    columns = ("method", "shots", "AUPRO@30%", "P-AUROC", "I-AUROC", "source")
    voice.table(columns, cells, right=columns[1:5])


def _spread(value: Spread | Unavailable) -> str:
    """The deviation below the mean keeps the columns narrow."""
    mean, found, deviation = str(value).partition(" ± ")
    return f"{mean}\n[dim]±{deviation}[/dim]" if found else mean


def _blurred(blind: Mapping[str, Value], metric: str) -> str:
    return _text(blind.get(f"{metric} of the blurred part mask"))


def _text(value: Value | None) -> str:
    from pirn_core.evaluation.table import as_text

    return as_text(value)
