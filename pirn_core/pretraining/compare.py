"""Student, teacher and random weights side by side.

`python -m pirn_core.pretraining.compare --teacher FILE ROOT`: each gives the tokens of a memory bank (nearest
neighbour by cosine, channels standardised over the foreground, crop to the part, rotations of every shot) on
the same draws of shots and the same test parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import PartSet, open_parts
from pirn_core.evaluation.metrics import Value
from pirn_core.evaluation.protocol import Plan, Protocol, Run
from pirn_core.files import resource
from pirn_core.learn import versions
from pirn_core.nn.backbone import Backbone, load_backbone
from pirn_core.nn.entry import BackboneEntry
from pirn_core.nn.network import laid_out, random_network
from pirn_core.pretraining.architectures import write_table
from pirn_core.pretraining.teacher import Teacher, load_teacher

SCORES = ("fg-AUPRO@30%", "AUPRO@30%", "fg-P-AUROC", "I-AUROC")
"""The first decides; the others are for the reader."""

SETTINGS: Mapping[str, Any] = {
    "training.early_stop": False,
    # Good and defective parts may come from sessions of other brightness, which must not help any of them.
    "recipe.photometric.normalise_gain": True,
    "recipe.photometric.blank_background": True,
}

INPUT_SIZE, GRID = 448, 28


def teacher_network(teacher: Teacher) -> torch.nn.Module:
    """The teacher as timm's resnet18, whose BatchNorms only add the folded biases."""
    entry = teacher_entry()
    network = random_network(entry, INPUT_SIZE)
    state = network.state_dict()
    for name, value in teacher.state_dict().items():
        if name.endswith("weight"):
            state[name] = value
            continue
        norm = name.replace("downsample.0", "downsample.1").replace("conv", "bn")
        state[norm] = value
        state[norm.replace("bias", "weight")] = torch.ones_like(value)
        state[norm.replace("bias", "running_mean")] = torch.zeros_like(value)
        state[norm.replace("bias", "running_var")] = torch.full_like(value, 1 - 1e-5)  # eps is added to it
    network.load_state_dict(state)
    return network


def teacher_entry() -> BackboneEntry:
    """Layer2 and layer3 of a ResNet-18 on one grid."""
    return BackboneEntry(
        name="teacher",
        timm="resnet18",
        licence="BSD-3-Clause project",
        parameters=2_782_784,
        size_mb=5.6,
        input_size=INPUT_SIZE,
        grid=GRID,
        indices=(2, 3),
        aggregate="concat",
        channels=384,
    )


def backbones(teacher: Path, student: Path, dtype: torch.dtype) -> dict[str, Backbone]:
    """Teacher, student, and the student's architecture with random weights."""
    trained = load_backbone(weights=student, dtype=dtype)
    networks = {
        "teacher": (teacher_network(load_teacher(teacher)), teacher_entry()),
        "random": (random_network(trained.entry, INPUT_SIZE), trained.entry),
    }
    built = {
        name: Backbone(laid_out(network, entry, dtype), entry, INPUT_SIZE, GRID, name, dtype)
        for name, (network, entry) in networks.items()
    }
    return {"teacher": built["teacher"], "student": trained, "random": built["random"]}


def protocol(parts: PartSet, backbone: Backbone, shots: int, draws: int) -> Protocol:
    """A memory bank on the tokens of one backbone."""
    plan = Plan(shots=(shots,), draws=draws, variants=("memory-bank",))
    return Protocol(parts, changed(PirnConfig(), SETTINGS), backbone, plan, tell=lambda _: None)


def row(run: Run, name: str, dtype: torch.dtype, command: str) -> dict[str, Any]:
    """One line of the csv."""
    return {
        "category": run.category,
        "tokens": name,
        "shots": run.shots,
        "draw": run.draw,
        **{score: _number(run.metrics.values[score]) for score in SCORES},
        "resolution": run.metrics.resolution,
        "good": run.metrics.good,
        "defective": run.metrics.defective,
        "input": INPUT_SIZE,
        "grid": GRID,
        "dtype": str(dtype).removeprefix("torch."),
        "device": "cpu",
        "versions": " ".join(f"{key} {value}" for key, value in versions().items()),
        "command": command,
    }


def _number(value: Value) -> float | str:
    return round(value, 4) if isinstance(value, float) else str(value)


def compare(
    roots: Sequence[Path], built: Mapping[str, Backbone], shots: int, draws: int, command: str
) -> Iterator[dict[str, Any]]:
    """A row for every part set, backbone and draw."""
    for root in roots:
        parts = open_parts(root)
        for name, backbone in built.items():
            for run in protocol(parts, backbone, shots, draws).runs():
                yield row(run, name, backbone.dtype, command)


def means(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[float]]:
    """Mean of each score over the draws, by category and backbone; NaN where a score is not available."""
    groups: dict[tuple[str, str], list[list[float]]] = {}
    for line in rows:
        values = [float(line[s]) if isinstance(line[s], float) else float("nan") for s in SCORES]
        groups.setdefault((line["category"], line["tokens"]), []).append(values)
    return {key: [float(value) for value in np.mean(values, axis=0)] for key, values in groups.items()}


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Means over the draws, and the share of the teacher's first score."""
    found = means(rows)
    shown = Table(title=f"memory bank, {rows[0]['shots']} shots, mean of the draws")
    for heading in ("category", "tokens", *SCORES, f"{SCORES[0]} of the teacher's"):
        shown.add_column(heading)
    for (category, name), values in found.items():
        share = values[0] / found.get((category, "teacher"), values)[0]
        shown.add_row(category, name, *(f"{value:.3f}" for value in values), f"{100 * share:.0f} %")
    return shown


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("roots", type=Path, nargs="+", help="part sets with ground truth")
    parser.add_argument("--teacher", type=Path, required=True, help="npz of the folded ResNet-18")
    parser.add_argument("--student", type=Path, default=resource("backbones", "embedded.safetensors"))
    parser.add_argument("--shots", type=int, default=10)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true", help="networks in bfloat16")
    parser.add_argument("--csv", type=Path, default=resource("results", "pretraining_compare.csv"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares, prints the means and writes every draw."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    built = backbones(options.teacher, options.student, torch.bfloat16 if options.bf16 else torch.float32)
    command = (
        f"python -m pirn_core.pretraining.compare {' '.join('ROOT' for _ in options.roots)} --teacher FILE "
        f"--shots {options.shots} --draws {options.draws}{' --bf16' if options.bf16 else ''}"
    )
    rows = list(compare(options.roots, built, options.shots, options.draws, command))
    write_table(rows, options.csv)
    Console(width=140).print(table(rows))


if __name__ == "__main__":
    main()
