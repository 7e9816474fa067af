"""Speed of inspection and training: `python benchmarks/speed.py --out resources/results/speed.csv`.

Inspection is compared with the bare backbone forward of the same two images in one run, alternating, so that a machine
whose speed drifts does not distort the ratio. Tokens for training are random: its time does not depend on their values.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pirn_core.config import PirnConfig, changed, preset
from pirn_core.data.layouts import open_parts
from pirn_core.data.reading import read_sample
from pirn_core.devices import peak_memory_gb
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning, versions
from pirn_core.nn.backbone import load_backbone
from pirn_core.picking import random_shots, test_parts
from pirn_core.scoring import Frame
from pirn_core.synthetic import generate
from pirn_core.training import TokenPool, Trainer

ROUNDS = 15


def main() -> None:
    """Measures and writes one row per figure."""
    options = _options()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    for figure in _figures(options):
        rows.append({**figure, "threads": options.threads, "command": "python " + " ".join(sys.argv), **_facts()})
        print({name: value for name, value in figure.items() if value != ""}, flush=True)
        _write(options.out, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("speed.csv"))
    parser.add_argument("--demo", type=Path, default=Path("demo"), help="the sample set, made where it is missing")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", choices=("inspect", "train"), help="one half of the measurements")
    return parser.parse_args()


def _figures(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if options.only != "train":
        generate(options.demo)
        for name in ("embedded", "dinov2-base"):
            yield from _inspection(options.demo, name)
    if options.only != "inspect":
        yield from _training()


def _inspection(demo: Path, name: str) -> Iterator[dict[str, Any]]:
    """Stages of one inspection, and its time over the bare backbone's."""
    backbone = load_backbone(name, random_weights=name != "embedded")
    parts = open_parts(demo, category="flange")
    config = changed(PirnConfig(), {"training.epochs": 1, "augmentation.rotations": 2})
    shots = [read_sample(ref) for ref in random_shots(parts.good(), 5, 0)]
    learning = Learning(shots, config, backbone)
    for _ in learning.steps():
        pass
    inspector = Inspector(learning.model(), backbone)
    sample = read_sample(test_parts(parts)[0])
    images = torch.rand(2, 3, backbone.input_size, backbone.input_size)
    whole: list[float] = []
    bare: list[float] = []
    stages: dict[str, list[float]] = {}
    for number in range(ROUNDS + 2):
        before = time.perf_counter()
        result = inspector.inspect(inspector.prepare(sample))
        between = time.perf_counter()
        backbone(images)
        after = time.perf_counter()
        if number >= 2:
            whole.append(between - before)
            bare.append(after - between)
            for stage, seconds in result.seconds.items():
                stages.setdefault(stage, []).append(seconds)
    figure = {"what": "inspect", "backbone": name, "prototypes": inspector.model.pirn.prototypes}
    ratios = [one / other for one, other in zip(whole, bare, strict=True)]
    yield {**figure, "part": "whole", "seconds": statistics.median(whole), "ratio": statistics.median(ratios)}
    yield {**figure, "part": "bare backbone", "seconds": statistics.median(bare), "ratio": 1.0}
    for stage, times in stages.items():
        share = statistics.median(times) / statistics.median(bare)
        yield {**figure, "part": stage, "seconds": statistics.median(times), "ratio": share}
    yield {**figure, "part": "peak memory, GB", "seconds": peak_memory_gb(), "ratio": ""}


def _training() -> Iterator[dict[str, Any]]:
    """Ten shots in eight rotations from tokens in memory, over K, N and C, and the paper's preset."""
    default = {"K": 2000, "N": 784, "C": 384}
    grown = [{"K": 500}, {"K": 1000}, {"N": 256}, {"C": 768}]
    for sizes in [default, *({**default, **change} for change in grown)]:
        yield _trained("default", PirnConfig(), sizes)
    yield from _paper({"K": 50, "N": 784, "C": 384})


def _trained(name: str, config: PirnConfig, sizes: Mapping[str, int]) -> dict[str, Any]:
    pool = _pool(sizes["N"], sizes["C"])
    trainer = Trainer(pool, changed(config, {"decoder.prototypes": sizes["K"]}))
    started = time.perf_counter()
    steps = list(trainer.steps())
    seconds = time.perf_counter() - started
    return {
        "what": "train",
        "part": name,
        **sizes,
        "seconds": seconds,
        "steps": sum(step.step > 0 for step in steps),
        "peak_gb": peak_memory_gb(),
    }


def _paper(sizes: Mapping[str, int], measured: int = 6) -> Iterator[dict[str, Any]]:
    """The paper's preset takes long on a CPU: a few steps are measured, the whole is their median times the number."""
    trainer = Trainer(_pool(sizes["N"], sizes["C"]), preset("paper"))
    times: list[float] = []
    before = time.perf_counter()
    for step in trainer.steps():
        now = time.perf_counter()
        times += [now - before] if step.step > 1 else []
        before = now
        if len(times) == measured:
            break
    seconds = statistics.median(times)
    yield {"what": "train", "part": "paper, one step", **sizes, "seconds": seconds, "steps": 1}
    # Three folds of two thirds of the shots, and all of them: three times the final model's 80 epochs of 10 steps.
    yield {"what": "train", "part": "paper, extrapolated", **sizes, "seconds": seconds * 2400, "steps": 2400}


def _pool(tokens: int, channels: int, shots: int = 10, rotations: int = 8) -> TokenPool:
    """Clustered random tokens, half of them on the part."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(300, channels, generator=generator)
    views = shots * rotations
    drawn = {
        m: centres[torch.randint(300, (views, tokens), generator=generator)]
        + 0.7 * torch.randn(views, tokens, channels, generator=generator)
        for m in ("rgb", "sn")
    }
    foreground = torch.zeros(views, tokens, dtype=torch.bool)
    foreground[:, : tokens // 2] = True
    frame = _frame(foreground[0].numpy())
    return TokenPool(
        tokens={m: t.half() for m, t in drawn.items()},  # type: ignore[misc]
        foreground=foreground,
        shot=torch.arange(shots).repeat_interleave(rotations),
        upright=torch.arange(views) % rotations == 0,
        names=tuple(f"shot {k}" for k in range(shots)),
        frames=(frame,) * shots,
    )


def _frame(foreground: np.ndarray[Any, np.dtype[np.bool_]]) -> Frame:
    from pirn_core.data.preprocessing import View

    everywhere = np.ones((224, 224), bool)
    view = View(None, None, everywhere, everywhere, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    return Frame(view, everywhere, foreground)


def _facts() -> dict[str, str]:
    return {"versions": " ".join(f"{name}-{number}" for name, number in versions().items())}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
