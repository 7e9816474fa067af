"""`pirn train`: from a few good parts to a model file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pirn_core.cli.options import (
    Category,
    DataFolder,
    Device,
    Layout,
    Lighting,
    NoCache,
    UnitOption,
    Weights,
    length_unit,
)
from pirn_core.cli.voice import Voice
from pirn_core.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from pirn_core.cli.track import Track
    from pirn_core.data.layouts import PartSet
    from pirn_core.data.sample import LengthUnit, PartRef, Sample
    from pirn_core.learn import Learning

Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The model file to write, e.g. part.pirn.")]
ShotCount = Annotated[
    int | None, typer.Option("--shots", "-k", metavar="K", help="Good parts, drawn at random with the seed.")
]
Pick = Annotated[
    str | None,
    typer.Option("--pick", metavar="ID,ID,...", help="These good parts instead, by id or file name."),
]
Seed = Annotated[int, typer.Option("--seed", "-s", metavar="N", help="Of the draw and of training.")]
Preset = Annotated[
    str | None,
    typer.Option("--preset", metavar="NAME", help="default, quick, thorough, paper or untrained."),
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings to change, as YAML.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="One setting, e.g. decoder.prototypes=500; repeatable."),
]
BackboneName = Annotated[
    str | None,
    typer.Option("--backbone", metavar="NAME", help="auto, or as `pirn backbones` lists; never downloaded."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with this training where it was interrupted.")]


def run(
    voice: Voice,
    *,
    data: DataFolder,
    out: Out,
    shots: ShotCount = None,
    pick: Pick = None,
    seed: Seed = 0,
    preset: Preset = None,
    config: Config = None,
    assignments: Set = None,
    backbone: BackboneName = None,
    weights: Weights = None,
    device: Device = "auto",
    category: Category = None,
    layout: Layout = None,
    lighting: Lighting = None,
    unit: UnitOption = None,
    resume: Resume = False,
    no_cache: NoCache = False,
) -> None:
    """Learn from a few good parts what normal looks like, and write a model.

    The shots are drawn from the good training parts; their list is printed and recorded in the model.
    Threshold and training are decided by shots that are held out in turn, never by defective parts.
    """
    from pirn_core.cli.session import open_backbone, token_cache
    from pirn_core.cli.settings import assembled
    from pirn_core.data.layouts import open_parts

    settings = assembled(preset=preset, file=config, assignments=assignments or (), seed=seed, backbone=backbone)
    chosen = _shots(open_parts(data, layout=layout, category=category, lighting=lighting), shots, pick, seed)
    _check_target(out)
    voice.note(f"{len(chosen)} shots: {', '.join(ref.id for ref in chosen)}")
    from pirn_core.learn import Learning

    network = open_backbone(voice, settings, device=device, weights=weights)
    with voice.track() as track:
        samples = _read(track, chosen, length_unit(unit))
        learning = Learning(samples, settings, network, token_cache(no_cache))
        _learn(voice, track, learning, out, resume)
    _save(voice, learning, out)


def _shots(parts: PartSet, count: int | None, pick: str | None, seed: int) -> tuple[PartRef, ...]:
    from pirn_core.picking import named_shots, random_shots

    if pick is not None:
        named = named_shots(parts, pick.split(","))
        if count not in (None, len(named)):
            raise ConfigError(f"--shots {count}, but --pick names {len(named)} parts.", "Give one of the two.")
        return named
    if count is None:
        raise ConfigError(
            f"how many shots? There are {len(parts.good())} good training parts.",
            "Give --shots K, or --pick their ids.",
        )
    return random_shots(parts.good(), count, seed)


def _check_target(out: Path) -> None:
    """Looks before an hour of training, not after it."""
    if out.is_dir():
        raise OutputError(f"{out}: is a folder.", "Give the path of a file, e.g. part.pirn.")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written there: {error.strerror or error}.", "Choose another folder."
        ) from error


def _read(track: Track, refs: Sequence[PartRef], unit: LengthUnit | None) -> list[Sample]:
    from pirn_core.data.reading import read_sample

    track.begin("Reading shots")
    samples = []
    for number, ref in enumerate(refs, start=1):
        samples.append(read_sample(ref, unit=unit))
        track.count(number, len(refs))
    return samples


def _learn(voice: Voice, track: Track, learning: Learning, out: Path, resume: bool) -> None:
    from pirn_core.devices import memory_advice
    from pirn_core.resuming import Progress, progress_path, run_identity

    with memory_advice("Lower decoder.prototypes or training.batch, e.g. --set training.batch=512."):
        progress = Progress(progress_path(out), run_identity(learning))
        state = progress.found(learning.backbone.device) if resume else None
        track.begin("Encoding shots")
        learning.encode(track.count)
        assert learning.trainer is not None
        if state is not None:
            learning.trainer.load_state_dict(state)
            voice.note(f"Going on from {progress.path}, after {state['seconds']:.0f} s of training.")
        elif resume:
            voice.warn(f"{progress.path} is not there; training begins anew.")
        track.begin("Training")
        separation = ""
        for step in learning.steps():
            if step.separation is not None:
                separation = f"held-out separation {step.separation:.3f}"
            losses = " ".join(f"{name} {loss:.3f}" for name, loss in step.losses.items())
            words = [f"{step.stage} {step.step}/{step.of}", f"loss {losses}" if losses else "", separation]
            track.show(step.fraction, ", ".join(filter(None, words)), step.remaining)
            progress.keep(learning.trainer)


def _save(voice: Voice, learning: Learning, out: Path) -> None:
    from pirn_core import checkpoint
    from pirn_core.card import card_of
    from pirn_core.cli.cards import show_card
    from pirn_core.resuming import progress_path

    checkpoint.save(learning.model(), out)
    progress_path(out).unlink(missing_ok=True)
    card = card_of(checkpoint.read_meta(out))
    show_card(voice, card)
    voice.say(f"\nWritten to {out}.")
    voice.emit({"model": str(out), **card.to_dict()})
