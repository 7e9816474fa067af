"""Tabulates trained candidates: `python -m pirn_core.pretraining.architectures FILES --csv FILE`.

Each file is an export of a short run of `pirn_core.pretraining.train` with another `--arch`.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import safe_open
from torch import Tensor, nn

from pirn_core.files import atomic_path, resource
from pirn_core.pretraining.export import METADATA_KEY

STAGES = ("layer1", "layer2", "layer3")


def read_export(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Record and tensors of an exported backbone."""
    with safe_open(str(path), "pt") as file:
        return json.loads(file.metadata()[METADATA_KEY]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def rebuild(record: dict[str, Any], tensors: dict[str, Tensor]) -> nn.Module:
    """The pruned timm model with the exported weights, fp32, in evaluation mode."""
    model: nn.Module = timm.create_model(record["timm"], pretrained=False, **record["kwargs"])
    model.prune_intermediate_layers(  # type: ignore[operator]
        record["indices"], prune_norm=True, prune_head=True
    )
    model.load_state_dict({name: value.float() for name, value in tensors.items()})
    return model.eval()


@torch.inference_mode()
def milliseconds(model: nn.Module, indices: list[int], size: int = 448, repeats: int = 5) -> float:
    """Smallest CPU time of one image of `size` px, fp32; unlike wall time it bears a busy machine."""
    image = torch.zeros(1, 3, size, size)
    times = []
    for _ in range(repeats + 1):
        began = time.process_time()
        model.forward_intermediates(image, indices=indices, intermediates_only=True)  # type: ignore[operator]
        times.append(time.process_time() - began)
    return 1000 * min(times[1:])


def row(path: Path) -> dict[str, Any]:
    """One line of the table."""
    record, tensors = read_export(path)
    trained = record["trained"]
    model = rebuild(record, tensors)
    cosines = {
        f"cosine_{kind}_{stage}": value
        for kind, values in trained["validation_cosine"].items()
        for stage, value in zip(STAGES, values, strict=True)
    }
    return {
        "candidate": path.stem,
        "timm": record["timm"],
        "parameters": sum(value.numel() for value in model.parameters()),
        "megabytes_fp16": round(path.stat().st_size / 1e6, 2),
        "cpu_ms_448px": round(milliseconds(model, record["indices"]), 1),
        "minutes": trained["minutes"],
        "views": trained["views"],
        **cosines,
        "seed": trained["seed"],
        "device": trained["device"],
        "versions": " ".join(f"{name} {version}" for name, version in trained["versions"].items()),
        "command": trained["command"],
    }


def write_table(rows: Iterable[dict[str, Any]], target: Path) -> None:
    """Writes rows as csv, whole or not at all."""
    lines = list(rows)
    with atomic_path(target) as temporary, temporary.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the table and prints it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("exports", type=Path, nargs="+")
    parser.add_argument("--csv", type=Path, default=resource("results", "pretraining_architectures.csv"))
    options = parser.parse_args(arguments)
    rows = [row(path) for path in options.exports]
    write_table(rows, options.csv)
    for line in rows:
        print(json.dumps({key: value for key, value in line.items() if key not in ("command", "versions")}))


if __name__ == "__main__":
    main()
