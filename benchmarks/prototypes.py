"""Use of the prototypes: `python benchmarks/prototypes.py FOLDER ... --out resources/results/prototypes.csv`.

Balanced transport and softmax share the same tokens (all foreground tokens of the shots' upright views together) among
the same prototypes. The mass is even under balanced transport by construction, so that whose strongest prototype each
one is stands beside it, which no rule makes even. Codebooks: k-means as the default preset begins with, and for the
paper's K also prototypes that began at random and were trained with the rule that they are looked at with.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from pirn_core.config import PirnConfig, changed
from pirn_core.data.layouts import open_parts
from pirn_core.data.reading import read_sample
from pirn_core.data.sample import Modality, PartRef, Sample
from pirn_core.explain.atlas import PartTokens, joined, part_tokens, prototype_keys
from pirn_core.explain.embedding import fit_tsne
from pirn_core.explain.health import Health, Rule, health_steps
from pirn_core.inspector import Inspector
from pirn_core.learn import Learning, versions
from pirn_core.model import TrainedModel
from pirn_core.nn.backbone import Backbone, load_backbone
from pirn_core.picking import random_shots
from pirn_core.tokens import TokenCache

_RANDOM = {
    "decoder.initial": "random",
    "decoder.prototypes": 50,
    "decoder.separate_values": False,
    "decoder.feed_forward": False,
    "decoder.communication.enabled": False,
    "decoder.refinement.context": "none",
    "training.epochs": 10,
    "training.early_stop": False,
    "training.batching": "parts",
    "training.batch": 8,
    "training.folds": 2,
}
"""The paper's start and size of the codebook, without what is not looked at here."""

CODEBOOKS: tuple[tuple[str, dict[str, Any], tuple[Rule, ...]], ...] = (
    ("k-means", {"training.enabled": False}, ("balanced", "softmax")),
    ("k-means", {"training.enabled": False, "decoder.prototypes": 50}, ("balanced", "softmax")),
    ("random, trained balanced", {**_RANDOM, "decoder.transport.rho_train": "inf"}, ("balanced",)),
    ("random, trained softmax", {**_RANDOM, "decoder.transport.rho_train": 0.0}, ("softmax",)),
)


def main() -> None:
    """Measures and writes a row per category, codebook, modality and rule."""
    options = _options()
    torch.set_num_threads(options.threads)
    backbone = load_backbone(options.backbone)
    facts = {
        "backbone": options.backbone,
        "seed": options.seed,
        "threads": options.threads,
        "command": "python " + " ".join(sys.argv),
        "versions": " ".join(f"{name}-{value}" for name, value in versions().items()),
    }
    rows: list[dict[str, Any]] = []
    for folder in options.categories:
        for row in _category(folder, options, backbone):
            rows.append({**row, **facts})
            print({name: value for name, value in row.items() if value != ""}, flush=True)
            _write(options.out, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("categories", type=Path, nargs="+", help="folders of single categories")
    parser.add_argument("--out", type=Path, default=Path("prototypes.csv"))
    parser.add_argument("--backbone", default="embedded")
    parser.add_argument("--shots", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cache", type=Path, help="folder of the token cache; none: not kept")
    return parser.parse_args()


def _category(folder: Path, options: argparse.Namespace, backbone: Backbone) -> Iterator[dict[str, Any]]:
    parts = open_parts(folder.parent, category=folder.name)
    refs = random_shots(parts.good(), options.shots, options.seed)
    samples = [read_sample(ref) for ref in refs]
    cache = TokenCache(options.cache) if options.cache else None
    for name, changes, rules in CODEBOOKS:
        began = time.perf_counter()
        model = _model(samples, changes, options.seed, backbone, cache)
        trained = time.perf_counter() - began
        inspector = Inspector(model, backbone, cache)
        tokens = [part_tokens(inspector, inspector.prepare(sample)) for sample in samples]
        for modality in model.modalities:
            began = time.perf_counter()
            health = _health(model, tokens, modality)
            common = {
                "category": folder.name,
                "shots": len(refs),
                "codebook": name,
                "modality": modality,
                "K": model.pirn.prototypes,
                "tokens": health.tokens,
                "eps": round(health.eps, 5),
                "near-duplicates": len(health.duplicates),
                "train_seconds": round(trained, 1),
                "health_seconds": round(time.perf_counter() - began, 2),
                "chosen": _names(refs),
            }
            for rule in rules:
                yield {**_figures(health, rule), **common}
        if name == "k-means" and model.pirn.prototypes > 50:
            yield _layout(folder.name, model, tokens, options.seed)


def _model(
    samples: list[Sample], changes: dict[str, Any], seed: int, backbone: Backbone, cache: TokenCache | None
) -> TrainedModel:
    learning = Learning(samples, changed(PirnConfig(), {**changes, "seed": seed}), backbone, cache)
    for _ in learning.steps():
        pass
    return learning.model()


def _health(model: TrainedModel, tokens: list[PartTokens], modality: Modality) -> Health:
    steps = health_steps(model, joined(tokens, modality, 0), prototype_keys(model, modality), modality, 0)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Health = end.value
            return found


def _figures(health: Health, rule: Rule) -> dict[str, Any]:
    use = health.uses[rule]
    return {
        "what": "use",
        "rule": rule,
        "entropy_nats": round(use.entropy, 4),
        "evenness": round(use.evenness, 4),
        "dead": len(use.dead),
        "largest_times_even": round(float(use.mass.max()) * len(use.mass), 2),
        "strongest_evenness": round(use.first_evenness, 4),
        "never_strongest": use.never_first,
    }


def _layout(category: str, model: TrainedModel, tokens: list[PartTokens], seed: int) -> dict[str, Any]:
    """Time of t-SNE on as many points as the application takes."""
    from pirn_core.explain.atlas import make_atlas

    atlas = make_atlas(joined(tokens, "rgb", 0), prototype_keys(model, "rgb"), "rgb", 0, seed=seed)
    began = time.perf_counter()
    for _ in fit_tsne(atlas.vectors, seed):
        pass
    seconds = round(time.perf_counter() - began, 2)
    return {"what": "t-SNE", "category": category, "modality": "rgb", "points": len(atlas.vectors), "seconds": seconds}


def _names(refs: tuple[PartRef, ...]) -> str:
    return " ".join(ref.id for ref in refs)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    first = ["what", "category", "shots", "codebook", "K", "modality", "rule", "entropy_nats", "evenness", "dead"]
    names = list(dict.fromkeys([*first, *(name for row in rows for name in row)]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
