"""How much further reconstruction moves anomalous tokens than normal ones (paper, figure 4 and section 4).

`python benchmarks/displacement.py flange=DIR cable_gland=DIR CandyCane=DIR --out resources/results/displacement.csv`

A model is trained per set and preset (or taken from `--models`), and all test parts are explained with it twice: as it
inspects (free prototype marginal), and with balanced transport (`rho_infer` infinite) on the same codebook. Anomalous
are the tokens of which at least a quarter lies in the ground truth mask, normal those that touch no mask; tokens in
between and those on the background are left out. Lengths are those between unit vectors, from 0 to 2.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pirn_core import checkpoint
from pirn_core.batch import prepare_part
from pirn_core.config import changed, preset
from pirn_core.data.layouts import PartSet, open_parts
from pirn_core.data.reading import read_sample
from pirn_core.data.sample import FloatArray, Modality, PartRef
from pirn_core.data.truth import read_truth
from pirn_core.encoding import Prepared
from pirn_core.explain import explain_transport, tokens_in
from pirn_core.explain.displacement import Comparison, compared
from pirn_core.files import cache_dir
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning
from pirn_core.model import TrainedModel
from pirn_core.nn.backbone import load_backbone
from pirn_core.picking import random_shots, test_parts
from pirn_core.tokens import TokenCache

MARGINALS = {"as inspected": None, "balanced": math.inf}
Row = dict[str, Any]


@dataclass
class Pool:
    """Lengths of all test parts of a set, for one modality."""

    normal: list[FloatArray] = field(default_factory=list)
    anomalous: list[FloatArray] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    good_parts: list[float] = field(default_factory=list)
    bad_parts: list[float] = field(default_factory=list)

    def add(self, lengths: FloatArray, normal: Any, anomalous: Any) -> None:
        """One part."""
        self.normal.append(lengths[normal])
        self.anomalous.append(lengths[anomalous])
        (self.bad_parts if anomalous.any() else self.good_parts).append(float(lengths[normal | anomalous].mean()))
        if anomalous.any():
            self.ratios.append(float(lengths[anomalous].mean() / lengths[normal].mean()))

    def figures(self) -> Row:
        """One row of the table."""
        tokens, parts = _pooled(self.normal, self.anomalous), _pooled([self.good_parts], [self.bad_parts], bins=12)
        inside, outside = tokens.figures.inside, tokens.figures.outside
        assert inside is not None and outside is not None and tokens.ratio is not None
        residuals = [float((np.concatenate(values) ** 2).mean()) for values in (self.anomalous, self.normal)]
        return {
            "normal_tokens": tokens.figures.tokens_outside,
            "anomalous_tokens": tokens.figures.tokens_inside,
            "mean_normal": round(outside["mean"], 4),
            "mean_anomalous": round(inside["mean"], 4),
            "ratio": round(tokens.ratio, 3),
            "overlap": round(tokens.overlap or 0.0, 3),
            "median_ratio_within_a_part": round(float(np.median(self.ratios)), 3),
            "ratio_of_squares": round(residuals[0] / residuals[1], 3),
            "overlap_of_part_means": round(parts.overlap or 0.0, 3),
        }


def _pooled(normal: Sequence[Any], anomalous: Sequence[Any], bins: int = 30) -> Comparison:
    groups = [np.concatenate([np.asarray(v, np.float32) for v in values]) for values in (normal, anomalous)]
    lengths = np.concatenate(groups)
    bad = np.arange(lengths.size) >= groups[0].size
    return compared(lengths, bad, ~bad, bins=bins)


def main() -> None:
    """Trains, explains, writes one row per set, preset, marginal and modality."""
    options = _options()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    for entry in options.sets:
        category, _, folder = entry.partition("=")
        for name in options.preset:
            rows += _measured(open_parts(Path(folder), category=category), category, name, options)
            _write(options.out, rows)


def _measured(parts: PartSet, category: str, name: str, options: argparse.Namespace) -> Iterator[Row]:
    inspector = _inspector(parts, category, name, options)
    pools: dict[tuple[str, Modality], Pool] = {}
    refs = test_parts(parts)[:: options.every]
    began = time.perf_counter()
    for ref in refs:
        prepared = prepare_part(inspector, ref)
        for marginal, rho in MARGINALS.items():
            _explain(_with_rho(inspector, rho), prepared, ref, marginal=marginal, pools=pools)
    print(f"{category} {name}: {len(refs)} parts in {time.perf_counter() - began:.0f} s", flush=True)
    for (marginal, modality), pool in pools.items():
        row = {"set": category, "preset": name, "backbone": inspector.backbone.name, "shots": options.shots,
               "seed": options.seed, "parts": len(refs), "marginal": marginal, "modality": modality}  # fmt: skip
        found = row | pool.figures()
        print(found, flush=True)
        yield found


def _explain(
    inspector: Inspector, prepared: Prepared, ref: PartRef, *, marginal: str, pools: dict[tuple[str, Modality], Pool]
) -> None:
    frame = prepared.frame
    mask = read_truth(ref, (frame.seen.shape[0], frame.seen.shape[1])).mask
    if mask is None:
        return
    anomalous = tokens_in(mask, frame)
    found = explain_transport(inspector, prepared, anomalous=anomalous)
    normal = found.compared & ~tokens_in(mask, frame, 0.0)
    for modality in found.modalities:
        pool = pools.setdefault((marginal, modality), Pool())
        pool.add(found.of(modality, found.depth).lengths, normal, found.anomalous)


def _with_rho(inspector: Inspector, rho: float | None) -> Inspector:
    if rho is None:
        return inspector
    config = changed(inspector.model.config, {"decoder.transport.rho_infer": rho})
    return inspector.with_model(replace(inspector.model, config=config))


def _inspector(parts: PartSet, category: str, name: str, options: argparse.Namespace) -> Inspector:
    cache = TokenCache(cache_dir("tokens"))
    path = None if options.models is None else options.models / f"{category}-{name}-{options.shots}-{options.seed}.pirn"
    if path is not None and path.exists():
        return Inspector.open(checkpoint.load(path), torch.device("cpu"), cache=cache)
    config = changed(preset(name), {"seed": options.seed})
    shots = [read_sample(ref) for ref in random_shots(parts.good(), options.shots, options.seed)]
    backbone = load_backbone("embedded", device=torch.device("cpu"))
    learning = Learning(shots, config, backbone, cache)
    for _ in learning.steps():
        pass
    model: TrainedModel = learning.model()
    if path is not None:
        model = checkpoint.save(model, path)
    return Inspector(model, backbone, cache)


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sets", nargs="+", metavar="CATEGORY=FOLDER", help="Sample sets, and where they are.")
    parser.add_argument("--out", type=Path, required=True, help="The table, as csv.")
    parser.add_argument("--preset", nargs="+", default=["default", "untrained"])
    parser.add_argument("--shots", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="Only every so many test parts.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", type=Path, help="Models are kept here and taken from here.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
