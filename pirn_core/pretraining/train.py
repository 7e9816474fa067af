"""Trains the embedded backbone: `python -m pirn_core.pretraining.train --data DIR --teacher FILE`.

The learning rate follows the share of `--minutes` that is used up (or of `--steps`), so the run ends on
time on a machine that does other work too. Started again with the same `--state`, it goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor

from pirn_core.files import atomic_path, resource
from pirn_core.pretraining.distil import ARCHITECTURES
from pirn_core.pretraining.export import export_backbone
from pirn_core.pretraining.pictures import Picture, load_pictures
from pirn_core.pretraining.renders import renders
from pirn_core.pretraining.run import Cosines, Distillation, Recipe
from pirn_core.pretraining.teacher import load_teacher
from pirn_core.pretraining.views import ViewSettings, ViewStream, validation_views


def gather(data: Path, seed: int, render_count: int) -> dict[str, list[Picture]]:
    """All pictures and renders by source, held-out ones included."""
    sources = load_pictures(data, seed)
    textures = [picture for picture in sources["material"] if not picture.held_out]
    pairs = list(renders(render_count, seed, textures))
    return {**sources, "render": [pair[0] for pair in pairs], "render normal": [pair[1] for pair in pairs]}


def training_part(sources: Mapping[str, Sequence[Picture]]) -> dict[str, list[Picture]]:
    """The pictures that are not held out."""
    return {name: [picture for picture in pictures if not picture.held_out] for name, pictures in sources.items()}


def validation_batches(sources: Mapping[str, Sequence[Picture]], count: int = 64) -> dict[str, Tensor]:
    """Held-out views of 224 px, `photo` and `normal`."""
    return {
        "photo": validation_views(sources, "photo", count, 224),
        "normal": validation_views(sources, "normal", count, 224),
    }


def versions() -> dict[str, str]:
    """What the weights were made with."""
    return {"python": sys.version.split()[0], "torch": torch.__version__, "timm": timm.__version__}


def trained_record(run: Distillation, cosines: Cosines, command: str) -> dict[str, Any]:
    """How the weights came about, for the exported file."""
    return {
        "seed": run.recipe.seed,
        "steps": run.step,
        "views": run.step * run.recipe.batch,
        "minutes": round(run.seconds / 60, 1),
        "progress": round(run.progress, 3),
        "validation_cosine": cosines,
        "versions": versions(),
        "device": "cpu",
        "command": command,
    }


def checkpoint(run: Distillation, state: Path, export: Path, cosines: Cosines, command: str) -> None:
    """Saves the run and exports its averaged weights, each whole or not at all."""
    with atomic_path(state) as temporary:
        torch.save(run.state(), temporary)
    backbone = run.averaged().backbone.state_dict()
    export_backbone(backbone, run.student.architecture, trained_record(run, cosines, command), export)


def train(run: Distillation, every: float, save: Callable[[Cosines], None], check: Callable[[], Cosines]) -> Cosines:
    """Steps until the schedule ends; saves at first after a fifth of `every` minutes, then every `every`."""
    due = run.seconds + 12 * every
    loss = math.nan
    while run.progress < 1:
        value = run.advance()
        loss = value if math.isnan(loss) else 0.98 * loss + 0.02 * value
        if run.seconds >= due:
            due = run.seconds + 60 * every
            cosines = check()
            save(cosines)
            report(run, loss, cosines)
    cosines = check()
    save(cosines)
    report(run, loss, cosines)
    return cosines


def report(run: Distillation, loss: float, cosines: Cosines) -> None:
    """One line of JSON on standard output."""
    line = {"step": run.step, "minutes": round(run.seconds / 60, 2), "loss": round(loss, 4), **cosines}
    print(json.dumps({**line, "views": run.step * run.recipe.batch}), flush=True)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    default = Recipe()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--teacher", type=Path, required=True, help="npz of the folded ResNet-18")
    parser.add_argument("--export", type=Path, default=resource("backbones", "embedded.safetensors"))
    parser.add_argument("--state", type=Path, default=Path("pretraining.pt"), help="checkpoint")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default=default.arch)
    parser.add_argument("--optimizer", choices=("adamw", "muon"), default=default.optimizer)
    parser.add_argument("--lr", type=float, default=default.lr)
    parser.add_argument("--batch", type=int, default=default.batch)
    parser.add_argument("--crops", type=int, nargs="+", default=list(default.crops), help="view sizes")
    parser.add_argument("--minutes", type=float, default=default.minutes, help="wall time of the schedule")
    parser.add_argument("--steps", type=int, default=0, help="schedule in steps instead of minutes")
    parser.add_argument("--every", type=float, default=10.0, help="minutes between checkpoints")
    parser.add_argument("--renders", type=int, default=2000, help="number of procedural scenes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--fp32", action="store_true", help="no bfloat16 autocast")
    return parser.parse_args(arguments)


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe that the command line asks for."""
    recipe = Recipe(options.arch, options.seed, options.minutes, options.steps, options.batch)
    crops = tuple(options.crops)
    recipe = replace(recipe, crops=crops, lr=options.lr, optimizer=options.optimizer)
    return replace(recipe, bf16=not options.fp32)


def command_line(options: argparse.Namespace) -> str:
    """The command that repeats the run, with places of files left open."""
    parts = ["python -m pirn_core.pretraining.train --data DIR --teacher FILE"]
    for name, value in vars(options).items():
        if isinstance(value, bool):
            parts += [f"--{name}"] if value else []
        elif isinstance(value, list):
            parts += [f"--{name}", *map(str, value)]
        elif not isinstance(value, Path):
            parts.append(f"--{name} {value}")
    return " ".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains, or goes on training, and exports."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    sources = gather(options.data, options.seed, options.renders)
    stream = ViewStream(training_part(sources), options.seed, ViewSettings())
    run = Distillation(recipe_of(options), load_teacher(options.teacher), stream)
    if options.state.exists():
        run.resume(torch.load(options.state, weights_only=True))
    else:
        run.measure_scale()
    batches = validation_batches(sources)
    command = command_line(options)
    train(
        run,
        options.every,
        lambda cosines: checkpoint(run, options.state, options.export, cosines, command),
        lambda: run.validate(batches),
    )


if __name__ == "__main__":
    main()
